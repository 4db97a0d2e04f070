"""What cutting each width alone loses, as a map that the page draws, and in words."""

from __future__ import annotations

from typing import Any

from ..graph.wording import listed, say
from ..structure import StructureSpace
from ..training import Data
from ..training.references import is_hardly_above_chance
from ..training.sensitivity import Sensitivity

HARMLESS = 0.01  # of the score


def heat_map(space: StructureSpace, found: Sensitivity, untrained: str = "") -> dict[str, Any]:
    """A row a width group, by its place in the page's list, the least loss first; its cuts from mild to hard.

    ``untrained`` says that there is nothing to lose, where that is so.
    """
    places = {name: place for place, name in enumerate(space.width_groups)}
    rows: list[dict[str, Any]] = [
        {
            "place": places[str(name)],
            "cells": [[int(width), float(lost)] for width, lost in zip(cuts["width"], cuts["lost"], strict=True)],
        }
        for (name,), cuts in found.table.sort_values("width", ascending=False).groupby(["group"], sort=False)
    ]
    rows.sort(key=lambda row: (row["cells"][-1][1], row["place"]))
    unit = "share" if found.metric == "accuracy" else "number"
    return {"rows": rows, "score": float(found.score), "unit": unit, "words": untrained or _words(space, found)}


def said_of_untrained(score: float, data: Data) -> str:
    """That a model's own weights know nothing; empty where they know something."""
    if not is_hardly_above_chance(score, data):
        return ""
    return say(
        "The model's own weights do hardly better than chance, as those of an untrained model: what cuts lose is "
        "chance too. Train it, and explore it again."
    )


def _words(space: StructureSpace, found: Sensitivity) -> str:
    """Which groups can be cut, and how far."""
    loss = say("one point of accuracy") if found.metric == "accuracy" else say("{n} of R2", n=HARMLESS)
    harmless = found.table[found.table["lost"] <= HARMLESS]
    if harmless.empty:
        return say("No cut of one width alone keeps within {loss}, before training.", loss=loss)
    groups = harmless.loc[harmless.groupby("group", sort=False)["width"].idxmin()]
    shares = groups.assign(left=[row.width / space.width_groups[row.group].width for row in groups.itertuples()])
    best = shares.sort_values("left", kind="stable").head(3)
    cuts = [
        say("{group} to {width}", group=space.width_groups[row.group].title, width=row.width)
        for row in best.itertuples()
    ]
    told, more = listed(say(", "), cuts), len(shares) - len(best)
    if more:
        told = say("{cuts}, and {n} more", cuts=told, n=more)
    return say("Cut alone, these lose at most {loss} before training: {cuts}.", loss=loss, cuts=told)
