"""Trials gathered in one table."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..training import Trial
from ..training.trial import COSTS

if TYPE_CHECKING:
    import pandas as pd

# The table of a study without trials, so that code that selects columns works from the start.
EMPTY_COLUMNS = (
    *("accuracy", "accuracy_low", "accuracy_high", "accuracy_std", "loss"),
    *COSTS,
    *("epochs", "seeds", "batch_size", "seconds", "engine", "state", "reason", "data", "structure"),
)


class Study:
    """Trials in the order they came, numbered from 0. Several threads may add to it."""

    def __init__(self) -> None:
        self._trials: list[Trial] = []
        self._lock = threading.Lock()

    def add(self, trial: Trial) -> Trial:
        """Append a trial and return it with its number."""
        if not isinstance(trial, Trial):
            raise TypeError(f"Expected a Trial, as quick_run returns it; got {type(trial).__name__}.")
        with self._lock:
            numbered = dataclasses.replace(trial, number=len(self._trials))
            self._trials.append(numbered)
        return numbered

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial, indexed by its number; the columns are those of :meth:`Trial.to_row`."""
        import pandas as pd

        trials = list(self)
        if not trials:
            return pd.DataFrame(columns=list(EMPTY_COLUMNS)).rename_axis("number")
        return pd.DataFrame([trial.to_row() for trial in trials]).rename_axis("number")

    def trial(self, number: int) -> Trial:
        """The trial of a number; raises ``ValueError`` when there is none."""
        trials = list(self)
        if not 0 <= number < len(trials):
            known = f"0 to {len(trials) - 1}" if trials else "none: the study is empty"
            raise ValueError(f"Expected the number of a trial ({known}), got {number!r}.")
        return trials[number]

    def __len__(self) -> int:
        return len(self._trials)

    def __iter__(self) -> Iterator[Trial]:
        with self._lock:
            return iter(list(self._trials))

    def __repr__(self) -> str:
        return f"Study({len(self)} trials)"
