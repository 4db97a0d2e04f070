"""Quick runs of many structures of one space."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ...structure import Structure
from ..budget import Budget
from ..data import Data
from ..progress import Progress
from ..quick_run import SHORT_BUDGET, quick_run
from ..trial import Trial


def train_together(
    structures: Iterable[Structure],
    data: Data,
    budget: Budget = SHORT_BUDGET,
    weights: str = "fresh",
    on_progress: Callable[[Progress], Any] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> list[Trial]:
    """Train structures of one space briefly, each once for each seed, and score them: a trial each, in order."""
    return [quick_run(each, data, budget, weights, on_progress, should_stop) for each in structures]
