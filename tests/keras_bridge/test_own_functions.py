"""Activation functions that a user wrote with keras.ops are counted by their operations."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw
from structopt_widgets.graph import ModelGraph


@keras.saving.register_keras_serializable("test_own_functions")
def gelu_by_tanh(x: Any) -> Any:
    """Half of x, a cube, three products, two sums, a tanh; NumPy's number comes first in one of them."""
    return 0.5 * x * (1.0 + ops.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))


@keras.saving.register_keras_serializable("test_own_functions")
def normalized(x: Any) -> Any:
    return x / ops.sum(x, -1, keepdims=True)


@keras.saving.register_keras_serializable("test_own_functions")
def looks_at_values(x: Any) -> Any:
    return x * float(ops.max(x))


def model_of(activation: Callable[[Any], Any]) -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, kl.Dense(2, name="out")(kl.Dense(9, activation=activation, name="own")(inputs)))


@pytest.mark.parametrize(
    ("function", "flops", "span"),
    [
        (gelu_by_tanh, 8, 7),
        (lambda x: ops.maximum(x, 0) ** 2, 2, 2),
        (lambda x: (x + 1) * (x - 1), 3, 2),
        (kl.LeakyReLU(), 2, 2),
    ],
)
@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_a_function_is_counted_by_its_operations(function: Any, flops: int, span: int) -> None:
    space = sw.StructureSpace.from_keras(model_of(function))
    plain = sw.StructureSpace.from_keras(model_of(keras.activations.linear))
    for width in (9, 4):
        ours, without = (each.baseline.with_width("own", width).measure() for each in (space, plain))
        assert not ours.uncounted
        assert ours.flops - without.flops == flops * width
        assert ours.span - without.span == span
    batch = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    given = space.baseline.build("inherit")
    assert given(batch).shape == (3, 2)
    assert space.baseline.with_width("own", 4).build()(batch).shape == (3, 2)
    other = space.baseline.with_activation("own", "relu")
    assert other.measure().flops - plain.baseline.measure().flops == 9


@pytest.mark.parametrize(("approximate", "flops", "span"), [(True, 8, 7), (False, 5, 5)])
@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_gelu_costs_the_same_as_an_operation_and_written_out(approximate: bool, flops: int, span: int) -> None:
    written = gelu_by_tanh if approximate else lambda x: 0.5 * (x * (1.0 + ops.erf(x / 2.0**0.5)))
    costs = []
    for function in (written, functools.partial(ops.gelu, approximate=approximate)):
        inputs = keras.Input((6,))
        for layer in (kl.Activation(function), kl.Dense(6, activation=function)):
            made = layer(inputs)
            cost = sw.measure(keras.Model(inputs, made))
            assert not cost.uncounted
            costs.append((cost.flops - 2 * cost.macs - 6 * (cost.n_params > 0), cost.span - 5 * (cost.n_params > 0)))
    inputs = keras.Input((6,))  # and by itself
    cost = sw.measure(keras.Model(inputs, ops.gelu(inputs, approximate)))
    # A product with a kernel of six rows is one operation and three of the sum; then a bias.
    assert {*costs, (cost.flops, cost.span)} == {(6 * flops, span)}


def test_a_function_that_cannot_be_read_is_named() -> None:
    cost = sw.StructureSpace.from_keras(model_of(looks_at_values)).baseline.measure()
    assert "own" in cost.uncounted


def test_a_function_that_mixes_channels_is_opened_with_its_layer() -> None:
    model = model_of(normalized)
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert cost.flops == 2 * (6 * 9 + 9 * 2) + 9 + 2 + 8 + 9  # products, biases, a sum of nine, nine divisions
    batch = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    assert np.allclose(space.baseline.build("inherit")(batch), model(batch), atol=1e-5)
    assert [each.width for each in space.width_groups.values() if not each.fixed] == [9]


def test_the_gates_of_a_recurrence_may_be_functions_of_ones_own() -> None:
    def space_of(gate: Any) -> sw.StructureSpace:
        inputs = keras.Input((5, 3))
        return sw.StructureSpace.from_keras(keras.Model(inputs, kl.LSTM(4, recurrent_activation=gate)(inputs)))

    ours, keras_own = (space_of(gate).baseline.measure() for gate in (gelu_by_tanh, "relu"))
    assert not ours.uncounted
    assert ours.flops - keras_own.flops == 5 * 4 * 3 * (8 - 1)  # three gates of four units, at five steps


