"""What plotly's traces draw between two axes, as SVG: bars, points, lines, intervals, cells, pictures."""

from __future__ import annotations

import base64
import html
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .plotly_axes import SLOT, FigureAxis, formatted, number, slot_width
from .style import GREY
from .svg_parts import text_width

Trace = Mapping[str, Any]
DASHES = {"dash": "6 4", "dot": "2 3", "longdash": "9 4", "dashdot": "6 3 2 3"}
_FROM_TEMPLATE = re.compile(r"%\{(\w+)(?::([^}]*))?\}")


def inside(trace: Trace, *names: str) -> Any:
    """What a figure says at a path of names; ``None`` where it is silent."""
    value: Any = trace
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def of_each(value: Any, index: int, default: Any) -> Any:
    """What holds for a point: of a list its own, else the same for all."""
    if isinstance(value, list | tuple):
        return value[index] if index < len(value) else default
    return default if value is None else value


def reach(traces: Sequence[Trace], barmode: str, along: str) -> dict[int, list[float]]:
    """By a trace's place, how far on an axis what it draws goes: ends of bars, on one another, and of intervals."""
    found: dict[int, list[float]] = {}
    for place, base, end in bars(traces, barmode):
        if _value_axis(traces[place]) == along:
            found.setdefault(place, []).extend((base, end))
    for place, trace in enumerate(traces):
        if trace.get("type") == "scatter" or place in found:
            values = [number(each) for each in trace.get(along) or ()]
            ends = [value + side for i, value in enumerate(values) for side in _interval(trace, along, i)]
            found.setdefault(place, []).extend(ends)
    return found


def bars(traces: Sequence[Trace], barmode: str) -> Iterator[tuple[int, float, float]]:
    """Each bar of each trace, in order: the place of its trace, where it begins and where it ends."""
    tops: dict[tuple[str, str, str, bool], float] = defaultdict(float)
    for place, trace in enumerate(traces):
        if trace.get("type") != "bar":
            continue
        along = _value_axis(trace)
        across = "y" if along == "x" else "x"
        for name, value in zip(trace.get(across) or (), trace.get(along) or (), strict=False):
            length = number(value)
            key = (str(trace.get("xaxis")), str(trace.get("yaxis")), str(name), length < 0)
            stacked = barmode in ("relative", "stack") and not math.isnan(length)
            base = tops[key] if stacked else 0.0
            if stacked:
                tops[key] = base + length
            yield place, base, base + length


def draw_bars(trace: Trace, ends: Sequence[tuple[float, float]], axes: Mapping[str, FigureAxis], slot: Any) -> str:
    """The bars of one trace; ``slot`` is its number, and how many share the room of a bar."""
    along = _value_axis(trace)
    across = "y" if along == "x" else "x"
    places = [axes[across].on_scale(each) for each in trace.get(across) or ()]
    room = (slot_width(places) if axes[across].kind != "category" else 1.0) * SLOT
    which, of = slot
    parts = []
    for index, (place, (base, end)) in enumerate(zip(places, ends, strict=False)):
        if math.isnan(end) or math.isnan(place):
            continue
        side = place - room / 2 + room * which / of
        first, last = sorted((axes[across].pixel(side), axes[across].pixel(side + room / of)))
        near, far = axes[along].at(base), axes[along].at(end)
        near = axes[along].start if math.isnan(near) else near  # zero, on a logarithmic axis
        low, high = sorted((near, far))
        box = (low, first, high - low, last - first) if along == "x" else (first, low, last - first, high - low)
        colour = of_each(inside(trace, "marker", "color"), index, GREY)
        line = inside(trace, "marker", "line", "color")
        stroke = f' stroke="{html.escape(str(line))}" stroke-width="1.5"' if isinstance(line, str) else ""
        opacity = inside(trace, "marker", "opacity") or trace.get("opacity") or 1
        parts.append(
            f'<rect x="{box[0]:.1f}" y="{box[1]:.1f}" width="{box[2]:.1f}" height="{box[3]:.1f}" '
            f'fill="{html.escape(str(colour))}" opacity="{opacity}"{stroke}/>'
        )
        middle = (first + last) / 2
        parts.append(_error(trace, along, index, end, axes[along], middle))
        words = _words(trace, index)
        if words:
            beyond = near + (far - near or math.copysign(1e-3, axes[along].end - axes[along].start))
            parts.append(_beside(trace, words, (near, beyond), middle, along, last - first))
    return "".join(parts)


