"""A plotly figure as a static SVG, without a browser: for pages that run no code, and are read without a network.

plotly itself draws in a browser only, and its own way to a static picture (kaleido) starts one. What is drawn here is
what the kit's figures and notebooks are made of: bars, points, lines, heat maps, pictures of pixels, side by side, with
their axes, keys, lines across and annotations. Another kind of trace is named, in words, instead of a wrong picture.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Mapping
from typing import Any

from .plotly_axes import FigureAxis, find_figure_axis
from .plotly_data import axes_of, cell_range, key_entries, plain_values, shared_colours
from .plotly_marks import (
    DASHES,
    Trace,
    bars,
    draw_bars,
    draw_cells,
    draw_image,
    draw_points,
    inside,
    reach,
)
from .plotly_words import INK, bare, draw_colour_scale, draw_key, draw_title, text_at
from .svg_parts import Svg, text_width

WIDTH, HEIGHT = 900, 450  # pixels: about as wide as a page has room; plotly's own height
DRAWN = ("bar", "scatter", "heatmap", "image")
GRID = "#e5e5e5"
LINE = 15.0  # pixels
_SLANT = 35  # degrees, of names that are longer than the room below them


def draw_figure(figure: Mapping[str, Any]) -> Svg:
    """A figure, as ``figure.to_dict()`` has it, as a picture."""
    plain = plain_values(figure)
    traces = [trace for trace in plain.get("data", ()) if trace.get("visible", True) is True]
    foreign = sorted({str(trace.get("type", "scatter")) for trace in traces} - set(DRAWN))
    if foreign:
        return _in_words(f"A figure of {', '.join(foreign)}. It is drawn where this notebook is run, in JupyterLab.")
    layout = plain.get("layout") or {}
    return _Drawing(
        [{"type": "scatter", **shared_colours(traces, layout, trace), **trace} for trace in traces], layout
    ).svg()


class _Drawing:
    """One figure: where its axes are, and what is drawn between them and around them."""

    def __init__(self, traces: list[Trace], layout: Mapping[str, Any]) -> None:
        self.traces, self.layout = traces, layout
        self.width, self.height = float(layout.get("width") or WIDTH), float(layout.get("height") or HEIGHT)
        self.named = [] if layout.get("showlegend") is False else key_entries(traces, layout)
        self.pairs = list(dict.fromkeys(axes_of(trace) for trace in traces)) or [("x", "y")]
        self.by_axis = self._values()
        self.left, self.top, self.right, self.bottom = self._frame()
        self.axes = {name: self._axis(name) for pair in self.pairs for name in pair}
        for pair in self.pairs:
            self._keep_square(pair)

    def svg(self) -> Svg:
        parts = [f'<rect width="{self.width:g}" height="{self.height:g}" fill="#fff"/>']
        for x, y in self.pairs:
            parts += [self._grid(x, y), *self._marks((x, y)), self._scales(x, y)]
        parts += [self._line(each) for each in self.layout.get("shapes") or () if each.get("type") == "line"]
        parts += [self._note(each) for each in self.layout.get("annotations") or ()]
        parts += [
            draw_key(self.named, inside(self.layout, "legend", "title", "text"), *self._key_place(), self._is_flat()),
            draw_title(
                inside(self.layout, "title", "text"), self.left, self.height, self._is_below(),
                inside(self.layout, "title", "font", "color"),
            ),
            draw_colour_scale(self.traces, self.right + 16, self.top, self.bottom),
        ]  # fmt: skip
        words = self._words()
        return Svg(
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}" height="{self.height:g}" font-family="sans-serif" font-size="12" fill="{INK}">'
            f"<title>{html.escape(words)}</title>{''.join(parts)}</svg>",
            words,
        )

    def _values(self) -> dict[str, list[tuple[Trace, list[Any]]]]:
        """By axis, what the traces have on it, ends of bars and intervals included."""
        found: dict[str, list[tuple[Trace, list[Any]]]] = {}
        barmode = str(self.layout.get("barmode") or "group")
        ends = {along: reach(self.traces, barmode, along) for along in "xy"}
        for place, trace in enumerate(self.traces):
            for along, name in zip("xy", axes_of(trace), strict=True):
                values = cell_range(trace, along)
                if values is None:
                    values = list(trace.get(along) or ())
                    if place in ends[along] and not any(isinstance(each, str) for each in values):
                        values = [*values, *ends[along][place]] if trace["type"] == "scatter" else ends[along][place]
                found.setdefault(name, []).append((trace, values))
        return found

    def _of(self, name: str) -> Mapping[str, Any]:
        """The layout of an axis, and what the figure's template says of all of its letter."""
        template = inside(self.layout, "template", "layout", f"{name[0]}axis") or {}
        return {**template, **(self.layout.get(f"{name[0]}axis{name[1:]}") or {})}

    def _axis(self, name: str) -> FigureAxis:
        layout = dict(self._of(name))
        root = str(layout.get("matches") or name)
        alike = [each for each in self.by_axis if each == root or self._of(each).get("matches") == root]
        data = [each for other in alike for each in self.by_axis[other]]
        if name[0] == "y" and any(trace["type"] == "image" for trace, _ in data):
            layout.setdefault("autorange", "reversed")
        low, high = layout.get("domain") or (0, 1)
        if name[0] == "x":
            pixels = self.left + low * (self.right - self.left), self.left + high * (self.right - self.left)
        else:
            pixels = self.bottom - low * (self.bottom - self.top), self.bottom - high * (self.bottom - self.top)
        return find_figure_axis(layout, data, pixels)

    def _keep_square(self, pair: tuple[str, str]) -> None:
        """Pixels of a picture are as wide as high: the longer axis gives way, at both ends."""
        if not any(trace["type"] == "image" and axes_of(trace) == pair for trace in self.traces):
            return
        x, y = (self.axes[name] for name in pair)
        scale = min(abs(axis.end - axis.start) / abs(axis.high - axis.low) for axis in (x, y))
        for name, axis in zip(pair, (x, y), strict=True):
            middle, half = (axis.start + axis.end) / 2, scale * abs(axis.high - axis.low) / 2
            towards = 1 if axis.end > axis.start else -1
            ends = middle - half * towards, middle + half * towards
            self.axes[name] = FigureAxis(axis.layout, axis.kind, axis.categories, axis.low, axis.high, *ends)

    def _frame(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the plots: what is around them gets as much room as it needs."""
        margin = self.layout.get("margin") or {}
        self.left, self.top, self.right, self.bottom = 0.0, 0.0, self.width, self.height
        first = [x for x, _ in self.pairs], [y for _, y in self.pairs]
        shown = [self._axis(name) for name in first[1] if (self._of(name).get("domain") or [0])[0] is not None]
        labels = [text_width(label) for axis in shown if _has_labels(axis) for _, label in axis.ticks]
        titled = any(inside(self._of(name), "title", "text") for name in first[1])
        left = max(labels, default=0.0) + (26 if titled else 4) + 10
        right = 16.0
        if self.named and not self._is_flat():
            right += max(text_width(str(name)) for name, _ in self.named) + 50
        if any(trace["type"] == "heatmap" and trace.get("showscale") is not False for trace in self.traces):
            right += 70
        beyond = [each for each in self.layout.get("annotations") or () if each.get("xref") == "paper"]
        right += max((text_width(bare(each["text"])) for each in beyond if each.get("x", 0) >= 1), default=0.0)
        right = max(right, float(margin.get("r", 0)) if not self.named or self._is_flat() else 0.0)
        title = bool(inside(self.layout, "title", "text"))
        top = 16.0 + (22 if self.named and self._is_flat() else 0) + (26 if title and not self._is_below() else 0)
        top += 22 if any(each.get("yref") == "paper" and each.get("y", 0) >= 1 for each in beyond) else 0
        bottom = 26.0 + (22 if any(inside(self._of(name), "title", "text") for name in first[0]) else 0)
        if self._is_below() and title:
            bottom += 16.0 * len(str(self.layout["title"]["text"]).split("<br>")) + 6
        if not any(self._of(name).get("visible", True) for name in first[0]):
            bottom = 6.0
        self.left, self.right = left, self.width - right
        bottom += max((self._lower(self._axis(name)) for name in first[0]), default=0.0)
        return left, top, self.width - right, self.height - bottom

    def _lines(self, axis: FigureAxis) -> list[list[str]]:
        """The names below an axis, in as many lines as let them stand side by side; nothing where none do."""
        labels = [bare(label) for _, label in axis.ticks]
        room = abs(axis.end - axis.start) / max(len(labels), 1) - 6
        lines = [textwrap.wrap(label, max(int(room / text_width("x")), 1), break_long_words=False) for label in labels]
        if axis.kind != "category":
            return [[label] for label in labels]
        return lines if all(text_width(line) <= room for each in lines for line in each) else []

    def _lower(self, axis: FigureAxis) -> float:
        """How much lower names go that take more than a line, or are slanted."""
        lines = self._lines(axis)
        if lines or not axis.ticks:
            return LINE * (max((len(each) for each in lines), default=1) - 1)
        return max(text_width(label) for _, label in axis.ticks) * math.sin(math.radians(_SLANT))

    def _is_flat(self) -> bool:
        return inside(self.layout, "legend", "orientation") == "h"

    def _is_below(self) -> bool:
        return (inside(self.layout, "title", "y") or 1.0) < 0.5

    def _marks(self, pair: tuple[str, str]) -> list[str]:
        barmode = str(self.layout.get("barmode") or "group")
        ends: dict[int, list[tuple[float, float]]] = {}
        for place, base, end in bars(self.traces, barmode):
            ends.setdefault(place, []).append((base, end))
        groups = list(
            dict.fromkeys(
                str(trace.get("offsetgroup") or place)
                for place, trace in enumerate(self.traces)
                if trace["type"] == "bar"
            )
        )
        axes = dict(zip("xy", (self.axes[name] for name in pair), strict=True))
        parts = []
        for place, trace in enumerate(self.traces):
            if axes_of(trace) != pair:
                continue
            if trace["type"] == "bar":
                group = groups.index(str(trace.get("offsetgroup") or place))
                parts.append(
                    draw_bars(trace, ends.get(place, []), axes, (group, len(groups)) if barmode == "group" else (0, 1))
                )
            else:
                draw = {"scatter": draw_points, "heatmap": draw_cells, "image": draw_image}[trace["type"]]
                parts.append(draw(trace, axes))
        return parts

    def _grid(self, x: str, y: str) -> str:
        """A line at each number; a category needs none."""
        across, up = self.axes[x], self.axes[y]
        parts = []
        for axis, other, path in ((across, up, "M{0:.1f} {1:.1f}V{2:.1f}"), (up, across, "M{1:.1f} {0:.1f}H{2:.1f}")):
            if axis.kind == "category" or axis.layout.get("visible") is False:
                continue
            parts += [path.format(axis.pixel(place), other.start, other.end) for place, _ in axis.ticks]
        return f'<path d="{"".join(parts)}" stroke="{GRID}"/>' if parts else ""

    def _scales(self, x: str, y: str) -> str:
        across, up = self.axes[x], self.axes[y]
        parts = []
        if across.layout.get("visible") is not False:
            parts.append(f'<path d="M{across.start:.1f} {up.start:.1f}H{across.end:.1f}" stroke="{INK}"/>')
            low = max(up.start, up.end)
            if _has_labels(across):
                lines = self._lines(across)
                for index, (place, label) in enumerate(across.ticks):
                    at = across.pixel(place)
                    if lines:
                        parts += [
                            text_at(line, at, low + 16 + LINE * i, "middle") for i, line in enumerate(lines[index])
                        ]
                    else:
                        parts.append(
                            f'<text transform="translate({at:.1f} {low + 12:.1f}) rotate(-{_SLANT})" '
                            f'text-anchor="end">{html.escape(bare(label))}</text>'
                        )
            middle = (across.start + across.end) / 2
            under = low + (36 if _has_labels(across) else 18) + self._lower(across)
            parts.append(text_at(inside(across.layout, "title", "text"), middle, under, "middle"))
        if up.layout.get("visible") is not False:
            left = min(across.start, across.end)
            labels = up.ticks if _has_labels(up) else []
            parts += [text_at(label, left - 6, up.pixel(place) + 4, "end") for place, label in labels]
            title = inside(up.layout, "title", "text")
            if title:
                beside = left - max((text_width(label) for _, label in labels), default=0.0) - 18
                parts.append(
                    f'<text transform="translate({beside:.1f} {(up.start + up.end) / 2:.1f}) rotate(-90)" '
                    f'text-anchor="middle">{html.escape(bare(title))}</text>'
                )
        return "".join(parts)

    def _place(self, ref: str, value: Any, letter: str) -> float:
        """A pixel from what annotations and shapes say: in shares of the figure, of an axis, or in its values."""
        name, of_axis = (ref or letter).removesuffix(" domain"), (ref or "").endswith(" domain")
        if name != "paper":
            axis = self.axes.get(name) or self.axes[next(iter(pair["xy".index(letter)] for pair in self.pairs))]
            return axis.start + float(value) * (axis.end - axis.start) if of_axis else axis.at(value)
        ends = (self.left, self.right) if letter == "x" else (self.bottom, self.top)
        return ends[0] + float(value) * (ends[1] - ends[0])

    def _line(self, shape: Mapping[str, Any]) -> str:
        if shape.get("visible") is False:
            return ""
        x0, x1 = (self._place(shape.get("xref", "x"), shape[each], "x") for each in ("x0", "x1"))
        y0, y1 = (self._place(shape.get("yref", "y"), shape[each], "y") for each in ("y0", "y1"))
        line = shape.get("line") or {}
        dash = DASHES.get(str(line.get("dash")), "none")
        return (
            f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="{html.escape(str(line.get("color") or INK))}" '
            f'stroke-width="{line.get("width") or 1.5}" stroke-dasharray="{dash}"/>'
        )

    def _note(self, note: Mapping[str, Any]) -> str:
        if note.get("visible") is False:
            return ""
        x = self._place(note.get("xref", "x"), note.get("x", 0.5), "x")
        y = self._place(note.get("yref", "y"), note.get("y", 0.5), "y")
        anchor = {"left": "start", "right": "end"}.get(str(note.get("xanchor")), "middle")
        vertical = {"bottom": -4, "top": 12}.get(str(note.get("yanchor")), 4)
        shift = {"start": 4, "end": -4}.get(anchor, 0) + (note.get("xshift") or 0)
        vertical -= note.get("yshift") or 0  # upwards
        return text_at(
            note.get("text"), x + shift, y + vertical, anchor, colour=inside(note, "font", "color"),
            angle=note.get("textangle") or 0, dx=8 if note.get("textangle") == 90 else 0,
        )  # fmt: skip

    def _key_place(self) -> tuple[float, float]:
        return (self.left, 16.0) if self._is_flat() else (self.right + 16, self.top + 6)

    def _words(self) -> str:
        """What the picture shows, for who cannot see it."""
        x, y = (inside(self.axes[name].layout, "title", "text") for name in self.pairs[0])
        axes = " against ".join(bare(each) for each in (y, x) if each)
        names = ", ".join(dict.fromkeys(bare(name) for name, _ in self.named))
        kinds = " and ".join(dict.fromkeys(str(trace["type"]) for trace in self.traces))
        return f"{axes or kinds or 'An empty figure'}{f': {names}' if names else ''}"


def _has_labels(axis: FigureAxis) -> bool:
    return axis.layout.get("visible", True) is not False and axis.layout.get("showticklabels", True) is not False


def _in_words(words: str) -> Svg:
    return Svg(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} 40" width="{WIDTH}" height="40" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">{text_at(words, 10, 24, "start")}</svg>',
        words,
    )
