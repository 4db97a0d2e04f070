"""The trade-off as a static SVG, for pages that run no code."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..graph.language import ENGLISH, Language, Words
from ..graph.wording import listed, say, sentences
from .style import COLOURS, GREY, column_title, format_value
from .svg_parts import Svg, linear_ticks, log_ticks
from .tradeoff import Point, TradeoffInfo, tradeoff_info
from .tradeoff_drawing import note_lines
from .tradeoff_layout import EMPTY, LIKE_THE_BEST, NAME_LINE

if TYPE_CHECKING:
    import pandas as pd

LEFT, RIGHT, TOP, BOTTOM = 70, 20, 48, 52  # room for the axes' labels and the key
NAMES = 90  # in RIGHT's place: room for the references' names beside the axes, where no point can be under them
NOTE_LINE = 15  # below the figure, which grows by the note


@dataclass(frozen=True)
class Axis:
    """A scale from values to pixels. ``ticks`` are values."""

    low: float
    high: float
    start: float
    end: float
    log: bool
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Where a value is."""
        low, high, value = (
            (math.log10(self.low), math.log10(self.high), math.log10(value))
            if self.log
            else (self.low, self.high, value)
        )
        return self.start + (value - low) / (high - low) * (self.end - self.start)


def plot_tradeoff_svg(
    trials: pd.DataFrame,
    x: str = "n_params",
    y: str | None = None,
    baseline: int | None = None,
    cursor: float | None = None,
    logx: bool = True,
    width: int = 640,
    height: int = 400,
    references: Mapping[str, float] | None = None,
    language: str = ENGLISH,
) -> Svg:
    """As :func:`plot_tradeoff`, as a picture of ``width`` x ``height`` pixels that needs no script.

    >>> picture = sw.plot_tradeoff_svg(study.trials, x="flops", baseline=0)
    """
    info = tradeoff_info(trials, x, y, baseline, cursor, logx, references)
    return draw_tradeoff_svg(info, width, height, Language(language))


def find_axis(values: list[float], start: float, end: float, log: bool) -> Axis:
    """An axis that holds ``values`` with a margin, and about five round ticks."""
    low, high = (min(values), max(values)) if values else (1.0, 10.0) if log else (0.0, 1.0)
    if log:
        margin = max((high / low) ** 0.06, 1.1)
        low, high = low / margin, high * margin
        return Axis(low, high, start, end, True, log_ticks(low, high))
    margin = (high - low) * 0.06 or 0.05 * abs(high) or 0.05
    low, high = low - margin, high + margin
    return Axis(low, high, start, end, False, linear_ticks(low, high))


def tick_label(column: str, value: float) -> str:
    """A tick's value without the zeros that say nothing: ``"1 K"``, not ``"1.00 K"``."""
    return re.sub(r"\.(\d*?)0+(?!\d)", lambda found: f".{found[1]}" if found[1] else "", format_value(column, value))


def draw_tradeoff_svg(info: TradeoffInfo, width: int = 640, height: int = 400, words: Words = str) -> Svg:
    """What :func:`plot_tradeoff_svg` draws, of an ``info`` made before; ``words`` says the words in a language."""
    ends = [end for point in info.points for end in (point.y, point.low, point.high) if not math.isnan(end)]
    ends += [value for _, value in info.references if _is_near(value, ends)]
    cursor = [info.cursor] if info.cursor is not None and (info.cursor > 0 or not info.logx) else []
    right = width - (NAMES if info.references else RIGHT)
    note = note_lines(words(info.note))
    across = find_axis([*(point.x for point in info.points), *cursor], LEFT, right, info.logx)
    up = find_axis(ends, height - BOTTOM, TOP, log=False)
    title = words(say("{y} against {x}", y=column_title(info.y), x=column_title(info.x)))
    description = words(_description(info))
    parts = [
        f"<title>{html.escape(title)}</title>",
        f"<desc>{html.escape(description)}</desc>",
        f'<rect width="{width}" height="{height + NOTE_LINE * len(note)}" fill="#fff"/>',
        *_frame(info, across, up, height, words),
        *(_cursor(across.at(value), height) for value in cursor),
        *_references([(words(say(name)), value) for name, value in info.references], up, right, info.y),
        *_front(info, across, up),
        # The baseline last, so that its star is not under a point as large as it.
        *(
            _trial(point, info, across, up, words)
            for point in sorted(info.points, key=lambda each: each == info.baseline)
        ),
        *_key(info, words),
    ]
    parts += [
        f'<text x="{LEFT}" y="{height + NOTE_LINE * count}" fill="{GREY}" font-size="11">{html.escape(line)}</text>'
        for count, line in enumerate(note)
    ]
    if not info.points:
        parts.append(f'<text x="{width / 2}" y="{height / 2}" text-anchor="middle">{words(EMPTY)}</text>')
    body = "".join(parts)
    height += NOTE_LINE * len(note)
    return Svg(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="12" fill="#333">{body}</svg>',
        words(say("{title}. {description}", title=title, description=description)),
    )


