"""Which width can be cut: what each loses alone, as a heat map."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..graph.checks import known, typed
from ..graph.language import ENGLISH, Language, Words
from ..graph.wording import say
from .keep_pictures import keep_pictures
from .layer_costs import FRAME_HEIGHT, ROW_HEIGHT
from .style import TEMPLATE

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLUMNS = ("group", "ratio", "width", "lost")


@dataclass(frozen=True)
class SensitivityInfo:
    """The cells: a row a group, a column a ratio; ``None`` where there was no such cut."""

    groups: tuple[str, ...]
    ratios: tuple[float, ...]
    lost: tuple[tuple[float | None, ...], ...]
    widths: tuple[tuple[int | None, ...], ...]


def plot_sensitivity(sensitivity: Any, order: str = "model", language: str = ENGLISH) -> go.Figure:
    """A heat map of what each width group loses when it alone is cut, darker the more.

    Args:
        sensitivity: what :func:`structopt_widgets.sensitivity` gives, or its ``table``.
        order: ``"model"``, groups in execution order; ``"lost"``, the one that can be cut best on top.
        language: of its words: ``"en"``, or ``"zh"`` for Chinese.

    >>> figure = sw.plot_sensitivity(sw.sensitivity(model, data))
    >>> list(figure.data[0].y)
    ['hidden']
    """
    words = Language(language)
    keep_pictures()
    return _draw(_sensitivity_info(sensitivity, order), words)


def _sensitivity_info(sensitivity: Any, order: str = "model") -> SensitivityInfo:
    table = getattr(sensitivity, "table", sensitivity)
    if not set(COLUMNS) <= set(getattr(table, "columns", ())):
        raise TypeError(
            f"Expected sensitivities as sw.sensitivity() gives them, or a DataFrame with the columns "
            f"{', '.join(COLUMNS)}, got {typed(sensitivity)}."
        )
    groups = list(dict.fromkeys(table["group"]))
    if known(order, ("model", "lost"), "an order") == "lost":
        mean = table.groupby("group")["lost"].mean()
        groups.sort(key=lambda group: mean[group])
    ratios = sorted(set(table["ratio"]), reverse=True)
    cells = {(row.group, row.ratio): row for row in table.itertuples()}
    found = [[cells.get((group, ratio)) for ratio in ratios] for group in groups]
    return SensitivityInfo(
        tuple(groups),
        tuple(ratios),
        tuple(tuple(None if cell is None else float(cell.lost) for cell in row) for row in found),
        tuple(tuple(None if cell is None else int(cell.width) for cell in row) for row in found),
    )


def _draw(info: SensitivityInfo, words: Words) -> go.Figure:
    import plotly.graph_objects as go

    # A number in each cell: never by colour alone. A cut that wins is drawn as one that loses nothing.
    numbers = [["" if each is None else f"{each:.3f}" for each in row] for row in info.lost]
    hover = words(
        say(
            "{group} at {share}, {width} wide: {loss} lost",
            group="%{y}",
            share="%{x}",
            width="%{customdata}",
            loss="%{text}",
        )
    )
    figure = go.Figure(
        go.Heatmap(
            z=[[None if each is None else max(each, 0.0) for each in row] for row in info.lost],
            x=[f"{ratio:.0%}" for ratio in info.ratios],
            y=[html.escape(str(group)) for group in info.groups],
            text=numbers,
            customdata=[[each or "" for each in row] for row in info.widths],
            texttemplate="%{text}",
            hovertemplate=f"{hover}<extra></extra>",
            colorscale="Cividis_r",
            zmin=0,
            colorbar={"title": {"text": words(say("lost"))}},
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=FRAME_HEIGHT + ROW_HEIGHT * max(len(info.groups), 1),
        margin={"l": 20, "r": 20, "t": 30, "b": 50},
        xaxis={"title": {"text": words(say("Share of the width that stays"))}, "type": "category"},
        yaxis={"autorange": "reversed", "automargin": True, "type": "category"},
    )
    return figure
