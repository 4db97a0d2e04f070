"""Which structure a report is about."""

from __future__ import annotations

from ..study import Study, Trial
from ..study.comparison import check_comparable
from ..study.verdicts import OTHERWISE, WORSE
from ..training.statistics import two_sided_z


def smallest_as_good(study: Study) -> Trial:
    """The smallest structure, by parameters, whose score is at most one standard error under the best one's.

    Only structures that were trained alike are looked at, and none that is told apart as worse: that two cannot be
    told apart does not make them equally good.

    Raises ``ValueError`` for a study without a complete trial.

    Source: Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984, section 3.4.3.
    """
    compared = study.compare()
    rows = compared[~compared["verdict"].isin((WORSE, OTHERWISE))]
    trials = [study.trial(int(number)) for number in rows.index]
    best = max(trials, key=lambda trial: trial.score)
    error = (best.high - best.low) / 2 / two_sided_z(0.95)
    return min(
        (trial for trial in trials if trial.score >= best.score - error), key=lambda each: (each.n_params, -each.score)
    )


def chosen_trial(study: Study, number: int | None) -> Trial:
    """The trial of that number, or :func:`smallest_as_good`."""
    if number is None:
        return smallest_as_good(study)
    trial = study.trial(number)
    check_comparable(trial, trial)
    return trial
