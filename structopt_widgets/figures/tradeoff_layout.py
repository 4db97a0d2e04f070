"""What never changes about a trade-off figure: its traces, still empty, and its layout."""

from __future__ import annotations

from typing import Any

from ..graph.language import Words
from ..graph.wording import say
from .style import COLOURS, GREY, SYMBOLS, TEMPLATE

LIKE_THE_BEST = say("cannot be told apart from the best")
NAME_LINE = 14  # pixels of a reference's name
MARGIN_BELOW = 75  # the axis, its title, and a note of one line
EMPTY = say("No trial yet: run one, and its point appears here.")


def tradeoff_traces(words: Words = str) -> list[Any]:
    """The five traces of the figure, still empty, their names in a language."""
    import plotly.graph_objects as go

    return [
        go.Scatter(
            name=words(say("trial, 95 % interval")),
            mode="markers",
            marker={"color": COLOURS["blue"], "symbol": SYMBOLS["trial"], "size": 9},
            error_y={"type": "data", "symmetric": False, "thickness": 1, "color": COLOURS["blue"]},
            hovertemplate="%{text}<extra></extra>",
        ),
        go.Scatter(
            name=words(say("Pareto front")),
            mode="lines+markers",
            line={"color": COLOURS["vermillion"], "width": 1.5, "dash": "dash"},
            marker={"symbol": f"{SYMBOLS['front']}-open", "size": 14, "line": {"width": 1.5}},
            # The trial under it answers the mouse.
            hoverinfo="skip",
        ),
        go.Scatter(
            name=words(say("the model as it came")),
            mode="markers",
            marker={
                "color": COLOURS["orange"],
                "symbol": SYMBOLS["baseline"],
                "size": 15,
                "line": {"color": COLOURS["black"], "width": 1},
            },
            hovertemplate="%{text}<extra></extra>",
        ),
        go.Scatter(
            name=words(LIKE_THE_BEST),
            mode="markers",
            marker={"color": "white", "symbol": SYMBOLS["alike"], "size": 7, "line": {"width": 2}},
            marker_line_color=COLOURS["blue"],
            hoverinfo="skip",  # as above
        ),
        # Unseen. plotly takes a point and the cursor at one place for a range without width, and its
        # autorangeoptions.include does not widen a logarithmic axis downward.
        go.Scatter(name="room", mode="markers", marker={"opacity": 0}, showlegend=False, hoverinfo="skip"),
    ]


def tradeoff_layout(words: Words = str) -> dict[str, Any]:
    """Axes and key; the cursor is the first shape, the word for no trials the first annotation, the note the title."""
    return {
        "template": TEMPLATE,
        "margin": {"l": 70, "r": 20, "t": 70, "b": MARGIN_BELOW},
        "title": {
            "text": "",
            "font": {"color": GREY, "size": 11},
            "x": 0.01,
            "xanchor": "left",
            "yref": "container",
            "y": 0.01,
            "yanchor": "bottom",
        },
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "hovermode": "closest",
        "xaxis": {"title": {"text": ""}, "exponentformat": "SI"},
        "yaxis": {"title": {"text": ""}},
        "shapes": [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "x0": 1,
                "x1": 1,
                "visible": False,
                "line": {"color": GREY, "dash": "dot", "width": 1.5},
            }
        ],
        "annotations": [
            {
                "text": words(EMPTY),
                "xref": "paper",
                "yref": "paper",
                "x": 0.5,
                "y": 0.5,
                "showarrow": False,
                "visible": False,
                "font": {"color": GREY},
                "bgcolor": "white",
            }
        ],
    }