def draw_points(trace: Trace, axes: Mapping[str, FigureAxis]) -> str:
    """The line, the intervals and the marks of a scatter trace."""
    xs, ys = (list(trace.get(axis) or ()) for axis in "xy")
    places = [(axes["x"].at(x), axes["y"].at(y)) for x, y in zip(xs, ys, strict=False)]
    mode = trace.get("mode") or "lines+markers"
    parts = []
    if "lines" in mode:
        parts.append(_line(trace, places))
    for index, (x, y) in enumerate(places):
        if math.isnan(x + y):
            continue
        for along, value, across in (("x", xs[index], y), ("y", ys[index], x)):
            parts.append(_error(trace, along, index, number(value), axes[along], across))
        if "markers" in mode:
            parts.append(mark(trace, index, x, y))
        if "text" in mode and (words := _words(trace, index)):
            parts.append(f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">{words}</text>')
    return "".join(parts)


def mark(trace: Trace, index: int, x: float, y: float) -> str:
    """The mark of one point, with its middle at a place."""
    marker = trace.get("marker") or {}
    opacity = of_each(marker.get("opacity"), index, 1)
    if opacity == 0:
        return ""
    symbol, size = str(of_each(marker.get("symbol"), index, "circle")), float(of_each(marker.get("size"), index, 6))
    colour = html.escape(str(of_each(marker.get("color"), index, inside(trace, "line", "color") or GREY)))
    edge = inside(marker, "line", "color")
    hollow = symbol.endswith("-open")
    stroke = colour if hollow else html.escape(str(edge)) if isinstance(edge, str) else "none"
    width = inside(marker, "line", "width") or 1
    look = f'fill="{"none" if hollow else colour}" stroke="{stroke}" stroke-width="{width}" opacity="{opacity}"'
    half = size / 2
    kind = symbol.removesuffix("-open")
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{half:g}" {look}/>'
    around = {"diamond": (0, 90, 180, 270), "square": (45, 135, 225, 315)}.get(kind) or (-90, 30, 150)
    if kind == "star":
        corners = [(half * (1 if i % 2 == 0 else 0.45), math.radians(36 * i - 90)) for i in range(10)]
    else:
        corners = [(half * 1.3, math.radians(angle)) for angle in around]
    path = "L".join(f"{x + radius * math.cos(a):.1f} {y + radius * math.sin(a):.1f}" for radius, a in corners)
    return f'<path d="M{path}z" {look}/>'


def _line(trace: Trace, places: Sequence[tuple[float, float]]) -> str:
    line = trace.get("line") or {}
    path, pen = "", "M"
    for x, y in places:
        if math.isnan(x + y):
            pen = "M"
            continue
        step = line.get("shape") if pen == "L" else None
        path += (
            f"H{x:.1f}V{y:.1f}" if step == "hv" else f"V{y:.1f}H{x:.1f}" if step == "vh" else f"{pen}{x:.1f} {y:.1f}"
        )
        pen = "L"
    colour = html.escape(str(line.get("color") or inside(trace, "marker", "color") or GREY))
    dash = DASHES.get(str(line.get("dash")), "none")
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{line.get("width") or 2}" '
        f'stroke-dasharray="{dash}"/>'
    )


def _interval(trace: Trace, along: str, index: int) -> tuple[float, float]:
    """How far a point's error bar goes down and up: ``(-down, up)``; zeros where it has none."""
    error = trace.get(f"error_{along}") or {}
    up = number(of_each(error.get("array"), index, 0.0))
    down = up if error.get("arrayminus") is None else number(of_each(error.get("arrayminus"), index, 0.0))
    return (0.0 if math.isnan(down) else -down, 0.0 if math.isnan(up) else up)


def _error(trace: Trace, along: str, index: int, value: float, axis: FigureAxis, across: float) -> str:
    down, up = _interval(trace, along, index)
    if not (down or up):
        return ""
    ends = axis.at(value + down), axis.at(value + up)
    colour = inside(trace, f"error_{along}", "color") or ("#444" if trace.get("type") == "bar" else None)
    colour = html.escape(str(colour or inside(trace, "marker", "color") or GREY))
    if along == "x":
        path = f"M{ends[0]:.1f} {across:.1f}H{ends[1]:.1f}" + "".join(f"M{e:.1f} {across - 4:.1f}v8" for e in ends)
    else:
        path = f"M{across:.1f} {ends[0]:.1f}V{ends[1]:.1f}" + "".join(f"M{across - 4:.1f} {e:.1f}h8" for e in ends)
    return f'<path d="{path}" fill="none" stroke="{colour}"/>'


def _words(trace: Trace, index: int) -> str:
    """What is written at a point, as text of XML."""
    template = of_each(trace.get("texttemplate"), index, None)
    text = of_each(trace.get("text"), index, "")
    if template is None:
        return html.escape(str(text))

    def value(found: re.Match[str]) -> str:
        each = of_each(trace.get(found[1] if found[1] != "value" else _value_axis(trace)), index, "")
        return formatted(float(each), found[2]) if found[2] and not math.isnan(number(each)) else str(each)

    return html.escape(_FROM_TEMPLATE.sub(value, str(template)))


