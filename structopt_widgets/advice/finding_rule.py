"""What a finding is, what it is found in, and the rules that find it."""

from __future__ import annotations

import abc
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from ..graph.checks import instance
from ..layer_rules import ConnectedCall
from ..structure import Structure
from ..study import Study
from ..training import Data


@dataclass(frozen=True)
class Finding:
    """Attributes:
    sentence: what stands out.
    why: why that matters.
    remedy: the structure that mends it; ``None`` where a choice of widths and switches cannot.

    >>> sw.Finding("hidden has a bias.", "It costs an addition.", space.baseline.with_bias("hidden", False)).sentence
    'hidden has a bias.'
    """

    sentence: str
    why: str
    remedy: Structure | None = None


@dataclass(frozen=True)
class Evidence:
    """What rules look at: a structure, and the data and the study that there may be."""

    structure: Structure
    data: Data | None = None
    study: Study | None = None

    @functools.cached_property
    def calls(self) -> tuple[ConnectedCall, ...]:
        """The calls that are there, in execution order."""
        present = set(self.structure.layers)
        return tuple(each for each in self.structure.space.connected.calls if each.call.layer in present)

    @functools.cached_property
    def makers(self) -> dict[int, ConnectedCall]:
        """The call that makes each tensor; of a block left out, what stands in for its result."""
        made = {output: each for each in self.calls for output in each.call.outputs}
        for result, source in self.structure.aliases.items():
            while source in self.structure.aliases:
                source = self.structure.aliases[source]
            if source in made:
                made[result] = made[source]
        return made

    def maker_before(self, call: ConnectedCall) -> ConnectedCall | None:
        """What made the values a call reads first, where it alone reads them; through layers that pass values on."""
        while call.call.inputs:
            tensor = call.call.inputs[0]
            maker = self.makers.get(tensor)
            readers = sum(each.call.inputs.count(tensor) for each in self.calls)
            if maker is None or readers != 1 or tensor in self.structure.space.graph.output_tensors:
                return None
            if maker.rule is None or not maker.rule.keeps_values or not maker.call.inputs:
                return maker
            call = maker
        return None

    def activation(self, layer: str) -> str:
        return self.structure.activations.get(layer, "linear")


class FindingRule(abc.ABC):
    """One thing that may stand out. A rule of your own is a subclass, see :func:`register_finding_rule`.

    >>> class Nothing(sw.FindingRule):
    ...     def find(self, evidence):
    ...         yield from ()
    """

    @abc.abstractmethod
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        """Each case of it; none where data or a study would be needed and is not there."""


RULES: list[FindingRule] = []


def register_finding_rule(rule: FindingRule) -> None:
    """Let :func:`findings` look for one more thing; of equal classes the last one registered counts.

    >>> class Tanh(sw.FindingRule):
    ...     def find(self, evidence):
    ...         for layer, activation in evidence.structure.activations.items():
    ...             if activation == "tanh":
    ...                 remedy = evidence.structure.with_activation(layer, "relu")
    ...                 yield sw.Finding(f"{layer} has a tanh.", "It saturates.", remedy)
    >>> sw.register_finding_rule(Tanh())
    >>> [each.sentence for each in sw.findings(space.baseline.with_activation("hidden", "tanh"))]
    ['hidden has a tanh.']
    """
    instance(rule, FindingRule, "a FindingRule", "Pass an instance: register_finding_rule(MyRule()).")
    RULES[:] = [*(each for each in RULES if type(each).__qualname__ != type(rule).__qualname__), rule]
