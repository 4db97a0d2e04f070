"""Functions and objects of a user's own stay the user's inside wrappers and own classes, whatever their names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw
from structopt_widgets.keras_bridge.reading.whose_functions import has_weighted_activation
from structopt_widgets.keras_bridge.without_weights import pending_weights

PACKAGE = "test_held_inside"
RNG = np.random.default_rng(0)


@keras.saving.register_keras_serializable(PACKAGE)
def relu(x: Any) -> Any:
    """Named as Keras's, with a floor and a ceiling: two operations for one."""
    return ops.minimum(ops.maximum(x, -0.3), 0.3)


class Ceiling:
    """A callable that no configuration can hold."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(self, x: Any) -> Any:
        return ops.maximum(ops.minimum(x, self.limit), -self.limit)


@keras.saving.register_keras_serializable(PACKAGE)
class Doubled(kl.Layer):
    """Holds a layer, and computes otherwise in training: it is kept whole."""

    def __init__(self, inner: kl.Layer, act: Any = "relu", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner, self.act = inner, keras.activations.get(act)

    def call(self, x: Any, training: bool = False) -> Any:
        made = self.act(self.inner(x))
        return 2 * made if training else made

    def get_config(self) -> dict[str, Any]:
        inner = keras.saving.serialize_keras_object(self.inner)
        return super().get_config() | {"inner": inner, "act": keras.activations.serialize(self.act)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Doubled:
        return cls(keras.saving.deserialize_keras_object(config.pop("inner")), **config)


def bidirectional(function: Any) -> kl.Layer:
    """What it wraps is made anew from a configuration, so that some functions can only be put in."""
    layer = kl.Bidirectional(kl.SimpleRNN(4, return_sequences=True))
    for each in (layer.forward_layer, layer.backward_layer):
        each.cell.activation = keras.activations.get(function)
    return layer


def in_each_step(kind: Callable[..., kl.Layer], function: Any) -> kl.Layer:
    return kl.TimeDistributed(kind(4, activation=function))


# A layer around a function, and how often it is applied for each of 4 units and 5 timesteps.
MAKERS: dict[str, tuple[Callable[[Any], kl.Layer], int]] = {
    "each step": (functools.partial(in_each_step, kl.Dense), 1),
    "two wrappers": (lambda f: kl.TimeDistributed(kl.SpectralNormalization(kl.Dense(4, activation=f))), 1),
    "both directions": (bidirectional, 2),
    "a cell": (lambda f: kl.RNN(kl.SimpleRNNCell(4, activation=f), return_sequences=True), 1),
    "cells": (
        lambda f: kl.RNN([kl.SimpleRNNCell(6, activation="tanh"), kl.GRUCell(4, activation=f)], return_sequences=True),
        1,
    ),
    "spectral": (lambda f: kl.SpectralNormalization(kl.Dense(4, activation=f)), 1),
}
FUNCTIONS = {
    "named as Keras's": relu,
    "an object": Ceiling(0.3),
    "a partial": functools.partial(ops.clip, x_min=-0.3, x_max=0.3),
}


def model_of(layer: kl.Layer) -> keras.Model:
    inputs = keras.Input((5, 6))
    model = keras.Model(inputs, kl.Dense(2)(layer(kl.Dense(7, name="before")(inputs))))
    for each in model.weights:
        if each.dtype == "float32":
            each.assign(RNG.normal(size=each.shape))
    return model


EACH = [
    pytest.param(
        MAKERS[maker],
        FUNCTIONS[function],
        id=f"{maker}, {function}",
        marks=pytest.mark.slow if quick else pytest.mark.exhaustive,
    )
    for row, maker in enumerate(MAKERS)
    for column, function in enumerate(FUNCTIONS)
    for quick in [(row + column) % len(FUNCTIONS) == 0]
]


@pytest.mark.parametrize(("made", "function"), EACH)
def test_a_function_inside_a_wrapper_is_counted_and_computed_with(made: Any, function: Any) -> None:
    maker, times = made
    model = model_of(maker(function))
    space, plain = (sw.StructureSpace.from_keras(each) for each in (model, model_of(maker("linear"))))
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert cost.flops - plain.baseline.measure().flops == 2 * times * 4 * 5
    batch = RNG.normal(size=(3, 5, 6)).astype("float32")
    np.testing.assert_allclose(space.baseline.build("inherit")(batch), model(batch), atol=1e-6)
    narrow = space.scaled(0.6)
    assert narrow.build().count_params() == narrow.measure().n_params
    with pytest.raises(ValueError, match="whose code is yours"):
        space.baseline.code()


def test_functions_in_a_layer_of_ones_own_that_is_kept_whole() -> None:
    model = model_of(Doubled(kl.Dense(4, activation=Ceiling(0.5)), act=relu))
    baseline = sw.StructureSpace.from_keras(model).baseline
    copy = baseline.build("inherit")
    batch = RNG.normal(size=(3, 5, 6)).astype("float32")
    for training in (False, True):
        np.testing.assert_allclose(copy(batch, training=training), model(batch, training=training), atol=1e-6)


class SumOfSquares(keras.regularizers.Regularizer):
    """Has an argument, and no configuration that says it."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, x: Any) -> Any:
        return self.factor * ops.sum(ops.square(x))


