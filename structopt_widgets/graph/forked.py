"""Whether this process was forked from one in which TensorFlow was at work: its threads do not survive that."""

from __future__ import annotations

import os
import sys

_is_forked = False


def refuse_fork() -> None:
    """Raise ``RuntimeError`` in a process that was forked from one in which TensorFlow was at work."""
    if _is_forked:
        raise RuntimeError(
            "Expected a process of its own to run TensorFlow in, got one that was forked after TensorFlow had started: "
            "its threads do not survive a fork, and a run would wait for them for ever. Start the process afresh: "
            "multiprocessing.get_context('spawn')."
        )


def _note_fork() -> None:
    global _is_forked
    # What TensorFlow has not started, it starts in the child.
    module = sys.modules.get("tensorflow.python.eager.context")
    context = None if module is None else module.context_safe()
    _is_forked = _is_forked or (context is not None and context._initialized)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
