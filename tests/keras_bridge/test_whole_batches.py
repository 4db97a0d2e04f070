"""Models that compare the samples of a batch with each other, and what Keras takes for sparse."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers as kl
from keras import ops

import structopt_widgets as sw

RNG = np.random.default_rng(0)


class Contrastive(keras.Model):
    """Two towers, and how alike each sample of one is to each of the other (Radford et al. 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = kl.Dense(12, name="one"), kl.Dense(12, name="other")
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, inputs: Any) -> Any:
        one, other = self.one(inputs["a"]), self.other(inputs["b"])
        return ops.softmax(ops.matmul(one, ops.transpose(other)) * ops.exp(self.scale), axis=-1)


def test_a_matrix_of_each_sample_with_each_is_counted_for_one() -> None:
    model = Contrastive()
    batch = {"a": RNG.normal(size=(5, 6)).astype("float32"), "b": RNG.normal(size=(5, 4)).astype("float32")}
    expected = model(batch)
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert not space.source.unproven
    assert cost.macs == 6 * 12 + 4 * 12 + 12
    (width,) = [each for each in space.width_groups.values() if not each.fixed]
    assert width.width == 12
    np.testing.assert_allclose(space.baseline.build()(batch), expected, atol=1e-6)
    assert sw.Structure.from_json(space.baseline.to_json()).measure().macs == cost.macs
    narrow = space.baseline.with_width("one", 7)
    assert narrow.build("fresh")(batch).shape == (5, 5)


class TiledToken(kl.Layer):
    """A row before the others, the same for each sample, by as many copies as there are samples."""

    def build(self, shape: Any) -> None:
        self.token = self.add_weight(shape=(shape[-1],), name="token")

    def call(self, x: Any) -> Any:
        samples = ops.shape(x)[0]
        row = ops.expand_dims(self.token, axis=(0, 1))
        tiled, repeated = ops.tile(row, (samples, 1, 1)), ops.repeat(row, samples, axis=0)
        return ops.concatenate([tiled, x, repeated], axis=1)


def test_what_is_tiled_for_each_sample_is_so_in_a_copy() -> None:
    model = keras.Sequential([keras.Input((5, 6)), kl.Dense(8), TiledToken(), kl.Dense(2)])
    batch = RNG.normal(size=(3, 5, 6)).astype("float32")
    space = sw.StructureSpace.from_keras(model)
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-6)
    assert space.scaled(0.5).build()(batch).shape == (3, 7, 2)


class Softmax(kl.Layer):
    """Has the name of one of Keras's operations."""

    def call(self, x: Any) -> Any:
        return ops.softmax(x * 2.0)


def test_what_keras_takes_for_sparse_is_none() -> None:
    model = keras.Sequential([keras.Input((8,)), kl.Dense(9), Softmax(), kl.Dense(2)])
    batch = RNG.normal(size=(4, 8)).astype("float32")
    np.testing.assert_allclose(sw.StructureSpace.from_keras(model).baseline.build()(batch), model(batch), atol=1e-6)


def test_a_function_of_keras_ops_is_the_same_in_a_saved_copy(tmp_path: Any) -> None:
    """``ops.gelu`` approximates by default, ``keras.activations.gelu`` does not."""
    model = keras.Sequential([keras.Input((8,)), kl.Dense(9, activation=ops.gelu), kl.Dense(2)])
    for weight in model.weights:
        weight.assign(RNG.normal(size=weight.shape))
    batch = RNG.normal(size=(4, 8)).astype("float32")
    copy = sw.StructureSpace.from_keras(model).baseline.build()
    copy.save(tmp_path / "copy.keras")
    loaded = keras.saving.load_model(tmp_path / "copy.keras")
    np.testing.assert_allclose(loaded(batch), model(batch), atol=1e-5)
    exact = keras.Sequential([keras.Input((8,)), kl.Dense(9, activation="gelu"), kl.Dense(2)])
    exact.set_weights(model.get_weights())
    assert not np.allclose(exact(batch), model(batch), atol=1e-5)
    again = sw.StructureSpace.from_keras(loaded).baseline.measure()
    assert again.flops == sw.measure(model).flops
