"""The controls laid out: a line a layer; a large model folds into its blocks, with search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets

from ..structure import StructureSpace
from .control_lines import HEADINGS, ControlLines
from .control_widgets import text_label
from .section_view import SectionLook, SectionView

if TYPE_CHECKING:
    from .controls import LayerControls

MANY = 24  # lines that fit on a screen: a model with more is folded
COLUMNS = "minmax(8rem, 15rem) 9rem 4.5rem 6.5rem 2.6rem 8rem"


class ControlGrid(ipywidgets.VBox):
    """The lines of ``rows``, by section; a line is drawn when its section first opens.

    Attributes:
        search: shows only what it finds in titles and in names of layers.
        sections: the foldable parts by title; none in a model that fits on a screen.
    """

    def __init__(
        self, space: StructureSpace, rows: Mapping[str, LayerControls], switches: Mapping[str, ipywidgets.Checkbox]
    ) -> None:
        is_folded = len(rows) > MANY
        section_of = {layer: section.title for section in space.sections for layer in section.layers}
        members: dict[str, list[str]] = {}
        for name in rows if is_folded else ():
            members.setdefault(section_of[space.home_of(name) or name], []).append(name)
        # The switch of a block that is a whole section is in the section's head.
        in_head = {space.blocks[block].title: block for block in switches if space.blocks[block].title in members}
        in_lines = {block: switch for block, switch in switches.items() if block not in in_head.values()}
        self._lines = ControlLines(space, rows, in_lines)
        self._cells = self._lines.drawn  # those of sections that are closed belong to the grid too
        self.search = ipywidgets.Text(
            description="find",
            placeholder="residual, squeeze, or part of a layer's name",
            style={"description_width": "2.5rem"},
        )
        self._count = ipywidgets.Label()
        self.sections: dict[str, SectionView] = {}
        if not is_folded:
            grid = _grid([*self._headings(), *self._lines.cells(list(rows))])
            grid.add_class("sw-controls")
            super().__init__([grid])
            return
        shares = _shares(space, section_of)
        look = SectionLook()
        self.sections = {
            title: SectionView(
                title,
                names,
                self._lines.n_sliders(names),
                shares[title],
                self._draw,
                look,
                switches[in_head[title]] if title in in_head else None,
            )
            for title, names in members.items()
        }
        self._list = ipywidgets.VBox()
        self._list.add_class("sw-controls")
        self._opened: list[str] | None = None  # what was open before a search began
        self.search.observe(lambda _: self._find(), names="value")
        self._heaviest = max(self.sections, key=shares.__getitem__)
        self.sections[self._heaviest].is_open = True
        self._find()
        super().__init__([ipywidgets.HBox([self.search, self._count]), _grid(self._headings()), self._list])

    @property
    def shown(self) -> list[str]:
        """Names of the lines that are shown."""
        if not self.sections:
            return self._lines.names
        return [name for view in self._list.children if view.is_open for name in view.shown]

    def _find(self) -> None:
        text = " ".join(self.search.value.lower().split())
        if text and self._opened is None:
            self._opened = [title for title, view in self.sections.items() if view.is_open]
        # "block 3" is not to find "block 13", but "block 4 squeeze" the line "block4a_se_reduce".
        matches = self._matches([text])
        if not any(matches.values()):
            matches = self._matches(text.split())
        room = MANY
        for title, view in self.sections.items():
            view.shown = matches[title]
            if text and view.shown:
                # As much as fits; the rest stays a press away, so that a short word draws no thousand controls.
                view.is_open = len(view.shown) <= room
                room -= len(view.shown)
            elif not text and self._opened is not None:
                view.is_open = title in self._opened
        if not text:
            self._opened = None
        found = [view for view in self.sections.values() if view.shown]
        self._list.children = found
        where = f"{sum(len(view.shown) for view in found)} lines in {len(found)} parts"
        self._count.value = where + ("" if text else f"; the heaviest is {self._heaviest}")

    def _matches(self, words: list[str]) -> dict[str, list[str]]:
        """The lines of each section that have every one of ``words``."""
        return {
            title: [name for name in view.names if all(word in self._lines.text(name, title) for word in words)]
            for title, view in self.sections.items()
        }

    def _draw(self, names: list[str]) -> Any:
        return _grid(self._lines.cells(names))

    def _headings(self) -> list[Any]:
        return [text_label(heading, "sw-heading") for heading in HEADINGS]


def _grid(cells: list[Any]) -> ipywidgets.GridBox:
    grid = ipywidgets.GridBox(cells, layout=ipywidgets.Layout(grid_template_columns=COLUMNS, grid_gap="2px 8px"))
    grid.add_class("sw-lines")
    return grid


def _shares(space: StructureSpace, section_of: Mapping[str, str]) -> dict[str, float]:
    """The share of the model's parameters that each section holds."""
    sizes = space.baseline.measure().by_layer["n_params"]
    total = max(int(sizes.sum()), 1)
    return {title: float(part) / total for title, part in sizes.groupby(section_of).sum().items()}
