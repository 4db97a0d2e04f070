"""How far a sweep is, for bars and for callers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..training import Progress, Trial


@dataclass(frozen=True)
class SweepProgress:
    """One report of a running sweep.

    Attributes:
        finished: trials that are written, those of former calls included.
        failed: how many of those this call has written have failed.
        total: trials there will be.
        elapsed: seconds since the call.
        remaining: seconds still to go at the speed so far; ``None`` before this call's first trial.
        batch: how far the structures that are being trained are; ``None`` with an executor.
    """

    finished: int
    failed: int
    total: int
    elapsed: float
    remaining: float | None
    batch: Progress | None


class Meter:
    """Counts a sweep's trials, and shows a bar in a terminal or a notebook.

    Args:
        total: trials there will be.
        on_progress: called with a :class:`SweepProgress`, in the thread that sweeps.
        on_trial: called with each trial that is written.
        show: whether to show a bar.
    """

    def __init__(
        self,
        total: int,
        on_progress: Callable[[SweepProgress], Any] | None,
        on_trial: Callable[[Trial], Any] | None,
        show: bool,
    ) -> None:
        from tqdm.auto import tqdm

        self._total, self._on_progress, self._on_trial = total, on_progress, on_trial
        self._start = time.perf_counter()
        self._before = self._done = self._failed = 0
        self._bar = tqdm(total=total, desc="sweep", unit="trial", disable=not show)

    def found(self, finished: int) -> None:
        """Trials that former calls have written."""
        self._before += finished
        self._bar.update(finished)
        # The bar's speed, and the time it expects, are this call's.
        self._bar.initial = self._bar.n
        self._report(None)

    def finished(self, trial: Trial) -> None:
        """A trial is written."""
        self._done += 1
        self._failed += trial.state == "failed"
        self._bar.update()
        if self._on_trial is not None:
            self._on_trial(trial)
        self._report(None)

    def trained(self, progress: Progress) -> None:
        """The batch at hand is a little further."""
        self._bar.set_postfix_str(f"{progress.fraction:.0%} of the structures at hand", refresh=False)
        self._bar.update(0)
        self._report(progress)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.set_postfix_str(f"{self._failed} failed" if self._failed else "")
        self._bar.close()

    def _report(self, batch: Progress | None) -> None:
        if self._on_progress is None:
            return
        elapsed = time.perf_counter() - self._start
        left = self._total - self._before - self._done
        remaining = elapsed / self._done * left if self._done else None
        finished = self._before + self._done
        self._on_progress(SweepProgress(finished, self._failed, self._total, elapsed, remaining, batch))
