"""The trial of a structure that could not be trained to the end."""

from __future__ import annotations

import math

from ..structure import Structure
from ..training import Budget, Data, Trial
from ..training.provenance import versions
from ..training.trial import measured_costs


def failed_trial(structure: Structure, data: Data, budget: Budget, error: Exception) -> Trial:
    """A trial without scores, whose reason is ``error`` in words."""
    reason = f"{type(error).__name__}: {error}".strip().splitlines()[0][:500]
    return Trial(
        structure=structure,
        state="failed",
        metric="accuracy" if data.task == "classification" else "r2",
        score=math.nan,
        low=math.nan,
        high=math.nan,
        by_seed=(),
        loss=math.nan,
        costs=measured_costs(structure, budget),
        budget=budget,
        data=data.name,
        fingerprint=data.fingerprint,
        versions=versions(),
        seconds=0.0,
        reason=reason,
    )
