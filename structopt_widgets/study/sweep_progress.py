"""How far a sweep is, for bars and for callers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..training import Progress, Trial

SECONDS_BETWEEN = 0.2  # drawings of the bar; a batch has a report for each of its runs' epochs
COMPILED = 0.05  # share of a batch from which on its speed says something: its first step takes longest
# tqdm's own speed goes by its last few updates, and trials come by the batch.
BAR = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} trials [{elapsed}{postfix}]"


@dataclass(frozen=True)
class SweepProgress:
    """One report of a running sweep.

    Attributes:
        finished: trials that are written, those of former calls included.
        failed: how many of those this call has written have failed.
        total: trials there will be.
        elapsed: seconds since the call.
        remaining: seconds still to go at the speed so far, the structures that are being trained
            included; ``None`` before anything is trained.
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
        self._start = self._drawn = time.perf_counter()
        self._before = self._done = self._failed = 0
        self._worth = 0.0  # trials whose training is done, parts of them included
        self._bar = tqdm(total=total, desc="sweep", bar_format=BAR, disable=not show)

    @property
    def known(self) -> int:
        """Trials that have been told of."""
        return self._before + self._done

    def found(self, finished: int) -> None:
        """Trials that former calls, or other processes, have written."""
        self._before += finished
        self._bar.update(finished)
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
        self._report(progress)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._draw(None, None)
        self._bar.close()

    def _report(self, batch: Progress | None) -> None:
        elapsed = time.perf_counter() - self._start
        if batch is not None and batch.fraction > COMPILED:
            self._worth = max(self._worth, self._done + batch.fraction * batch.trials)
        # While the trials of a batch are written one by one, the others of it are not to do again.
        self._worth = max(self._worth, float(self._done))
        remaining = elapsed / self._worth * (self._total - self._before - self._worth) if self._worth else None
        if batch is None or time.perf_counter() - self._drawn > SECONDS_BETWEEN:
            self._draw(remaining, batch)
        if self._on_progress is not None:
            self._on_progress(SweepProgress(self.known, self._failed, self._total, elapsed, remaining, batch))

    def _draw(self, remaining: float | None, batch: Progress | None) -> None:
        self._drawn = time.perf_counter()
        words = [f"{self._bar.format_interval(remaining)} left"] if remaining is not None else []
        words += [f"{batch.fraction:.0%} of the structures at hand"] if batch is not None else []
        words += [f"{self._failed} failed"] if self._failed else []
        self._bar.set_postfix_str(", ".join(words))
