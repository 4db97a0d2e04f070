"""One line of controls: what it is called, its controls, and why its width is shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets

from ..structure import StructureSpace, WidthGroup
from .control_widgets import text_label

if TYPE_CHECKING:
    from .controls import LayerControls

HEADINGS = ("layer", "width", "", "activation", "bias", "initial weights")
NAMED = 12  # layers a tooltip names


class ControlLines:
    """Makes lines of ``rows`` when they are first asked for, and keeps them."""

    def __init__(
        self, space: StructureSpace, rows: Mapping[str, LayerControls], switches: Mapping[str, ipywidgets.Checkbox]
    ) -> None:
        self._space, self._rows = space, rows
        # A part that can be left out has its switch over the first of its lines; without any, over the next one.
        self._switches: dict[str, list[ipywidgets.Checkbox]] = {}
        place = {layer: number for number, layer in enumerate(space.graph.layers)}
        for block, switch in switches.items():
            start = place[space.blocks[block].layers[0]]
            later = (name for name in rows if place[space.home_of(name) or name] >= start)
            line = next(later, next(reversed(list(rows)), None))
            if line is not None:
                self._switches.setdefault(line, []).append(switch)
        self._groups = {name: space.group_at(name) for name in rows}
        self.drawn: dict[str, list[Any]] = {}  # the cells of each line that was asked for
        self._empty = ipywidgets.Box()
        # A width has its slider in the first line that has it.
        self._homes: dict[str, str] = {}
        for name, group in self._groups.items():
            if group is not None:
                self._homes.setdefault(group.name, name)

    @property
    def names(self) -> list[str]:
        """Every line."""
        return list(self._rows)

    def n_sliders(self, names: list[str]) -> int:
        """How many of the lines have a slider of their own."""
        return len(set(names) & set(self._homes.values()))

    def text(self, name: str, section: str) -> str:
        """What a search in lower case looks at."""
        group = self._groups[name]
        return f"{name} {group.title if group else ''} {section}".lower()

    def cells(self, names: list[str]) -> list[Any]:
        """The widgets of these lines, for a grid."""
        for name in names:
            if name not in self.drawn:
                self.drawn[name] = self._line(name)
        return [cell for name in names for cell in self.drawn[name]]

    def _line(self, name: str) -> list[Any]:
        row, group = self._rows[name], self._groups[name]
        is_home = group is not None and self._homes[group.name] == name
        empty = self._empty
        above = [cell for switch in self._switches.get(name, []) for cell in (empty, _across(switch))]
        cells = [
            *above,
            _name(name, group if is_home else None),
            row.width if is_home else text_label(self._instead(name), "sw-reason"),
            row.number if is_home else empty,
            *(control or empty for control in (row.activation, row.bias, row.initializer)),
        ]
        if group is not None and is_home and group.why:
            cells += [empty, text_label(f"fixed: {group.why}" if group.fixed else group.why, "sw-reason", "sw-across")]
        return cells

    def _instead(self, name: str) -> str:
        """What stands where a line has no slider of its own."""
        group = self._groups[name]
        return f"as {group.title}" if group is not None else self._space.derived.get(name, "")


def _across(switch: ipywidgets.Checkbox) -> ipywidgets.Checkbox:
    switch.add_class("sw-across")
    return switch


def _name(name: str, group: WidthGroup | None) -> ipywidgets.Label:
    """The title over the layer's name, with every layer of the width behind it."""
    if group is None or group.title == name:
        return text_label(name, "sw-name")
    label = text_label(f"{group.title}\n{name}", "sw-name", "sw-titled")
    more = len(group.layers) - NAMED
    label.tooltip = ", ".join(group.layers[:NAMED]) + (f" and {more} more" if more > 0 else "")
    return label
