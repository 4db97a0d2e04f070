"""A line that tells the user what happened, in words: an error is shown, never swallowed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import anywidget
import traitlets


class Message(anywidget.AnyWidget):
    """Shows one message at a time, as plain text."""

    # An ipywidgets.HTML would put a new element into the page for each message, and screen readers are
    # only sure to speak a text that changes inside a region they have met before.
    _esm = Path(__file__).with_suffix(".js")

    # What happened; empty when an error is shown, or nothing.
    status = traitlets.Unicode().tag(sync=True)
    # What went wrong and what to do; empty when there is no error.
    alert = traitlets.Unicode().tag(sync=True)

    def info(self, text: str) -> None:
        """Show what happened."""
        self._show(text, "")

    def error(self, text: str) -> None:
        """Show what went wrong and what to do."""
        self._show("", text)

    def clear(self) -> None:
        """Show nothing."""
        self._show("", "")

    @contextlib.contextmanager
    def shows_errors(self) -> Iterator[None]:
        """Show any error of the block here, instead of in a log that nobody reads."""
        try:
            yield
        # Whatever a callback raises, its user is looking at the widget.
        except Exception as error:
            self.error(f"{type(error).__name__}: {error}")

    def _show(self, status: str, alert: str) -> None:
        with self.hold_sync():
            self.status, self.alert = status, alert
