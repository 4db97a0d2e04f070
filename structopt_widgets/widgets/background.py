"""What goes on in the background, one thing at a time: how far it is, Cancel, and what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import traitlets

from ..graph.wording import Said, say, sentences, told
from .message import Message
from .threads import started

REPORT_EVERY = 0.1  # seconds: a small network's step takes less, and each report goes to the page


@dataclass(frozen=True)
class Outcome:
    """How something ended: a message, a word beside the bar, and the number of the trial that the message is about."""

    text: str
    status: str = ""
    is_error: bool = False
    trial: int | None = None


class Task:
    """One thing that goes on, in a thread of its own. What it reports after it was cancelled is ignored.

    Attributes:
        what: what it is called in an error, such as ``"a sweep"``.
        after_cancel: what to tell whoever cancels it.
    """

    def __init__(self, background: Background, work: Callable[[Task], Outcome], what: str, after_cancel: str) -> None:
        self.what, self.after_cancel = what, after_cancel
        self._background = background
        self._stopped = threading.Event()
        self._reported = -REPORT_EVERY
        self.thread = threading.Thread(target=background._carry_out, args=(self, work), name=what, daemon=True)

    def stop(self) -> None:
        """Ask it to end."""
        self._stopped.set()

    def should_stop(self) -> bool:
        """Whether it was asked to end."""
        return self._stopped.is_set()

    def report(self, fraction: float, text: str) -> None:
        """Say how far it is."""
        now = time.monotonic()
        if not self.should_stop() and now - self._reported >= REPORT_EVERY:
            self._reported = now
            self._background.show(fraction, text)


def how_far(place: str, elapsed: float, remaining: float | None) -> Said:
    """Where it is, for how many seconds it has gone on, and for how many more it will."""
    if remaining is None:
        return say("{place}: {elapsed} s", place=place, elapsed=f"{elapsed:.0f}")
    return say(
        "{place}: {elapsed} s, about {left} s left", place=place, elapsed=f"{elapsed:.0f}", left=f"{remaining:.0f}"
    )


class Background(traitlets.HasTraits):
    """What goes on, one thing at a time: traits for whoever shows it."""

    is_running = traitlets.Bool(False, read_only=True, help="whether anything goes on")
    what = traitlets.Unicode(help='what goes on, such as "a run"; empty when nothing does')
    fraction = traitlets.Float(0.0, help="how much of it is done, from 0 to 1")
    status = traitlets.Unicode(help="how far it is, in words")

    def __init__(self) -> None:
        super().__init__()
        self.message = Message()
        self._task: Task | None = None

    def show(self, fraction: float, status: str) -> None:
        """Say how far it is."""
        self.fraction, self.status = fraction, status

    def start(self, work: Callable[[Task], Outcome], what: str, after_cancel: str) -> None:
        """Begin ``work`` in a thread, or do it where there are none; raises ``RuntimeError`` while another goes on."""
        if self._task is not None:
            raise RuntimeError(
                say("Expected nothing to be going on, but {what} is. Wait, or cancel it first.", what=self._task.what)
            )
        self.show(0.0, say("starting"))
        task = Task(self, work, what, after_cancel)
        self._show(task)
        if not started(task.thread):
            self._carry_out(task, work)

    def cancel(self) -> None:
        """Stop what goes on, if anything. Answers at once; the thread ends after its present step."""
        task = self._task
        if task is not None:
            task.stop()
            self._show(None)
            self.status = say("cancelled")
            self.message.info(sentences(say("Cancelled."), task.after_cancel))

    def wait(self, timeout: float | None = None) -> None:
        """Wait until what goes on has ended, as scripts and tests need; raises ``TimeoutError``."""
        task = self._task
        if task is not None:
            task.thread.join(timeout)
            if task.thread.is_alive():
                raise TimeoutError(f"Expected {task.what} to end within {timeout} s, but it is still going on.")

    def _carry_out(self, task: Task, work: Callable[[Task], Outcome]) -> None:
        try:
            outcome = work(task)
        # A thread has nobody to raise to: the message shows the error.
        except Exception as error:
            outcome = Outcome(told(error), say("failed"), is_error=True)
        if task is not self._task:
            return
        if not outcome.is_error:
            self.fraction = 1.0
        self.status = outcome.status
        if outcome.is_error:
            self.message.error(outcome.text)
        else:
            self.message.info(outcome.text, outcome.trial)
        self._show(None)

    def _show(self, task: Task | None) -> None:
        self._task = task
        self.what = task.what if task is not None else ""
        self.set_trait("is_running", task is not None)
