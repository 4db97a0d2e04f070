"""The finished trials of a study, each read once, however often they are asked for."""

from __future__ import annotations

import itertools
import threading
import warnings
from typing import TYPE_CHECKING, Any

import optuna

from ..metrics import trial_metrics
from ..training import Trial
from .records import SpaceShelf, read_trial

if TYPE_CHECKING:
    import pandas as pd

# The table of a study without trials, so that code that selects columns works from the start.
SCORE_COLUMNS = ("accuracy", "accuracy_low", "accuracy_high", "accuracy_std", "accuracy_by_seed", "loss")
OTHER_COLUMNS = (
    *("epochs", "seeds", "batch_size", "optimizer", "learning_rate"),
    *("seconds", "engine", "settled", "state", "reason", "data", "fingerprint", "structure"),
)


class Readings:
    """What has been read of a study. A finished trial never changes again.

    Args:
        storage, study_id, shelf: of the study.
        name: of the study, for warnings.

    Attributes:
        by_number: the trials that were read.
        unreadable: those that are damaged or a newer release's, by number, with the reason.
    """

    def __init__(self, storage: optuna.storages.BaseStorage, study_id: int, shelf: SpaceShelf, name: str) -> None:
        self._storage, self._study_id, self._shelf, self._name = storage, study_id, shelf, name
        self.by_number: dict[int, Trial] = {}
        self.unreadable: dict[int, str] = {}
        self._in_turn: list[Trial] = []  # as they were read
        self._table: pd.DataFrame | None = None
        self._n_listed = 0
        self._settled: list[Trial] = []
        self._n_settled = 0
        self._lock = threading.RLock()  # a sweep reads in one thread while the explorer reads in another

    def every(self) -> list[Trial]:
        """All trials, by number; warns of those that it cannot read when it meets them."""
        before = len(self.unreadable)
        with self._lock:
            frozen = self._storage.get_all_trials(self._study_id, deepcopy=False)
            # Those that have ended, up to the first that runs, need not be looked at again.
            for each in itertools.takewhile(lambda each: each.state.is_finished(), frozen[self._n_settled :]):
                self._settled += [trial] if (trial := self.one(each)) is not None else []
                self._n_settled += 1
            rest = [self.one(each) for each in frozen[self._n_settled :]]
            trials = self._settled + [trial for trial in rest if trial is not None]
        if len(self.unreadable) > before:
            number, reason = next(iter(self.unreadable.items()))
            warnings.warn(
                f"{len(self.unreadable)} of {len(self.unreadable) + len(trials)} trials of the study {self._name!r} "
                f"cannot be read, and stay where they are. Trial {number}: {reason}. "
                "study.unreadable has the reason of each.",
                stacklevel=3,
            )
        return trials

    def one(self, frozen: optuna.trial.FrozenTrial) -> Trial | None:
        """The trial Optuna holds, if it has a result that can be read."""
        number = frozen.number
        if number not in self.by_number:
            if number in self.unreadable:
                return None
            try:
                trial = read_trial(frozen, self._shelf)
            except ValueError as error:
                self.unreadable[number] = str(error)
                return None
            if trial is None:
                return None
            with self._lock:
                if number not in self.by_number:
                    self.by_number[number] = trial
                    self._in_turn.append(trial)
        return self.by_number[number]

    def added(self, trial_id: int) -> Trial | None:
        """The trial that was just written: looking through all of them for each would take ever longer."""
        return self.one(self._storage.get_trial(trial_id))

    def since(self, n: int) -> list[Trial]:
        """All trials but the first ``n`` that were read, in the order in which they were."""
        with self._lock:
            self.every()
            return self._in_turn[n:]

    def table(self) -> pd.DataFrame:
        """See :attr:`Study.trials`."""
        import pandas as pd

        with self._lock:
            # Writing a row in words takes time, so only those of new trials are written.
            if new := self.since(self._n_listed):
                numbers: Any = pd.Index([trial.number for trial in new], name="number")
                rows = pd.DataFrame([trial.to_row() for trial in new], index=numbers)
                self._table = rows if self._table is None else pd.concat([self._table, rows]).sort_index()
                self._n_listed += len(new)
            if self._table is None:
                return pd.DataFrame(columns=[*SCORE_COLUMNS, *trial_metrics(), *OTHER_COLUMNS]).rename_axis("number")
            return self._table.copy()
