"""A cost program is recorded once for a model, and anew wherever anything that it is made of has changed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw


class Doubled(kl.Layer):
    """Stays one call, and takes what nothing writes down."""

    def call(self, x: Any, how: Any = None) -> Any:
        return tf.signal.dct(x) * 2.0


class Mixed(kl.Layer):
    """Holds a large constant."""

    def call(self, x: Any) -> Any:
        return ops.matmul(np.arange(400.0**2, dtype="float32").reshape(400, 400), x)


def model(units: int = 7) -> keras.Model:
    return keras.Sequential([keras.Input((5,), name="x"), kl.Dense(units, name="a"), kl.Dense(2, name="b")])


def test_equal_models_share_a_program_until_a_rule_is_another() -> None:
    first, second, other = (sw.StructureSpace.from_keras(each).program.layers for each in (model(), model(), model(6)))
    assert first is second
    assert other is not first
    sw.register_layer_rule("somebody.s.Layer", sw.Elementwise(flops=1))
    third = sw.StructureSpace.from_keras(model()).program.layers
    assert third is not first
    assert third.operations == first.operations


def test_a_graph_that_cannot_be_written_down_or_not_soon_is_measured() -> None:
    inputs = keras.Input((5,))
    given = keras.Model(inputs, kl.Dense(2)(Doubled()(inputs, how=object())))
    tall = keras.Input((400, 3))
    for each in (given, keras.Model(tall, kl.Dense(2)(Mixed()(tall)))):
        space = sw.StructureSpace.from_keras(each)
        assert space.baseline.measure().n_params == each.count_params()
        assert space.program._key is None
