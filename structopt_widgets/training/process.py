"""What a run needs of its process: TensorFlow's threads must be there, and must not be at work when Python ends."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Iterator

from .progress import Watch

_running: dict[Watch, threading.Thread] = {}
_changed = threading.Condition()
_is_leaving = False


@contextlib.contextmanager
def at_work(watch: Watch) -> Iterator[None]:
    """A run goes on inside: when Python ends meanwhile, it is stopped and waited for.

    Python ends without waiting for daemon threads, such as those behind a widget; TensorFlow compiling in
    one of them would then abort the process.

    Raises ``RuntimeError`` in a daemon thread when Python is ending.
    """
    thread = threading.current_thread()
    with _changed:
        if _is_leaving and thread.daemon:
            raise RuntimeError("Expected Python to go on, but it is ending: no run begins any more.")
        _running[watch] = thread
    try:
        yield
    finally:
        with _changed:
            del _running[watch]
            _changed.notify_all()


def _leave() -> None:
    """Stop what runs in daemon threads, and wait until it has stopped; Python itself waits for other threads."""
    global _is_leaving
    with _changed:
        _is_leaving = True
        for watch, thread in _running.items():
            if thread.daemon:
                watch.stop()
        _changed.wait_for(lambda: not any(thread.daemon for thread in _running.values()))


def _note_fork() -> None:
    global _changed
    _running.clear()
    _changed = threading.Condition()  # another thread may have held the old one


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
# Before Python waits for the threads of pools, which a stopped run ends; atexit comes after them.
getattr(threading, "_register_atexit", atexit.register)(_leave)
