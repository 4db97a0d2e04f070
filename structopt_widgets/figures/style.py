"""Colours, symbols and words that all figures share."""

from __future__ import annotations

from collections.abc import Mapping

from ..graph.wording import say
from ..metrics import METRICS, format_exact, format_metric
from ..metrics.catalogue import UNITS

# Okabe and Ito, "Color Universal Design" (2008): told apart with any kind of colour vision.
COLOURS: Mapping[str, str] = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}
GREY = "#767676"  # 4.5 : 1 on white, the least that is easy to read

# Never by colour alone: each role has a plotly symbol of its own.
SYMBOLS: Mapping[str, str] = {"trial": "circle", "front": "diamond", "baseline": "star", "alike": "circle"}

TEMPLATE = "plotly_white"

_SCORES: Mapping[str, str] = {
    "accuracy": say("Validation accuracy"),
    "r2": say("Validation R\N{SUPERSCRIPT TWO}"),
    "loss": say("Validation loss"),
    "seconds": say("Training time, s"),
}
_SCORES_TO_RAISE = ("accuracy", "r2")


def column_title(column: str) -> str:
    """What to call a column of trials or of layer costs on an axis."""
    if column in METRICS:
        metric = METRICS[column]
        words = UNITS[metric.unit].in_words
        label = metric.trial_label if metric.is_total and metric.in_trials else metric.label
        return say("{quantity}, {unit}", quantity=label, unit=words) if words else label
    return _SCORES.get(column, column)


def format_value(column: str, value: float, exact: bool = False) -> str:
    """A value of a column, for people; ``exact`` writes every digit of a count below ten million."""
    if column in METRICS:
        return format_exact(column, value) if exact else format_metric(column, value)
    return f"{value:.1%}" if column == "accuracy" else f"{value:.4g}"


def is_larger_better(column: str) -> bool:
    """Whether people want much of a column (accuracy, parallelism) or little (costs, loss)."""
    return METRICS[column].larger_is_better if column in METRICS else column in _SCORES_TO_RAISE