def _beside(trace: Trace, words: str, ends: tuple[float, float], middle: float, along: str, thickness: float) -> str:
    """Words in a bar where they fit, else beyond its end."""
    near, far = ends
    needs = text_width(words) + 8 if along == "x" else 16.0
    fits = abs(far - near) >= needs and (along == "x" or thickness >= text_width(words))
    within = fits and trace.get("textposition") != "outside"
    towards = 1 if far >= near else -1
    place = far - 4 * towards if within else far + 4 * towards
    fill = ' fill="#fff"' if within else ""
    if along == "x":
        anchor = "end" if within == (towards > 0) else "start"
        return f'<text x="{place:.1f}" y="{middle:.1f}" dy="4" text-anchor="{anchor}"{fill}>{words}</text>'
    below = within == (towards < 0)
    return (
        f'<text x="{middle:.1f}" y="{place:.1f}" dy="{10 if below else -1}" text-anchor="middle"{fill}>{words}</text>'
    )


def draw_cells(trace: Trace, axes: Mapping[str, FigureAxis]) -> str:
    """The cells of a heat map, each with its words."""
    rows: Any = trace.get("z") or ()
    xs = trace.get("x") or list(range(len(rows[0]) if len(rows) else 0))
    ys = trace.get("y") or list(range(len(rows)))
    values = [number(each) for row in rows for each in row if not math.isnan(number(each))]
    low, high = (number(trace.get("zmin")), number(trace.get("zmax")))
    low = min(values, default=0.0) if math.isnan(low) else low
    high = max(values, default=1.0) if math.isnan(high) else high
    parts = []
    for row, (name, cells) in enumerate(zip(ys, rows, strict=False)):
        for column, (other, cell) in enumerate(zip(xs, cells, strict=False)):
            value = number(cell)
            if math.isnan(value):
                continue
            x, y = axes["x"].on_scale(other), axes["y"].on_scale(name)
            left, right = sorted((axes["x"].pixel(x - 0.5), axes["x"].pixel(x + 0.5)))
            top, bottom = sorted((axes["y"].pixel(y - 0.5), axes["y"].pixel(y + 0.5)))
            share = min(max((value - low) / (high - low or 1.0), 0.0), 1.0)
            colour, is_dark = shade(trace.get("colorscale") or (), share)
            parts.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" '
                f'fill="{colour}" shape-rendering="crispEdges"/>'
            )
            words = html.escape(str(of_each(of_each(trace.get("text"), row, []), column, "")))
            if words and trace.get("texttemplate"):
                parts.append(
                    f'<text x="{(left + right) / 2:.1f}" y="{(top + bottom) / 2:.1f}" dy="4" text-anchor="middle" '
                    f'fill="{"#fff" if is_dark else "#222"}">{words}</text>'
                )
    return "".join(parts)


def shade(scale: Sequence[Sequence[Any]], share: float) -> tuple[str, bool]:
    """The colour at a share of a scale of ``[share, "#rrggbb"]``, and whether it is dark; grey without a scale."""
    stops = [(float(at), [int(colour[i : i + 2], 16) for i in (1, 3, 5)]) for at, colour in scale if len(colour) == 7]
    stops = stops or [(0.0, [255] * 3), (1.0, [60] * 3)]
    at = next((i for i in range(1, len(stops)) if share <= stops[i][0]), len(stops) - 1)
    (low, one), (high, other) = stops[at - 1], stops[at]
    part = (share - low) / (high - low or 1.0)
    mixed = [round(a + (b - a) * part) for a, b in zip(one, other, strict=True)]
    # Luma of ITU-R BT.601.
    return "#" + "".join(f"{each:02x}" for each in mixed), 0.299 * mixed[0] + 0.587 * mixed[1] + 0.114 * mixed[2] < 140


def png_size(source: str) -> tuple[int, int]:
    """Width and height of a PNG in a data address: the first numbers of its header."""
    head = base64.b64decode(source.partition("base64,")[2][:48])
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def draw_image(trace: Trace, axes: Mapping[str, FigureAxis]) -> str:
    """A picture of pixels that plotly.express has encoded."""
    source = str(trace["source"])
    width, height = png_size(source)
    left, right = sorted((axes["x"].pixel(-0.5), axes["x"].pixel(width - 0.5)))
    top, bottom = sorted((axes["y"].pixel(-0.5), axes["y"].pixel(height - 0.5)))
    return (
        f'<image x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" '
        f'preserveAspectRatio="none" style="image-rendering:pixelated" href="{html.escape(source)}"/>'
    )


def _value_axis(trace: Trace) -> str:
    """The axis along which a bar's length is."""
    return "x" if trace.get("orientation") == "h" else "y"
