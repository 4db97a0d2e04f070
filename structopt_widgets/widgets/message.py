"""A line that tells the user what happened, in words: an error is shown, never swallowed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import traitlets

from ..graph.wording import told


class Message(traitlets.HasTraits):
    """One message at a time, as plain text."""

    status = traitlets.Unicode(help="what happened; empty when an error is shown, or nothing")
    alert = traitlets.Unicode(help="what went wrong and what to do; empty when there is no error")

    trial = traitlets.Any(None, help="the number of the trial that it is about; ``None`` where it is about none")

    def info(self, text: str, trial: int | None = None) -> None:
        """Show what happened."""
        self._show(text, "", trial)

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
            self.error(told(error))

    def _show(self, status: str, alert: str, trial: int | None = None) -> None:
        self.trial, self.status, self.alert = trial, status, alert
