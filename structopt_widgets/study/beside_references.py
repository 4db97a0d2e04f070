"""Is a structure shown to do better than what needs no network: chance, or a linear model?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..graph.checks import instance, items
from ..training import Data, Trial
from ..training.references import reference_answers, reference_scores
from ..training.statistics import two_sided_t
from .comparison import check_comparable
from .evidence import EvidenceTable, TrialEvidence, paired_variance
from .seed_noise import SeedNoise
from .verdicts import LEVEL


@dataclass(frozen=True)
class Gain:
    """What a trial's score is above a reference's.

    Attributes:
        trial: the trial.
        name, score: of the reference: ``"chance"`` or ``"linear model"``.
        difference: score of the trial minus that of the reference.
        low, high: its interval, for other validation samples and other seeds; of one run, for other samples.
    """

    trial: Trial
    name: str
    score: float
    difference: float
    low: float
    high: float

    @property
    def is_shown(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.low > 0


def beside_references(trials: Trial | Iterable[Trial], data: Data) -> list[Gain]:
    """Complete trials, each beside each of :func:`~structopt_widgets.reference_scores`.

    For an accuracy the samples are paired: what is hard for both does not count. The seeds' part is pooled over the
    trials as in :meth:`Study.compare`. An R2 is held against the reference's as if that were the same on all samples.
    All intervals of the trials beside one reference hold at once in 95 of 100 studies (Bonferroni): some trial of many
    is lucky.

    Raises ``ValueError`` for trials that are not complete, or of other data.

    >>> trial = sw.quick_run(space.baseline, data, sw.Budget(epochs=1, seeds=1))
    >>> [gain.name for gain in sw.beside_references(trial, data)]
    ['chance', 'linear model']
    """
    instance(data, Data, "a Data, such as Data(x, y),")
    given = [trials] if isinstance(trials, Trial) else items(trials, "trials")
    for each in given:
        check_comparable(each, each)
        if each.fingerprint != data.fingerprint:
            raise ValueError(f"Expected trials on these data, {data.name!r}, got one on others: {each.data!r}.")
    if not given:
        return []
    evidence = [TrialEvidence.of_trial(each) for each in given]
    table = EvidenceTable.of(evidence)
    noise = SeedNoise.of(table)
    # What seeds disagree about on a sample is in the paired variance, and in the seeds' part already.
    within = np.where(table.n_seeds > 1, table.within, noise.within) / table.n_seeds / np.maximum(table.n_items, 1)
    disagreement = np.where(table.n_items > 0, within, 0.0)
    found, answers = [], reference_answers(data)
    scores = {name: float(np.mean(right)) for name, right in answers.items()} or reference_scores(data)
    for name, score in scores.items():
        right = answers.get(name)
        reference = TrialEvidence(score, 1, math.nan, right, math.nan, 0.0)
        for place, (trial, own) in enumerate(zip(given, evidence, strict=True)):
            of_samples = max(paired_variance(own, reference) - float(disagreement[place]), 0.0)
            of_seeds = float(noise.variance[place]) / own.n_seeds
            n_items = int(table.n_items[place])
            known = of_samples**2 / max(n_items - 1, 1) if n_items else 0.0
            known += of_seeds**2 / float(noise.df[place]) if noise.df[place] else 0.0
            variance = of_samples + of_seeds
            df = variance**2 / known if known else math.inf
            half = two_sided_t(1 - LEVEL / len(given), df) * math.sqrt(variance)
            difference = trial.score - score
            found.append(Gain(trial, name, score, difference, difference - half, difference + half))
    return found