def test_what_is_known_of_a_function_is_kept_in_json() -> None:
    graph = sw.StructureSpace.from_keras(model_of(gelu_by_tanh)).graph
    assert ModelGraph.from_json(graph.to_json()).layers["own"].functions == {"activation": (8, 7)}


def gelu(x: Any) -> Any:
    """The quick one (Hendrycks and Gimpel 2016), under the name of Keras's."""
    return x * ops.sigmoid(1.702 * x)


class Scaled:
    """A callable object with the name of Keras's silu."""

    __name__ = "silu"

    def __call__(self, x: Any) -> Any:
        return x * ops.sigmoid(2.0 * x)


def dense_of(function: Any, x: Any) -> Any:
    return kl.Dense(9, activation=function, name="own")(x)


def activation_of(function: Any, x: Any) -> Any:
    return kl.Activation(function)(kl.Dense(9, name="own")(x))


def lstm_of(function: Any, x: Any) -> Any:
    return kl.LSTM(9, activation=function, name="own")(kl.Reshape((3, 2))(x))


@pytest.mark.parametrize("layer", [dense_of, activation_of, lstm_of])
@pytest.mark.parametrize(
    "function",
    [gelu, Scaled(), ops.gelu, tf.nn.gelu, functools.partial(keras.activations.gelu, approximate=True)],
    ids=["named like Keras's", "object", "keras.ops", "tf.nn", "partial"],
)
def test_a_copy_has_the_function_itself_whatever_its_name(function: Any, layer: Any) -> None:
    inputs = keras.Input((6,))
    model = keras.Model(inputs, kl.Dense(2)(layer(function, inputs)))
    batch = np.random.default_rng(0).normal(size=(64, 6), scale=3).astype("float32")
    baseline = sw.StructureSpace.from_keras(model).baseline
    assert not baseline.measure().uncounted
    assert np.allclose(baseline.build("inherit")(batch), model(batch), atol=1e-6)
    assert baseline.with_width("own", 4).build()(batch).shape == (64, 2)


def test_an_activation_with_weights_is_a_layer_of_its_own() -> None:
    inputs = keras.Input((6,))
    model = keras.Model(inputs, kl.Dense(2)(kl.Dense(9, activation=kl.PReLU(), name="own")(inputs)))
    for weight in model.weights:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    batch = np.random.default_rng(1).normal(size=(5, 6)).astype("float32")
    space = sw.StructureSpace.from_keras(model)
    assert space.baseline.measure().n_params == model.count_params() == 6 * 9 + 9 + 9 + 9 * 2 + 2
    assert np.allclose(space.baseline.build("inherit")(batch), model(batch), atol=1e-6)
    (group,) = [each for each in space.width_groups.values() if not each.fixed]
    narrow = space.baseline.with_width(group.name, 4)
    assert narrow.measure().n_params == narrow.build().count_params() == 6 * 4 + 4 + 4 + 4 * 2 + 2


def test_activations_are_read_whatever_they_hold() -> None:
    layers = keras.layers

    class Borrowed(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(4)

        def call(self, x: Any) -> Any:
            return self.dense(x) + self.dense.bias

    unbuilt = layers.Conv2D(8, 3, activation=layers.PReLU(shared_axes=[1, 2]))
    assert sw.measure(keras.Sequential([keras.Input((8, 8, 1)), unbuilt])).n_params == 9 * 8 + 8 + 8
    assert sw.measure(keras.Sequential([keras.Input((3,)), Borrowed()])).n_params == 3 * 4 + 4
    known, named = (
        sw.measure(keras.Sequential([keras.Input((3,)), layers.Dense(4, activation=each)]))
        for each in (keras.ops.relu, "relu")
    )
    assert known.values == named.values


def test_an_activation_that_reads_a_weight_reads_the_copys_own() -> None:
    class Swish(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.beta = self.add_weight(shape=(), initializer="ones", name="beta")
            self.dense = keras.layers.Dense(8, activation=self.swish)

        def swish(self, x: Any) -> Any:
            return x * keras.ops.sigmoid(self.beta * x)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Swish()
    x = np.ones((2, 3), "float32")
    model(x)
    copy = sw.StructureSpace.from_keras(model, input_shape=(3,)).baseline.build()
    before = np.asarray(copy(x))
    model.beta.assign(5.0)
    assert (np.asarray(copy(x)) == before).all()
