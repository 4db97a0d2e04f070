"""What trials say about chance: how much the validation samples and the seeds move a score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

import numpy as np

from ..training import Budget, Trial
from ..training.item_scores import unpack_counts
from ..training.statistics import two_sided_z


@dataclass(frozen=True, eq=False)
class Evidence:
    """What one trial says.

    Attributes:
        score: mean over samples and seeds.
        n_seeds: how many runs it is the mean of.
        of_seeds: variance of a seed's score about the structure's, estimated from this trial's; NaN for one seed.
        counts: for each validation sample, how many of the seeds were right; ``None`` where it is not known.
        within: variance of right and wrong between the seeds on one sample, mean over the samples; NaN for one
            seed, and where ``counts`` are not known.
        of_samples: variance of the score for the choice of validation samples, where ``counts`` are not known.
    """

    score: float
    n_seeds: int
    of_seeds: float
    counts: np.ndarray | None
    within: float
    of_samples: float

    @property
    def disagreement(self) -> float:
        """Variance of one seed's score for being right on other samples than the next seed; 0 where not known."""
        return self.within / len(self.counts) if self.counts is not None and self.n_seeds > 1 else 0.0

    @classmethod
    def of_counts(cls, counts: np.ndarray, by_seed: Sequence[float]) -> Evidence:
        """From how many seeds were right on each sample, and the accuracy of each seed."""
        n_seeds, within, of_seeds = len(by_seed), math.nan, math.nan
        if n_seeds > 1:
            within = float(np.mean(counts * (n_seeds - counts))) / (n_seeds * (n_seeds - 1))
            of_seeds = float(np.var(by_seed, ddof=1))
        # A study may hold tens of thousands.
        kept = counts.astype(np.uint8 if n_seeds < 256 else np.uint16)
        return cls(float(np.mean(by_seed)), n_seeds, of_seeds, kept, within, math.nan)

    @classmethod
    def of_trial(cls, trial: Trial) -> Evidence:
        """From a complete trial."""
        if trial.right:
            return cls.of_counts(unpack_counts(trial.right), trial.by_seed)
        of_seeds = float(np.var(trial.by_seed, ddof=1)) if len(trial.by_seed) > 1 else math.nan
        # What this interval owes to several seeds counts twice then, which errs on the careful side.
        of_samples = ((trial.high - trial.low) / 2 / two_sided_z(0.95)) ** 2
        return cls(trial.score, len(trial.by_seed), of_seeds, None, math.nan, of_samples)


def paired_variance(first: Evidence, second: Evidence) -> float:
    """Variance of the difference of two trials' scores for the choice of validation samples.

    Where both say how they did on each sample, the samples are paired: what is hard for both does not count.
    """
    if first.counts is None or second.counts is None or len(first.counts) != len(second.counts):
        return first.of_samples + second.of_samples
    shares = first.counts / first.n_seeds - second.counts / second.n_seeds
    return float(np.var(shares)) / max(len(shares) - 1, 1)


_LIMITS = attrgetter(*(each.name for each in fields(Budget) if each.name not in ("seeds", "optimizer")))


def training_of(trial: Trial) -> tuple[Any, ...]:
    """All that a trial's training was but its seeds."""
    compiled = trial.structure.space.graph.optimizer
    # A compiled one comes with a rate or a schedule of its own; by name it has Keras's defaults.
    own = f"{compiled} as compiled" if compiled else "adam"
    return (*_LIMITS(trial.budget), trial.budget.optimizer or own)


class EvidenceShelf:
    """Evidence of trials that are kept under numbers: each is read once, since a finished trial never changes."""

    def __init__(self) -> None:
        self._of: dict[int | None, Evidence] = {}
        self._paired: dict[tuple[int | None, int | None], float] = {}
        self._trainings: dict[int | None, tuple[Any, ...]] = {}

    def of(self, trial: Trial) -> Evidence:
        """What the trial says."""
        if trial.number not in self._of:
            self._of[trial.number] = Evidence.of_trial(trial)
        return self._of[trial.number]

    def training(self, trial: Trial) -> tuple[Any, ...]:
        """:func:`training_of` the trial."""
        if trial.number not in self._trainings:
            self._trainings[trial.number] = training_of(trial)
        return self._trainings[trial.number]

    def paired_variance(self, first: Trial, second: Trial) -> float:
        """:func:`paired_variance` of two trials."""
        key = (first.number, second.number)
        if key not in self._paired:
            self._paired[key] = paired_variance(self.of(first), self.of(second))
        return self._paired[key]
