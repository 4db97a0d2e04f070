"""The words for what a comparison of structures found, and the test they rest on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..graph.wording import listed, say
from .evidence import EvidenceTable
from .seed_noise import SeedNoise
from .studentized_range import largest_difference_p_value

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05  # of a study of equal structures, the chance that any of them is called worse

# One word for one verdict, wherever it is shown.
THE_BEST = say("the best")
BETTER = say("better")
WORSE = say("worse")
ALIKE = say("cannot be told apart")
NOT_COMPARABLE = say("one run each: not comparable")
OTHERWISE = say("trained otherwise: not comparable")  # more epochs, another start: not the structure alone
REFERENCE = say("compared with")  # where the trial to compare with is chosen by its number


def weigh(evidence: EvidenceTable, reference: int, paired: np.ndarray) -> dict[str, np.ndarray]:
    """Each structure beside one of them: ``difference``, ``standard_error``, ``p_value`` and ``verdict``.

    Args:
        evidence: of one trial a structure, all on the same samples.
        reference: place of the one to compare with.
        paired: :func:`~.evidence.paired_variance` of each with it.

    The variance of a difference is what other samples would do to it and what other seeds would. The samples' part is
    the paired one without what seeds disagree about on a sample, which the seeds' part holds already. Without several
    seeds anywhere the standard error is that of the two networks for other samples, and there is no p-value.
    """
    noise = SeedNoise.of(evidence)
    difference = evidence.score - evidence.score[reference]
    disagreement = _disagreement(evidence, noise)
    of_samples = np.maximum(paired - disagreement - disagreement[reference], 0.0)
    of_seeds = noise.variance / evidence.n_seeds
    both = of_seeds + of_seeds[reference]
    # A structure does not differ from itself.
    of_samples[reference] = both[reference] = 0.0
    standard_error = np.sqrt(of_samples + both)
    if noise.df.any():
        n_items = evidence.n_items[reference]
        df_samples = max(n_items - 1, 1) if n_items else math.inf
        each_known = of_seeds**2 / noise.df
        # Satterthwaite's formula: seeds are few, samples many. A variance that all share is known once.
        seeds_known = both**2 / noise.df if noise.is_pooled else each_known + each_known[reference]
        with np.errstate(divide="ignore", invalid="ignore"):
            df = standard_error**4 / (seeds_known + of_samples**2 / df_samples)
        p_value = _p_values(difference, standard_error, df)
    else:
        p_value = np.full(len(evidence), math.nan)
    found = np.select(
        [np.isnan(p_value), p_value >= LEVEL, difference > 0], [NOT_COMPARABLE, ALIKE, BETTER], default=WORSE
    )
    return {"difference": difference, "standard_error": standard_error, "p_value": p_value, "verdict": found}


def _disagreement(evidence: EvidenceTable, noise: SeedNoise) -> np.ndarray:
    """What the seeds' disagreement about single samples adds to the variance of each trial's score."""
    within = np.where(evidence.n_seeds > 1, evidence.within, noise.within)
    known = evidence.n_items > 0
    return np.where(known, within / evidence.n_seeds / np.where(known, evidence.n_items, 1), 0.0)


def _p_values(difference: np.ndarray, standard_error: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Of no difference, allowing for all pairs of the structures."""
    if len(difference) < 2:
        return np.ones(len(difference))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(difference == 0, 0.0, np.abs(difference) / standard_error)
    return largest_difference_p_value(t, len(difference), np.where(standard_error > 0, df, math.inf))


def tally(compared: pd.DataFrame) -> str:
    """How often each verdict of a :meth:`Study.compare` was found, in words: ``"1 the best, 3 worse"``."""
    counts = compared["verdict"].value_counts()
    # In a sentence that names no best the verdict of a pair has to.
    words = {
        THE_BEST: THE_BEST,
        ALIKE: say("cannot be told apart from the best"),
        WORSE: WORSE,
        NOT_COMPARABLE: NOT_COMPARABLE,
        OTHERWISE: OTHERWISE,
    }
    found = [say("{n} {verdict}", n=int(counts[word]), verdict=said) for word, said in words.items() if word in counts]
    return listed(say(", "), found)
