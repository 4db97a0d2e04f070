"""The controls laid out: a line a layer, with search, and folded to what matters in a large model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets

from ..structure import StructureSpace, WidthGroup
from .control_widgets import text_label

if TYPE_CHECKING:
    from .controls import LayerControls

COLUMNS = "minmax(4rem, max-content) 9rem 4.5rem 6.5rem 2.6rem 8rem"
HEADINGS = ("layer", "width", "", "activation", "bias", "initial weights")
MANY = 24  # lines that fit on a screen; a model with more is folded at first
MOST = 0.9  # the share of all parameters that the folded view keeps in sight
FOLDED, ALL = "the largest layers", "all layers"


class ControlGrid(ipywidgets.VBox):
    """The lines of ``rows``; those that are not shown are not drawn, so that a large model opens fast."""

    def __init__(self, space: StructureSpace, rows: Mapping[str, LayerControls]) -> None:
        self._space, self._rows = space, rows
        self._lines: dict[str, list[Any]] = {}  # made when they are first shown
        self._largest = _largest(space, rows)
        self.search = ipywidgets.Text(description="find layer", placeholder="part of its name")
        self.show = ipywidgets.Dropdown(options=[FOLDED, ALL], value=FOLDED, description="show")
        self._count = ipywidgets.Label()
        self._headings = [text_label(heading, "sw-heading") for heading in HEADINGS]
        self._grid = ipywidgets.GridBox(
            layout=ipywidgets.Layout(grid_template_columns=COLUMNS, grid_gap="2px 8px"),
        )
        self._grid.add_class("sw-controls")
        for control in (self.search, self.show):
            control.observe(lambda _: self._refresh(), names="value")
        self._refresh()
        finders = [ipywidgets.HBox([self.search, self.show]), self._count] if len(rows) > MANY else []
        super().__init__([*finders, self._grid])

    @property
    def shown(self) -> list[str]:
        """Names of the lines that are shown."""
        text = self.search.value.strip().lower()
        if text:
            return [name for name in self._rows if text in name.lower()]
        if self.show.value == ALL or len(self._rows) <= MANY:
            return list(self._rows)
        return [name for name in self._rows if name in self._largest]

    def _refresh(self) -> None:
        shown = self.shown
        for name in shown:
            if name not in self._lines:
                self._lines[name] = _line(self._space, self._rows, name)
        self._grid.children = [*self._headings, *(cell for name in shown for cell in self._lines[name])]
        self._count.value = f"{len(shown)} of {len(self._rows)} lines"


def _largest(space: StructureSpace, rows: Mapping[str, LayerControls]) -> set[str]:
    """The layers that hold most of the parameters, with the lines of the widths that only they have."""
    sizes = space.baseline.measure().by_layer["n_params"].sort_values(ascending=False, kind="stable")
    before = (sizes.cumsum() - sizes) / max(int(sizes.sum()), 1)
    layers = set(sizes.index[before < MOST])
    return {name for name in rows if name in layers or space.home_of(name) in layers}


def _line(space: StructureSpace, rows: Mapping[str, LayerControls], name: str) -> list[Any]:
    row = rows[name]
    group = space.group_at(name)
    is_home = group is not None and next(each for each in rows if space.group_at(each) is group) == name
    empty = ipywidgets.Box()
    cells = [
        text_label(name),
        row.width if is_home else text_label(_instead(space, group, name), "sw-reason"),
        row.number if is_home else empty,
        *(control or empty for control in (row.activation, row.bias, row.initializer)),
    ]
    if group is not None and is_home and group.why:
        cells += [empty, text_label(f"fixed: {group.why}" if group.fixed else group.why, "sw-reason", "sw-across")]
    return cells


def _instead(space: StructureSpace, group: WidthGroup | None, name: str) -> str:
    """What stands where a line has no slider of its own."""
    return f"as {group.name}" if group is not None else space.derived.get(name, "")
