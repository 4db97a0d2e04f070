"""The words around a drawn plotly figure: its title, its key, the scale of its colours."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from .plotly_axes import formatted
from .plotly_marks import DASHES, Trace, inside, mark, shade
from .svg_parts import text_width

INK = "#333"


def text_at(
    words: Any, x: float, y: float, anchor: str, colour: Any = None, angle: float = 0, dx: float = 0
) -> str:  # fmt: skip
    if not words:
        return ""
    fill = f' fill="{html.escape(str(colour))}"' if colour else ""
    turn = f' transform="rotate({angle:g} {x:.1f} {y:.1f})"' if angle else ""
    return f'<text x="{x + dx:.1f}" y="{y:.1f}" text-anchor="{anchor}"{fill}{turn}>{html.escape(bare(words))}</text>'


def bare(words: Any) -> str:
    """Text that plotly reads as HTML, as it is read."""
    return html.unescape(re.sub(r"<br\s*/?>", " ", re.sub(r"</?(?:b|i|sub|sup|span)[^>]*>", "", str(words))))


def draw_key(named: Sequence[tuple[str, Trace]], title: Any, x: float, y: float, is_flat: bool) -> str:
    """What each colour and mark stands for: side by side, or below one another."""
    parts = []
    if title and named and not is_flat:
        parts.append(text_at(title, x, y + 4, "start"))
        y += 20
    for name, trace in named:
        middle = x + 10
        if trace["type"] == "bar":
            colour = _first_of(inside(trace, "marker", "color"))
            edge = html.escape(str(inside(trace, "marker", "line", "color") or "none"))
            parts.append(
                f'<rect x="{x + 4:.1f}" y="{y - 6:.1f}" width="12" height="12" fill="{colour}" stroke="{edge}"/>'
            )
        else:
            if "lines" in (trace.get("mode") or "lines"):
                line = trace.get("line") or {}
                colour = html.escape(str(line.get("color") or INK))
                dash = DASHES.get(str(line.get("dash")), "none")
                parts.append(
                    f'<path d="M{x:.1f} {y:.1f}h20" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
                )
            if "markers" in (trace.get("mode") or ""):
                parts.append(mark(trace, 0, middle, y))
        parts.append(text_at(name, x + 26, y + 4, "start"))
        if is_flat:
            x += 26 + text_width(bare(name)) + 18
        else:
            y += 20
    return "".join(parts)


def draw_title(title: Any, x: float, height: float, is_below: bool, colour: Any) -> str:
    """A title of one line or several, above the plots or below them."""
    if not title:
        return ""
    lines = str(title).split("<br>")
    first = height - 16 * len(lines) + 6 if is_below else 24
    return "".join(text_at(line, x, first + 16 * i, "start", colour=colour) for i, line in enumerate(lines))


def draw_colour_scale(traces: Sequence[Trace], x: float, top: float, bottom: float) -> str:
    """The scale of a heat map's colours."""
    trace = next((each for each in traces if each["type"] == "heatmap"), None)
    if trace is None or trace.get("showscale") is False:
        return ""
    values = [each for row in trace.get("z") or () for each in row if each is not None]
    low, high = (float(trace.get("zmin", min(values, default=0))), float(trace.get("zmax", max(values, default=1))))
    steps = 24
    height = (bottom - top) / steps
    parts = [
        f'<rect x="{x:.1f}" y="{bottom - (i + 1) * height:.1f}" width="14" height="{height + 0.5:.1f}" '
        f'fill="{shade(trace.get("colorscale") or (), (i + 0.5) / steps)[0]}"/>'
        for i in range(steps)
    ]
    parts += [text_at(formatted(each, ""), x + 20, y + 4, "start") for each, y in ((low, bottom), (high, top))]
    title = inside(trace, "colorbar", "title", "text")
    parts.append(text_at(title, x + 20, (top + bottom) / 2, "start"))
    return "".join(parts)


def _first_of(colour: Any) -> str:
    """A colour for the key: of a list the first."""
    return html.escape(str(colour[0] if isinstance(colour, list) and colour else colour or INK))
