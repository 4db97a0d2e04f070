"""Which structures a sweep tries next."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import optuna
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optuna.trial import TrialState

from ..structure import Structure, StructureSpace
from ..structure.choices import effective_choices
from .knobs import Knob
from .storage import quiet_optuna

TRIES = 5000  # proposals in a row that cost too much or were there before, until a sweep gives up


@dataclass(frozen=True)
class Proposal:
    """A structure to try.

    Attributes:
        params, memo: what the sampler that proposed it wants to see again.
        deaths: processes that have ended while they trained it.
    """

    structure: Structure
    params: Mapping[str, Any] = field(default_factory=dict)
    memo: Mapping[str, Any] = field(default_factory=dict)
    deaths: int = 0

    @functools.cached_property
    def key(self) -> str:
        """Equal models, equal key."""
        return hashlib.sha256(json.dumps(effective_choices(self.structure), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Seen:
    """A proposal that runs (``values`` is ``None``) or has run: its objectives, in the order of the sweep's."""

    params: Mapping[str, Any]
    memo: Mapping[str, Any]
    values: tuple[float, ...] | None


class Proposals(Protocol):
    """Where a sweep's structures come from."""

    def ask(self, count: int, taken: Collection[str], seen: Sequence[Seen]) -> list[Proposal]:
        """Up to ``count`` affordable proposals, none of whose keys is in ``taken``; fewer when no more are found."""


class ListedProposals:
    """Proposals that depend on nothing that was seen: the same sequence in every process."""

    def __init__(self, structures: Iterator[Structure], affordable: Callable[[Structure], bool]) -> None:
        self._structures, self._affordable = structures, affordable

    def ask(self, count: int, taken: Collection[str], seen: Sequence[Seen]) -> list[Proposal]:
        found: dict[str, Proposal] = {}
        misses = 0
        while len(found) < count and misses < TRIES:
            structure = next(self._structures, None)
            if structure is None:
                break
            proposal = Proposal(structure)
            if proposal.key in taken or proposal.key in found or not self._affordable(structure):
                misses += 1
            else:
                found[proposal.key] = proposal
                misses = 0
        return list(found.values())


class LearnedProposals:
    """Proposals of an Optuna sampler, which learns from what has been seen.

    Each time it is shown all of it anew, so that nothing has to outlive the process. What has run
    without a score is not shown: the samplers have no use for it.
    """

    def __init__(
        self,
        space: StructureSpace,
        knobs: Sequence[Knob],
        affordable: Callable[[Structure], bool],
        directions: Sequence[StudyDirection],
        sampler: Callable[[int], optuna.samplers.BaseSampler],
    ) -> None:
        self._space, self._knobs, self._affordable = space, knobs, affordable
        self._directions, self._sampler = directions, sampler

    def ask(self, count: int, taken: Collection[str], seen: Sequence[Seen]) -> list[Proposal]:
        distributions: dict[str, BaseDistribution] = {knob.name: knob.distribution for knob in self._knobs}
        with quiet_optuna():
            study = optuna.create_study(directions=self._directions, sampler=self._sampler(len(seen)))
        for each in seen:
            state = TrialState.RUNNING if each.values is None else TrialState.COMPLETE
            study.add_trial(
                optuna.trial.create_trial(
                    state=state,
                    values=each.values,
                    params=dict(each.params),
                    distributions=distributions,
                    system_attrs=dict(each.memo),
                )
            )
        found: dict[str, Proposal] = {}
        misses = 0
        while len(found) < count and misses < TRIES // 10:
            trial = study.ask(distributions)
            structure = turned(self._space, self._knobs, trial.params)
            memo = study.get_trials(deepcopy=False)[trial.number].system_attrs
            proposal = Proposal(structure, trial.params, memo)
            if proposal.key in taken or proposal.key in found or not self._affordable(structure):
                study.tell(trial, state=TrialState.FAIL)
                misses += 1
            else:
                found[proposal.key] = proposal
        return list(found.values())


def turned(space: StructureSpace, knobs: Sequence[Knob], values: Mapping[str, Any]) -> Structure:
    """The baseline with every knob at its value."""
    structure = space.baseline
    for knob in knobs:
        structure = knob.turn(structure, values[knob.name])
    return structure
