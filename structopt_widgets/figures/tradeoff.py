"""What a structure costs against how well it does."""

from __future__ import annotations

import html
import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..graph.checks import flag, instance, mapping, number, table, text, whole
from ..graph.language import ENGLISH, Language, Words
from ..graph.wording import say, sentences
from ..study import pareto_front
from ..study.optimism import winners_note
from ..study.verdicts import ALIKE, NOT_COMPARABLE, OTHERWISE, THE_BEST
from .keep_pictures import keep_pictures
from .style import column_title, format_value, is_larger_better
from .tradeoff_drawing import draw_tradeoff
from .tradeoff_layout import LIKE_THE_BEST

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Point:
    """A complete trial: its number, place, interval of y, and words. ``low`` and ``high`` may be NaN.

    ``lines``: which trial it is, its structure, and what it has. ``alike``: it cannot be told apart from the best, or
    is the best.
    """

    number: int
    x: float
    y: float
    low: float
    high: float
    lines: tuple[str, ...]
    alike: bool = False

    def text(self, words: Words = str) -> str:
        """``lines`` in a language."""
        trial, structure, *more = map(words, self.lines)
        return "\n".join([f"{trial} {structure}", *more])

    def markup(self, words: Words = str) -> str:
        """The same as plotly's HTML: layer names are the user's."""
        trial, *more = (html.escape(each) for each in map(words, self.lines))
        return f"<b>{trial}</b> {'<br>'.join(more)}"


@dataclass(frozen=True)
class TradeoffInfo:
    """All that a trade-off figure shows.

    Attributes:
        x, y: the columns.
        points: complete trials, in the order of the table.
        front: numbers of the trials on the Pareto front, by ascending x.
        baseline: the point of the model as it came, or ``None``.
        cursor: where on x to draw the current structure, or ``None``.
        logx: whether x is on a logarithmic scale.
        references: names and values of y to draw across the figure.
        x_room, y_room: what the axis shows at least, where all that is drawn is at one place on it; else ``None``.
        note: what is to be known of the best score, below the figure.
    """

    x: str
    y: str
    points: tuple[Point, ...]
    front: tuple[int, ...]
    baseline: Point | None
    cursor: float | None
    logx: bool
    references: tuple[tuple[str, float], ...] = ()
    x_room: tuple[float, float] | None = None
    y_room: tuple[float, float] | None = None
    note: str = ""

    @property
    def front_points(self) -> tuple[Point, ...]:
        """The points of ``front``."""
        by_number = {point.number: point for point in self.points}
        return tuple(by_number[number] for number in self.front)

    @property
    def step(self) -> str:
        """How the front's line turns: ``"hv"``, or ``"vh"`` where much of x is wanted.

        The line is the best y within reach of each x: of what costs at most x, or has at least x.
        """
        return "vh" if is_larger_better(self.x) else "hv"


def plot_tradeoff(
    trials: pd.DataFrame,
    x: str = "n_params",
    y: str | None = None,
    baseline: int | None = None,
    cursor: float | None = None,
    logx: bool = True,
    figure: go.Figure | None = None,
    references: Mapping[str, float] | None = None,
    language: str = ENGLISH,
) -> go.Figure:
    """Score against cost, with intervals and the Pareto front.

    Args:
        trials: one row a trial, as :attr:`Study.trials`. Failed and cancelled ones are left out. Joined
            with :meth:`Study.compare`, those that cannot be told apart from the best are drawn hollow.
        x: a column of costs.
        y: a column of scores; by default ``accuracy``, else ``r2``. ``y_low`` and ``y_high`` are
            its error bars where the table has them.
        baseline: the number of the trial to mark as the model as it came.
        cursor: where to draw a vertical line, for the structure at hand.
        logx: a logarithmic x axis; rows with x of 0 or less are then left out.
        figure: a figure to update in place instead of making one.
        references: scores to draw as horizontal lines, such as ``sw.reference_scores(data)``.
        language: of its words: ``"en"``, or ``"zh"`` for Chinese.

    Raises ``ValueError`` for a column or a number that is not in the table, and for a language that there is none of.

    >>> figure = sw.plot_tradeoff(study.trials, x="flops", baseline=0)
    """
    import plotly.graph_objects as go
    from plotly.basedatatypes import BaseFigure

    if figure is not None:
        instance(figure, BaseFigure, "figure as a plotly Figure to update, or None")
    words = Language(language)
    info = tradeoff_info(trials, x, y, baseline, cursor, logx, references)
    keep_pictures()
    return draw_tradeoff(info, go.Figure() if figure is None else figure, words)


