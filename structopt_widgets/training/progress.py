"""What running quick runs tell, and how they are told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .run import Run

SECONDS_BETWEEN = 0.05  # more often than a screen can show helps nobody


@dataclass(frozen=True)
class Progress:
    """One report on one of the runs of a call.

    Attributes:
        fraction: share of all training steps of the call done, 0..1.
        seed: which seed this is, 0 .. ``seeds`` - 1.
        seeds: how many there are for each structure.
        epoch: epochs of this run that are finished.
        epochs: epochs of each run, at most.
        loss: mean training loss of the epoch so far; ``None`` before the first step.
        val_loss: validation loss after the last finished epoch of this run; ``None`` before.
        val_score: validation accuracy, or R2, likewise.
        metric: ``"accuracy"`` or ``"r2"``.
        elapsed: seconds since the start.
        remaining: seconds still to go at the speed so far; ``None`` until that is known.
        history: the finished epochs of this run, as in :attr:`Trial.history`.
        trial: which structure of :func:`train_together` this is, 0 .. ``trials`` - 1.
        trials: how many structures there are.
    """

    fraction: float
    seed: int
    seeds: int
    epoch: int
    epochs: int
    loss: float | None
    val_loss: float | None
    val_score: float | None
    metric: str
    elapsed: float
    remaining: float | None
    history: tuple[dict[str, float], ...]
    trial: int = 0
    trials: int = 1


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """Raised inside the training loop when ``should_stop()`` says so."""


class Watch:
    """Counts steps, reports progress and asks whether to go on.

    Args:
        steps: of each run, at most.
        epochs, seeds, trials: epochs of each run, runs of each structure, structures.
        metric: ``"accuracy"`` or ``"r2"``.
        on_progress: called with a :class:`Progress` at every epoch's end and every 50 ms in between.
        should_stop: asked at every step.

    Several threads may use one watch; they are told and asked one at a time.
    """

    def __init__(
        self,
        steps: int,
        epochs: int,
        seeds: int,
        trials: int,
        metric: str,
        on_progress: Callable[[Progress], Any] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self._steps, self._total = steps, steps * seeds * trials
        self._epochs, self._seeds, self._trials, self._metric = epochs, seeds, trials, metric
        self._on_progress, self._should_stop = on_progress, should_stop
        self._start = self._reported = time.perf_counter()
        self._done: dict[Run, int] = {}
        self._first: tuple[float, int] | None = None
        self._is_stopped = False
        self._lock = threading.RLock()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._start

    def begin(self, runs: Iterable[Run]) -> None:
        """Runs begin, side by side; those that had begun before begin anew."""
        for run in runs:
            with self._lock:
                self._done[run] = 0
                self.check()
                self._report(run)

    def stop(self) -> None:
        """From now on, behave as if asked to stop."""
        self._is_stopped = True

    def check(self) -> None:
        """Raise :class:`Stopped` when asked to."""
        with self._lock:
            if self._is_stopped or (self._should_stop is not None and self._should_stop()):
                raise Stopped

    def end_step(self, runs: Sequence[Run]) -> None:
        """A step of ``runs`` is done."""
        with self._lock:
            for run in runs:
                self._done[run] += 1
            now = time.perf_counter()
            # The first step compiles: it says nothing about the speed of the others.
            self._first = self._first or (now, sum(self._done.values()))
            self.check()
            if runs and now - self._reported >= SECONDS_BETWEEN:
                self._report(runs[-1])

    def end_epoch(self, run: Run) -> None:
        """An epoch is done and validated."""
        with self._lock:
            self._report(run)

    def end(self, run: Run) -> None:
        """A run has ended, perhaps before its last step."""
        with self._lock:
            self._done[run] = self._steps

    def _report(self, run: Run) -> None:
        self._reported = time.perf_counter()
        if self._on_progress is None:
            return
        history = tuple(run.history)
        last = history[-1] if history else {}
        done = sum(self._done.values())
        self._on_progress(
            Progress(
                fraction=done / self._total,
                seed=run.place,
                seeds=self._seeds,
                epoch=len(history),
                epochs=self._epochs,
                loss=run.loss,
                val_loss=last.get("val_loss"),
                val_score=last.get(f"val_{self._metric}"),
                metric=self._metric,
                elapsed=self.elapsed,
                remaining=self._remaining(done),
                history=history,
                trial=run.trial,
                trials=self._trials,
            )
        )

    def _remaining(self, done: int) -> float | None:
        if self._first is None or done <= self._first[1]:
            return None
        return (self._reported - self._first[0]) / (done - self._first[1]) * (self._total - done)
