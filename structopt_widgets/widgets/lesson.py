"""What a lesson shows of the explorer, and whether numbers wait for a prediction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..graph.checks import flag, items

PARTS = ("picture", "levers", "tradeoff", "where", "marginal", "sensitivity", "speed", "findings", "curve")


def lesson(show: Iterable[str] | None, predict: bool, costs: list[str]) -> dict[str, Any]:
    """Plain data for the page: the parts that are shown, the costs among ``costs``, and whether to predict.

    Raises ``ValueError`` for a name that is neither.
    """
    names = [*PARTS, *costs] if show is None else items(show, "show")
    for name in names:
        if name not in (*PARTS, *costs):
            raise ValueError(
                f"Expected parts of the explorer to show, of {', '.join(PARTS)}, or costs, of {', '.join(costs)}; "
                f"got {name!r}."
            )
    return {
        "parts": [part for part in PARTS if part in names],
        "costs": [cost for cost in costs if cost in names] or costs,
        "predict": flag(predict, "predict"),
    }
