"""What a running quick run tells, and how it is told to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SECONDS_BETWEEN = 0.05  # more often than a screen can show helps nobody


@dataclass(frozen=True)
class Progress:
    """One report of a running quick run.

    Attributes:
        fraction: share of all training steps done, 0..1.
        seed: which run this is, 0 .. ``seeds`` - 1.
        seeds: how many runs there will be.
        epoch: epochs of this run that are finished.
        epochs: epochs of each run.
        loss: mean training loss of the epoch so far; ``None`` before the first step.
        val_loss: validation loss after the last finished epoch of this run; ``None`` before.
        val_score: validation accuracy, or R2, likewise.
        metric: ``"accuracy"`` or ``"r2"``.
        elapsed: seconds since the start.
        remaining: seconds still to go at the speed so far; ``None`` until that is known.
        history: the finished epochs of this run, as in :attr:`Trial.history`.
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


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """Raised inside the training loop when ``should_stop()`` says so."""


class Diverged(Exception):  # noqa: N818 - a result: the trial says what happened
    """Raised inside the training loop when the loss is no longer a finite number."""


class Watch:
    """Counts steps, reports progress and asks whether to go on.

    Args:
        steps, epochs, seeds: steps an epoch, epochs a run, runs.
        metric: ``"accuracy"`` or ``"r2"``.
        on_progress: called with a :class:`Progress` at every epoch's end and every 50 ms in between.
        should_stop: asked at every step.
    """

    def __init__(
        self,
        steps: int,
        epochs: int,
        seeds: int,
        metric: str,
        on_progress: Callable[[Progress], Any] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self._total = steps * epochs * seeds
        self._epochs, self._seeds, self._metric = epochs, seeds, metric
        self._on_progress, self._should_stop = on_progress, should_stop
        self._start = self._reported = time.perf_counter()
        self._first_step: float | None = None
        self._done = 0
        self._seed = -1
        self._loss: float | None = None
        self.histories: list[list[dict[str, float]]] = []

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._start

    def begin_seed(self) -> None:
        """A run begins."""
        self._seed += 1
        self._loss = None
        self.histories.append([])
        self.check()
        self._report()

    def check(self) -> None:
        """Raise :class:`Stopped` when asked to."""
        if self._should_stop is not None and self._should_stop():
            raise Stopped

    def end_step(self, loss: float) -> None:
        """A step is done; ``loss`` is the epoch's mean so far."""
        self._done += 1
        self._loss = loss
        now = time.perf_counter()
        # The first step compiles: it says nothing about the speed of the others.
        self._first_step = self._first_step or now
        self.check()
        if now - self._reported >= SECONDS_BETWEEN:
            self._report()

    def end_epoch(self, logs: dict[str, float]) -> None:
        """An epoch is done and validated."""
        self.histories[-1].append(logs)
        self._report()

    def _report(self) -> None:
        self._reported = time.perf_counter()
        if self._on_progress is None:
            return
        history = tuple(self.histories[-1])
        last = history[-1] if history else {}
        self._on_progress(
            Progress(
                fraction=self._done / self._total,
                seed=self._seed,
                seeds=self._seeds,
                epoch=len(history),
                epochs=self._epochs,
                loss=self._loss,
                val_loss=last.get("val_loss"),
                val_score=last.get(f"val_{self._metric}"),
                metric=self._metric,
                elapsed=self.elapsed,
                remaining=self._remaining(),
                history=history,
            )
        )

    def _remaining(self) -> float | None:
        if self._first_step is None or self._done < 2:
            return None
        return (self._reported - self._first_step) / (self._done - 1) * (self._total - self._done)
