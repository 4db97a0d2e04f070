"""Whole numbers that are places of an axis: a one-hot row of them is as wide as the axis."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw


class NearestCode(kl.Layer):
    """Each vector as the row of a table that is nearest to it."""

    def __init__(self, codes: int) -> None:
        super().__init__(name="nearest")
        self.codes = codes

    def build(self, shape: Any) -> None:
        self.table = self.add_weight(shape=(self.codes, shape[-1]), name="table")

    def call(self, inputs: Any) -> Any:
        flat = ops.reshape(inputs, (-1, inputs.shape[-1]))
        apart = ops.sum(self.table**2, 1) - 2 * ops.matmul(flat, ops.transpose(self.table))
        rows = ops.one_hot(ops.cast(ops.argmin(apart, axis=1), "int32"), self.codes)
        return inputs + ops.stop_gradient(ops.reshape(ops.matmul(rows, self.table), ops.shape(inputs)) - inputs)


def quantized() -> Any:
    inputs = keras.Input((5, 4))
    return keras.Model(inputs, kl.Dense(3)(NearestCode(9)(kl.Dense(6)(inputs))))


def test_the_number_of_codes_is_a_width() -> None:
    model = quantized()
    space = sw.StructureSpace.from_keras(model)
    (codes,) = [name for name, each in space.width_groups.items() if each.width == 9 and not each.fixed]
    narrow = space.baseline.with_width(codes, 7)
    built = narrow.build()
    assert narrow.measure().n_params == built.count_params() == model.count_params() - 2 * 6
    x = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")
    assert built(x).shape == (3, 5, 3)
    # The rows that are left are rows of the table, and the nearest of those is taken.
    dense, quantizer = model.layers[1], model.layers[2]
    table = next(np.asarray(each) for each in built.weights if tuple(each.shape) == (7, 6))
    assert {tuple(row) for row in table.tolist()} <= {tuple(row) for row in np.asarray(quantizer.table).tolist()}
    seen = np.asarray(dense(x))
    nearest = table[np.argmin(((seen[..., None, :] - table) ** 2).sum(-1), -1)]
    np.testing.assert_allclose(built(x), model.layers[3](nearest), rtol=1e-4, atol=1e-5)


def test_codes_cannot_grow_by_copies() -> None:
    space = sw.StructureSpace.from_keras(quantized())
    (codes,) = [name for name, each in space.width_groups.items() if each.width == 9 and not each.fixed]
    assert space.baseline.with_width(codes, 12).function_changes()


def test_classes_of_the_task_stay() -> None:
    inputs = keras.Input((), dtype="int32")
    space = sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(3)(ops.one_hot(inputs, 9))))
    assert not [each for each in space.width_groups.values() if each.width == 9 and not each.fixed]


class FadesBySample(kl.Layer):
    """One sample says for all how much of a tensor there is."""

    def call(self, inputs: Any) -> Any:
        return inputs[0] * inputs[1][0]


def test_one_sample_may_be_taken_for_all() -> None:
    inputs, share = keras.Input((4,)), keras.Input((1,))
    model = keras.Model([inputs, share], kl.Dense(3)(FadesBySample()([kl.Dense(6)(inputs), share])))
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    assert [each.width for each in space.width_groups.values() if not each.fixed] == [6]
    x = [np.random.default_rng(0).normal(size=(3, each)).astype("float32") for each in (4, 1)]
    np.testing.assert_allclose(space.baseline.build()(x), model(x), rtol=1e-5)


class MeanOfTheFirst(keras.Model):
    """TensorFlow's masks of lengths, a diagonal that is set, and its NumPy, on tensors of Keras."""

    def __init__(self) -> None:
        super().__init__(name="own")
        self.inner, self.outer = kl.Dense(8), kl.Dense(3)

    def call(self, inputs: Any) -> Any:
        sequence, lengths = inputs
        made = self.inner(sequence)
        there = tf.sequence_mask(lengths, made.shape[1], dtype=tf.float32)
        alike = tf.linalg.set_diag(tf.matmul(made, made, transpose_b=True), tf.zeros_like(there))
        made = tf.experimental.numpy.matmul(alike, made) * there[..., None]
        return self.outer(tf.experimental.numpy.maximum(tf.reduce_sum(made, 1), 0.0))


def test_masks_of_lengths_and_tensorflows_numpy_are_opened() -> None:
    model = MeanOfTheFirst()
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(3, 5, 4)).astype("float32"), np.array([1, 3, 5], "int32")]
    model(x)
    space = sw.StructureSpace.from_keras(model, input_shape=[(5, 4), ()])
    assert not space.baseline.measure().uncounted
    assert [each.width for each in space.width_groups.values() if not each.fixed] == [8]
    np.testing.assert_allclose(space.baseline.build()(x), model(x), rtol=1e-4)