def tradeoff_info(
    trials: pd.DataFrame,
    x: str = "n_params",
    y: str | None = None,
    baseline: int | None = None,
    cursor: float | None = None,
    logx: bool = True,
    references: Mapping[str, float] | None = None,
    most: int | None = None,
) -> TradeoffInfo:
    """What :func:`plot_tradeoff` shows, without drawing it.

    Of more than ``most`` trials it shows the front, the best and the latest, and the note says so.
    """
    table(trials, "trials")
    text(x, "a column of costs, x,")
    y = y if y is None else text(y, "a column of scores, y,")
    logx = flag(logx, "logx")
    if cursor is not None:
        number(cursor, "cursor, a place on the x axis,")
    if baseline is not None:
        whole(baseline, "baseline, the number of a trial,")
    if references is not None:
        references = mapping(references, "references", "sw.reference_scores(data)")
        for name, value in references.items():
            instance(name, str, "names of references as text")
            instance(value, numbers.Real, f"the reference {name!r} as a number")
    y = y or next((name for name in ("accuracy", "r2") if name in trials.columns), "accuracy")
    lines = tuple((name, float(value)) for name, value in (references or {}).items() if math.isfinite(value))
    if not len(trials):
        return TradeoffInfo(x, y, (), (), None, cursor, logx, lines)
    better = {True: [name for name in (x, y) if is_larger_better(name)]}
    better[False] = [name for name in (x, y) if not is_larger_better(name)]
    front = pareto_front(trials, maximize=better[True], minimize=better[False])
    rows = trials[trials["state"] == "complete"] if "state" in trials.columns else trials
    rows = rows.dropna(subset=[x, y])
    if logx:
        rows, front = rows[rows[x] > 0], front[front[x] > 0]
    note = winners_note(rows, y)
    if most is not None and len(rows) > most:
        best = rows[y].sort_values(ascending=not is_larger_better(y), kind="stable").index[: most // 2]
        kept = {*front.index, *best, *rows.index[-(most // 2) :], baseline}
        n_trials, rows = len(rows), rows[rows.index.isin(kept)]
        shown = say(
            "Shown are {n} of {all} trials: the front, the best and the latest.",
            n=f"{len(rows):,}",
            all=f"{n_trials:,}",
        )
        note = sentences(note, shown)
    points = tuple(_point(number, row, x, y) for number, row in zip(rows.index, rows.to_dict("records"), strict=True))
    if baseline is not None and baseline not in trials.index:
        raise ValueError(f"Expected the number of a trial in the table as baseline, got {baseline!r}.")
    marked = next((point for point in points if point.number == baseline), None)
    order = tuple(int(number) for number in front.sort_values([x, y], kind="stable").index)
    across = [*(point.x for point in points), *([cursor] if cursor is not None and (cursor > 0 or not logx) else [])]
    up = [end for point in points for end in (point.y, point.low, point.high) if not math.isnan(end)]
    x_room, y_room = _room(across, logx), _room([*up, *(value for _, value in lines)], log=False)
    return TradeoffInfo(x, y, points, order, marked, cursor, logx, lines, x_room, y_room, note)


def _room(values: list[float], log: bool) -> tuple[float, float] | None:
    """What to show around the one place that all values are at; ``None`` where they spread."""
    if not values or not math.isclose(min(values), max(values), rel_tol=1e-6):
        return None
    if log:
        return values[0] / 3, values[0] * 3
    half = abs(values[0]) / 2 or 0.5
    return values[0] - half, values[0] + half


def _point(number: Any, row: dict[Any, Any], x: str, y: str) -> Point:
    low, high = (float(row.get(f"{y}_{end}", math.nan)) for end in ("low", "high"))
    # An interval of one run says nothing of what another seed would do.
    ends = {"quantity": column_title(y), "value": format_value(y, row[y])}
    ends |= {"low": format_value(y, low), "high": format_value(y, high)}
    if math.isnan(low):
        score = say("{quantity}: {value}", **ends)
    elif row.get("seeds") == 1:
        score = say("{quantity}: {value} (95 % of this network: {low} to {high})", **ends)
    else:
        score = say("{quantity}: {value} (95 %: {low} to {high})", **ends)
    # Without a comparison, and for a trial that is not in it, the column is missing or NaN.
    found = row.get("verdict")
    found_in: dict[str, str] = {ALIKE: LIKE_THE_BEST, NOT_COMPARABLE: NOT_COMPARABLE, OTHERWISE: OTHERWISE}
    said = found_in.get(found) if isinstance(found, str) else None
    cost = say("{quantity}: {value}", quantity=column_title(x), value=format_value(x, row[x], exact=True))
    lines = (
        say("trial {number}", number=number),
        str(row.get("structure", "")),
        score,
        cost,
        *([said] if said else []),
    )
    return Point(int(number), float(row[x]), float(row[y]), low, high, lines, found in (ALIKE, THE_BEST))
