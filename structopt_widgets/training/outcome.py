"""A trial out of the runs of its seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..graph.wording import say
from ..structure import Structure
from .budget import Budget
from .data import Data
from .item_scores import pack_counts
from .provenance import versions
from .statistics import accuracy_interval, bootstrap_r2, with_seeds
from .trial import Trial, measured_costs

if TYPE_CHECKING:
    from .objective import Objective
    from .run import Run


def trial_of(
    structure: Structure, objective: Objective, data: Data, budget: Budget, runs: Sequence[Run], company: str = ""
) -> Trial:
    """The trial of a structure; runs that neither finished nor failed were cancelled.

    ``company``: see :attr:`Trial.company`.
    """
    from .compiled import told_compiled  # Keras takes seconds to import; reading a trial does without

    failed = next((run for run in runs if run.reason), None)
    state = "failed" if failed else "complete" if all(run.is_finished for run in runs) else "cancelled"
    complete = state == "complete"
    losses = [run.history[-1]["val_loss"] for run in runs] if complete else [math.nan]
    return Trial(
        structure=structure,
        state=state,
        metric=objective.metric,
        **(_scores(objective, data, [run.outputs for run in runs]) if complete else _unknown()),
        loss=sum(losses) / len(losses),
        costs=measured_costs(structure, budget),
        budget=budget,
        data=data.name,
        fingerprint=data.fingerprint,
        versions=versions(),
        seconds=sum(run.seconds for run in runs),
        reason=say("Seed {seed}: {reason}", seed=failed.seed, reason=failed.reason) if failed else "",
        history=tuple(tuple(run.history) for run in runs),
        engine=next((run.engine for run in runs if run.engine != "together"), "together"),
        settled=complete and any(run.is_settled for run in runs),
        compiled=told_compiled(structure, budget),
        weights="fresh" if runs[0].examples is None else "inherit",
        company=company,
    )


def _scores(objective: Objective, data: Data, outputs: list[Any]) -> dict[str, Any]:
    by_seed = tuple(objective.score(data.y_val, each) for each in outputs)
    score = sum(by_seed) / len(by_seed)
    right = ""
    if objective.metric == "accuracy":
        counts = np.sum([objective.is_right(data.y_val, each) for each in outputs], axis=0)
        low, high = accuracy_interval(counts, by_seed)
        right = pack_counts(counts)
    else:
        low, high = with_seeds(score, bootstrap_r2(data.y_val, outputs), by_seed)
    return {"by_seed": by_seed, "score": score, "low": low, "high": high, "right": right}


def _unknown() -> dict[str, Any]:
    return {"by_seed": (), "score": math.nan, "low": math.nan, "high": math.nan}
