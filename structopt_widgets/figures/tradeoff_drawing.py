"""The trade-off as a plotly figure: made once, then updated in place."""

from __future__ import annotations

import html
import math
import textwrap
from typing import TYPE_CHECKING, Any

from ..graph.language import Words
from ..graph.wording import say
from .style import GREY, column_title
from .tradeoff_layout import MARGIN_BELOW, NAME_LINE, tradeoff_layout, tradeoff_traces

if TYPE_CHECKING:
    from .tradeoff import TradeoffInfo

NOTE_WIDTH, NOTE_LINE = 85, 15  # characters in a line below the figure, and its height
HEIGHT = 280  # pixels, about, of the axis that plotly makes


def draw_tradeoff(info: TradeoffInfo, figure: Any, words: Words = str) -> Any:
    """Show ``info``, its words in a language, in a plotly figure, whose traces are made once and then updated in place.

    They are, in this order: the trials with their intervals, the Pareto front, the baseline, the trials like the
    best, and the room around what is at one place. ``customdata`` of the first and the third are the numbers of the
    trials; the first shape of the layout is the cursor, the others are the references; its title is the note.
    """
    if not figure.data:
        figure.add_traces(tradeoff_traces(words))
        figure.update_layout(**tradeoff_layout(words))
    points, front, baseline, alike, room = figure.data
    with figure.batch_update():
        alike.x, alike.y = ([getattr(each, axis) for each in info.points if each.alike] for axis in "xy")
        points.x, points.y = [each.x for each in info.points], [each.y for each in info.points]
        points.error_y.array = [_length(each.high - each.y) for each in info.points]
        points.error_y.arrayminus = [_length(each.y - each.low) for each in info.points]
        points.customdata = [each.number for each in info.points]
        points.text = [each.markup(words) for each in info.points]
        front.x, front.y = [each.x for each in info.front_points], [each.y for each in info.front_points]
        front.line.shape = info.step
        marked = [info.baseline] if info.baseline is not None else []
        baseline.x, baseline.y = [each.x for each in marked], [each.y for each in marked]
        baseline.customdata = [each.number for each in marked]
        baseline.text = [each.markup(words) for each in marked]
        layout = figure.layout
        across, up = (words(column_title(each)) for each in (info.x, info.y))
        is_new = layout.annotations[0].visible or layout.xaxis.title.text != across
        layout.xaxis.title.text, layout.yaxis.title.text = across, up
        layout.xaxis.type = "log" if info.logx else "linear"
        layout.yaxis.tickformat = ".0%" if info.y == "accuracy" else None
        layout.shapes = [layout.shapes[0], *(_line(value) for _, value in info.references)]
        layout.annotations = [layout.annotations[0], *_names(info, words)]
        cursor = layout.shapes[0]
        # A hidden cursor still needs a place, and a logarithmic axis has none at 0.
        place = info.cursor if info.cursor is not None and (info.cursor > 0 or not info.logx) else None
        cursor.visible = place is not None
        cursor.x0 = cursor.x1 = 1 if place is None else place
        layout.annotations[0].visible = not info.points
        note = note_lines(words(info.note))
        layout.title.text = "<br>".join(note)
        # plotly puts the first of several lines at the bottom.
        raised = NOTE_LINE * max(len(note) - 1, 0)
        layout.title.pad.b, layout.margin.b = raised, MARGIN_BELOW + raised
        room.x, room.y = _corners(info)
        layout.margin.r = 90 if info.references else 20  # room for their names
        if not info.points:
            layout.xaxis.update(_reach(place, info.logx))
            layout.yaxis.update(range=(0, 1), autorange=False)
        elif is_new:
            # Otherwise a new point would undo what the user has zoomed into.
            layout.xaxis.autorange = layout.yaxis.autorange = True
    return figure


def _corners(info: TradeoffInfo) -> tuple[list[float], list[float]]:
    """Of the room: two points on a diagonal; along an axis that needs none they are at the first point's place."""
    if not info.points or (info.x_room is None and info.y_room is None):
        return [], []
    x, y = info.points[0].x, info.points[0].y
    return list(info.x_room or (x, x)), list(info.y_room or (y, y))


def _reach(place: float | None, logx: bool) -> dict[str, Any]:
    """The x axis of an empty figure: about the sizes that can be reached from the structure at ``place``."""
    if place is None:
        return {"autorange": True}
    if not logx:
        return {"range": (0, 2 * place), "autorange": False}
    return {"range": (math.log10(place) - 2, math.log10(place) + 1), "autorange": False}


def _line(value: float) -> dict[str, Any]:
    line = {"color": GREY, "dash": "longdash", "width": 1}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value, "line": line}


def _names(info: TradeoffInfo, words: Words) -> list[dict[str, Any]]:
    """The references' names beside the axes, where no point can be under them, apart from one another."""
    ends = [end for each in info.points for end in (each.y, each.low, each.high) if not math.isnan(end)]
    ends += [value for _, value in info.references]
    line = NAME_LINE / HEIGHT * (max(ends) - min(ends) if len(ends) > 1 and max(ends) > min(ends) else 1)
    found, least = [], -math.inf
    for name, value in sorted(info.references, key=lambda each: each[1]):
        least = max(value, least + line)
        place = {"xref": "paper", "x": 1, "xanchor": "left", "y": value, "yanchor": "middle"}
        shift = {"yshift": round((least - value) / line * NAME_LINE, 1)}
        # plotly reads HTML in annotations.
        text = html.escape(words(say(name)))
        found.append({"text": text, "showarrow": False, "font": {"color": GREY, "size": 11}, **place, **shift})
    return found


def note_lines(note: str) -> list[str]:
    """A note in lines; a letter of Chinese is as wide as two of others."""
    is_wide = any(letter >= "\N{IDEOGRAPHIC SPACE}" for letter in note)
    return textwrap.wrap(note, NOTE_WIDTH // 2 if is_wide else NOTE_WIDTH)


def _length(value: float) -> float:
    return 0.0 if math.isnan(value) else max(value, 0.0)
