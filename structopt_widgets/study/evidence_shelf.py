"""What the trials of one study say, read once: a finished trial never changes."""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable, Sequence
from typing import cast

import numpy as np

from ..training import Trial
from .evidence import EvidenceTable, TrialEvidence, paired_variance, training_of

REMEMBERED = 4  # trials that others were compared with


class EvidenceShelf:
    """Evidence of a study's complete trials that have a score, in columns: studies hold tens of thousands.

    Several threads may ask: each holds ``lock`` for as long as the columns must fit each other.

    Attributes:
        lock: to be held.
        n_read: trials that were looked at.
        numbers: of the trials with a score, one a row of the others.
        table: what they say.
        data: a number each, the same for trials on the same data that have the same metric.
        training: the same for those whose training was the same but for seeds.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.n_read = 0
        self.numbers = self.data = self.training = np.array([], dtype=int)
        self.table = EvidenceTable.of([])
        self._every: list[TrialEvidence] = []
        self._kinds: dict[Hashable, int] = {}
        self._paired: dict[int, np.ndarray] = {}

    def read(self, new: Sequence[Trial]) -> None:
        """Take in trials that were not looked at before."""
        scored = [trial for trial in new if trial.state == "complete" and math.isfinite(trial.score)]
        more = [TrialEvidence.of_trial(trial) for trial in scored]
        self.n_read += len(new)
        self._every += more
        self.table = self.table.and_then(EvidenceTable.of(more))
        self.numbers = _longer(self.numbers, [cast(int, trial.number) for trial in scored])
        self.data = _longer(self.data, [self._kind((trial.fingerprint, trial.metric)) for trial in scored])
        self.training = _longer(self.training, [self._kind(training_of(trial)) for trial in scored])

    def paired_variance(self, rows: np.ndarray, reference: int) -> np.ndarray:
        """:func:`~.evidence.paired_variance` of each of these rows with one of them."""
        known = self._paired.pop(reference, np.array([]))
        paired = np.concatenate([known, np.full(len(self._every) - len(known), math.nan)])
        for row in rows[np.isnan(paired[rows])]:
            paired[row] = paired_variance(self._every[row], self._every[reference])
        self._paired[reference] = paired
        if len(self._paired) > REMEMBERED:
            del self._paired[next(iter(self._paired))]
        return paired[rows]

    def way_of(self, trial: Trial) -> int:
        """A number, the same for trials on the same data, with the same metric and training: these are comparable."""
        with self.lock:
            return self._kind((trial.fingerprint, trial.metric, training_of(trial)))

    def _kind(self, what: Hashable) -> int:
        return self._kinds.setdefault(what, len(self._kinds))


def _longer(column: np.ndarray, more: Sequence[int]) -> np.ndarray:
    return np.concatenate([column, np.array(more, dtype=int)])
