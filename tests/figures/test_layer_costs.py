"""Bars of layers."""

from __future__ import annotations

import pandas as pd
import pytest

from structopt_widgets.figures import plot_layer_costs
from structopt_widgets.figures.layer_costs import LayerCostsInfo, _layer_costs_info


class Report:
    """As much of a cost report as a figure needs."""

    def __init__(self, **n_params: int) -> None:
        self.by_layer = pd.DataFrame(
            {"kind": "Dense", "n_params": list(n_params.values()), "live_bytes": 1024, "counted": True},
            index=[*n_params],
        )


def test_layers_in_order_with_the_baseline_beside_them() -> None:
    info = _layer_costs_info(Report(first=10, second=5), "n_params", None)
    assert info == LayerCostsInfo("n_params", ("first", "second"), (10, 5), None)
    info = _layer_costs_info(Report(first=10, second=5), "n_params", Report(second=8, third=1))
    assert info == LayerCostsInfo("n_params", ("first", "second", "third"), (10, 5, 0), (0, 8, 1))


def test_the_drawing() -> None:
    figure = plot_layer_costs(Report(first=10, second=5), baseline=Report(first=20, second=9).by_layer)
    ghost, bars = figure.data
    assert (ghost.x, ghost.name, bars.x) == ((20, 9), "baseline", (10, 5))
    assert bars.y == ("first", "second")
    assert [(words.x, words.y, words.text) for words in figure.layout.annotations] == [
        (20, "first", "10, was 20"),
        (9, "second", "5, was 9"),
    ]
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.xaxis.title.text == "Parameters"
    in_bytes = plot_layer_costs(Report(first=10).by_layer, metric="live_bytes")
    assert len(in_bytes.data) == 1
    assert in_bytes.data[0].text == ("1.00 KiB",)


def test_words_beside_the_longest_bar_have_room() -> None:
    figure = plot_layer_costs(Report(first=12_345_678), baseline=Report(first=23_456_789), language="zh")
    text = figure.layout.annotations[0].text
    assert "原为" in text
    assert figure.layout.margin.r >= 7 * len(text)


def test_layer_names_are_escaped() -> None:
    assert plot_layer_costs(Report(**{"<a>": 1})).data[0].y == ("&lt;a&gt;",)


@pytest.mark.parametrize("metric", ["kind", "counted", "accuracy"])
def test_other_columns_are_refused(metric: str) -> None:
    with pytest.raises(ValueError, match=f"one of: n_params, live_bytes; got '{metric}'"):
        plot_layer_costs(Report(first=1), metric=metric)
    with pytest.raises(TypeError, match=r"Expected a CostReport.*got 3"):
        plot_layer_costs(3)  # type: ignore[arg-type] # the point of the test
