"""Numbers that are no cost and no trial's tell how they came about: held against counting by hand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from asked import ask
from keras import layers as kl

import structopt_widgets as sw


@pytest.fixture(scope="module")
def data() -> sw.Data:
    x = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
    y = (x[:, 0] > 0.3).astype(int)
    return sw.Data(x[:30], y[:30], x[30:], y[30:])


@pytest.fixture(scope="module")
def explorer(data: sw.Data) -> sw.Explorer:
    hidden = kl.Dense(8, "relu", name="hidden")
    return sw.explore(keras.Sequential([keras.Input((4,)), hidden, kl.Dense(2, name="out")]), data)


def told(explorer: sw.Explorer, metric: str, value: float, **more: Any) -> dict[str, Any]:
    of = {"name": metric, "value": value, "batch_size": 1, **more}
    ask(explorer, "receipt", metric=metric, of=of)
    explorer._wiring._teller.wait()
    found: dict[str, Any] = explorer.instrument.receipt
    assert (found["metric"], found["layer"], found["of"]) == (metric, None, of)
    return found


def test_chance_and_the_linear_model_are_right_ones_of_the_validation_samples(
    explorer: sw.Explorer, data: sw.Data
) -> None:
    most = int(np.bincount(data.y).argmax())
    right = int(np.sum(data.y_val == most))
    chance = told(explorer, "reference", sw.reference_scores(data)["chance"], key="chance")
    assert chance["lines"][0]["formula"] == f"{right} / 10"
    assert "most frequent class" in chance["notes"][1]
    score = sw.reference_scores(data)["linear model"]
    linear = told(explorer, "reference", score, key="linear model")
    assert linear["lines"][0]["formula"] == f"{round(10 * score)} / 10"
    assert "ridge regression" in linear["notes"][1]


def test_the_preview_says_what_it_counts_and_that_nothing_was_trained(explorer: sw.Explorer) -> None:
    found = told(explorer, "preview", 0.7, changes={"widths": [[0, 5]]})
    assert found["lines"][0]["formula"] == "7 / 10"
    assert "Nothing was trained" in " ".join(found["notes"])


def test_the_hypervolume_is_the_sum_of_what_the_front_adds(explorer: sw.Explorer) -> None:
    rows = [(0.9, 100), (0.5, 1), (0.8, 10), (0.7, 50)]
    trials = [
        {"number": number, "score": score, "training": 0, "costs": {"n_params": size}}
        for number, (score, size) in enumerate(rows)
    ]
    explorer.instrument.study = {**explorer.instrument.study, "trials": trials}
    found = told(explorer, "hypervolume", 0.375)
    assert found["lines"][0]["formula"] == "0.0000 + 0.3750 + 0.0000"
    assert found["lines"][0]["value"] == pytest.approx(0.375)
    assert "(trial 0, trial 2, trial 1)" in found["notes"][1]
    assert "Parameters 1 to 100" in found["notes"][0]


def test_without_data_it_says_why_there_is_nothing() -> None:
    bare = sw.explore(keras.Sequential([keras.Input((4,)), kl.Dense(2, name="out")]))
    assert "Expected data" in told(bare, "preview", 0.7)["error"]
