"""Dense models: ways to write one, and what their layers may be like."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers as kl

from .specimen import specimen


class Article(keras.Model):
    """The walkthrough's model."""

    def __init__(self) -> None:
        super().__init__()
        self.first = kl.Dense(12, activation="relu", name="first")
        self.second = kl.Dense(6, activation="relu", name="second")
        self.third = kl.Dense(3, activation="softmax", name="third")

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        return self.third(self.second(self.first(inputs)))


class TwoSided(keras.Model):
    """Subclassed, with two inputs and a bare operation between layers."""

    def __init__(self) -> None:
        super().__init__()
        self.left = kl.Dense(5, name="left")
        self.right = kl.Dense(5, name="right")
        self.add = kl.Add(name="add")
        self.out = kl.Dense(2, name="out")

    def call(self, inputs: Any) -> Any:
        left, right = inputs
        return self.out(self.add([self.left(left), self.right(right)]))


class Doubling(kl.Layer):
    """A user's own layer, without a rule: opened to its operations."""

    def call(self, inputs: Any) -> Any:
        return inputs * 2.0


class OwnDense(kl.Dense):
    """A user's subclass that changes nothing about what is computed."""


def own_activation(x: Any) -> Any:
    """What no table has, and no symbolic tensor can enter."""
    return tf.math.bessel_i0e(x)


@specimen((10,))
def mlp() -> keras.Model:
    x = inputs = keras.Input((10,))
    x = kl.Dense(16, activation="relu")(x)
    x = kl.Dense(8, activation="tanh")(x)
    return keras.Model(inputs, kl.Dense(3, activation="softmax")(x))


@specimen((9,))
def subclassed_built() -> keras.Model:
    model = Article()
    model(np.zeros((1, 9), "float32"))
    return model


@specimen((9,), needs_shape=True)
def subclassed_unbuilt() -> keras.Model:
    return Article()


@specimen([(4,), (6,)])
def subclassed_two_inputs() -> keras.Model:
    model = TwoSided()
    model([np.zeros((1, 4), "float32"), np.zeros((1, 6), "float32")])
    return model


@specimen((7,))
def sequential_with_input() -> keras.Model:
    return keras.Sequential([keras.Input((7,)), kl.Dense(5, activation="gelu"), OwnDense(4), kl.Dense(2)])


@specimen((7,), needs_shape=True)
def sequential_without_input() -> keras.Model:
    return keras.Sequential([kl.Dense(5, activation="silu"), kl.Dense(2)])


@specimen(
    (6, 4),
    unmaskable="a layer norm's mean and variance run over the dropped channels",
    cannot_grow=frozenset({"one", "other"}),
)
def layer_norm() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((6, 4)),
            kl.Dense(8, name="one"),
            kl.LayerNormalization(),
            kl.Dense(5, name="other"),
            kl.LayerNormalization(axis=[1, 2], center=False),
            kl.Flatten(),
            kl.Dense(2),
        ]
    )


@specimen(
    (7,),
    unmaskable="a softmax over the dropped units shares its sum with them",
    cannot_grow=frozenset({"shares"}),
)
def activation_layers() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((7,)),
            kl.Dense(6),
            kl.ReLU(max_value=4.0, negative_slope=0.1),
            kl.Dense(5),
            kl.LeakyReLU(),
            kl.Dense(6),
            kl.ELU(),
            kl.Dense(4),
            kl.Activation("mish"),
            kl.Dense(5, name="shares"),
            kl.Softmax(),
            kl.Dense(2, activation="log_softmax"),
        ]
    )


@specimen((6,))
def no_biases() -> keras.Model:
    layers = [kl.Dense(n, use_bias=False, activation="relu") for n in (5, 4)]
    return keras.Sequential([keras.Input((6,)), *layers, kl.Dense(2, use_bias=False)])


@specimen((6,))
def unknown_layer() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((6,)),
            kl.Dense(5, name="before"),
            Doubling(name="doubling"),
            kl.Dense(4, name="after"),
            kl.Dense(2),
        ]
    )


@specimen((6,), uncounted=frozenset({"Dense"}), cannot_grow=frozenset({"own"}))
def unknown_activation() -> keras.Model:
    return keras.Sequential([keras.Input((6,)), kl.Dense(5, activation=own_activation, name="own"), kl.Dense(2)])


@specimen((6,))
def regression_head() -> keras.Model:
    model = keras.Sequential([keras.Input((6,)), kl.Dense(5, activation="softplus"), kl.Dense(1)])
    model.compile("sgd", "mse", ["mae"])
    return model


@specimen((6,), tolerance=1e-2)
def mixed_precision() -> keras.Model:
    half = kl.Dense(5, dtype="mixed_float16", activation="relu")
    return keras.Sequential([keras.Input((6,)), half, kl.Dense(4, dtype="float16"), kl.Dense(2, dtype="float32")])


@specimen((6,))
def frozen_layer() -> keras.Model:
    frozen = kl.Dense(5, activation="relu", name="frozen", trainable=False)
    return keras.Sequential([keras.Input((6,)), frozen, kl.BatchNormalization(), kl.Dense(4), kl.Dense(2)])


@specimen((8, 3))
def dropouts() -> keras.Model:
    noise = [kl.SpatialDropout1D(0.2), kl.GaussianNoise(0.1), kl.GaussianDropout(0.1), kl.Identity(), kl.Dropout(0.5)]
    return keras.Sequential([keras.Input((8, 3)), kl.Conv1D(4, 3), *noise, kl.Flatten(), kl.Dense(2)])


@specimen((6,))
def bare_operations() -> keras.Model:
    inputs = keras.Input((6,))
    x = keras.ops.relu(kl.Dense(4, name="a")(inputs) + kl.Dense(4, name="b")(inputs))
    return keras.Model(inputs, kl.Dense(2)(x))


@specimen((6,))
def given_statistics() -> keras.Model:
    """Numbers of its own for each channel hold the width they normalize."""
    inputs = keras.Input((6,))
    x = kl.Normalization(mean=[0.5] * 5, variance=[2.0] * 5)(kl.Dense(5, name="held")(inputs))
    x = kl.Rescaling([0.5] * 4, offset=1.0)(kl.Dense(4, name="scaled")(x))
    return keras.Model(inputs, kl.Dense(2)(x))


@specimen((6,))
def one_reshape_called_twice() -> keras.Model:
    inputs = keras.Input((6,))
    column = kl.Reshape((-1, 1))
    x = kl.Concatenate()([column(kl.Dense(8, name="a")(inputs)), column(kl.Dense(8, name="b")(inputs))])
    return keras.Model(inputs, kl.Dense(2)(kl.Flatten()(x)))


@specimen((6,))
def layers_as_activations() -> keras.Model:
    inputs = keras.Input((6,))
    x = kl.Dense(5, activation=kl.LeakyReLU())(kl.Dense(4, activation=kl.ReLU())(inputs))
    return keras.Model(inputs, kl.Dense(2)(keras.ops.maximum(x, float("-inf"))))


@specimen((6,))
def a_lambda_and_a_regularizer() -> keras.Model:
    """Functions of the user's own in the configuration of a model that is at hand."""
    inputs = keras.Input((6,))
    x = kl.Dense(5, kernel_regularizer=_own_regularizer)(inputs)
    return keras.Model(inputs, kl.Dense(2)(kl.Lambda(lambda value: value * 2.0)(x)))


def _own_regularizer(kernel: Any) -> Any:
    return keras.ops.sum(kernel * kernel)
