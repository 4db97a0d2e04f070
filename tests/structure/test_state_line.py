"""A structure as one line, and back: the same for any structure, and nothing else is read."""

from __future__ import annotations

import random

import keras
import pytest
from keras import layers as kl

import structopt_widgets as sw

HOSTILE = "a'b\"c\\ ;).with_width("


@pytest.fixture(scope="module")
def space() -> sw.StructureSpace:
    inputs = keras.Input((6,))
    x = kl.Dense(6, "relu", name="stem")(inputs)
    x = kl.Add(name="sum")([x, kl.Dense(6, "tanh", name=HOSTILE)(x)])
    return sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(x)))


def test_any_structure_comes_back_from_its_line(space: sw.StructureSpace) -> None:
    rng = random.Random(0)
    for structure in [space.baseline, *(space.sample(rng) for _ in range(40))]:
        structure = structure.with_initializer("stem", rng.choice(["zeros", "he_normal"]))
        assert space.from_python(f" {structure.to_python()}\n") == structure
        assert "\n" not in structure.to_python()


def test_the_explorer_goes_where_the_line_says_in_one_step(space: sw.StructureSpace) -> None:
    line = space.scaled(0.5).with_bias("stem", False).to_python()
    explorer = sw.explore(space, state=line)
    assert explorer.state == line
    explorer.undo()
    assert explorer.state == "space.baseline"
    with pytest.raises(ValueError, match="Did you mean 'stem'"):
        explorer.state = "space.baseline.with_width('stm', 3)"
    assert explorer.state == "space.baseline"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("", "no Python"),
        ("space.baseline.with_width('stem', 3", "no Python"),
        ("other.baseline.with_width('stem', 3)", "does not begin with space.baseline"),
        ("space.baseline.with_width('stem', 10**9)", "as constants"),
        ("space.baseline.with_width('stem', channels=3)", "as constants"),
        ("space.baseline.build('stem', 3)", "Expected a step"),
        ("space.baseline.with_width('stem', 0)", "width"),
        ("space.baseline.with_activation('stem', 'exec')", "activation"),
        ("(" * 100_000, "no Python"),
    ],
)
def test_any_other_line_is_refused_in_words(space: sw.StructureSpace, line: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        space.from_python(line)


def test_what_is_no_text_is_refused(space: sw.StructureSpace) -> None:
    with pytest.raises(TypeError, match="Expected a line"):
        space.from_python(3)  # type: ignore[arg-type]
