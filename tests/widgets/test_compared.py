"""Two trials are held against each other in the words of their test."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
from asked import ask

import structopt_widgets as sw


@pytest.fixture(scope="module")
def explorer() -> sw.Explorer:
    inputs = keras.Input((4,))
    x = keras.layers.Dense(6, activation="relu", name="hidden")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="out")(x))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 4)).astype("float32")
    return sw.explore(model, data=sw.Data(x, (x[:, 0] > 0).astype("int64")))


@pytest.mark.slow
def test_the_page_is_told_what_compare_says(explorer: sw.Explorer) -> None:
    space, data = explorer.space, explorer.exploration.data
    budget = sw.Budget(epochs=1, seeds=2)
    trials = [sw.quick_run(each, data, budget) for each in (space.baseline, space.baseline.with_width("hidden", 1))]
    first, second = (explorer.study.add(each).number for each in trials)
    found = sw.compare(explorer.study.trial(second), explorer.study.trial(first))
    ask(explorer, "compare", number=first, other=second)
    words = f"{found.verdict}: p = {found.p_value:.2g}, paired by samples"
    assert explorer.instrument.comparison == {"number": first, "other": second, "words": words}
    # Held the other way round it is the other verdict.
    back = sw.compare(explorer.study.trial(first), explorer.study.trial(second))
    ask(explorer, "compare", number=second, other=first)
    assert explorer.instrument.comparison["words"].startswith(f"{back.verdict}: ")


@pytest.mark.slow
def test_without_a_test_it_says_why(explorer: sw.Explorer) -> None:
    trial = sw.quick_run(explorer.space.baseline, explorer.exploration.data, sw.Budget(epochs=1, seeds=1))
    numbers = [
        explorer.study.add(each).number for each in (trial, trial, dataclasses.replace(trial, fingerprint="another"))
    ]
    ask(explorer, "compare", number=numbers[0], other=numbers[1])
    assert explorer.instrument.comparison["words"] == "one run each: not comparable"
    ask(explorer, "compare", number=numbers[0], other=numbers[2])
    assert explorer.instrument.comparison["words"] == "scored on other data: not comparable"
