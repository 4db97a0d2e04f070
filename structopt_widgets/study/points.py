"""Points of a search space that are known beforehand: random, quasi-random, or on a grid."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..graph.wording import say
from .knobs import Knob


def random_points(knobs: Sequence[Knob], seed: int) -> Iterator[list[Any]]:
    """Values of the knobs, drawn independently, without end."""
    rng = np.random.default_rng(seed)
    while True:
        yield [knob.at(share) for knob, share in zip(knobs, rng.random(len(knobs)).tolist(), strict=True)]


def sobol_points(knobs: Sequence[Knob], seed: int) -> Iterator[list[Any]]:
    """Values of the knobs at the points of a scrambled Sobol sequence, which fills the space evenly, without end.

    Source: A. B. Owen, "Randomly permuted (t,m,s)-nets and (t,s)-sequences", 1995.
    """
    # SciPy's statistics take a second to import.
    from scipy.stats import qmc

    sequence = qmc.Sobol(len(knobs), seed=seed)
    while True:
        for point in sequence.random(64).tolist():
            yield [knob.at(share) for knob, share in zip(knobs, point, strict=True)]


def grid_points(knobs: Sequence[Knob], n_trials: int) -> Iterator[list[Any]]:
    """Every combination of evenly spaced levels, as many levels a knob as ``n_trials`` allows."""

    def size(count: int) -> int:
        return math.prod(len(knob.levels(count)) for knob in knobs)

    if size(2) > n_trials:
        raise ValueError(
            say(
                "Expected n_trials to be at least {least} for a grid with two levels of each of {n} knobs, got "
                "{given}. Vary less with groups= or choose=, or take sampler='qmc'.",
                least=size(2),
                n=len(knobs),
                given=n_trials,
            )
        )
    # More levels than trials there cannot be; a knob with few values has no more of them.
    count = max(count for count in range(2, max(n_trials, 2) + 1) if size(count) <= n_trials)
    yield from (list(point) for point in itertools.product(*(knob.levels(count) for knob in knobs)))
