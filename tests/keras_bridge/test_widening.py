"""A model grows from its own weights: the same function at first, and room to learn more."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from zoo.specimen import randomize

import structopt_widgets as sw

read = sw.StructureSpace.from_keras


def sequential(*layers: Any) -> keras.Model:
    model = keras.Sequential(list(layers))
    randomize(model)
    return model


def weights(model: keras.Model, layer: str) -> list[np.ndarray]:
    return [np.asarray(weight) for weight in model.get_layer(layer).weights]


def same_outputs(one: keras.Model, other: keras.Model, batch: np.ndarray) -> bool:
    np.testing.assert_allclose(np.asarray(one(batch)), np.asarray(other(batch)), atol=1e-5, rtol=1e-5)
    return True


def test_units_are_copied_in_turn_and_their_outgoing_weights_divided() -> None:
    model = sequential(keras.Input((6,)), kl.Dense(3, name="a"), kl.Dense(2, name="b"))
    wide = read(model, growth=3).baseline.with_width("a", 7).build()
    copies = [0, 1, 2, 0, 1, 2, 0]
    np.testing.assert_array_equal(weights(wide, "a")[0], weights(model, "a")[0][:, copies])
    np.testing.assert_array_equal(weights(wide, "a")[1], weights(model, "a")[1][copies])
    parts = np.array([1 / 6, 1 / 3, 1 / 3, 2 / 6, 2 / 3, 2 / 3, 3 / 6])
    np.testing.assert_allclose(weights(wide, "b")[0], weights(model, "b")[0][copies] * parts[:, None], rtol=1e-6)
    np.testing.assert_array_equal(weights(wide, "b")[1], weights(model, "b")[1])


def test_a_flattened_copy_is_divided_in_every_place() -> None:
    model = sequential(
        keras.Input((2, 2, 3)), kl.Conv2D(4, 1, name="a"), kl.BatchNormalization(), kl.Flatten(), kl.Dense(2, name="b")
    )
    wide = read(model).baseline.with_width("a", 5).build()
    old, new = weights(model, "b")[0].reshape(4, 4, 2), weights(wide, "b")[0].reshape(4, 5, 2)
    np.testing.assert_array_equal(new[:, 1:4], old[:, 1:])
    np.testing.assert_allclose(new[:, 0] + new[:, 4], old[:, 0], rtol=1e-6)


def test_one_width_narrows_while_another_grows() -> None:
    model = sequential(keras.Input((6,)), *(kl.Dense(n, activation="tanh", name=f"d{n}") for n in (5, 4)), kl.Dense(2))
    narrow = read(model).baseline.with_width("d5", 3)
    both = narrow.with_width("d4", 9)
    assert set(both.function_changes()) == {"widths.d5"}
    assert same_outputs(narrow.build(), both.build(), np.random.default_rng(0).normal(size=(4, 6)))


def test_a_head_size_makes_up_for_the_root_it_is_divided_by() -> None:
    inputs = keras.Input((5, 6))
    x = kl.MultiHeadAttention(2, 3, name="attention")(inputs, inputs)
    model = keras.Model(inputs, kl.Dense(2)(x))
    randomize(model)
    structure = read(model).baseline.with_width("attention head size", 5).with_width("attention heads", 3)
    assert not structure.function_changes()
    assert same_outputs(model, structure.build(), np.random.default_rng(0).normal(size=(2, 5, 6)))


@pytest.mark.parametrize("kind", ["LayerNormalization", "RMSNormalization", "GroupNormalization"])
def test_a_normalization_stands_whole_multiples_only(kind: str) -> None:
    normalization = getattr(kl, kind)(**({"groups": 2} if kind == "GroupNormalization" else {}))
    model = sequential(keras.Input((6,)), kl.Dense(4, name="a"), normalization, kl.Dense(2))
    space = read(model, growth=4)
    for width in (8, 12, 16):
        structure = space.baseline.with_width("a", width)
        assert not structure.function_changes()
        assert same_outputs(model, structure.build(), np.random.default_rng(0).normal(size=(4, 6)))
    uneven = space.baseline.with_width("a", 6)
    assert list(uneven.function_changes()) == ["widths.a"]
    assert "unequal numbers of copies" in uneven.function_changes()["widths.a"]


def test_what_changes_the_function_is_said_choice_by_choice() -> None:
    layers = [kl.Dense(4, name="a"), kl.Dense(6, activation="softmax", name="b"), kl.Dense(5, name="c"), kl.Dense(2)]
    base = read(sequential(keras.Input((6,)), *layers)).baseline
    assert base.function_changes() == {}
    assert base.with_width("c", 7).with_initializer("a", "zeros").function_changes() == {}
    changed = base.with_width("a", 3).with_width("b", 12).with_activation("c", "relu").with_bias("c", False)
    assert changed.function_changes() == {
        "widths.a": "is narrowed from 4 to 3",
        "widths.b": "b combines all its units, so that a copy counts as one more",
        "activations.c": "is relu, was linear",
        "biases.c": "is False, was True",
    }


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_copies_learn_apart(optimizer: str) -> None:
    model = sequential(keras.Input((6,)), kl.Dense(4, activation="tanh", name="a"), kl.Dense(3))
    wide = read(model).baseline.with_width("a", 8).build()
    kernel = weights(wide, "a")[0]
    np.testing.assert_array_equal(kernel[:, :4], kernel[:, 4:])
    wide.compile(optimizer, "mse")
    rng = np.random.default_rng(0)
    wide.fit(rng.normal(size=(64, 6)), rng.normal(size=(64, 3)), epochs=20, verbose=0)
    kernel = weights(wide, "a")[0]
    # With equal parts they would differ by rounding at most.
    assert np.abs(kernel[:, :4] - kernel[:, 4:]).max(axis=0).min() > 1e-4


def test_what_is_left_out_is_no_reason_for_another_change() -> None:
    inputs = keras.Input((6,))
    stem = keras.layers.Dense(6, name="stem")(inputs)
    branch = keras.layers.Dense(6, activation="softmax", name="out")(keras.layers.Dense(4, name="in")(stem))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Add(name="add")([stem, branch])))
    changed = sw.StructureSpace.from_keras(model).baseline.with_width("stem", 9).with_width("in", 2)
    assert set(changed.function_changes()) == {"widths.stem", "widths.in"}
    assert changed.with_block("add", False).function_changes() == {"blocks.add": "is left out"}
