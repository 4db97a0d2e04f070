"""The best of many is partly the luckiest: by how much its score is too high."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..graph.wording import say
from .verdicts import NOT_COMPARABLE

if TYPE_CHECKING:
    import pandas as pd


def winners_optimism(scores: np.ndarray, standard_errors: np.ndarray) -> float:
    """How much lower the best of ``scores`` is to be expected on new samples, and with new seeds.

    Its distance from the median, times the share of the scores' variance that is chance: the shrinkage of
    normal means. Variance is taken above the median, so that structures that fail do not count.

    Args:
        scores: of structures on the same samples, at least two.
        standard_errors: of each one's difference from the best; that of the best itself is 0. What the scores owe
            to the seeds is counted where these hold it.

    Source: B. Efron, "Tweedie's formula and selection bias", JASA 106 (2011).
    """
    others = standard_errors[standard_errors > 0]
    middle = float(np.median(scores))
    above = scores[scores > middle] - middle
    if not len(others) or not len(above):
        return 0.0
    of_chance = float(np.median(others)) ** 2 / 2  # a difference has two such scores
    return min(1.0, of_chance / float(np.mean(above**2))) * float(above.max())


def winners_note(compared: pd.DataFrame, metric: str) -> str:
    """What is to be known of the best score, in a sentence.

    Args:
        compared: complete trials, joined with :meth:`Study.compare`; without it there is nothing to say.
        metric: the column of the scores.
    """
    if "standard_error" not in compared.columns or metric not in ("accuracy", "r2"):
        return ""
    rows = compared.dropna(subset=["standard_error", metric])
    if len(rows) < 2:
        return ""
    amount = winners_optimism(rows[metric].to_numpy(float), rows["standard_error"].to_numpy(float))
    if not math.isfinite(amount):
        return ""
    size = say("{n} points", n=f"{100 * amount:.1f}") if metric == "accuracy" else f"{amount:.3f}"
    if (rows["verdict"] == NOT_COMPARABLE).any():
        return say(
            "The best of {n} was chosen by these scores, so its own is optimistic, by about {size}, "
            "and more for what its seed did.",
            n=len(rows),
            size=size,
        )
    return say(
        "The best of {n} was chosen by these scores, so its own is optimistic, by about {size}.",
        n=len(rows),
        size=size,
    )
