"""Layers of a user's own with weights of their own, which operations read."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers as kl
from keras import ops

from .specimen import specimen


class Positions(kl.Layer):
    """Adds a row of a table for each place: the table is looked up by a constant."""

    def __init__(self, length: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length, self.width = length, width
        self.table = kl.Embedding(length, width)

    def build(self, _: Any) -> None:
        self.table.build((None,))

    def call(self, inputs: Any) -> Any:
        return inputs + self.table(ops.arange(self.length))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"length": self.length, "width": self.width}


class GatedByHand(kl.Layer):
    """Products with weights of its own, one of them cut in two."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape: Any) -> None:
        self.expand = self.add_weight(shape=(shape[-1], 2 * self.units), name="expand")
        self.project = self.add_weight(shape=(self.units, shape[-1]), name="project")
        self.bias = self.add_weight(shape=(shape[-1],), name="bias", initializer="zeros")

    def call(self, inputs: Any) -> Any:
        value, gate = ops.split(ops.matmul(inputs, self.expand), 2, axis=-1)
        return inputs + ops.matmul(value * ops.sigmoid(gate), self.project) + self.bias

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


class ClassToken(kl.Layer):
    """A row before the others, the same for every sample, and zeros after them: both ask for the batch's size."""

    def build(self, shape: Any) -> None:
        self.token = self.add_weight(shape=(1, 1, shape[-1]), name="token")

    def call(self, inputs: Any) -> Any:
        samples, _, width = ops.shape(inputs)
        token = ops.broadcast_to(self.token, (samples, 1, width))
        return ops.concatenate([token, inputs, ops.zeros((samples, 1, width))], axis=1)


class Folded(kl.Layer):
    """Heads folded into the batch, and unfolded again."""

    def __init__(self, heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads = heads
        self.query, self.key, self.value = (kl.Dense(8, name=name) for name in ("q", "k", "v"))

    def build(self, shape: Any) -> None:
        for each in (self.query, self.key, self.value):
            each.build(shape)

    def fold(self, x: Any) -> Any:
        samples, length, width = ops.shape(x)
        x = ops.transpose(ops.reshape(x, (samples, length, self.heads, width // self.heads)), (0, 2, 1, 3))
        return ops.reshape(x, (samples * self.heads, length, width // self.heads))

    def call(self, inputs: Any) -> Any:
        samples, length, _ = ops.shape(inputs)
        query, key, value = (self.fold(each(inputs)) for each in (self.query, self.key, self.value))
        weights = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1))) / 2.0)
        mixed = ops.reshape(ops.matmul(weights, value), (samples, self.heads, length, -1))
        return ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (samples, length, 8))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"heads": self.heads}


class TiedOutput(kl.Layer):
    """A table that is looked up by its own layer, and multiplied with outside of it."""

    def __init__(self, vocabulary: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocabulary, self.width = vocabulary, width
        self.table = kl.Embedding(vocabulary, width, name="table")
        self.inside = kl.Dense(width, activation="tanh", name="inside")

    def build(self, shape: Any) -> None:
        self.table.build(shape)
        self.inside.build((*shape, self.width))

    def call(self, inputs: Any) -> Any:
        return ops.matmul(self.inside(self.table(inputs)), ops.transpose(self.table.embeddings))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"vocabulary": self.vocabulary, "width": self.width}


class Clusters(kl.Layer):
    """What stands nearest to each of some learned places."""

    def __init__(self, count: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count = count

    def build(self, shape: Any) -> None:
        self.places = self.add_weight(shape=(self.count, shape[-1]), name="places")

    def call(self, x: Any) -> Any:
        return ops.matmul(ops.softmax(ops.einsum("kd,btd->bkt", self.places, x)), x)


@specimen((5, 4))
def positions_from_a_table() -> keras.Model:
    inputs = keras.Input((5, 4))
    return keras.Model(inputs, kl.Dense(2)(kl.Flatten()(Positions(5, 6)(kl.Dense(6, name="stem")(inputs)))))


@specimen((5, 4))
def gates_with_weights_of_their_own() -> keras.Model:
    inputs = keras.Input((5, 4))
    x = GatedByHand(7)(kl.Dense(6, name="stem")(inputs))
    return keras.Model(inputs, kl.Dense(2)(kl.GlobalMaxPooling1D()(x)))


@specimen((5, 4))
def a_class_token() -> keras.Model:
    inputs = keras.Input((5, 4))
    return keras.Model(inputs, kl.Dense(2)(kl.Flatten()(ClassToken()(kl.Dense(6, name="stem")(inputs)))))


@specimen((5, 4), unmaskable="softmax over heads' products", cannot_grow=frozenset({"q"}))
def heads_folded_into_the_batch() -> keras.Model:
    inputs = keras.Input((5, 4))
    return keras.Model(inputs, kl.Dense(2)(Folded(2)(inputs)))


@specimen((6,), tokens=9, cannot_grow=frozenset({"table"}))
def a_table_tied_to_the_output() -> keras.Model:
    inputs = keras.Input((6,), dtype="int32")
    return keras.Model(inputs, TiedOutput(9, 4)(inputs))


@specimen((5, 4), unmaskable="a cluster of zeros is still one", cannot_grow=frozenset({"seeds_places"}))
def clusters_pooled_away() -> keras.Model:
    """Learned places meet a sequence; how many there are is a width that global pools take, by mean and maximum."""
    inputs = keras.Input((5, 4))
    found = Clusters(5, name="seeds")(kl.Dense(7, name="hidden")(inputs))
    pooled = [kl.GlobalAveragePooling1D()(found), kl.GlobalMaxPooling1D()(found)]
    return keras.Model(inputs, kl.Dense(2, name="out")(kl.Concatenate()(pooled)))


@specimen((6, 4), unmaskable="a spectrum is of all channels", cannot_grow=frozenset({"mixed"}))
def mixed_by_spectra() -> keras.Model:
    """A Fourier transform along the time and the width, as FNet has it: any width can be transformed."""
    inputs = keras.Input((6, 4))
    x = kl.Dense(5, name="mixed")(inputs)
    x = x + ops.fft2((x, ops.zeros_like(x)))[0]
    return keras.Model(inputs, kl.Dense(2, name="out")(kl.GlobalAveragePooling1D()(kl.Dense(3, name="free")(x))))
