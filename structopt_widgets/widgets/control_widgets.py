"""The single controls: what each looks like, and its label for those who cannot see the headings."""

from __future__ import annotations

from typing import Any

import ipywidgets

from ..layer_rules import Block
from ..structure import WidthGroup


class _KnowsItsMover(ipywidgets.Widget):
    """Tells what a page says from what Python sets.

    What is dragged moves the controls that go with it in the page: if the kernel did it too, a busy one's late
    answers would pull them back. What Python sets, Python carries on.
    """

    def __init__(self, **settings: Any) -> None:
        self.is_from_page = False
        super().__init__(**settings)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the page says."""
        self.is_from_page = True
        try:
            super().set_state(sync_data)
        finally:
            self.is_from_page = False


class WidthMultiplier(_KnowsItsMover, ipywidgets.FloatSlider):
    """Moves every free width."""


class WidthSlider(_KnowsItsMover, ipywidgets.IntSlider):
    """The width of a group."""


MULTIPLES = (8, 16, 32, 64)
WHAT_HARDWARE_LIKES = (
    "Matrix units work on blocks: in 16 bits, tensor cores are fastest when every width is a multiple of 8, "
    "and larger accelerators like 64. A width in between is padded: fewer parameters, but hardly less time. "
    "What is set already stays as it is, and the model's own widths are always allowed."
)


def snap_dropdown() -> ipywidgets.Dropdown:
    """Of what number the sliders make multiples; its value is that number. ``live_panel.js`` moves them."""
    return ipywidgets.Dropdown(
        options=[("any width", 1), *((f"multiples of {each}", each) for each in MULTIPLES)],
        value=1,
        description="steps",
        tooltip=WHAT_HARDWARE_LIKES,
        layout=ipywidgets.Layout(width="12rem"),
        style={"description_width": "3rem"},
    )


class ControlMaker:
    """Makes controls that share their layouts and styles: each would be a model of its own in the browser."""

    def __init__(self) -> None:
        self._layout = ipywidgets.Layout(width="auto")
        self._slider_style = ipywidgets.widgets.widget_int.SliderStyle()
        self._style = ipywidgets.widgets.widget_description.DescriptionStyle()
        self._check_style = ipywidgets.widgets.widget_bool.CheckboxStyle()

    def slider(self, group: WidthGroup) -> WidthSlider:
        """The width of a group."""
        # A slider with equal bounds cannot be drawn: a fixed one stands in the middle of bounds nobody can use.
        lower, upper = (0, 2 * group.width) if group.fixed else (group.lower, group.upper)
        return WidthSlider(
            value=group.width,
            min=lower,
            max=upper,
            step=group.divisor,
            description=f"width of {group.title}",
            disabled=group.fixed,
            readout=False,
            continuous_update=True,
            layout=self._layout,
            style=self._slider_style,
            _dom_classes=("sw-quiet",),
        )

    def number(self, group: WidthGroup) -> ipywidgets.BoundedIntText:
        """The same width as a number."""
        return ipywidgets.BoundedIntText(
            value=group.width,
            min=group.lower,
            max=group.upper,
            step=group.divisor,
            description=f"width of {group.title}, as a number",
            disabled=group.fixed,
            layout=self._layout,
            style=self._style,
            _dom_classes=("sw-quiet",),
        )

    def dropdown(self, layer: str, what: str, value: str | None, options: tuple[str, ...]) -> Any:
        """A choice among names; ``None`` for a layer that has no such choice."""
        if value is None:
            return None
        return ipywidgets.Dropdown(
            options=list(options),
            value=value,
            description=f"{what} of {layer}",
            layout=self._layout,
            style=self._style,
            _dom_classes=("sw-quiet",),
        )

    def checkbox(self, layer: str, value: bool | None) -> Any:
        """The bias switch; ``None`` for a layer that has none."""
        if value is None:
            return None
        return ipywidgets.Checkbox(
            value=value,
            description=f"bias of {layer}",
            indent=False,
            layout=self._layout,
            style=self._check_style,
            _dom_classes=("sw-quiet",),
        )

    def block(self, block: Block) -> ipywidgets.Checkbox:
        """Whether a part that can be left out is there; its title is a section's when it is the section."""
        return ipywidgets.Checkbox(
            value=True,
            description=f"keep {block.title}",
            tooltip=f"{block.why}: {', '.join(block.layers)}",
            indent=False,
            layout=self._layout,
            style=self._check_style,
        )


def text_label(text: str, *css_classes: str) -> ipywidgets.Label:
    """A line of text, which is never read as HTML."""
    return ipywidgets.Label(value=text, _dom_classes=css_classes)