def _description(info: TradeoffInfo) -> str:
    if not info.points:
        return EMPTY
    front = [
        say(
            "trial {number}: {score} at {cost}",
            number=point.number,
            score=format_value(info.y, point.y),
            cost=format_value(info.x, point.x),
        )
        for point in info.front_points
    ]
    alike = [str(point.number) for point in info.points if point.alike]
    return sentences(
        say("{n} trials.", n=len(info.points)),
        say("Pareto front: {trials}.", trials=listed(say(", "), front)),
        say("Cannot be told apart from the best: {trials}.", trials=listed(say(", "), alike)) if alike else "",
        *(
            say("{name}: {value}.", name=say(name), value=format_value(info.y, value))
            for name, value in info.references
        ),
        info.note,
    )


def _frame(info: TradeoffInfo, across: Axis, up: Axis, height: int, words: Words) -> list[str]:
    bottom, right = height - BOTTOM, across.end
    parts = []
    for tick in across.ticks:
        place = f"{across.at(tick):.1f}"
        parts.append(f'<path d="M{place} {TOP}V{bottom}" stroke="#e5e5e5"/>')
        label = html.escape(tick_label(info.x, tick))
        parts.append(f'<text x="{place}" y="{bottom + 17}" text-anchor="middle">{label}</text>')
    for tick in up.ticks:
        place = f"{up.at(tick):.1f}"
        parts.append(f'<path d="M{LEFT} {place}H{right}" stroke="#e5e5e5"/>')
        label = html.escape(tick_label(info.y, tick))
        parts.append(f'<text x="{LEFT - 7}" y="{place}" dy="4" text-anchor="end">{label}</text>')
    x_title = column_title(info.x)
    x_title = say("{axis} (logarithmic)", axis=x_title) if info.logx else x_title
    middle = (TOP + bottom) / 2
    parts.append(f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#333"/>')
    parts.append(
        f'<text x="{(LEFT + right) / 2}" y="{height - 12}" text-anchor="middle">{html.escape(words(x_title))}</text>'
    )
    parts.append(
        f'<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle">'
        f"{html.escape(words(column_title(info.y)))}</text>"
    )
    return parts


def _cursor(place: float, height: int) -> str:
    return f'<path d="M{place:.1f} {TOP}V{height - BOTTOM}" stroke="{GREY}" stroke-dasharray="2 3"/>'


def _is_near(value: float, ends: list[float]) -> bool:
    """Whether a reference leaves the intervals half of the axis; one that does not stays at its margin."""
    low, high = min(ends, default=value), max(ends, default=value)
    return low - (high - low) <= value <= high + (high - low) or low == high


def _references(lines: list[tuple[str, float]], up: Axis, right: float, column: str) -> list[str]:
    """A line each, with its name: names of lines close together stand one below the other.

    One beyond the axis has no line, but its value, at the end where it would be.
    """
    parts, free = [], -math.inf
    top, bottom = sorted((up.start, up.end))
    for name, value in sorted(lines, key=lambda line: -line[1]):
        place = up.at(value)
        text = name if top <= place <= bottom else f"{name} {tick_label(column, value)}"
        at = max(min(max(place, top), bottom), free)
        free = at + NAME_LINE
        if text == name:
            parts.append(f'<path d="M{LEFT} {place:.1f}H{right:g}" stroke="{GREY}" stroke-dasharray="8 4"/>')
        parts.append(f'<text x="{right + 6:g}" y="{at:.1f}" dy="4" fill="{GREY}">{html.escape(text)}</text>')
    return parts


def _front(info: TradeoffInfo, across: Axis, up: Axis) -> list[str]:
    places = [(across.at(point.x), up.at(point.y)) for point in info.front_points]
    if not places:
        return []
    path = f"M{places[0][0]:.1f} {places[0][1]:.1f}"
    for x, y in places[1:]:
        path += f"H{x:.1f}V{y:.1f}" if info.step == "hv" else f"V{y:.1f}H{x:.1f}"
    stroke = f'fill="none" stroke="{COLOURS["vermillion"]}"'
    return [
        f'<path d="{path}" {stroke} stroke-dasharray="6 4" stroke-width="1.5"/>',
        *(f'<path d="{_diamond(x, y)}" {stroke} stroke-width="1.5"/>' for x, y in places),
    ]


def _trial(point: Point, info: TradeoffInfo, across: Axis, up: Axis, words: Words) -> str:
    x, y = across.at(point.x), up.at(point.y)
    interval = ""
    if not math.isnan(point.low + point.high):
        low, high = up.at(point.low), up.at(point.high)
        interval = (
            f'<path d="M{x:.1f} {low:.1f}V{high:.1f}M{x - 4:.1f} {low:.1f}h8M{x - 4:.1f} {high:.1f}h8" '
            f'stroke="{COLOURS["blue"]}"/>'
        )
    mark = _mark(x, y, point == info.baseline, point.alike)
    return f"<g><title>{html.escape(point.text(words))}</title>{interval}{mark}</g>"


def _mark(x: float, y: float, is_baseline: bool, is_hollow: bool = False) -> str:
    if is_baseline:
        star = f'<path d="{_star(x, y)}" fill="{COLOURS["orange"]}" stroke="#000"/>'
        return star + (_mark(x, y, False, True) if is_hollow else "")
    if is_hollow:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#fff" stroke="{COLOURS["blue"]}" stroke-width="2"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{COLOURS["blue"]}"/>'


def _key(info: TradeoffInfo, words: Words) -> list[str]:
    y = 20
    parts = [
        _mark(LEFT + 6, y, False),
        f'<text x="{LEFT + 16}" y="{y + 4}">{words(say("trial, 95 % interval"))}</text>',
    ]
    stroke = f'fill="none" stroke="{COLOURS["vermillion"]}" stroke-width="1.5"'
    parts += [
        f'<path d="{_diamond(LEFT + 160, y)}" {stroke}/>',
        f'<text x="{LEFT + 174}" y="{y + 4}">{words(say("Pareto front"))}</text>',
    ]
    if info.baseline is not None:
        parts += [_mark(LEFT + 276, y, True), f'<text x="{LEFT + 290}" y="{y + 4}">{words(say("baseline"))}</text>']
    if any(point.alike for point in info.points):
        parts += [
            _mark(LEFT + 6, y + 17, False, True),
            f'<text x="{LEFT + 16}" y="{y + 21}">{words(LIKE_THE_BEST)}</text>',
        ]
    return parts


def _diamond(x: float, y: float) -> str:
    return f"M{x:.1f} {y - 8:.1f}l8 8l-8 8l-8-8z"


def _star(x: float, y: float) -> str:
    corners = []
    for corner in range(10):
        radius, angle = (9 if corner % 2 == 0 else 4), math.pi * (corner / 5 - 0.5)
        corners.append(f"{x + radius * math.cos(angle):.1f} {y + radius * math.sin(angle):.1f}")
    return "M" + "L".join(corners) + "z"
