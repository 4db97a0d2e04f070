"""Models and layers made of layers: blocks of a user's own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers as kl

from .specimen import specimen


class Residual(keras.Model):
    """A block as a subclassed model, built by being called."""

    def __init__(self, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.inside = kl.Dense(2 * width, activation="relu", dtype=self.dtype_policy)
        self.back = kl.Dense(width, dtype=self.dtype_policy)
        self.norm = kl.BatchNormalization(dtype=self.dtype_policy)

    def call(self, inputs: Any, training: Any = None) -> Any:
        return inputs + self.norm(self.back(self.inside(inputs)), training=training)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"width": self.width}


class Branches(kl.Layer):
    """A layer of layers: as many as it is told, with a nested block, and two outputs."""

    def __init__(self, count: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count = count
        self.branches = [kl.Dense(5, activation="tanh") for _ in range(count)]
        self.block = Residual(5)

    def call(self, inputs: Any) -> Any:
        total = self.branches[0](inputs)
        for number, branch in enumerate(self.branches[1:]):
            total = total + branch(inputs) if number % 2 else total * branch(inputs)
        return self.block(total), total

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"count": self.count}


class OfBlocks(keras.Model):
    """A subclassed model of subclassed models."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = kl.Dense(6)
        self.blocks = [Residual(6) for _ in range(2)]
        self.head = kl.Dense(2)

    def call(self, inputs: Any, training: Any = None) -> Any:
        x = self.stem(inputs)
        for block in self.blocks:
            x = block(x, training=training)
        return self.head(x)


class WithAScale(kl.Layer):
    """A layer of layers, and a weight of its own beside them, which no call shows."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = kl.Dense(4)

    def build(self, shape: Any) -> None:
        self.dense.build(shape)
        self.scale = self.add_weight(shape=(4,), initializer="ones")

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs) * self.scale


@specimen((5,))
def subclassed_of_subclassed() -> keras.Model:
    model = OfBlocks()
    model(np.zeros((1, 5), "float32"))
    return model


@specimen((5,), needs_shape=True)
def subclassed_of_subclassed_unbuilt() -> keras.Model:
    return OfBlocks()


@specimen((6,))
def layer_of_layers_called_twice() -> keras.Model:
    inputs = keras.Input((6,))
    branches = Branches(3)
    one, other = (branches(kl.Dense(4, name=name)(inputs)) for name in "ab")
    return keras.Model(inputs, kl.Dense(2)(kl.Concatenate()([*one, other[0]])))


@specimen((6,))
def layer_of_layers_with_a_weight() -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, kl.Dense(2)(WithAScale()(kl.Dense(5, name="held")(inputs))))


@specimen((6,), tolerance=1e-2)
def half_precision_blocks() -> keras.Model:
    """A block casts what it reads, and so does what is made of it."""
    inputs = keras.Input((6,))
    x = Residual(6, dtype="mixed_float16")(kl.Dense(6, name="stem")(inputs))
    return keras.Model(inputs, kl.Dense(2)(x))
