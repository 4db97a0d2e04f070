"""Studies of structures whose true accuracies are known, drawn as fast as NumPy draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from structopt_widgets.study.evidence import EvidenceTable, TrialEvidence, paired_variance
from structopt_widgets.study.verdicts import weigh

# Of a network to be right on a sample: most samples are always right, some never, and on a few seeds disagree. The
# shares are such that networks of one structure disagree on about a tenth of the samples, as trained ones do.
EASY, HARD = 0.55, 0.097
SEED_SPREAD = 0.0075  # standard deviation of a seed's score on 2,000 samples

Simulated = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Truth:
    """What is true of the structures of a study.

    Attributes:
        levels: expected accuracy of each, over ``accuracy``.
        own: share of the samples whose difficulty is a structure's own: what pairing cannot take away.
        samples: of the validation part.
        unsteady: how many times as far as others' each structure's networks spread over seeds.
    """

    levels: np.ndarray
    own: float = 0.0
    samples: int = 2000
    unsteady: Sequence[float] = ()

    @property
    def accuracy(self) -> float:
        """Expected accuracy at level 0."""
        return EASY / (EASY + HARD)

    @property
    def disagreement(self) -> float:
        """Mean over the samples of the variance between seeds, p (1 - p)."""
        total = EASY + HARD
        return EASY * HARD / (total * (total + 1))

    def study(self, rng: np.random.Generator, seeds: int | Sequence[int]) -> Simulated:
        """For each structure, how many seeds were right on each sample, and the accuracy of each seed."""
        runs = [seeds] * len(self.levels) if isinstance(seeds, int) else list(seeds)
        # A seed's score spreads as its network is better or worse, and as it is right on other samples.
        spread = np.sqrt(SEED_SPREAD**2 - self.disagreement / 2000)
        shared = rng.beta(EASY, HARD, self.samples)
        found = []
        for level, count, times in zip(self.levels, runs, self.unsteady or [1.0] * len(runs), strict=True):
            chance = shared
            if self.own:
                chance = np.where(rng.random(self.samples) < self.own, rng.beta(EASY, HARD, self.samples), shared)
            # A better network is better where it is not sure already; the mean of the weights is 1.
            weights = chance * (1 - chance) / self.disagreement
            shift = level + rng.normal(0, times * spread, count)
            right = rng.random((count, self.samples), dtype=np.float32) < chance + shift[:, None] * weights
            found.append((right.sum(axis=0), right.mean(axis=1)))
        return found


def weighed(study: Simulated) -> dict[str, np.ndarray]:
    """What is found of a study, beside the best of it."""
    evidence = [TrialEvidence.of_counts(counts, by_seed) for counts, by_seed in study]
    best = int(np.argmax([each.score for each in evidence]))
    return weigh(
        EvidenceTable.of(evidence), best, np.array([paired_variance(each, evidence[best]) for each in evidence])
    )


def any_worse(study: Simulated) -> bool:
    """Whether any structure of a study is called worse than its best."""
    return bool((weighed(study)["verdict"] == "worse").any())
