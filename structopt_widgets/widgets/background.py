"""What goes on in the background, one thing at a time: how far it is, Cancel, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets
import traitlets

from .message import Message


@dataclass(frozen=True)
class Outcome:
    """How something ended: a message, and a word beside the bar."""

    text: str
    status: str = ""
    is_error: bool = False


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
        self.thread = threading.Thread(target=background._carry_out, args=(self, work), name=what, daemon=True)

    def stop(self) -> None:
        """Ask it to end."""
        self._stopped.set()

    def should_stop(self) -> bool:
        """Whether it was asked to end."""
        return self._stopped.is_set()

    def report(self, fraction: float, text: str) -> None:
        """Say how far it is."""
        if not self.should_stop():
            self._background.progress.value = fraction
            self._background.status.value = text


class Background(ipywidgets.VBox):
    """A bar and a message of what goes on; ``cancel_button`` is for the explorer to place."""

    is_running = traitlets.Bool(False, read_only=True, help="whether anything goes on")

    def __init__(self) -> None:
        self.cancel_button = ipywidgets.Button(description="Cancel", icon="stop", disabled=True)
        self.progress = ipywidgets.FloatProgress(min=0.0, max=1.0, description="progress")
        self.progress.style.description_width = "4.5rem"
        self.status = ipywidgets.Label(value="")
        self.message = Message()
        self._task: Task | None = None
        self.cancel_button.on_click(lambda _: self.cancel())
        # What is left of the time comes last: it goes below the bar rather than out of sight.
        bar = ipywidgets.HBox([self.progress, self.status], layout=ipywidgets.Layout(flex_flow="row wrap"))
        super().__init__([bar, self.message])

    def start(self, work: Callable[[Task], Outcome], what: str, after_cancel: str) -> None:
        """Begin ``work`` in a thread; raises ``RuntimeError`` while another goes on."""
        if self._task is not None:
            raise RuntimeError(f"Expected nothing to be going on, but {self._task.what} is. Wait, or cancel it first.")
        self.progress.value, self.status.value = 0.0, "starting"
        task = Task(self, work, what, after_cancel)
        self._show(task)
        task.thread.start()

    def cancel(self) -> None:
        """Stop what goes on, if anything. Answers at once; the thread ends after its present step."""
        task = self._task
        if task is not None:
            task.stop()
            self._show(None)
            self.status.value = "cancelled"
            self.message.info(f"Cancelled. {task.after_cancel}")

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
            outcome = Outcome(f"{type(error).__name__}: {error}", "failed", is_error=True)
        if task is not self._task:
            return
        if not outcome.is_error:
            self.progress.value = 1.0
        self.status.value = outcome.status
        (self.message.error if outcome.is_error else self.message.info)(outcome.text)
        self._show(None)

    def _show(self, task: Task | None) -> None:
        self._task = task
        self.cancel_button.disabled = task is None
        self.set_trait("is_running", task is not None)
