"""Which widths can be cut is said as it was measured."""

from __future__ import annotations

import keras
import pandas as pd
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.training import Sensitivity
from structopt_widgets.widgets.heat_map import heat_map


@pytest.fixture
def space() -> sw.StructureSpace:
    hidden = [kl.Dense(8, name="a"), kl.Dense(8, name="b"), kl.Dense(2, name="out")]
    return sw.StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), *hidden]))


def found(lost: dict[tuple[str, int], float], metric: str = "accuracy") -> Sensitivity:
    rows = [{"group": group, "ratio": width / 8, "width": width, "lost": each} for (group, width), each in lost.items()]
    return Sensitivity(pd.DataFrame(rows), metric, 0.9)


def test_the_harmless_cuts_are_named_the_deepest_first(space: sw.StructureSpace) -> None:
    lost = {("a", 4): 0.005, ("a", 2): 0.4, ("b", 4): -0.01, ("b", 2): 0.01}
    shown = heat_map(space, found(lost))
    assert shown["words"] == "Cut alone, these lose at most one point of accuracy before training: b to 2, a to 4."
    place = {name: index for index, name in enumerate(space.width_groups)}
    assert [row["place"] for row in shown["rows"]] == [place["b"], place["a"]]
    assert shown["rows"][0]["cells"] == [[4, -0.01], [2, 0.01]]


def test_where_every_cut_costs_it_says_so(space: sw.StructureSpace) -> None:
    shown = heat_map(space, found({("a", 4): 0.2, ("b", 4): 0.02}, "r2"))
    assert shown["words"] == "No cut of one width alone keeps within 0.01 of R2, before training."
    assert shown["unit"] == "number"
