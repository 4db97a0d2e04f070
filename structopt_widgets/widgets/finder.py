"""Looks for findings beside what goes on: the latest structure wins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..advice import Finding, findings
from ..structure import Structure
from .changes import changes
from .exploration import Exploration


class Finder:
    """Looks at the latest structure it was given, in a thread that ends when there is none left.

    Args:
        exploration: whose data and study rules may look at.
        show: called with the findings, as the page shows them.
    """

    def __init__(self, exploration: Exploration, show: Callable[[list[dict[str, Any]]], None]) -> None:
        self._data, self._study, self._show = exploration.data, exploration.study, show
        self._waiting: Structure | None = None
        self._lock = threading.Lock()
        self._is_stopped = False
        self.thread: threading.Thread | None = None

    def look(self, structure: Structure) -> None:
        """Look at a structure, unless a later one comes before its turn."""
        with self._lock:
            self._waiting = structure
            if self.thread is None and not self._is_stopped:
                self.thread = threading.Thread(target=self._work, name="findings", daemon=True)
                self.thread.start()

    def stop(self) -> None:
        """Look no more."""
        with self._lock:
            self._is_stopped, self._waiting = True, None

    def wait(self, timeout: float = 60) -> None:
        """Wait until all is found, as scripts and tests need."""
        thread = self.thread
        if thread is not None:
            thread.join(timeout)

    def _work(self) -> None:
        while True:
            with self._lock:
                structure, self._waiting = self._waiting, None
                if structure is None:
                    self.thread = None
                    return
            try:
                found = [_shown(each) for each in findings(structure, self._data, self._study)]
            # A user's own rule may fail, and a thread has nobody to raise to: the list says so.
            except Exception as error:
                found = [{"sentence": f"{type(error).__name__}: {error}", "why": "A rule of findings failed."}]
            with self._lock:
                is_latest = self._waiting is None and not self._is_stopped
            if is_latest:
                self._show(found)


def _shown(finding: Finding) -> dict[str, Any]:
    remedy = None if finding.remedy is None else changes(finding.remedy)
    return {"sentence": finding.sentence, "why": finding.why, "changes": remedy}
