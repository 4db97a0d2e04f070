"""How much training a quick run may spend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Budget:
    """What one quick run may spend; it is part of the result, since scores depend on it.

    Attributes:
        epochs: passes over the training data, for each seed.
        seeds: how many runs from different random numbers, seeded 0, 1, ...; or the seeds themselves.
        batch_size: samples a step.
        learning_rate: the optimizer's; ``None`` keeps the compiled one's, or Adam's 0.001.
    """

    epochs: int = 3
    seeds: int | Sequence[int] = 1
    batch_size: int = 32
    learning_rate: float | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            object.__setattr__(self, name, _whole(name, getattr(self, name), least=1))
        if isinstance(self.seeds, Sequence) and not isinstance(self.seeds, str):
            seeds = tuple(_whole("each seed", seed, least=0) for seed in self.seeds)
            if not seeds or len(set(seeds)) < len(seeds):
                raise ValueError(f"Expected at least one seed and no seed twice, got {list(self.seeds)}.")
            object.__setattr__(self, "seeds", seeds)
        else:
            object.__setattr__(self, "seeds", _whole("seeds", self.seeds, least=1))
        rate = self.learning_rate
        if rate is not None and not (_is_number(rate) and 0 < rate < math.inf):
            raise ValueError(f"Expected a learning rate above 0, or None to keep the optimizer's own; got {rate!r}.")

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds, one run each."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else tuple(self.seeds)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"Expected a whole number as {name} of a budget, got {value!r} ({type(value).__name__}).")
    if value < least:
        raise ValueError(f"Expected {name} of a budget to be at least {least}, got {value}.")
    return int(value)
