"""When a run ends: the steps of each epoch, the order of the samples, the time, the patience."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np

from .budget import Budget
from .data import Data
from .splitting import split


def epoch_lengths(budget: Budget, samples: int) -> list[int]:
    """Steps of each epoch; the last is cut short where ``budget.steps`` ends it."""
    each = math.ceil(samples / budget.batch_size)
    total = each * budget.epochs if budget.steps is None else min(each * budget.epochs, budget.steps)
    return [min(each, total - start) for start in range(0, total, each)]


def sample_orders(seed: int, samples: int) -> Iterator[np.ndarray]:
    """The order of the training samples in one epoch after the other, which follows from ``seed``."""
    rng = np.random.default_rng(seed)
    while True:
        yield rng.permutation(samples).astype(np.int32)


def training_rows(data: Data, budget: Budget) -> np.ndarray:
    """The training samples a budget uses: always the same ones, by class for a classification."""
    n = len(data.y)
    if budget.subset is None or (isinstance(budget.subset, int) and budget.subset >= n):
        return np.arange(n)
    share = budget.subset / n if isinstance(budget.subset, int) else budget.subset
    return split(data.y, share, 0, data.task)[1]


class Deadline:
    """Whether the seconds of a budget are over."""

    def __init__(self, budget: Budget) -> None:
        self._end = math.inf if budget.seconds is None else time.perf_counter() + budget.seconds

    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.perf_counter() >= self._end


def has_lost_patience(val_losses: list[float], patience: int | None) -> bool:
    """Whether the lowest of the validation losses, one an epoch, is ``patience`` epochs old."""
    if patience is None or not val_losses:
        return False
    return len(val_losses) - 1 - int(np.argmin(val_losses)) >= patience
