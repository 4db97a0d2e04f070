"""The single controls: what each looks like, and its label for those who cannot see the headings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from ..structure import WidthGroup


class WidthMultiplier(ipywidgets.FloatSlider):
    """Moves every free width.

    When it is dragged, the live panel moves the sliders, in the browser; when it is set from
    Python, ``apply`` does. Doing both would send a busy kernel's late answers to newer sliders.
    """

    def __init__(self, apply: Callable[[float], None], **settings: Any) -> None:
        self._apply = apply
        self._from_browser = False
        super().__init__(**settings)
        self.observe(self._moved, names="value")

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the browser says."""
        self._from_browser = True
        try:
            super().set_state(sync_data)
        finally:
            self._from_browser = False

    def _moved(self, change: Any) -> None:
        if not self._from_browser:
            self._apply(change["new"])


def width_slider(group: WidthGroup) -> ipywidgets.IntSlider:
    # A slider with equal bounds cannot be drawn: a fixed one stands in the middle of bounds nobody can use.
    lower, upper = (0, 2 * group.width) if group.fixed else (group.lower, group.upper)
    slider = ipywidgets.IntSlider(
        value=group.width,
        min=lower,
        max=upper,
        step=group.divisor,
        description=f"width of {group.name}",
        disabled=group.fixed,
        readout=False,
        continuous_update=True,
        layout=ipywidgets.Layout(width="auto"),
    )
    slider.add_class("sw-quiet")
    return slider


def width_number(group: WidthGroup) -> ipywidgets.BoundedIntText:
    number = ipywidgets.BoundedIntText(
        value=group.width,
        min=group.lower,
        max=group.upper,
        step=group.divisor,
        description=f"width of {group.name}, as a number",
        disabled=group.fixed,
        layout=ipywidgets.Layout(width="auto"),
    )
    number.add_class("sw-quiet")
    return number


def choice_dropdown(layer: str, what: str, value: str | None, options: tuple[str, ...]) -> ipywidgets.Dropdown | None:
    if value is None:
        return None
    dropdown = ipywidgets.Dropdown(
        options=list(options),
        value=value,
        description=f"{what} of {layer}",
        layout=ipywidgets.Layout(width="auto"),
    )
    dropdown.add_class("sw-quiet")
    return dropdown


def bias_checkbox(layer: str, value: bool | None) -> ipywidgets.Checkbox | None:
    if value is None:
        return None
    checkbox = ipywidgets.Checkbox(
        value=value, description=f"bias of {layer}", indent=False, layout=ipywidgets.Layout(width="auto")
    )
    checkbox.add_class("sw-quiet")
    return checkbox


def text_label(text: str, css_class: str = "") -> ipywidgets.Label:
    label = ipywidgets.Label(value=text)
    if css_class:
        label.add_class(css_class)
    return label
