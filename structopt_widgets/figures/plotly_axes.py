"""The axes of a plotly figure as numbers: what its page works out of the data where the layout is silent."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .svg_parts import linear_ticks, log_ticks

SLOT = 0.8  # of the room between two bars that a bar takes
_AROUND = 0.05  # of the range of the data, left free at each end


@dataclass(frozen=True)
class FigureAxis:
    """A scale from values of a figure to pixels.

    Attributes:
        layout: what the figure says of the axis.
        kind: ``"linear"``, ``"log"`` or ``"category"``.
        categories: names, at 0, 1, 2, ... on the scale of a category axis.
        low, high: the ends of the scale, logarithms to base 10 on a ``"log"`` axis.
        start, end: their pixels.
    """

    layout: Mapping[str, Any]
    kind: str
    categories: tuple[str, ...]
    low: float
    high: float
    start: float
    end: float

    def on_scale(self, value: Any) -> float:
        """Where a value is on the scale; NaN for none."""
        if self.kind == "category":
            return float(self.categories.index(str(value))) if str(value) in self.categories else number(value)
        value = number(value)
        return value if self.kind == "linear" else math.log10(value) if value > 0 else math.nan

    def at(self, value: Any) -> float:
        """The pixel of a value."""
        return self.pixel(self.on_scale(value))

    def pixel(self, place: float) -> float:
        """The pixel of a place on the scale."""
        return self.start + (place - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places on the scale and what is written at them."""
        if self.kind == "category":
            return [(float(place), name) for place, name in enumerate(self.categories)]
        low, high = sorted((self.low, self.high))
        if (given := self.layout.get("tickvals")) is not None:
            values = [float(each) for each in given]
            names = self.layout.get("ticktext") or [self._label(each) for each in values]
        else:
            values = list(log_ticks(10**low, 10**high) if self.kind == "log" else linear_ticks(low, high))
            names = [self._label(each) for each in values]
        places = [(self.on_scale(value), str(name)) for value, name in zip(values, names, strict=False)]
        return [(place, name) for place, name in places if low - 1e-9 <= place <= high + 1e-9]

    def _label(self, value: float) -> str:
        text = formatted(value, self.layout.get("tickformat") or "")
        return f"{self.layout.get('tickprefix') or ''}{text}{self.layout.get('ticksuffix') or ''}"


def number(value: Any) -> float:
    """A value as a number; NaN for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def formatted(value: float, form: str) -> str:
    """A number as d3's ``form`` writes it, which is Python's for those forms; without one, short and with an SI prefix.

    >>> formatted(0.25, ".0%"), formatted(12_500, "")
    ('25%', '12.5k')
    """
    if re.fullmatch(r"[+-]?,?(\.\d+)?[f%gde]?", form) and form:
        return format(round(value) if form.endswith("d") else value, form)
    for size, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{float(f'{value / size:.3g}'):g}{prefix}"
    return f"{float(f'{value:.3g}'):g}"


def find_figure_axis(
    layout: Mapping[str, Any], data: Sequence[tuple[Mapping[str, Any], Any]], pixels: tuple[float, float]
) -> FigureAxis:
    """The axis of the ``data``: traces, each with its values on this axis (``None`` where bars have only numbers 0...).

    A bar's length begins at zero; a bar's or a cell's place has room around it.
    """
    values = [value for _, each in data for value in each]
    kind = str(layout.get("type") or "")
    if kind not in ("log", "category"):
        kind = "category" if any(isinstance(value, str) for value in values) else "linear"
    names: list[Any] = []
    if kind == "category":
        names = list(layout.get("categoryarray") or ())
        names += [value for value in values if value not in names]
        names = list(dict.fromkeys(str(name) for name in names))
    low, high = _ends(layout, kind, len(names), data)
    if layout.get("autorange") == "reversed":
        low, high = high, low
    return FigureAxis(layout, kind, tuple(names), low, high, *pixels)


def _ends(layout: Mapping[str, Any], kind: str, n_names: int, data: Sequence[Any]) -> tuple[float, float]:
    given = layout.get("range")
    if given is not None and all(each is not None for each in given):
        return float(given[0]), float(given[1])
    if kind == "category":
        return -0.5, max(n_names, 1) - 0.5
    found = np.array([number(value) for _, each in data for value in each], dtype=float)
    found = np.log10(found[found > 0]) if kind == "log" else found[np.isfinite(found)]
    low, high = (float(found.min()), float(found.max())) if len(found) else (0.0, 1.0)
    if all(trace.get("type") in ("heatmap", "image") for trace, _ in data) and data:
        return low, high
    around = _AROUND * (high - low) or _AROUND * abs(high) or 0.5
    starts_at_zero = kind == "linear" and (
        layout.get("rangemode") == "tozero" or any(trace.get("type") == "bar" for trace, _ in data)
    )
    below = 0.0 if starts_at_zero and low >= 0 else low - around
    return below, 0.0 if starts_at_zero and high <= 0 else high + around


def slot_width(places: Iterable[float]) -> float:
    """How much of the scale a bar has for itself: as much as the nearest two are apart."""
    apart = np.diff(np.unique([place for place in places if not math.isnan(place)]))
    return float(apart.min()) if len(apart) else 1.0
