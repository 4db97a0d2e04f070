"""A width several times over: tiles follow one another, of a repetition each unit's copies do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw


@pytest.mark.parametrize(
    "several",
    [
        lambda x: ops.repeat(x, 1, axis=-1),
        lambda x: ops.repeat(x, 3, axis=-1),
        lambda x: ops.tile(x, (1, 1, 3)),
        lambda x: ops.repeat(ops.tile(x, (1, 1, 2)), 2, axis=-1),
        lambda x: ops.tile(ops.repeat(x, 2, axis=-1), (1, 1, 2)),
        lambda x: ops.repeat(ops.mean(x, axis=-1, keepdims=True), 6, axis=-1) * x,
        lambda x: ops.tile(ops.mean(x, axis=-1, keepdims=True), (1, 1, 6)) * x,
    ],
)
def test_a_widened_layer_computes_the_same_and_a_narrow_one_has_what_is_counted(several: Callable[[Any], Any]) -> None:
    inputs = keras.Input((4, 6))
    x = kl.Dense(5)(several(kl.Dense(6, name="a")(inputs)))
    model = keras.Model(inputs, kl.Dense(2)(x))
    base = sw.StructureSpace.from_keras(model).baseline
    wide, narrow = base.with_width("a", 12), base.with_width("a", 3)
    assert narrow.build("fresh").count_params() == narrow.measure().n_params < base.measure().n_params
    assert not wide.function_changes()
    batch = np.random.default_rng(0).normal(size=(3, 4, 6)).astype("float32")
    np.testing.assert_allclose(wide.build()(batch), model(batch), atol=1e-5)


class HeadsInTheBatch(kl.Layer):
    """Attention whose heads are laid along the batch, and the mask of the samples tiled for them (DeepCTR's)."""

    def call(self, inputs: Any) -> Any:
        queries, there = inputs
        heads = ops.concatenate(ops.split(queries, 2, axis=2), axis=0)
        mask = ops.expand_dims(ops.tile(there, (2, 1)), 1)
        weights = ops.softmax(ops.matmul(heads, ops.transpose(heads, (0, 2, 1))) - 9 * mask)
        return ops.concatenate(ops.split(ops.matmul(weights, heads), 2, axis=0), axis=2)


def test_the_batch_may_be_tiled() -> None:
    inputs, there = keras.Input((4, 6)), keras.Input((4,))
    x = HeadsInTheBatch()([kl.Dense(6, name="a")(inputs), there])
    model = keras.Model([inputs, there], kl.Dense(2)(x))
    base = sw.StructureSpace.from_keras(model).baseline
    assert not base.measure().uncounted
    rng = np.random.default_rng(0)
    batch = [rng.normal(size=(3, 4, 6)).astype("float32"), rng.integers(0, 2, (3, 4)).astype("float32")]
    np.testing.assert_allclose(base.build()(batch), model(batch), atol=1e-5)
    narrow = base.with_width("a", 4)
    assert narrow.build().count_params() == narrow.measure().n_params


class Tokens(keras.Model):
    """A learned token before the others of each sample, made as many times as there are samples."""

    def __init__(self, repeated: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.repeated, self.inner, self.outer = repeated, kl.Dense(6, name="inner"), kl.Dense(2)
        self.token = self.add_weight(shape=(1, 1, 6), initializer="random_normal", name="token")

    def call(self, x: Any) -> Any:
        token = self.repeated(self.token, ops.shape(x)[0])
        return self.outer(ops.concatenate([token, self.inner(x)], axis=1)[:, 0])


@pytest.mark.parametrize(
    "repeated",
    [lambda token, samples: ops.tile(token, (samples, 1, 1)), lambda token, samples: ops.repeat(token, samples, 0)],
    ids=["tile", "repeat"],
)
def test_what_is_repeated_for_each_sample_is_no_width(repeated: Callable[[Any, Any], Any]) -> None:
    model = Tokens(repeated)
    batch = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("float32")
    expected = model(batch)
    space = sw.StructureSpace.from_keras(model)
    np.testing.assert_allclose(space.baseline.build()(batch), expected, atol=1e-6)
    assert space.baseline.with_width("inner", 4).build("fresh")(batch).shape == (3, 2)
