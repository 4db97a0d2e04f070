"""A loss that only training adds, and a constant that is there once for each sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw

FACTOR = 0.5


class Balanced(kl.Layer):
    """Adds a loss in training, after dropout that is on in training only; told of training by its caller or Keras."""

    def __init__(self, width: int, always: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner, self.drop, self.always = kl.Dense(width, name="inner"), kl.Dropout(0.5), always

    def build(self, shape: Any) -> None:
        self.inner.build(shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        made = self.drop(self.inner(inputs), training=training)
        if training or self.always:
            self.add_loss(FACTOR * ops.mean(ops.square(self.inner(inputs))))
        return made


def model_of(always: bool) -> keras.Model:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    return keras.Model(inputs, kl.Dense(2, name="out")(Balanced(6, always, name="own")(inputs)))


@pytest.mark.parametrize("always", [False, True])
def test_a_loss_is_added_when_the_model_adds_it(always: bool) -> None:
    given = model_of(always)
    space = sw.StructureSpace.from_keras(given)
    copy = space.baseline.build("inherit")
    batch = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    kernel, bias = (np.asarray(each) for each in given.get_layer("own").inner.weights)
    expected = FACTOR * np.mean((batch @ kernel + bias) ** 2)

    np.testing.assert_allclose(copy(batch, training=False), given(batch, training=False), atol=1e-6)
    assert len(copy.losses) == int(always)
    assert copy.output_names == given.output_names == ["out"]
    trained = [np.asarray(copy(batch, training=True)) for _ in range(2)]
    assert float(sum(copy.losses)) == pytest.approx(expected, rel=1e-5)
    assert not np.allclose(*trained)  # the dropout is still there
    assert not space.width_groups["inner"].fixed
    assert space.baseline.with_width("inner", 3).build()(batch, training=True).shape == (8, 2)


class CausalMean(kl.Layer):
    """The mean of what came before, by a mask that is made for every sample."""

    def call(self, inputs: Any) -> Any:
        samples, length = ops.shape(inputs)[0], inputs.shape[1]
        earlier = ops.expand_dims(ops.arange(length)[:, None] >= ops.arange(length)[None], 0)
        mask = ops.cast(ops.broadcast_to(earlier, (samples, length, length)), inputs.dtype)
        return ops.matmul(mask / ops.sum(mask, -1, keepdims=True), inputs)


@pytest.mark.slow
def test_a_constant_of_every_sample_is_kept_once() -> None:
    inputs = keras.Input((2048, 3))
    given = keras.Model(inputs, kl.Dense(2)(CausalMean(name="own")(kl.Dense(5, name="a")(inputs))))
    space = sw.StructureSpace.from_keras(given)  # the mask of the batch that is traced would take 50 GB
    assert not space.baseline.measure().uncounted
    assert not space.width_groups["a"].fixed
    copy = space.baseline.build("inherit")
    batch = np.random.default_rng(0).normal(size=(2, 2048, 3)).astype("float32")
    np.testing.assert_allclose(copy(batch), given(batch), atol=1e-5)


def _of_the_batch(x: Any) -> Any:
    return ops.cast(ops.shape(x)[0], x.dtype)


def _of_tensorflow(x: Any) -> Any:
    return tf.cast(tf.shape(x)[0], tf.float32)


class Summed(kl.Layer):
    """What it reads, times a number of the batch's or with a loss of it."""

    def __init__(self, function: Callable[[Any], Any], is_loss: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function, self.is_loss = function, is_loss

    def call(self, x: Any) -> Any:
        number = self.function(x)
        if not self.is_loss:
            return x * number
        self.add_loss(number)
        return x


@pytest.mark.parametrize("is_loss", [True, False])
@pytest.mark.parametrize(
    ("function", "is_opened"),
    [
        (lambda x: ops.sum(x) / _of_the_batch(x), True),
        (lambda x: tf.reduce_sum(x) / _of_tensorflow(x), True),
        (lambda x: ops.sum(x) / ops.cast(2 * ops.shape(x)[0], "float32"), True),
        (lambda x: ops.sum(x) / ops.cast(ops.size(x), "float32"), True),
        (lambda x: ops.sum(x) * (1.0 / _of_the_batch(x)), False),  # a number when it is multiplied
        (lambda x: ops.sum(x) / ops.log(_of_the_batch(x) + 1), False),
    ],
)
def test_numbers_of_samples_are_those_of_each_batch(
    function: Callable[[Any], Any], is_opened: bool, is_loss: bool
) -> None:
    inputs = keras.Input((6,))
    given = keras.Model(inputs, kl.Dense(2)(Summed(function, is_loss, name="own")(kl.Dense(8, name="a")(inputs))))
    space = sw.StructureSpace.from_keras(given)
    assert (not space.baseline.measure().uncounted) == is_opened
    assert (not space.width_groups["a"].fixed) == is_opened  # else the layer is kept whole
    copy = space.baseline.build()
    for samples in (1, 4):
        batch = np.random.default_rng(samples).normal(size=(samples, 6)).astype("float32")
        np.testing.assert_allclose(copy(batch), given(batch), atol=1e-5)
        np.testing.assert_allclose([float(each) for each in copy.losses], [float(each) for each in given.losses], 1e-4)
        assert bool(given.losses) == is_loss


def test_a_loss_of_the_models_own_call_that_cannot_be_copied_is_said() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.out = kl.Dense(8), kl.Dense(2)

        def call(self, x: Any) -> Any:
            made = self.hidden(x)
            self.add_loss(ops.sum(made) * (1.0 / _of_the_batch(made)))
            return self.out(made)

    model = Own()
    model(np.zeros((1, 6), "float32"))
    space = sw.StructureSpace.from_keras(model, input_shape=(6,))
    assert not space.baseline.measure().uncounted
    assert ["adds another loss" in reason for reason in space.baseline.function_changes().values()] == [True]
