"""Is one trial really better than another?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..training import Trial
from ..training.item_scores import unpack_counts
from ..training.statistics import sign_flip_p_value

if TYPE_CHECKING:
    import pandas as pd

    from .study import Study

LEVEL = 0.05


@dataclass(frozen=True)
class Comparison:
    """Two trials on the same validation samples.

    Attributes:
        difference: score of the first minus that of the second.
        p_value: of no difference, two-sided; NaN where only the intervals could be compared.
        paired_by: ``"samples"``, ``"seeds"`` or ``"nothing"``.
        told_apart: whether the p-value is below 0.05; without one, whether the intervals are disjoint.
    """

    difference: float
    p_value: float
    paired_by: str
    told_apart: bool

    def __str__(self) -> str:
        if not self.told_apart:
            verdict = "cannot be told apart"
        else:
            verdict = f"the {'first' if self.difference > 0 else 'second'} is better"
        test = "their intervals overlap" if math.isnan(self.p_value) else f"p = {self.p_value:.2g}"
        if math.isnan(self.p_value) and self.told_apart:
            test = "their intervals are disjoint"
        return f"{verdict}: difference {self.difference:+.4f}, {test} (paired by {self.paired_by})"


def compare(first: Trial, second: Trial) -> Comparison:
    """Whether two complete trials on the same data can be told apart.

    Where the trials hold which validation samples they got right, the samples are paired: a sample that
    both networks get right, or both wrong, says nothing, and the others are a fair coin if neither is
    better (McNemar's exact test; over several seeds, its generalization to counts). It asks about these
    trained networks on such samples. Else the scores of equal seeds are paired, which takes at least six
    seeds to tell anything apart. Else only the intervals are left to compare.

    Raises ``ValueError`` for trials of other data, and for ones that are not complete or whose score is NaN, as
    R2 is where a quantity does not vary.
    """
    for trial in (first, second):
        if trial.state != "complete":
            raise ValueError(f"Expected two complete trials to compare, got one that is {trial.state}.")
        if not math.isfinite(trial.score):
            raise ValueError(
                f"Expected two trials with a score to compare, got one whose {trial.metric} is {trial.score}."
            )
    if (first.fingerprint, first.metric) != (second.fingerprint, second.metric):
        raise ValueError(f"Expected two trials on the same data, got {first.data!r} and {second.data!r}.")
    difference = first.score - second.score
    if first.right and second.right:
        # Shares of seeds, brought to one denominator so that they stay whole.
        counts = unpack_counts(first.right) * len(second.by_seed) - unpack_counts(second.right) * len(first.by_seed)
        p_value, paired_by = sign_flip_p_value(counts), "samples"
    elif first.budget.seed_list == second.budget.seed_list and len(first.by_seed) > 1:
        pairs = zip(first.by_seed, second.by_seed, strict=True)
        p_value, paired_by = sign_flip_p_value([mine - theirs for mine, theirs in pairs]), "seeds"
    else:
        disjoint = first.low > second.high or second.low > first.high
        return Comparison(difference, math.nan, "nothing", disjoint)
    return Comparison(difference, p_value, paired_by, p_value < LEVEL)


def compare_all(study: Study, number: int | None = None) -> pd.DataFrame:
    """See :meth:`Study.compare`."""
    import pandas as pd

    trials = [trial for trial in study if trial.state == "complete" and math.isfinite(trial.score)]
    if not trials:
        raise ValueError("Expected a complete trial with a score in the study to compare with, got none.")
    best = max(trials, key=lambda trial: trial.score) if number is None else study.trial(number)
    same = [trial for trial in trials if (trial.fingerprint, trial.metric) == (best.fingerprint, best.metric)]
    rows = []
    for trial in same:
        pair = (trial.number, best.number)
        # A finished trial never changes, and the explorer asks again after each batch.
        if pair not in study.compared:
            study.compared[pair] = compare(trial, best)
        rows.append(study.compared[pair])
    return pd.DataFrame(
        {
            "difference": [row.difference for row in rows],
            "p_value": [row.p_value for row in rows],
            "paired_by": [row.paired_by for row in rows],
            "told_apart": [row.told_apart for row in rows],
        },
        index=pd.Index([trial.number for trial in same], name="number"),
    )
