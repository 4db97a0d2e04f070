"""How much training a quick run may spend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph.checks import short

LARGEST_SEED = 2**32 - 1  # of Keras's and NumPy's generators
MOST_SEEDS = 10_000  # runs of one structure
OPTIMIZERS = ("sgd", "adam", "adamw")


@dataclass(frozen=True)
class Budget:
    """What one quick run may spend; it is part of the result, since scores depend on it.

    A run ends at the first of ``epochs``, ``steps`` and ``seconds`` that is reached, or when
    ``patience`` runs out; it is then validated and scored as it is.

    Attributes:
        epochs: passes over the training data, for each seed.
        seeds: how many runs from different random numbers, seeded 0, 1, ...; or the seeds themselves.
            With one, structures cannot be compared: nothing says what another seed would do.
        batch_size: samples a step.
        learning_rate: the optimizer's; ``None`` keeps the compiled one's, or the optimizer's own default.
        optimizer: ``"sgd"``, ``"adam"`` or ``"adamw"`` with Keras's defaults; ``None`` takes the
            compiled one, or Adam.
        steps: weight updates, for each seed.
        seconds: of training, for each seed; seeds and structures trained together spend them together.
            Such scores depend on the machine.
        patience: epochs in a row without a lower validation loss after which a run ends. The score
            is that of its last epoch, not of its best: no validation sample is looked at twice.
        subset: training samples used: a number of them, or a share below 1. A classification keeps
            the shares of its classes. Always the same samples, whatever the seed.
        settle_normalization: whether the moving statistics of batch normalization are recomputed on
            training samples before a validation where a run is too short for them to have settled.
            Without, a network with normalization is scored by statistics that are still partly its initial ones.

    >>> budget = sw.Budget(epochs=2, seeds=[3, 5], batch_size=16)
    >>> budget.seed_list
    (3, 5)
    """

    epochs: int = 3
    seeds: int | Sequence[int] = 3
    batch_size: int = 32
    learning_rate: float | None = None
    optimizer: str | None = None
    steps: int | None = None
    seconds: float | None = None
    patience: int | None = None
    subset: int | float | None = None
    settle_normalization: bool = True

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            object.__setattr__(self, name, _whole(name, getattr(self, name), least=1))
        if isinstance(self.seeds, Sequence) and not isinstance(self.seeds, str):
            seeds = tuple(_whole("each seed", seed, least=0, most=LARGEST_SEED) for seed in self.seeds)
            if not seeds or len(set(seeds)) < len(seeds):
                raise ValueError(f"Expected at least one seed and no seed twice, got {list(self.seeds)}.")
            object.__setattr__(self, "seeds", seeds)
        else:
            object.__setattr__(self, "seeds", _whole("seeds", self.seeds, least=1, most=MOST_SEEDS))
        rate = self.learning_rate
        if rate is not None:
            if not _is_positive(rate):
                raise ValueError(
                    f"Expected a learning rate above 0, or None to keep the optimizer's own; got {short(rate)}."
                )
            object.__setattr__(self, "learning_rate", float(rate))
        if self.optimizer is not None and not (isinstance(self.optimizer, str) and self.optimizer in OPTIMIZERS):
            raise ValueError(
                f"Expected an optimizer among {', '.join(OPTIMIZERS)}, or None for the compiled one; "
                f"got {short(self.optimizer)}."
            )
        for name in ("steps", "patience"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _whole(name, getattr(self, name), least=1))
        if self.seconds is not None:
            if not _is_positive(self.seconds):
                raise ValueError(f"Expected seconds of a budget above 0, or None; got {short(self.seconds)}.")
            object.__setattr__(self, "seconds", float(self.seconds))
        share = self.subset
        if isinstance(share, (float, np.floating)):
            if not 0 < share < 1:
                raise ValueError(f"Expected a subset as a share between 0 and 1 or a number of samples, got {share!r}.")
            object.__setattr__(self, "subset", float(share))
        elif share is not None:
            object.__setattr__(self, "subset", _whole("subset", share, least=1))
        if not isinstance(self.settle_normalization, (bool, np.bool_)):
            raise TypeError(
                f"Expected True or False as settle_normalization of a budget, got {self.settle_normalization!r}."
            )
        object.__setattr__(self, "settle_normalization", bool(self.settle_normalization))

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds, one run each."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else tuple(self.seeds)


def _is_positive(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    try:
        return 0 < float(value) < math.inf
    except OverflowError:  # of an int
        return False


def _whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"Expected a whole number as {name} of a budget, got {value!r} ({type(value).__name__}).")
    if value < least:
        raise ValueError(f"Expected {name} of a budget to be at least {least}, got {value}.")
    if most is not None and value > most:
        raise ValueError(f"Expected {name} of a budget to be at most {most:,}, got {short(value)}.")
    return int(value)


SHORT_BUDGET = Budget()
