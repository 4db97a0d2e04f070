"""The workers behind an executor: asked beforehand whether they can do a sweep, and sent its data once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from importlib.metadata import version
from typing import Any
from weakref import WeakKeyDictionary

from ..graph.checks import typed
from .order import Order, lack

PATIENCE = 60.0  # seconds without any worker until a cluster is taken to have none
PAUSE = 5.0  # seconds between looks at whether one is there
KEPT = "All finished trials are kept, and what was begun is left to a later call of sweep()."


class WorkerError(RuntimeError):
    """Something is wrong with a worker or a cluster, and not with the structures it was sent."""


class Employer:
    """The workers of any executor, which are alike; they are sent the order with every batch."""

    def __init__(self, executor: Executor, order: Order) -> None:
        self._executor, self._order = executor, order

    def check(self) -> None:
        """Raise :class:`WorkerError` for workers that lack something."""
        try:
            lacking = self._executor.submit(lack, self._order.without_data).result()
        except Exception as error:
            raise WorkerError(
                f"Expected an executor whose workers run, got {type(error).__name__}: {error}. Make a new one."
            ) from error
        if lacking:
            raise unfit("one", lacking)

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """``function(order, *args)`` on a worker."""
        return self._executor.submit(function, self._order, *args)

    def is_lost(self, future: Future[Any], error: BaseException) -> bool:
        """Whether ``future``, which ended in ``error``, was lost by no fault of its own and is to be submitted again.

        Raises :class:`WorkerError` where it would be lost again.
        """
        if isinstance(error, CancelledError):
            raise WorkerError(f"What this sweep had submitted to its executor was cancelled by somebody else. {KEPT}")
        return False

    def look(self) -> None:
        """Raise :class:`WorkerError` when there is nobody any more to wait for."""


class DaskEmployer(Employer):
    """The workers of a Dask cluster, which keep the order among them."""

    def __init__(self, executor: Any, order: Order) -> None:
        super().__init__(executor, order)
        # There is no public way from Dask's executor to its client, which alone can keep data on workers.
        self._client = executor._client
        chosen = executor._kwargs.get("workers")
        self._chosen = [chosen] if isinstance(chosen, str) else chosen
        self._kept: Any = None
        self._read_by: WeakKeyDictionary[Future[Any], Any] = WeakKeyDictionary()
        self._behind: WeakKeyDictionary[Future[Any], set[Any]] = WeakKeyDictionary()
        self._futures_of_dask = executor._futures
        self._looked = self._seen = time.monotonic()

    def check(self) -> None:
        """Ask each worker, and the scheduler, which reads what it passes on."""
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
            self._client.run_on_scheduler(_is_here)
            looked_at = self._order.without_data
            answers = self._client.run(lack, looked_at, workers=self._chosen, on_error="return")
        except TimeoutError:
            raise _nobody() from None
        except Exception as error:
            if self._client.status != "running":
                raise _no_scheduler() from error
            raise unfit("the scheduler", _as_lack(error)) from error
        for worker, answer in answers.items():
            if isinstance(answer, OSError):
                continue  # it has ended while it was asked
            if answer:
                raise unfit(worker, _as_lack(answer) if isinstance(answer, Exception) else answer)

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """The order is kept by all workers that are there, so that it outlives all but the last of them."""
        try:
            if self._kept is None:
                self._kept = self._client.scatter(self._order, workers=self._chosen, broadcast=True, hash=False)
            # Not pure: what was lost is run again, not looked up.
            before = set(self._futures_of_dask)
            future = self._executor.submit(function, self._kept, *args, pure=False)
            self._read_by[future] = self._kept
            self._behind[future] = set(self._futures_of_dask) - before
            return future
        except TimeoutError:
            raise _nobody() from None
        except Exception as error:
            if self._client.status != "running":
                raise _no_scheduler() from error
            raise

    def is_lost(self, future: Future[Any], error: BaseException) -> bool:
        """So it is when the last worker that kept the order has died: Dask cancels what reads it."""
        if self._client.status != "running":
            raise _no_scheduler()
        if isinstance(error, CancelledError):
            if self._read_by.get(future) is self._kept:
                self._kept = None
            return True
        if type(error).__name__ == "KilledWorker":
            # Perhaps of one that came later and could not even read what it was sent.
            self.check()
        return super().is_lost(future, error)

    def look(self) -> None:
        """Every few seconds: without a worker, Dask waits for one for ever."""
        now = time.monotonic()
        if now - self._looked < PAUSE or self._client.status != "running":
            return
        self._looked = now
        for future, behind in list(self._behind.items()):
            # A result that is lost while it is fetched cancels Dask's future, and nobody tells the executor's.
            if any(each.cancelled() for each in behind) and not future.done() and future.cancel():
                future.set_running_or_notify_cancel()
        try:
            if self._client.nthreads():
                self._seen = now
        except OSError:
            return  # the scheduler is gone: what was submitted is about to be cancelled
        if now - self._seen > PATIENCE:
            raise _nobody()


def employer_of(executor: Any, order: Order) -> Employer:
    """The workers of ``executor``; raises for one that cannot train."""
    if not callable(getattr(executor, "submit", None)) or hasattr(executor, "get_executor"):
        raise TypeError(
            f"Expected a concurrent.futures.Executor as executor, got {typed(executor)}. Pass a ProcessPoolExecutor "
            "with the 'spawn' context, or a Dask client's client.get_executor()."
        )
    context = getattr(executor, "_mp_context", None)
    if context is not None and context.get_start_method() == "fork":
        # TensorFlow's threads do not survive a fork, and the worker would wait for them for ever.
        raise ValueError(
            "Expected a process pool that starts its workers afresh, got one that forks. Use "
            "ProcessPoolExecutor(mp_context=multiprocessing.get_context('spawn'))."
        )
    is_dask = any(each.__module__.startswith("distributed.") for each in type(executor).__mro__)
    return DaskEmployer(executor, order) if is_dask else Employer(executor, order)


def unfit(worker: str, lacking: str) -> WorkerError:
    """The error about a worker that :func:`~.order.lack` has found something about."""
    return WorkerError(f"Expected workers that can train these structures, got {worker}, {lacking}")


def _as_lack(error: Exception) -> str:
    if "ModuleNotFoundError" in repr(error) and "structopt_widgets" in str(error):
        return (
            "which has no package structopt_widgets. Install it there, pip install "
            f"structopt-widgets=={version('structopt-widgets')}, and start the cluster again."
        )
    return f"which cannot be asked: {type(error).__name__}: {error}. Make its packages the same as here."


def _is_here() -> bool:
    """Sent to a scheduler that does not have this module, it is not understood."""
    return True


def _nobody() -> WorkerError:
    return WorkerError(
        f"Expected a cluster with workers, got none within {PATIENCE:g} s. Start some, for example by "
        f"cluster.scale(2), and call sweep() again. {KEPT}"
    )


def _no_scheduler() -> WorkerError:
    return WorkerError(
        "The connection to the scheduler of the cluster was lost: it has ended, or the network is down. "
        f"{KEPT} Connect a new client and call it again with its get_executor()."
    )
