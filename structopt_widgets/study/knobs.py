"""What a sweep may turn: each knob has a distribution, a place on the unit interval, and an effect."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from ..structure import Structure, StructureSpace
from ..structure.choices import allowed_width, known, nearest_width

Choose = str | Sequence[str] | Mapping[str, Sequence[Any] | None]


@dataclass(frozen=True)
class Knob:
    """One thing a sweep varies.

    Attributes:
        name: of Optuna's parameter.
        distribution: its values; a logarithmic one is drawn log-uniformly.
        turn: the structure with the knob at a value.
    """

    name: str
    distribution: BaseDistribution
    turn: Callable[[Structure, Any], Structure]

    def at(self, share: float) -> Any:
        """The value that ``share``, from 0 to below 1, of the distribution lies below."""
        distribution = self.distribution
        if isinstance(distribution, CategoricalDistribution):
            return distribution.choices[int(share * len(distribution.choices))]
        if isinstance(distribution, IntDistribution):
            # Each whole number has the half unit on either side of it, as in Optuna.
            low, high = distribution.low - 0.5, distribution.high + 0.5
            return min(max(round(low * (high / low) ** share), distribution.low), distribution.high)
        assert isinstance(distribution, FloatDistribution), "knobs have one of these three"
        return distribution.low * (distribution.high / distribution.low) ** share

    def levels(self, count: int) -> list[Any]:
        """At most ``count`` different values from the least to the largest; all choices of a knob without an order."""
        if isinstance(self.distribution, CategoricalDistribution):
            return list(self.distribution.choices)
        if count == 1:
            return [self.at(0.5)]
        return list(dict.fromkeys(self.at(min(step / (count - 1), math.nextafter(1, 0))) for step in range(count)))


def find_knobs(space: StructureSpace, choose: Choose, groups: Iterable[str] | None) -> tuple[Knob, ...]:
    """The knobs of a space.

    Args:
        choose: one or several of ``"widths"`` (of each free group), ``"multiplier"`` (of all of them at
            once), ``"activations"``, ``"biases"`` and ``"initializers"`` (of each layer, but for the
            activation that makes the outputs); or a mapping from these to the values allowed.
        groups: the width groups to vary; by default all that are free.
    """
    kinds = choose if isinstance(choose, Mapping) else dict.fromkeys([choose] if isinstance(choose, str) else choose)
    for kind in kinds:
        known(kind, KINDS, "something a sweep can choose")
    if {"widths", "multiplier"} <= set(kinds):
        raise ValueError("Expected either 'widths' or 'multiplier' to choose, got both: the one would undo the other.")
    chosen = None if groups is None else [space.group_of(name).name for name in groups]
    found: list[Knob] = []
    # The multiplier sets all widths, so it comes before anything else.
    for kind in sorted(kinds, key=list(KINDS).index):
        found += KINDS[kind](space, kinds[kind], chosen)
    if not found:
        raise ValueError(f"Expected something to choose in {space.graph.name!r}, got none of: {', '.join(kinds)}.")
    return tuple(found)


def _multiplier(space: StructureSpace, values: Sequence[Any] | None, groups: list[str] | None) -> list[Knob]:
    free = [group for group in space.width_groups.values() if not group.fixed]
    if not free:
        return []
    low = min(group.lower / group.width for group in free)

    def turn(structure: Structure, multiplier: float) -> Structure:
        scaled = space.scaled(multiplier).widths
        kept = {name: width for name, width in scaled.items() if groups is None or name in groups}
        return dataclasses.replace(structure, widths={**structure.widths, **kept})

    every = FloatDistribution(low, max(space.growth, 2 * low), log=True)
    return [Knob("multiplier", every if values is None else CategoricalDistribution(list(values)), turn)]


def _widths(space: StructureSpace, values: Sequence[Any] | None, groups: list[str] | None) -> list[Knob]:
    found = []
    for name, group in space.width_groups.items():
        if group.fixed or (groups is not None and name not in groups):
            continue
        if values is not None:
            allowed = CategoricalDistribution([allowed_width(group, width) for width in values])
            found.append(Knob(name, allowed, lambda structure, width, name=name: structure.with_width(name, width)))
            continue
        steps = IntDistribution(group.lower // group.divisor, group.upper // group.divisor, log=True)

        def turn(structure: Structure, step: int, group: Any = group) -> Structure:
            return structure.with_width(group.name, nearest_width(group, step * group.divisor))

        found.append(Knob(name, steps, turn))
    return found


def _switches(method: str, options: Callable[[StructureSpace, str], Sequence[Any]], choice: str) -> Any:
    def find(space: StructureSpace, values: Sequence[Any] | None, groups: list[str] | None) -> list[Knob]:
        found = []
        fixed = _output_layers(space) if choice == "activations" else set()
        for layer in getattr(space.baseline, choice):
            if layer in fixed:
                continue

            def turn(structure: Structure, value: Any, layer: str = layer) -> Structure:
                changed: Structure = getattr(structure, method)(layer, value)
                return changed

            allowed = options(space, layer) if values is None else list(values)
            for value in allowed:
                turn(space.baseline, value)  # says which values there are, before anything is trained
            found.append(Knob(f"{layer} {choice}", CategoricalDistribution(list(allowed)), turn))
        return found

    return find


def _output_layers(space: StructureSpace) -> set[str]:
    """Layers that give the outputs their scale: the makers of the outputs, through layers without weights."""
    graph = space.graph
    makers = {output: call for call in graph.calls for output in call.outputs}
    pending, found = list(graph.output_tensors), set()
    while pending:
        call = makers.get(pending.pop())
        if call is not None and call.layer not in found:
            found.add(call.layer)
            pending += [] if graph.layers[call.layer].weights else call.inputs
    return found


# One row a kind: what finds its knobs in a space, given the values allowed and the groups to vary.
KINDS: Mapping[str, Callable[[StructureSpace, Sequence[Any] | None, list[str] | None], list[Knob]]] = {
    "multiplier": _multiplier,
    "widths": _widths,
    "activations": _switches(
        "with_activation", lambda space, layer: space.switches[layer].activation_options, "activations"
    ),
    "biases": _switches("with_bias", lambda space, layer: (True, False), "biases"),
    "initializers": _switches(
        "with_initializer", lambda space, layer: space.switches[layer].initializer_options, "initializers"
    ),
}
