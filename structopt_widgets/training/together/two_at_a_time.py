"""Two stacks at once: one computes while Python builds and traces the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..progress import Watch

AT_ONCE = 2  # each operation of a stack has all cores already

Batch = TypeVar("Batch")


def train_at_once(batches: Sequence[Batch], train: Callable[[Batch], None], watch: Watch) -> None:
    """Call ``train`` with each of ``batches``: one in this thread, several in threads of their own.

    What one of them raises, or a Ctrl-C, stops the others at their next step, and is raised when they
    have ended.
    """
    if len(batches) == 1:
        train(batches[0])
        return
    with ThreadPoolExecutor(AT_ONCE, "train together") as pool:
        futures = [pool.submit(train, batch) for batch in batches]
        try:
            for future in futures:
                future.result()
        except BaseException:
            watch.stop()
            raise
