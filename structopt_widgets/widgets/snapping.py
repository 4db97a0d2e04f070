"""Sliders that step to multiples of 8, 16, ...: the widths that hardware likes."""

from __future__ import annotations

from typing import Any

import ipywidgets

from ..structure import WidthGroup
from ..structure.choices import grid

MULTIPLES = (1, 8, 16, 32, 64)
WHAT_HARDWARE_LIKES = (
    "Matrix units work on blocks: in 16 bits, tensor cores are fastest when every width is a multiple of 8, "
    "and larger accelerators like 64. A width in between is padded: fewer parameters, but hardly less time. "
    "Widths that are set already stay as they are; the model's own are always allowed."
)


def snap_dropdown() -> ipywidgets.Dropdown:
    """Of what number the sliders make multiples; the value is that number."""
    return ipywidgets.Dropdown(
        options=[("any width", 1), *((f"multiples of {each}", each) for each in MULTIPLES[1:])],
        value=1,
        description="steps",
        tooltip=WHAT_HARDWARE_LIKES,
        layout=ipywidgets.Layout(width="12rem"),
        style={"description_width": "3rem"},
    )


def set_steps(control: Any, group: WidthGroup, multiple_of: int) -> None:
    """Let ``control`` step over the multiples within the group's bounds, without moving it.

    A slider counts its steps from its lowest position, so that has to be a multiple. One that
    stands below the first multiple keeps the group's own steps: it would be pushed up.
    """
    first, last, step = grid(group, multiple_of)
    if control.value < first:
        first, last, step = group.lower, group.upper, group.divisor
    with control.hold_trait_notifications(), control.hold_sync():
        control.min, control.max, control.step = first, max(last, control.value), step