def l2(x: Any) -> Any:
    """Named as Keras's."""
    return 3.0 * ops.sum(ops.abs(x))


class Filled(keras.initializers.Initializer):
    """Has an argument, and no configuration that says it."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return ops.full(shape, self.value, dtype=dtype)


@pytest.mark.parametrize("regularizer", [SumOfSquares(0.1), l2, functools.partial(ops.sum, axis=None)])
@pytest.mark.parametrize(
    "maker",
    [
        lambda **own: kl.TimeDistributed(kl.Dense(4, **own)),
        lambda **own: kl.RNN([kl.GRUCell(4, **own)], return_sequences=True),
        lambda **own: kl.RNN(kl.SimpleRNNCell(4, **own), return_sequences=True),
    ],
)
def test_objects_inside_a_wrapper_make_the_copy_too(maker: Any, regularizer: Any) -> None:
    model = model_of(maker(kernel_regularizer=regularizer, kernel_initializer=Filled(0.25), kernel_constraint=relu))
    space = sw.StructureSpace.from_keras(model)
    copy = space.baseline.build("inherit")
    assert len(copy.losses) == len(model.losses) == 1
    np.testing.assert_allclose(sum(copy.losses), sum(model.losses), rtol=1e-6)
    fresh = space.baseline.with_width("before", 3).build("fresh")
    kernel = next(each for each in fresh.layers[2].weights if each.name == "kernel")
    np.testing.assert_array_equal(kernel, np.full(kernel.shape, 0.25, "float32"))
    assert kernel.constraint is relu


def test_attention_keeps_a_regularizer_of_ones_own() -> None:
    inputs = keras.Input((5, 8))
    own = {"kernel_regularizer": SumOfSquares(0.1), "bias_constraint": relu}
    given = keras.Model(inputs, kl.MultiHeadAttention(2, 4, **own)(inputs, inputs))
    copy = sw.StructureSpace.from_keras(given).baseline.build("inherit")
    np.testing.assert_allclose(sum(copy.losses), sum(given.losses), rtol=1e-6)
    assert len(copy.losses) == len(given.losses) == 4  # queries, keys, values, output
    assert [each.constraint for each in copy.weights] == [each.constraint for each in given.weights]


def test_looking_for_weights_of_an_activation_leaves_none_to_allocate() -> None:
    before = pending_weights()
    assert not has_weighted_activation(kl.Dense(4, activation=kl.LeakyReLU()))
    assert has_weighted_activation(kl.Dense(4, activation=kl.PReLU()))
    assert [*map(id, pending_weights())] == [*map(id, before)]


class Forgetful(kl.Layer):
    """Has a factor that its configuration leaves out, and another in training: it is kept whole."""

    def __init__(self, units: int, factor: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.factor, self.inner = units, factor, kl.Dense(units)

    def call(self, x: Any, training: bool = False) -> Any:
        made = self.factor * self.inner(x)
        return 2 * made if training else made

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_what_a_configuration_leaves_out_is_named(factor: float) -> None:
    model = model_of(Forgetful(4, factor, name="forgetful"))
    before = [each.numpy() for each in model.weights]
    baseline = sw.StructureSpace.from_keras(model).baseline
    changes = baseline.function_changes()
    assert [*changes] == ([] if factor == 1.0 else ["forgetful"])
    assert factor == 1.0 or "is another when its configuration makes it again, inference" in changes["forgetful"]
    for mine, theirs in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(mine, theirs)
