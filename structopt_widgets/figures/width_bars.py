"""The widths of a network as bars: a picture of its shape for pages that run no code."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..graph.wording import listed, say
from .style import COLOURS, GREY
from .svg_parts import Svg

WIDTH, NAMES, NUMBERS = 640, 200, 110  # pixels: of the picture, of the names left and the numbers right of the bars
ROW, SMALLEST_ROW, NAMED_ROW = 20.0, 2.0, 12.0  # heights of a row; names need the last
TALLEST = 640.0  # of all rows, while a row can still be seen
LONGEST = 30  # characters of a name


@dataclass(frozen=True)
class WidthBar:
    """A layer's width, and what it was in the model as it came. ``is_out``: the layer is left out."""

    name: str
    width: int
    was: int
    is_out: bool = False


def draw_width_bars(bars: Sequence[WidthBar], words: Callable[[str], str] = str) -> Svg:
    """A bar a layer, in execution order from top to bottom; an outline where it was of another width.

    ``words`` says the words in a language.
    """
    row = min(ROW, max(SMALLEST_ROW, TALLEST / max(1, len(bars))))
    named = row >= NAMED_ROW
    left, room = (NAMES, WIDTH - NAMES - NUMBERS) if named else (10, WIDTH - 20)
    scale = room / max((width for bar in bars for width in (bar.width, bar.was)), default=1)
    height = row * len(bars) + 10
    parts = [f'<rect width="{WIDTH}" height="{height:g}" fill="#fff"/>']
    for index, bar in enumerate(bars):
        top = 5 + index * row
        parts.append(_bar(bar, left, top, scale, row))
        if named:
            parts.append(_words(bar, left, top + row / 2, scale, words(_number(bar))))
    return Svg(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
        f'height="{height:g}" font-family="sans-serif" font-size="12" fill="#333">{"".join(parts)}</svg>',
        words(_description(bars, named)),
    )


def _description(bars: Sequence[WidthBar], named: bool) -> str:
    if named:
        each = [say("{name} {width}", name=_shortened(bar.name), width=_number(bar)) for bar in bars]
        return say("Widths: {widths}", widths=listed(say("; "), each))
    return say(
        "Widths of {n} layers, from {least} to {most}",
        n=len(bars),
        least=f"{min(bar.width for bar in bars):,}",
        most=f"{max(bar.width for bar in bars):,}",
    )


def _bar(bar: WidthBar, left: float, top: float, scale: float, row: float) -> str:
    gap = row * 0.15
    size = f'y="{top + gap:.1f}" height="{row - 2 * gap:.1f}"'
    fill = GREY if bar.is_out else COLOURS["blue"]
    faint = ' opacity="0.35"' if bar.is_out else ""
    now = f'<rect x="{left}" {size} width="{bar.width * scale:.1f}" fill="{fill}"{faint}/>'
    if bar.was == bar.width:
        return now
    return f'{now}<rect x="{left}" {size} width="{bar.was * scale:.1f}" fill="none" stroke="{GREY}"/>'


def _words(bar: WidthBar, left: float, middle: float, scale: float, number: str) -> str:
    beside = left + max(bar.width, bar.was) * scale + 6
    return (
        f'<text x="{left - 6}" y="{middle:.1f}" dy="4" text-anchor="end">{html.escape(_shortened(bar.name))}</text>'
        f'<text x="{beside:.1f}" y="{middle:.1f}" dy="4">{html.escape(number)}</text>'
    )


def _number(bar: WidthBar) -> str:
    if bar.is_out:
        return say("left out")
    now = f"{bar.width:,}"
    return now if bar.width == bar.was else say("{now}, was {was}", now=now, was=f"{bar.was:,}")


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
