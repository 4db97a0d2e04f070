"""What a sweep was asked for. Equal plans are one sweep, however often and wherever they are called."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.study import StudyDirection

from ..graph.checks import known, mapping, number, whole
from ..graph.checks import names as checked_names
from ..metrics import limit_metrics, trial_metrics
from ..structure import Structure, StructureSpace
from ..training import Budget, Data, Trial
from .knobs import Choose, Knob, find_knobs
from .proposals import LearnedProposals, ListedProposals, Proposals, turned
from .samplers import SAMPLERS


@dataclass(frozen=True)
class Plan:
    """A sweep's arguments, checked; see :meth:`Study.sweep`.

    ``stage`` numbers the rungs of successive halving, each of which is a sweep with a budget of its own.
    """

    space: StructureSpace
    data: Data
    budget: Budget
    n_trials: int
    sampler: Any
    maximize: tuple[str, ...]
    minimize: tuple[str, ...]
    at_most: Mapping[str, float]
    knobs: tuple[Knob, ...]
    seed: int
    together: int
    stage: int = 0

    @property
    def key(self) -> str:
        """Names the sweep in its study. ``n_trials`` is no part of it: a larger one goes on with the same sweep."""
        parts = [
            self.space.fingerprint,
            self.data.fingerprint,
            dataclasses.asdict(self.budget),
            self.sampler if isinstance(self.sampler, str) else type(self.sampler).__name__,
            # A grid of more trials is another grid.
            self.n_trials if isinstance(self.sampler, str) and SAMPLERS[self.sampler].is_sized else None,
            [self.maximize, self.minimize],
            sorted(self.at_most.items()),
            [(knob.name, repr(knob.distribution)) for knob in self.knobs],
            self.seed,
            self.stage,
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def is_affordable(self, structure: Structure) -> bool:
        """Whether no cost is above its limit."""
        if not self.at_most:
            return True
        cost = structure.measure(batch_size=self.budget.batch_size, optimizer=self.budget.optimizer)
        one = structure.measure() if "peak_activation_bytes" in self.at_most else cost
        return all(
            getattr(one if name == "peak_activation_bytes" else cost, name) <= limit
            for name, limit in self.at_most.items()
        )

    def objectives(self, trial: Trial) -> tuple[float, ...]:
        """What the sampler learns from: the maximized columns, then the minimized ones."""
        row = trial.to_row()
        return tuple(float(row[name]) for name in self.maximize + self.minimize)

    def proposals(self) -> Proposals:
        """A source of structures."""
        points = SAMPLERS[self.sampler].points if isinstance(self.sampler, str) else None
        if points is None:
            directions = [StudyDirection.MAXIMIZE] * len(self.maximize) + [StudyDirection.MINIMIZE] * len(self.minimize)
            return LearnedProposals(self.space, self.knobs, self.is_affordable, directions, self._learner)
        names = [knob.name for knob in self.knobs]
        structures = (
            turned(self.space, self.knobs, dict(zip(names, point, strict=True)))
            for point in points(self.knobs, self.seed, self.n_trials)
        )
        return ListedProposals(structures, self.is_affordable)

    def _learner(self, seen: int) -> optuna.samplers.BaseSampler:
        if not isinstance(self.sampler, str):
            return self.sampler
        learner = SAMPLERS[self.sampler].learner
        assert learner is not None, "a sampler without points learns"  # noqa: S101 - its row has one or the other
        # Samplers draw the same numbers again from the same seed: each batch needs another.
        return learner((self.seed * 1_000_003 + seen) % 2**32, self.together)


def make_plan(
    space: StructureSpace,
    data: Data,
    budget: Budget,
    n_trials: int,
    sampler: Any,
    maximize: str | Sequence[str] | None,
    minimize: str | Sequence[str],
    at_most: Mapping[str, float] | None,
    choose: Choose,
    groups: Iterable[str] | None,
    seed: int,
    together: int,
) -> Plan:
    """Check the arguments of a sweep before anything is trained or written."""
    for value, what, kind in ((space, "space", StructureSpace), (data, "data", Data), (budget, "budget", Budget)):
        if not isinstance(value, kind):
            raise TypeError(f"Expected a {kind.__name__} as {what} of a sweep, got {type(value).__name__}.")
    n_trials, together = whole(n_trials, "n_trials", least=1), whole(together, "together", least=1)
    seed = whole(seed, "seed", least=0)
    if isinstance(sampler, str):
        known(sampler, SAMPLERS, "a sampler, or an Optuna sampler")
    elif not hasattr(sampler, "sample_relative"):
        raise TypeError(f"Expected a sampler, one of {', '.join(SAMPLERS)}, or an Optuna sampler; got {sampler!r}.")
    metric = "accuracy" if data.task == "classification" else "r2"
    columns = (metric, "loss", "seconds", *trial_metrics())
    larger = (metric,) if maximize is None else _names(maximize)
    smaller = _names(minimize)
    for name in larger + smaller:
        known(name, columns, "an objective")
    if not larger + smaller:
        raise ValueError("Expected something to maximize or to minimize, got neither.")
    given = {} if at_most is None else mapping(at_most, "at_most, the limits of costs,", "{'n_params': 20_000}")
    most = {known(name, limit_metrics(), "a cost to limit"): _limit(name, value) for name, value in given.items()}
    knobs = find_knobs(space, choose, groups)
    plan = Plan(space, data, budget, n_trials, sampler, larger, smaller, most, knobs, seed, together)
    # Limits that the smallest of these cannot keep ask for smaller ones.
    if plan.is_affordable(turned(space, knobs, {knob.name: knob.levels(2)[0] for knob in knobs})):
        return plan
    return dataclasses.replace(plan, knobs=find_knobs(space, choose, groups, smallest=0.0))


def check_fit(space: StructureSpace, data: Data) -> None:
    """Raise what is wrong with every structure of a space, rather than write as many failed trials."""
    # Keras takes seconds to import; whoever only reads a study should not wait for it.
    from ..training.inputs import fit_inputs
    from ..training.objective import choose_objective

    choose_objective(space.baseline, data)
    for x in (data.x, data.x_val):
        fit_inputs(x, space)


def _limit(name: str, value: Any) -> float:
    return number(value, f"a number as the limit of {name}", above=0)


def _names(names: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(checked_names(names, "the columns to maximize or to minimize"))
