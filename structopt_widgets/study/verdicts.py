"""The words for what a comparison of structures found, and the test they rest on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .evidence import Evidence, SeedNoise
from .studentized_range import largest_difference_p_value

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05  # of a study of equal structures, the chance that any of them is called worse

# One word for one verdict, wherever it is shown.
THE_BEST = "the best"
BETTER = "better"
WORSE = "worse"
ALIKE = "cannot be told apart"
NOT_COMPARABLE = "one run each: not comparable"
REFERENCE = "compared with"  # where the trial to compare with is chosen by its number


def weigh(evidence: Sequence[Evidence], reference: int, paired: np.ndarray) -> dict[str, np.ndarray]:
    """Each structure beside one of them: ``difference``, ``standard_error``, ``p_value`` and ``verdict``.

    Args:
        evidence: of one trial a structure, all on the same samples.
        reference: place of the one to compare with.
        paired: :func:`~.evidence.paired_variance` of each with it.

    The variance of a difference is what other samples would do to it and what other seeds would. The samples' part is
    the paired one without what seeds disagree about on a sample, which the seeds' part holds already. Without several
    seeds anywhere the standard error is that of the two networks for other samples, and there is no p-value.
    """
    noise = SeedNoise.pooled(evidence)
    scores = np.array([each.score for each in evidence])
    runs = np.array([each.n_seeds for each in evidence])
    difference = scores - scores[reference]
    disagreement = np.array([_disagreement(each, noise) for each in evidence])
    of_samples = np.maximum(paired - disagreement - disagreement[reference], 0.0)
    of_seeds = noise.variance * (1 / runs + 1 / runs[reference])
    # A structure does not differ from itself.
    of_samples[reference] = of_seeds[reference] = 0.0
    standard_error = np.sqrt(of_samples + of_seeds)
    if noise.df:
        counts = evidence[reference].counts
        df = _degrees_of_freedom(of_samples, len(counts) - 1 if counts is not None else math.inf, of_seeds, noise.df)
        p_value = _p_values(difference, standard_error, df)
    else:
        p_value = np.full(len(scores), math.nan)
    found = np.select(
        [np.isnan(p_value), p_value >= LEVEL, difference > 0], [NOT_COMPARABLE, ALIKE, BETTER], default=WORSE
    )
    return {"difference": difference, "standard_error": standard_error, "p_value": p_value, "verdict": found}


def _disagreement(evidence: Evidence, noise: SeedNoise) -> float:
    """What the seeds' disagreement about single samples adds to the variance of the trial's score."""
    if evidence.counts is None:
        return 0.0
    within = evidence.within if evidence.n_seeds > 1 else noise.within
    return within / evidence.n_seeds / len(evidence.counts)


def _degrees_of_freedom(of_samples: np.ndarray, df_samples: float, of_seeds: np.ndarray, df_seeds: float) -> float:
    """Of the difference that is known least well, by Satterthwaite's formula: seeds are few, samples many."""
    total = of_samples + of_seeds
    some = total > 0
    if not some.any():
        return float(df_seeds)
    squares = of_samples[some] ** 2 / max(df_samples, 1) + of_seeds[some] ** 2 / df_seeds
    return float((total[some] ** 2 / squares).min())


def _p_values(difference: np.ndarray, standard_error: np.ndarray, df: float) -> np.ndarray:
    """Of no difference, allowing for all pairs of the structures."""
    if len(difference) < 2:
        return np.ones(len(difference))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(difference == 0, 0.0, np.abs(difference) / standard_error)
    return largest_difference_p_value(t, len(difference), df)


def tally(compared: pd.DataFrame) -> str:
    """How often each verdict of a :meth:`Study.compare` was found, in words: ``"1 the best, 3 worse"``."""
    counts = compared["verdict"].value_counts()
    words = (THE_BEST, ALIKE, WORSE, NOT_COMPARABLE)
    return ", ".join(f"{counts[word]} {word}" for word in words if word in counts)
