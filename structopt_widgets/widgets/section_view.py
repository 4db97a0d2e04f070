"""A part of a large model that opens and closes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets


class SectionLook:
    """Layouts and style that the sections of a model share: each would be a model of its own in the browser."""

    def __init__(self) -> None:
        self.plain = ipywidgets.Layout()
        self.wide = ipywidgets.Layout(width="100%")
        self.button = ipywidgets.widgets.widget_bool.ToggleButtonStyle()


class SectionView(ipywidgets.VBox):
    """A head line with a button, and under it the lines of the section while it is open.

    Attributes:
        names: every line of the section.
        shown: those a search has found; all of them without one.
        button: opens and closes; a real button, so that the keyboard reaches it.
        head: the line the button is in, and the switch of a block that can be left out.
    """

    def __init__(
        self,
        title: str,
        names: list[str],
        n_sliders: int,
        share: float,
        draw: Callable[[list[str]], Any],
        look: SectionLook,
        switch: ipywidgets.Checkbox | None = None,
    ) -> None:
        self.names = names
        self._shown = names
        self._draw = draw
        self._drawn: tuple[str, ...] | None = None
        self._body: Any = None
        sliders = f"{n_sliders} slider{'' if n_sliders == 1 else 's'}"
        self.button = ipywidgets.ToggleButton(
            description=f"{title}: {sliders}, {_percent(share)} of the parameters",
            layout=look.wide,
            style=look.button,
            _dom_classes=("sw-section",),
        )
        self.button.observe(lambda _: self._refresh(), names="value")
        self.head = ipywidgets.HBox([self.button, *([switch] if switch else [])], layout=look.plain)
        super().__init__([self.head], layout=look.plain)
        self._refresh()

    @property
    def is_open(self) -> bool:
        """Whether the lines are shown; assign to open or close."""
        return self.button.value

    @is_open.setter
    def is_open(self, is_open: bool) -> None:
        self.button.value = is_open

    @property
    def shown(self) -> list[str]:
        """The lines to show while the section is open."""
        return self._shown

    @shown.setter
    def shown(self, names: list[str]) -> None:
        self._shown = names
        self._refresh()

    def _refresh(self) -> None:
        # In words too: the browser tells nobody that a pressed button is an open section.
        self.button.tooltip = "open; press to close" if self.is_open else "closed; press to open"
        self.button.icon = "caret-down" if self.is_open else "caret-right"
        if self.is_open and self._drawn != tuple(self._shown):
            before = self._body
            self._drawn, self._body = tuple(self._shown), self._draw(self._shown)
            self.children = [self.head, self._body]
            if before is not None:
                before.close()  # the grid; its cells go on in the new one
        self.children = [self.head, self._body] if self.is_open else [self.head]


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"
