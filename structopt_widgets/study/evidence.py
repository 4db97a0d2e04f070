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
class TrialEvidence:
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
    def of_counts(cls, counts: np.ndarray, by_seed: Sequence[float]) -> TrialEvidence:
        """From how many seeds were right on each sample, and the accuracy of each seed."""
        n_seeds, within, of_seeds = len(by_seed), math.nan, math.nan
        if n_seeds > 1:
            within = float(np.mean(counts * (n_seeds - counts))) / (n_seeds * (n_seeds - 1))
            of_seeds = float(np.var(by_seed, ddof=1))
        # A study may hold tens of thousands.
        kept = counts.astype(np.uint8 if n_seeds < 256 else np.uint16)
        return cls(float(np.mean(by_seed)), n_seeds, of_seeds, kept, within, math.nan)

    @classmethod
    def of_trial(cls, trial: Trial) -> TrialEvidence:
        """From a complete trial."""
        if trial.right:
            return cls.of_counts(unpack_counts(trial.right), trial.by_seed)
        of_seeds = float(np.var(trial.by_seed, ddof=1)) if len(trial.by_seed) > 1 else math.nan
        # What this interval owes to several seeds counts twice then, which errs on the careful side.
        of_samples = ((trial.high - trial.low) / 2 / two_sided_z(0.95)) ** 2
        return cls(trial.score, len(trial.by_seed), of_seeds, None, math.nan, of_samples)


@dataclass(frozen=True, eq=False)
class EvidenceTable:
    """What many trials say: the attributes of :class:`TrialEvidence`, each an array with one entry a trial.

    Attributes:
        n_items: validation samples of which it is known how many seeds were right; 0 where it is not.
    """

    score: np.ndarray
    n_seeds: np.ndarray
    of_seeds: np.ndarray
    within: np.ndarray
    disagreement: np.ndarray
    n_items: np.ndarray

    @classmethod
    def of(cls, every: Sequence[TrialEvidence]) -> EvidenceTable:
        """One row each."""
        return cls(
            score=np.array([each.score for each in every], dtype=float),
            n_seeds=np.array([each.n_seeds for each in every], dtype=int),
            of_seeds=np.array([each.of_seeds for each in every], dtype=float),
            within=np.array([each.within for each in every], dtype=float),
            disagreement=np.array([each.disagreement for each in every], dtype=float),
            n_items=np.array([0 if each.counts is None else len(each.counts) for each in every], dtype=int),
        )

    def __len__(self) -> int:
        return len(self.score)

    def rows(self, chosen: np.ndarray) -> EvidenceTable:
        """Some of the rows: their places, or which."""
        return EvidenceTable(*(getattr(self, each.name)[chosen] for each in fields(self)))

    def and_then(self, more: EvidenceTable) -> EvidenceTable:
        """Both, one below the other."""
        pairs = ((getattr(self, each.name), getattr(more, each.name)) for each in fields(self))
        return EvidenceTable(*(np.concatenate(pair) for pair in pairs))


def paired_variance(first: TrialEvidence, second: TrialEvidence) -> float:
    """Variance of the difference of two trials' scores for the choice of validation samples.

    Where both say how they did on each sample, the samples are paired: what is hard for both does not count.
    """
    if first.counts is None or second.counts is None or len(first.counts) != len(second.counts):
        return first.of_samples + second.of_samples
    shares = first.counts / first.n_seeds - second.counts / second.n_seeds
    return float(np.var(shares)) / max(len(shares) - 1, 1)


_LIMITS = attrgetter(*(each.name for each in fields(Budget) if each.name not in ("seeds", "optimizer")))


def training_of(trial: Trial) -> tuple[Any, ...]:
    """All that a trial's training was but its seeds: what it started from, too."""
    # A compiled one comes with a rate or a schedule of its own; by name it has Keras's defaults.
    name = trial.structure.space.graph.optimizer
    own = trial.compiled or (f"{name} as compiled" if name else "adam")
    return (*_LIMITS(trial.budget), trial.budget.optimizer or own, trial.weights)
