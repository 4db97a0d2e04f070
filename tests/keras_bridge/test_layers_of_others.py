"""A model calls layers that it does not hold: Keras neither counts, trains nor saves their weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw

RNG = np.random.default_rng(0)


def adapted() -> keras.Sequential:
    """Preprocessing with statistics of the data, as an example's own functions keep it beside the model."""
    made = keras.Sequential([kl.Normalization(), kl.RandomFlip("horizontal")])
    made.layers[0].adapt(RNG.normal(loc=3.0, size=(20, 4, 4, 3)))
    return made


def learned() -> keras.Sequential:
    made = keras.Sequential([keras.Input((4, 4, 3)), kl.Conv2D(3, 1, activation="relu"), kl.LayerNormalization()])
    for weight in made.weights:
        weight.assign(RNG.uniform(0.5, 1.5, size=weight.shape))
    return made


def of_float16() -> kl.Layer:
    made = kl.Dense(3, dtype="mixed_float16")
    made.build((None, 4, 4, 3))
    return made


class Calls(keras.Model):
    """Has another's layer in reach, but not among its own."""

    def __init__(self, other: Any) -> None:
        super().__init__()
        self.inner, self.outer, self.reached = kl.Conv2D(6, 3, name="inner"), kl.Dense(2), lambda: other

    def call(self, images: Any) -> Any:
        return self.outer(keras.ops.mean(self.inner(self.reached()(images)), (1, 2)))


@pytest.mark.parametrize("other", [adapted, learned, of_float16])
def test_their_weights_are_constants(other: Callable[[], Any]) -> None:
    model = Calls(other())
    batch = RNG.normal(size=(3, 4, 4, 3)).astype("float32")
    expected = np.asarray(model(batch, training=False))
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert not space.source.unproven
    assert cost.n_params == model.count_params() == 3 * 3 * 3 * 6 + 6 + 6 * 2 + 2
    copy = space.baseline.build()
    assert copy.count_params() == model.count_params()
    np.testing.assert_allclose(copy(batch, training=False), expected, rtol=1e-3, atol=1e-3)
    narrow = space.baseline.with_width("inner", 4)
    assert narrow.build("fresh").count_params() == narrow.measure().n_params
