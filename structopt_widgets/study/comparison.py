"""Is one structure really better than another?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..graph.checks import instance
from ..training import Trial
from .evidence import EvidenceTable, TrialEvidence, paired_variance, training_of
from .verdicts import BETTER, NOT_COMPARABLE, OTHERWISE, REFERENCE, THE_BEST, WORSE, weigh

if TYPE_CHECKING:
    import pandas as pd

    from .study import Study


PAIRED = ("samples", "nothing")


@dataclass(frozen=True)
class Comparison:
    """The structures of two trials on the same validation samples.

    Attributes:
        difference: score of the first minus that of the second.
        standard_error: of the difference, for other samples and other seeds; with one run each, for other samples.
        p_value: of no difference, two-sided; NaN with one run each.
        paired_by: ``"samples"``, or ``"nothing"`` where it is not known which samples were right.
        verdict: ``"better"``, ``"worse"``, ``"cannot be told apart"``, ``"one run each: not comparable"`` or
            ``"trained otherwise: not comparable"``.
    """

    difference: float
    standard_error: float
    p_value: float
    paired_by: str
    verdict: str

    @property
    def told_apart(self) -> bool:
        """Whether the first is better or worse."""
        return self.verdict in (BETTER, WORSE)

    def __str__(self) -> str:
        test = "" if math.isnan(self.p_value) else f", p = {self.p_value:.2g}"
        return f"{self.verdict}: difference {self.difference:+.4f}, standard error {self.standard_error:.4f}{test}"


def compare(first: Trial, second: Trial) -> Comparison:
    """Whether the structures of two complete trials on the same data can be told apart.

    The difference of the scores is held against what other validation samples and other seeds would do to it. The
    samples are paired, so that what is hard for both does not count; the seeds' variance is pooled over the two
    trials. For two runs of one seed each there is nothing to tell what a seed does: they are not comparable, and
    only the two networks are, see :func:`compare_networks`. Nor are structures of which one had another
    training, more epochs say, or began with weights that another training had made, whatever the seeds.

    :meth:`Study.compare` knows more: it pools the seeds of all trials, and allows for having looked at many.

    Raises ``ValueError`` for trials of other data, and for ones that are not complete or whose score is NaN, as
    R2 is where a quantity does not vary.

    >>> sw.compare(study.trial(0), study.trial(1)).verdict
    'cannot be told apart'
    """
    check_comparable(first, second)
    evidence = [TrialEvidence.of_trial(first), TrialEvidence.of_trial(second)]
    if training_of(first) != training_of(second):
        difference = first.score - second.score
        return Comparison(difference, math.nan, math.nan, _pairing(*evidence), OTHERWISE)
    found = weigh(EvidenceTable.of(evidence), 1, np.array([paired_variance(*evidence), 0.0]))
    return Comparison(
        difference=float(found["difference"][0]),
        standard_error=float(found["standard_error"][0]),
        p_value=float(found["p_value"][0]),
        paired_by=_pairing(*evidence),
        verdict=str(found["verdict"][0]),
    )


def check_comparable(first: Trial, second: Trial) -> None:
    """Raise ``ValueError`` unless both have a score on the same data."""
    for trial in (first, second):
        instance(trial, Trial, "a Trial, as quick_run returns it,")
        if trial.state != "complete":
            raise ValueError(f"Expected two complete trials to compare, got one that is {trial.state}.")
        if not math.isfinite(trial.score):
            raise ValueError(
                f"Expected two trials with a score to compare, got one whose {trial.metric} is {trial.score}."
            )
    if (first.fingerprint, first.metric) != (second.fingerprint, second.metric):
        raise ValueError(f"Expected two trials on the same data, got {first.data!r} and {second.data!r}.")


def compare_all(study: Study, number: int | None = None) -> pd.DataFrame:
    """See :meth:`Study.compare`."""
    import pandas as pd

    chosen = None if number is None else study.trial(number)
    if chosen is not None:
        check_comparable(chosen, chosen)
    shelf = study.evidence
    with shelf.lock:
        shelf.read(study.read_since(shelf.n_read))
        if not len(shelf.numbers):
            raise ValueError("Expected a complete trial with a score in the study to compare with, got none.")
        rows = np.argsort(shelf.numbers)
        if chosen is None:
            best = int(rows[np.argmax(shelf.table.score[rows])])
        else:
            best = int(np.flatnonzero(shelf.numbers == chosen.number)[0])
        comparable = rows[shelf.data[rows] == shelf.data[best]]
        same = comparable[shelf.training[comparable] == shelf.training[best]]
        evidence, reference = shelf.table.rows(same), int(np.flatnonzero(same == best)[0])
        found = weigh(evidence, reference, shelf.paired_variance(same, best))
        numbers, of_others = shelf.numbers[same], shelf.numbers[comparable]
        differences = shelf.table.score[comparable] - shelf.table.score[best]
    words = found["verdict"].astype(object)
    if len(same) == 1 or (words != NOT_COMPARABLE).any():
        words[reference] = THE_BEST if number is None else REFERENCE
    table = pd.DataFrame(
        {
            "difference": found["difference"],
            "standard_error": found["standard_error"],
            "p_value": found["p_value"],
            "paired_by": np.where((evidence.n_items > 0) & bool(evidence.n_items[reference]), *PAIRED),
            "told_apart": np.isin(found["verdict"], (BETTER, WORSE)),
            "verdict": words,
        },
        index=pd.Index(numbers, name="number"),
    )
    if len(same) == len(comparable):
        return table
    table = table.reindex(pd.Index(of_others, name="number"))
    others = table["verdict"].isna()
    table["difference"] = differences
    table.loc[others, ["paired_by", "verdict"]] = ["nothing", OTHERWISE]
    return table.assign(told_apart=table["told_apart"].eq(True))


def _pairing(first: TrialEvidence, second: TrialEvidence) -> str:
    return PAIRED[first.counts is None or second.counts is None]
