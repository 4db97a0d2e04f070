"""A line that tells the user what happened, in words: an error is shown, never swallowed."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Iterator

import ipywidgets


class Message(ipywidgets.HTML):
    """Shows one message at a time; text is escaped, so that names from models and data stay text."""

    def info(self, text: str) -> None:
        """Show what happened."""
        self._show(text, "sw-info", "status")

    def error(self, text: str) -> None:
        """Show what went wrong and what to do."""
        self._show(text, "sw-error", "alert")

    def clear(self) -> None:
        """Show nothing."""
        self.value = ""

    @contextlib.contextmanager
    def shows_errors(self) -> Iterator[None]:
        """Show any error of the block here, instead of in a log that nobody reads."""
        try:
            yield
        # Whatever a callback raises, its user is looking at the widget.
        except Exception as error:
            self.error(f"{type(error).__name__}: {error}")

    def _show(self, text: str, css_class: str, role: str) -> None:
        self.value = f'<div class="{css_class}" role="{role}">{html.escape(text)}</div>'
