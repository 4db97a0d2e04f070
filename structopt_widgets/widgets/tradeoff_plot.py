"""The trade-off plot in the page: a picture of its own that follows the theme and the sliders."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..figures.style import column_title
from ..figures.tradeoff import Point, TradeoffInfo
from ..figures.tradeoff_layout import EMPTY
from ..metrics import METRICS
from .modules import joined


class TradeoffPlot(anywidget.AnyWidget):
    """Draws a :class:`TradeoffInfo`; a point that is clicked, or entered by keyboard, is handed to ``choose``.

    Args:
        source: what the live panel of the same explorer calls itself: the id of the multiplier. The cursor then
            follows its numbers in the frame of the slider, and ``cursor`` where there is no such panel.
        choose: called with the number of a trial.
    """

    _esm = joined("tradeoff_plot")
    _css = Path(__file__).with_name("plots.css")

    source = traitlets.Unicode().tag(sync=True)
    # The axes: "name" of the column, "label" and "unit", which says how numbers are written.
    x = traitlets.Dict().tag(sync=True)
    y = traitlets.Dict().tag(sync=True)
    log = traitlets.Bool(True).tag(sync=True)
    # Each with the attributes of figures/tradeoff.py's Point, None where they are not a number, and plain text.
    points = traitlets.List().tag(sync=True)
    # Numbers of trials: the Pareto front by ascending x, the model as it came, and the one chosen in the list.
    front = traitlets.List().tag(sync=True)
    baseline = traitlets.Int(None, allow_none=True).tag(sync=True)
    chosen = traitlets.Int(None, allow_none=True).tag(sync=True)
    # How the front's line turns: "hv", or "vh" where much of x is wanted.
    step = traitlets.Unicode("hv").tag(sync=True)
    # Where on x the structure at hand is, as the kernel knows.
    cursor = traitlets.Float(None, allow_none=True).tag(sync=True)
    # Names and values of y to draw across.
    references = traitlets.List().tag(sync=True)
    # What to know of the best score, and what to say where there is no point.
    note = traitlets.Unicode().tag(sync=True)
    empty = traitlets.Unicode(EMPTY).tag(sync=True)

    def __init__(self, source: str, choose: Callable[[int], None]) -> None:
        self._choose = choose
        super().__init__(source=source)
        self.on_msg(self._heard)

    def show(self, info: TradeoffInfo) -> None:
        """Draw ``info`` in place of what was there."""
        with self.hold_sync():
            self.x, self.y, self.log = _axis(info.x), _axis(info.y), info.logx
            self.points = [_sent(point) for point in info.points]
            self.front, self.step = list(info.front), info.step
            self.baseline = None if info.baseline is None else info.baseline.number
            self.cursor, self.note = info.cursor, info.note
            self.references = [list(each) for each in info.references]

    def _heard(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if "choose" in content:
            self._choose(content["choose"])


def _axis(column: str) -> dict[str, str]:
    unit = METRICS[column].unit if column in METRICS else "share" if column == "accuracy" else "number"
    return {"name": column, "label": column_title(column).removesuffix(", bytes"), "unit": unit}


def _sent(point: Point) -> dict[str, Any]:
    return {
        "number": point.number,
        "x": point.x,
        "y": point.y,
        "low": None if math.isnan(point.low) else point.low,
        "high": None if math.isnan(point.high) else point.high,
        "text": point.words,
        "alike": bool(point.alike),
    }
