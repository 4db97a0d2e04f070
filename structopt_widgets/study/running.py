"""Training batches of structures: in this process, or by an executor's workers."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from typing import Any

from ..structure import Structure
from ..structure.choices import choices_of
from ..structure.serialization import structure_of_choices
from ..training import Budget, Data, Progress, Trial, train_together
from .claims import Claim
from .employer import Employer, WorkerError, unfit
from .failed import failed_trial
from .memory_limits import why_too_large
from .order import Order, lack_once

MOST_LOSSES = 3  # times that all workers may die while they train a batch until it is to blame
Ended = tuple[list[Claim], list[Trial] | Exception]


class LocalRuns:
    """Trains one batch at a time in this process and thread."""

    def __init__(
        self,
        data: Data,
        budget: Budget,
        on_progress: Callable[[Progress], Any] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self._data, self._budget = data, budget
        self._on_progress, self._should_stop = on_progress, should_stop
        self._batch: list[Claim] | None = None

    @property
    def room(self) -> int:
        """Batches that may be given to it now."""
        return 0 if self._batch else 1

    @property
    def is_busy(self) -> bool:
        """Whether there is something to wait for."""
        return self._batch is not None

    def start(self, batch: list[Claim]) -> None:
        """Take a batch."""
        self._batch = batch

    def wait(self) -> list[Ended]:
        """Train the batch that was taken."""
        batch, self._batch = self._batch or [], None
        try:
            trials: list[Trial] | Exception = train_what_fits(
                [claim.proposal.structure for claim in batch],
                [claim.proposal.deaths for claim in batch],
                self._data,
                self._budget,
                on_progress=self._on_progress,
                should_stop=self._should_stop,
            )
        # Out of memory, or a network that does not run: the trial says so, and the sweep goes on.
        except Exception as error:
            trials = error
        return [(batch, trials)]

    def cancel(self) -> None:
        """Nothing goes on behind the caller's back."""


class ExecutorRuns:
    """Trains batches with the workers of an executor, several at a time; they are sent plain data only."""

    def __init__(self, employer: Employer, budget: Budget, in_flight: int | None = None) -> None:
        self._employer, self._budget = employer, budget
        self._in_flight = in_flight or os.cpu_count() or 1
        self._futures: dict[Future[list[dict[str, Any]]], list[Claim]] = {}
        self._losses: Counter[int] = Counter()  # by the first claim of a batch

    @property
    def room(self) -> int:
        """Batches that may be given to it now."""
        return self._in_flight - len(self._futures)

    @property
    def is_busy(self) -> bool:
        """Whether there is something to wait for."""
        return bool(self._futures)

    def start(self, batch: list[Claim]) -> None:
        """Send a batch to the executor."""
        choices = [choices_of(claim.proposal.structure) for claim in batch]
        deaths = [claim.proposal.deaths for claim in batch]
        future = self._employer.submit(train_elsewhere, choices, deaths, dataclasses.asdict(self._budget))
        self._futures[future] = batch

    def wait(self) -> list[Ended]:
        """The batches that are done; waits for at least one, but not longer than half a second."""
        done, _ = concurrent.futures.wait(self._futures, timeout=0.5, return_when=concurrent.futures.FIRST_COMPLETED)
        self._employer.look()
        outcomes: list[Ended] = []
        for future in done:
            error = CancelledError() if future.cancelled() else future.exception()
            if isinstance(error, (BrokenExecutor, WorkerError)):
                raise error
            if error is not None and self._employer.is_lost(future, error):
                batch = self._futures.pop(future)
                first = batch[0].trial_id
                self._losses[first] += 1
                if self._losses[first] < MOST_LOSSES:
                    self.start(batch)
                    continue
                error = RuntimeError(f"all workers died while they trained it, {MOST_LOSSES} times")
            else:
                batch = self._futures.pop(future)
            if error is not None:
                outcomes.append((batch, error if isinstance(error, Exception) else RuntimeError(repr(error))))
                continue
            structures = [claim.proposal.structure for claim in batch]
            records = zip(future.result(), structures, strict=True)
            outcomes.append((batch, [Trial.from_record(record, structure) for record, structure in records]))
        return outcomes

    def cancel(self) -> None:
        """Take back what no worker has begun; what one has begun ends unseen."""
        for future in self._futures:
            future.cancel()


def train_elsewhere(
    order: Order, choices: Sequence[Mapping[str, Any]], deaths: Sequence[int], budget: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What a worker process runs: structures from plain data to results in plain data."""
    # It may have come after the others were asked.
    if lacking := lack_once(order):
        raise unfit(f"process {os.getpid()} on {platform.node()}", lacking)
    space = order.space()
    structures: list[Structure] = [structure_of_choices(space, each) for each in choices]
    return [trial.to_record() for trial in train_what_fits(structures, deaths, order.samples, Budget(**budget))]


def train_what_fits(
    structures: Sequence[Structure], deaths: Sequence[int], data: Data, budget: Budget, **callbacks: Any
) -> list[Trial]:
    """:func:`train_together`, but for structures that are too large for this machine: they fail, with the reason."""
    errors = [why_too_large(each, budget, count) for each, count in zip(structures, deaths, strict=True)]
    fit = [structure for structure, error in zip(structures, errors, strict=True) if error is None]
    trained = iter(train_together(fit, data, budget=budget, **callbacks))
    return [
        next(trained) if error is None else failed_trial(structure, data, budget, error)
        for structure, error in zip(structures, errors, strict=True)
    ]
