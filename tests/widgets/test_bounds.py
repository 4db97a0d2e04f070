"""Widths that a control could take and a structure could not."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from asked import ask

import structopt_widgets as sw
from structopt_widgets.structure import StructureSpace
from structopt_widgets.widgets.page_model import page_model


def grouped_model() -> keras.Model:
    """Its second convolution has two groups: widths beside it are even."""
    inputs = keras.Input((6, 6, 1))
    x = keras.layers.Conv2D(8, 3, activation="relu", name="first")(inputs)
    x = keras.layers.Conv2D(12, 3, groups=2, name="second")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, keras.layers.Dense(2, name="out")(x), name="grouped")


def wide_trial(space: StructureSpace) -> sw.Trial:
    x = np.random.default_rng(0).normal(size=(40, 6, 6, 1)).astype("float32")
    return sw.quick_run(
        space.baseline.with_width("first", 32), sw.Data(x, np.arange(40) % 2), sw.Budget(epochs=1, seeds=1)
    )


def test_the_browser_is_given_what_rounds_a_typed_width() -> None:
    explorer = sw.explore(grouped_model())
    groups = page_model(explorer.space)["groups"]
    assert [each["name"] for each in groups] == ["first", "second", "out"]
    for spec in groups[:2]:
        group = explorer.space.width_groups[spec["name"]]
        assert (spec["lower"], spec["upper"], spec["divisor"]) == (group.lower, group.upper, 2)


def test_a_width_between_two_that_are_allowed_is_rounded() -> None:
    explorer = sw.explore(grouped_model())
    slider = explorer.controls["first"].width
    slider.value = 5
    assert slider.value == explorer.structure.widths["first"] == 6
    slider.value = 5
    assert slider.value == 6


def test_a_width_beyond_the_bounds_is_refused_and_nothing_moves() -> None:
    model = grouped_model()
    explorer = sw.explore(model)
    before = explorer.structure.with_width("second", 4)
    explorer.structure = before
    wide = StructureSpace.from_keras(model, growth=4).baseline.with_width("second", 6).with_width("first", 32)
    heard: list[None] = []
    explorer.observe(lambda _: heard.append(None), names="structure")
    with pytest.raises(ValueError, match="Expected a width of 'first' from 2 to 16, got 32"):
        explorer.structure = wide
    assert explorer.structure == before
    assert heard == []


@pytest.mark.slow
def test_choosing_such_a_trial_says_so() -> None:
    model = grouped_model()
    explorer = sw.explore(model)
    explorer.add(wide_trial(StructureSpace.from_keras(model, growth=4)))
    ask(explorer, "choose", number=0)
    assert "Expected a width of 'first' from 2 to 16, got 32" in explorer.background.message.alert
    with pytest.raises(ValueError, match="Expected a width of 'first' from 2 to 16, got 32"):
        explorer.choose(0)
    assert explorer.structure == explorer.space.baseline
