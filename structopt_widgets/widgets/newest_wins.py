"""Works on the latest structure beside what goes on: of those that come meanwhile only the last one counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..structure import Structure
from .threads import started


class Latest:
    """Works in a thread that ends when no structure is left, or at once where there are no threads.

    Args:
        work: called in the thread with a structure; it raises nothing. ``None`` where each structure brings its own.
        show: called there with what ``work`` gave, unless a later structure has come meanwhile.
        name: of the thread.
    """

    def __init__(self, work: Callable[[Structure], Any] | None, show: Callable[[Any], None], name: str) -> None:
        self._work, self._show, self._name = work, show, name
        self._waiting: tuple[Structure, Callable[[Structure], Any]] | None = None
        self._lock = threading.Lock()
        self._is_stopped = False
        self.thread: threading.Thread | None = None

    def look(self, structure: Structure, work: Callable[[Structure], Any] | None = None) -> None:
        """Work on a structure, unless a later one comes before its turn."""
        chosen = work or self._work
        if chosen is None:
            raise TypeError("Expected work to do on the structure, got none.")
        with self._lock:
            self._waiting = (structure, chosen)
            if self.thread is not None or self._is_stopped:
                return
            self.thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            is_beside = started(self.thread)
        if not is_beside:
            self._run()

    def stop(self) -> None:
        """Work no more."""
        with self._lock:
            self._is_stopped, self._waiting = True, None

    def wait(self, timeout: float = 60) -> None:
        """Wait until all is done, as scripts and tests need."""
        thread = self.thread
        if thread is not None:
            thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._lock:
                next_one, self._waiting = self._waiting, None
                if next_one is None:
                    self.thread = None
                    return
            structure, work = next_one
            found = work(structure)
            with self._lock:
                is_latest = self._waiting is None and not self._is_stopped
            if is_latest:
                self._show(found)
