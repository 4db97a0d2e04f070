"""Weights that a layer makes late, functions that TensorFlow compiles, and modes that Keras's layers bring along."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw

RNG = np.random.default_rng(0)


class Normed(kl.Layer):
    """A cell that holds another and makes its weights when it is called (Geron 2022, chapter 15)."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units
        self.cell, self.norm = kl.SimpleRNNCell(units, activation=None), kl.LayerNormalization()

    def call(self, inputs: Any, states: Any) -> Any:
        made = ops.tanh(self.norm(self.cell(inputs, states)[0]))
        return made, [made]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


@pytest.mark.parametrize("is_called", [False, True])
@pytest.mark.filterwarnings("ignore:`build.*` was called on layer")
def test_a_cell_that_makes_its_weights_when_it_is_called(is_called: bool) -> None:
    model = keras.Sequential([keras.Input((6, 5)), kl.RNN(Normed(20)), kl.Dense(3)])
    batch = RNG.normal(size=(4, 6, 5)).astype("float32")
    if is_called:
        model(batch)
    baseline = sw.StructureSpace.from_keras(model).baseline
    copy = baseline.build("inherit")
    expected = 5 * 20 + 20 * 20 + 20 + 2 * 20 + 20 * 3 + 3
    assert baseline.measure().n_params == copy.count_params() == model.count_params() == expected
    assert np.allclose(copy(batch), model(batch), atol=1e-6)


class Compiled(kl.Layer):
    def __init__(self, units: int) -> None:
        super().__init__()
        self.inner = kl.Dense(units, name="inner")

    @tf.function
    def call(self, x: Any) -> Any:
        return tf.nn.relu(self.inner(x))


def test_a_call_that_tensorflow_compiles_is_read_as_it_is_written() -> None:
    model = keras.Sequential([keras.Input((8,)), Compiled(12), kl.Dense(2)])
    batch = RNG.normal(size=(4, 8)).astype("float32")
    expected = model(batch)
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    assert np.allclose(space.baseline.build("inherit")(batch), expected, atol=1e-6)
    assert [each.width for each in space.width_groups.values() if not each.fixed] == [12]


class Resized(kl.Layer):
    """Keras's Resizing says that it is training, unless told otherwise, and so do then all that follow."""

    def build(self, _: Any) -> None:
        self.norm = kl.BatchNormalization()
        self.norm.build((None, 4, 4, 3))

    def call(self, x: Any) -> Any:
        return self.norm(kl.Resizing(4, 4)(x))


def test_a_mode_that_nobody_chose_is_inference() -> None:
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, Resized()(inputs))
    for weight in model.weights:
        weight.assign(RNG.uniform(0.5, 1.5, size=weight.shape))
    baseline = sw.StructureSpace.from_keras(model).baseline
    assert not baseline.measure().uncounted
    copy, batch = baseline.build("inherit"), RNG.normal(size=(2, 4, 4, 3)).astype("float32")
    for training in (False, True):
        assert np.allclose(copy(batch, training=training), model(batch, training=training), atol=1e-5)


class Auxiliary(keras.Model):
    """A second output in training, as GoogLeNet has."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head, self.aux = kl.Dense(12), kl.Dense(3), kl.Dense(5)

    def call(self, x: Any, training: bool = False) -> Any:
        x = self.stem(x)
        return (self.head(x), self.aux(x)) if training else self.head(x)


def test_a_model_that_returns_more_in_training_is_read_as_it_is_used() -> None:
    model, batch = Auxiliary(), RNG.normal(size=(4, 8)).astype("float32")
    model(batch, training=True)
    space = sw.StructureSpace.from_keras(model)
    copy = space.baseline.build("inherit")
    assert space.baseline.measure().n_params == model.count_params() == copy.count_params()
    assert "training" in str(space.baseline.function_changes())
    assert np.allclose(copy(batch), model(batch), atol=1e-6)
    assert [each.width for each in space.width_groups.values() if not each.fixed] == [12]


class Computed(keras.Model):
    """Computes what it then throws away."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head, self.lost = kl.Dense(12), kl.Dense(3), kl.Dense(7, name="lost")

    def call(self, x: Any) -> Any:
        x = self.stem(x)
        self.lost(x)
        return self.head(x)


def test_weights_that_the_proof_did_without_are_there_and_cost_nothing() -> None:
    model, batch = Computed(), RNG.normal(size=(4, 8)).astype("float32")
    model(batch)
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert (cost.n_params, cost.macs) == (8 * 12 + 12 + 12 * 3 + 3 + 12 * 7 + 7, 8 * 12 + 12 * 3)
    assert not cost.uncounted
    assert space.baseline.build("inherit").count_params() == cost.n_params
    assert "lost" in space.graph.layers["not_read"].closed
