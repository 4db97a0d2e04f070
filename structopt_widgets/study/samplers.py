"""Every sampler with a name, a row each: what the panel calls it, and where its structures come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import optuna

from ..graph.wording import say
from .knobs import Knob
from .points import grid_points, random_points, sobol_points

Points = Callable[[Sequence[Knob], int, int], Iterator[list[Any]]]


@dataclass(frozen=True)
class Sampler:
    """One row of :data:`SAMPLERS`. It has either ``points`` or ``learner``.

    Attributes:
        label: what people call it.
        points: values of the knobs, one list a structure, known beforehand: of the knobs, the seed and ``n_trials``.
        learner: an Optuna sampler, which learns from what has run: of a seed and the structures a batch.
        is_sized: whether another ``n_trials`` makes other points, so that it is another sweep.
    """

    label: str
    points: Points | None = None
    learner: Callable[[int, int], optuna.samplers.BaseSampler] | None = None
    is_sized: bool = False


SAMPLERS: dict[str, Sampler] = {
    "random": Sampler(say("random"), points=lambda knobs, seed, _: random_points(knobs, seed)),
    "qmc": Sampler(say("quasi-random"), points=lambda knobs, seed, _: sobol_points(knobs, seed)),
    "grid": Sampler(say("grid"), points=lambda knobs, _, n_trials: grid_points(knobs, n_trials), is_sized=True),
    "nsga2": Sampler(
        "NSGA-II",
        learner=lambda seed, together: optuna.samplers.NSGAIISampler(population_size=max(together, 2), seed=seed),
    ),
    "tpe": Sampler("TPE", learner=lambda seed, _: optuna.samplers.TPESampler(seed=seed, constant_liar=True)),
}
