"""Where in a model the costs are: a bar a layer."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..graph.checks import typed
from ..graph.language import ENGLISH, Language, Words
from ..graph.wording import say
from .keep_pictures import keep_pictures
from .style import COLOURS, GREY, TEMPLATE, column_title, format_value

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from ..metrics import CostReport

ROW_HEIGHT, FRAME_HEIGHT = 26, 110
LETTER = 8  # pixels, of digits and the widest letters


@dataclass(frozen=True)
class LayerCostsInfo:
    """The bars: layers in execution order, their costs, and the baseline's or ``None``."""

    metric: str
    layers: tuple[str, ...]
    values: tuple[float, ...]
    baseline: tuple[float, ...] | None


def plot_layer_costs(
    cost: CostReport | pd.DataFrame,
    metric: str = "n_params",
    baseline: CostReport | pd.DataFrame | None = None,
    language: str = ENGLISH,
) -> go.Figure:
    """Horizontal bars, one a layer, in execution order from top to bottom.

    Args:
        cost: a cost report, or its ``by_layer``.
        metric: a column of it.
        baseline: another report, drawn as outlines behind the bars.
        language: of its words: ``"en"``, or ``"zh"`` for Chinese.

    Raises ``ValueError`` for a column that is not in the table, and for a language that there is none of.

    >>> figure = sw.plot_layer_costs(space.scaled(0.5).measure(), baseline=space.baseline.measure())
    >>> len(figure.data)
    2
    """
    words = Language(language)
    keep_pictures()
    return _draw(_layer_costs_info(cost, metric, baseline), words)


def _layer_costs_info(cost: Any, metric: str, baseline: Any) -> LayerCostsInfo:
    table = _table(cost, metric)
    ghost = None if baseline is None else _table(baseline, metric)
    layers = [*table.index, *(name for name in (() if ghost is None else ghost.index) if name not in table.index)]
    return LayerCostsInfo(
        metric,
        tuple(str(name) for name in layers),
        tuple(float(table[metric].get(name, 0)) for name in layers),
        None if ghost is None else tuple(float(ghost[metric].get(name, 0)) for name in layers),
    )


def _table(cost: Any, metric: str) -> pd.DataFrame:
    table = getattr(cost, "by_layer", cost)
    if not hasattr(table, "columns"):
        raise TypeError(f"Expected a CostReport, such as structure.measure(), or its by_layer, got {typed(cost)}.")
    numeric = [name for name in getattr(table, "columns", ()) if table[name].dtype.kind in "iuf"]
    if metric not in numeric:
        raise ValueError(
            f"Expected a cost of single layers, one of: {', '.join(numeric) or 'none in this table'}; got {metric!r}."
        )
    return table


def _draw(info: LayerCostsInfo, words: Words) -> go.Figure:
    import plotly.graph_objects as go

    # plotly reads HTML in labels, and layer names are the user's.
    names = [html.escape(name) for name in info.layers]
    figure = go.Figure()
    if info.baseline is not None:
        figure.add_bar(
            x=info.baseline,
            y=names,
            orientation="h",
            name=words(say("baseline")),
            marker={"color": "rgba(0,0,0,0)", "line": {"color": GREY, "width": 1.5}},
            customdata=[format_value(info.metric, value) for value in info.baseline],
            hovertemplate=f"%{{y}}: %{{customdata}}<extra>{words(say('baseline'))}</extra>",
        )
    shown = [format_value(info.metric, value) for value in info.values]
    figure.add_bar(
        x=info.values,
        y=names,
        orientation="h",
        name=words(say("this structure")),
        marker={"color": COLOURS["blue"], "opacity": 0.75},
        text=shown if info.baseline is None else None,
        textposition="outside",
        cliponaxis=False,
        customdata=shown,
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )
    # Beside the longer of the two bars: on the bar's own end, the outline would run through the words.
    beside = shown
    if info.baseline is not None:
        beside = [
            now if was == value else words(say("{now}, was {was}", now=now, was=format_value(info.metric, was)))
            for value, was, now in zip(info.values, info.baseline, shown, strict=True)
        ]
        for name, value, was, text in zip(names, info.values, info.baseline, beside, strict=True):
            figure.add_annotation(x=max(value, was), y=name, text=text, showarrow=False, xanchor="left")
    figure.update_layout(
        template=TEMPLATE,
        barmode="overlay",
        height=FRAME_HEIGHT + ROW_HEIGHT * len(names),
        # Words beside the longest bar begin where the axis nearly ends.
        margin={"l": 20, "r": 20 + LETTER * max(map(len, beside), default=0), "t": 30, "b": 50},
        showlegend=info.baseline is not None,
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
        xaxis={"title": {"text": words(column_title(info.metric))}, "exponentformat": "SI", "rangemode": "tozero"},
        yaxis={"autorange": "reversed", "automargin": True, "type": "category"},
    )
    return figure
