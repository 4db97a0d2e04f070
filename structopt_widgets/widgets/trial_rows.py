"""The trials of a study as the page shows them: plot and table are drawn from these rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..figures.style import column_title, is_larger_better
from ..graph.wording import say, sentences
from ..metrics import METRICS, trial_metrics
from ..structure import StructureSpace
from ..study import Study, Trial, pareto_front
from ..study.hypervolume import hypervolume_history, stall_note
from ..study.optimism import winners_note
from ..study.verdicts import ALIKE, THE_BEST, WORSE
from .changes import changes

FEWEST = 4  # trials whose front has a history
MOST = 1000  # trials in the plot and the table: more can be neither told apart nor drawn in time


def study_rows(
    study: Study,
    space: StructureSpace,
    table: pd.DataFrame,
    compared: pd.DataFrame,
    references: Mapping[str, float],
    baseline: int | None,
    minimize: Sequence[str] = ("n_params",),
) -> dict[str, Any]:
    """All that plot and table need.

    Args:
        study, space: whose trials, and the model that is explored.
        table: :attr:`Study.trials`.
        compared: :meth:`Study.compare`, or an empty table with its columns.
        references: names and scores to draw across the plot.
        baseline: the number of the trial of the model as it came.
        minimize: the costs that the hypervolume is of, beside the score.
    """
    score = next((name for name in ("accuracy", "r2") if name in table.columns), "accuracy")
    # Of tens of thousands of rows, no more columns than are looked at.
    costs = [name for name in trial_metrics() if name in table.columns]
    scored = table.loc[table["state"] == "complete", [score, *costs]] if score in table.columns else table[[]]
    shown, more = _shown(study, scored, score, baseline)
    verdicts = compared["verdict"].reindex([trial.number for trial in shown]).to_dict()
    note = winners_note(scored[[score]].join(compared), score) if len(scored) and score in scored.columns else ""
    rows = [
        {
            **_row(trial, space, verdicts.get(trial.number)),
            "why": _why(compared, trial.number, score),
            # Trials with one number were trained alike, on the same data: only these can be compared.
            "training": study.evidence.way_of(trial),
        }
        for trial in shown
    ]
    return {
        "score": {"name": score, "label": column_title(score), "unit": "share" if score == "accuracy" else "number"},
        "trials": rows,
        "references": [
            [say(name), float(value), str(name)] for name, value in references.items() if math.isfinite(value)
        ],
        "baseline": baseline,
        "growth": _growth(rows, scored, score, minimize),
        "note": sentences(note, _allowed(compared, score), more),
    }


def _why(compared: pd.DataFrame, number: int | None, score: str) -> str:
    """What a verdict rests on, in words; empty where there is no test."""
    if number not in compared.index or not math.isfinite(compared.loc[number, "p_value"]):
        return ""
    p_value, difference = compared.loc[number, "p_value"], compared.loc[number, "difference"]
    if compared.loc[number, "verdict"] not in (ALIKE, WORSE):
        return ""
    return say(
        "{gap} below the best: p = {p}, allowing for {pairs}",
        gap=_gap(difference, score),
        p=f"{p_value:.2g}",
        pairs=_pairs(compared),
    )


def _allowed(compared: pd.DataFrame, score: str) -> str:
    """Why a structure may be much below the best and not be told apart from it, in a sentence."""
    alike = compared[compared["verdict"] == ALIKE]
    if alike.empty:
        return ""
    widest, told = alike["difference"].min(), compared[compared["verdict"] == WORSE]["difference"]
    pairs, gap = _pairs(compared), _gap(widest, score)
    # Some structures, or some of their seeds, are less sure than others: it is no rule for all.
    if (told > widest).any():
        return say(
            "Allowing for {pairs}, {gap} below the best can still be chance for a structure "
            "whose runs differ that much.",
            pairs=pairs,
            gap=gap,
        )
    return say("Allowing for {pairs}, {gap} below the best can still be chance.", pairs=pairs, gap=gap)


def _gap(difference: float, score: str) -> str:
    return say("{n} points", n=f"{100 * abs(difference):.1f}") if score == "accuracy" else f"{abs(difference):.3f}"


def _pairs(compared: pd.DataFrame) -> str:
    n = int(compared["p_value"].notna().sum())
    pairs = f"{n * (n - 1) // 2:,}"
    return say("all {pairs} pairs of {n} structures", pairs=pairs, n=n) if n > 2 else say("one pair of structures")


def _growth(rows: list[dict[str, Any]], scored: pd.DataFrame, score: str, minimize: Sequence[str]) -> dict[str, Any]:
    """How the hypervolume grew, of trials that were trained as the latest was; without values where they are few."""
    costs = [name for name in minimize if name in scored.columns]
    complete = [row for row in rows if row["score"] is not None]
    alike = [row["number"] for row in complete if row["training"] == complete[-1]["training"]]
    if len(alike) < FEWEST or not costs:
        return {"costs": costs, "values": [], "words": ""}
    history = hypervolume_history(scored.loc[alike], score, costs)
    return {"costs": costs, "values": [round(value, 4) for value in history], "words": stall_note(history)}


def no_comparison() -> pd.DataFrame:
    """What stands for a comparison while no trial has a score."""
    return pd.DataFrame(columns=["difference", "standard_error", "p_value", "verdict"])


def _shown(study: Study, scored: pd.DataFrame, score: str, baseline: int | None) -> tuple[list[Trial], str]:
    """All trials; of too many the fronts, the best and the latest, and a sentence that says so."""
    every = list(study)
    if len(every) <= MOST:
        return every, ""
    kept: set[Any] = {baseline, *(trial.number for trial in every[-(MOST // 2) :])}
    if score in scored.columns:
        kept |= set(scored[score].dropna().sort_values(ascending=not is_larger_better(score)).index[: MOST // 2])
        for name in scored.columns.drop(score):
            larger = [each for each in (name, score) if is_larger_better(each)]
            smaller = [each for each in (name, score) if not is_larger_better(each)]
            kept |= set(pareto_front(scored[[name, score]], maximize=larger, minimize=smaller).index)
    shown = [study.trial(number) for number in sorted(kept - {None})]
    return shown, say(
        "Shown are {n} of {all} trials: the fronts, the best and the latest.",
        n=f"{len(shown):,}",
        all=f"{len(every):,}",
    )


def _row(trial: Trial, space: StructureSpace, verdict: Any) -> dict[str, Any]:
    is_complete = trial.state == "complete"
    return {
        "number": trial.number,
        "state": trial.state,
        "reason": trial.reason,
        "score": _number(trial.score) if is_complete else None,
        "low": _number(trial.low) if is_complete else None,
        "high": _number(trial.high) if is_complete else None,
        "seeds": len(trial.by_seed),
        "batch_size": trial.budget.batch_size,
        "seconds": _number(trial.seconds),
        "verdict": verdict if isinstance(verdict, str) else "",
        "said": say(verdict if isinstance(verdict, str) else trial.state),
        "alike": verdict in (ALIKE, THE_BEST),
        "hasCurve": bool(trial.history),
        "costs": {name: _number(getattr(trial, name, math.nan)) for name in trial_metrics() if name in METRICS},
        # A study may hold trials of other models, which have a place in the plot and none at the sliders.
        "changes": changes(trial.structure) if trial.structure.space.is_same_model(space) else None,
    }


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and math.isfinite(value) else None
