"""What a run needs of its process: TensorFlow's threads must be there, and must not be at work when Python ends."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from collections.abc import Iterator

from .progress import Watch

_running: dict[Watch, threading.Thread] = {}
_changed = threading.Condition()
_is_leaving = False
_is_forked = False


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


def refuse_fork() -> None:
    """Raise ``RuntimeError`` in a process that was forked from one in which TensorFlow was at work."""
    if _is_forked:
        raise RuntimeError(
            "Expected a process of its own to train in, got one that was forked after TensorFlow had started: its "
            "threads do not survive a fork, and a run would wait for them for ever. Start the process afresh: "
            "multiprocessing.get_context('spawn')."
        )


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
    global _changed, _is_forked
    # What TensorFlow has not started, it starts in the child.
    module = sys.modules.get("tensorflow.python.eager.context")
    context = None if module is None else module.context_safe()
    _is_forked = _is_forked or (context is not None and context._initialized)
    _running.clear()
    _changed = threading.Condition()  # another thread may have held the old one


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
# Before Python waits for the threads of pools, which a stopped run ends; atexit comes after them.
getattr(threading, "_register_atexit", atexit.register)(_leave)
