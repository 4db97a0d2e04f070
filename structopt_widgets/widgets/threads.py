"""Threads where they can be had: Pyodide, in a page, has none."""

from __future__ import annotations

import threading


def started(thread: threading.Thread) -> bool:
    """Start ``thread``; ``False`` where none can be started, so that its work is done at once."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True
