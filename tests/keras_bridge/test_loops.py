"""Loops that a layer of a user's own leaves to keras.ops or TensorFlow, against the same steps written one by one."""

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

STEPS, WIDTH = 4, 16
Step = Callable[[Any, Any], Any]


class Recurrent(kl.Layer):
    """A state that decays by a weight and takes up one time after the other."""

    def __init__(self, loop: Callable[[Any, Step, Any], Any]) -> None:
        super().__init__()
        self.loop = loop

    def build(self, shape: Any) -> None:
        self.decay = self.add_weight(shape=(shape[-1],), name="decay", initializer="uniform")

    def call(self, x: Any) -> Any:
        return self.loop(x, lambda state, now: ops.tanh(state * self.decay + now), ops.zeros_like(x[:, 0]))


def written_out(x: Any, step: Step, state: Any) -> Any:
    made = []
    for time in range(STEPS):
        state = step(state, x[:, time])
        made.append(state)
    return ops.stack(made, axis=1)


def _times_first(x: Any) -> Any:
    return ops.transpose(x, (1, 0, 2))


def by_scan(x: Any, step: Step, state: Any) -> Any:
    made = ops.scan(lambda state, now: (step(state, now),) * 2, state, _times_first(x))[1]
    return _times_first(made)


def by_scan_of_tensorflow(x: Any, step: Step, state: Any) -> Any:
    return tf.transpose(tf.scan(step, tf.transpose(x, [1, 0, 2]), initializer=state), [1, 0, 2])


def by_fori_loop(x: Any, step: Step, state: Any) -> Any:
    def body(time: Any, given: Any) -> Any:
        state = step(given[0], ops.take(x, time, axis=1))
        return state, ops.slice_update(given[1], (0, time, 0), state[:, None])

    return ops.fori_loop(0, STEPS, body, (state, ops.zeros_like(x)))[1]


def by_while_loop(x: Any, step: Step, state: Any) -> Any:
    def body(time: Any, array: Any, state: Any) -> Any:
        state = step(state, x[:, time])
        return time + 1, array.write(time, state), state

    array = tf.TensorArray(tf.float32, size=STEPS)
    _, array, _ = tf.while_loop(lambda time, *_: time < STEPS, body, (0, array, state))
    return tf.transpose(array.stack(), [1, 0, 2])


def _model(loop: Callable[[Any, Step, Any], Any]) -> keras.Model:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((STEPS, 5))
    return keras.Model(inputs, kl.Dense(2)(Recurrent(loop)(kl.Dense(WIDTH, name="before")(inputs))))


BATCH = np.random.default_rng(0).normal(size=(3, STEPS, 5)).astype("float32")


@pytest.mark.slow
@pytest.mark.parametrize("loop", [by_scan, by_scan_of_tensorflow, by_fori_loop, by_while_loop])
def test_a_loop_is_its_steps(loop: Callable[[Any, Step, Any], Any]) -> None:
    given = _model(loop)
    space, plain = sw.StructureSpace.from_keras(given), sw.StructureSpace.from_keras(_model(written_out))
    cost, expected = space.baseline.measure(), plain.baseline.measure()
    assert not cost.uncounted
    assert (cost.n_params, cost.macs, cost.flops) == (expected.n_params, expected.macs, expected.flops)
    np.testing.assert_allclose(space.baseline.build()(BATCH), given(BATCH), atol=1e-6)
    narrow = space.baseline.with_width("before", 7)
    assert narrow.build("fresh").count_params() == narrow.measure().n_params


class Reads(kl.Layer):
    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.function = function

    def build(self, _: Any) -> None:
        self.w = self.add_weight(shape=(3,), initializer="uniform", name="w")

    def call(self, x: Any) -> Any:
        return self.function(x, self.w)

    def compute_output_shape(self, shape: Any) -> Any:
        return shape


def chosen_by_value(x: Any, w: Any) -> Any:
    """Results of a condition and of an index that are computed, and of some that are known."""
    largest = ops.argmax(w)
    known = ops.cond(ops.array(True), lambda: ops.switch(1, [ops.negative, ops.tanh], x), lambda: x)
    chosen = ops.switch(largest, [ops.relu, ops.square, ops.sin], x)
    return known + chosen + ops.cond(ops.sum(w) > 0, lambda: x, lambda: -x)


def mapped(x: Any, _: Any) -> Any:
    """Each time by itself, and folds of them from either end."""
    times = _times_first(x)
    halves = (
        ops.map(lambda now: now * 0.5, times) + tf.map_fn(fn=ops.sin, elems=times) + ops.vectorized_map(ops.cos, times)
    )
    ends = tf.foldl(lambda left, now: left * 0.5 + now, times) - tf.foldr(lambda right, now: right * 0.5 + now, times)
    later = tf.scan(lambda right, now: right * 0.5 + now, times, None, 1, True, False, True, True)
    twice = ops.while_loop(lambda i, _: i < 9, lambda i, y: (i + 1, y * 0.5 + 1.0), (0, x), 2)[1]
    last = tf.switch_case(tf.constant(-1), [lambda: x, lambda: -x])
    return _times_first(halves + later) + ends[:, None] + twice + last


def joined_by_halves(x: Any, _: Any) -> Any:
    """A recurrence that is linear in its state, by an associative function; forwards and backwards."""

    def both(one: Any, other: Any) -> Any:
        return one[0] * other[0], other[0] * one[1] + other[1]

    gates = ops.sigmoid(x)
    ahead = ops.associative_scan(both, (1 - gates, gates * x), axis=1)[1]
    return ahead + ops.associative_scan(ops.add, x[:, :3], reverse=True, axis=1)[:, :1]


def written_into(x: Any, _: Any) -> Any:
    """Parts of a tensor written anew, of one that was there and of zeros; those of one sample at places of its own."""
    times = _times_first(x)
    some = tf.tensor_scatter_nd_add(times, [[0], [2]], times[:2])
    zeros = tf.scatter_nd([[1], [3]], times[1:3], tf.shape(times))
    places = tf.math.top_k(tf.reduce_sum(x, -1), k=2).indices
    twice = tf.stack([places, places[:, ::-1]], axis=1)
    return (
        ops.slice_update(_times_first(some + zeros), (0, 1, 0), tf.gather(x, places, batch_dims=1))
        + tf.reduce_sum(tf.gather(x, twice, batch_dims=1), axis=(1, 2))[:, None]
    )


@pytest.mark.slow
@pytest.mark.parametrize("function", [chosen_by_value, mapped, joined_by_halves, written_into])
def test_what_is_chosen_mapped_or_written_leaves_the_width_free(function: Callable[[Any, Any], Any]) -> None:
    inputs = keras.Input((STEPS, 5))
    given = keras.Model(inputs, kl.Dense(2)(Reads(function)(kl.Dense(WIDTH, name="before")(inputs))))
    space = sw.StructureSpace.from_keras(given)
    assert not space.baseline.measure().uncounted
    assert not space.source.unproven
    np.testing.assert_allclose(space.baseline.build()(BATCH), given(BATCH), atol=1e-5)
    narrow = space.baseline.with_width("before", 7)
    assert narrow.build("fresh").count_params() == narrow.measure().n_params


@pytest.mark.slow
def test_a_loop_too_long_to_be_written_out_says_so() -> None:
    inputs = keras.Input((300, 5))
    given = keras.Model(inputs, kl.Dense(2)(Recurrent(by_scan)(kl.Dense(WIDTH)(inputs))))
    (reason,) = sw.StructureSpace.from_keras(given).baseline.measure().uncounted.values()
    assert "a loop of 300 steps is not written out" in reason


class OverSamples(kl.Layer):
    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(shape[-1],))

    def call(self, x: Any) -> Any:
        return ops.scan(lambda sum_, sample: (sum_ + sample * self.scale, sum_), ops.zeros_like(self.scale), x)[1]


def test_a_loop_over_the_samples_of_a_batch_says_so() -> None:
    given = keras.Sequential([keras.Input((5,)), kl.Dense(WIDTH), OverSamples(), kl.Dense(2)])
    (reason,) = sw.StructureSpace.from_keras(given).baseline.measure().uncounted.values()
    assert "a loop over the samples of a batch is not written out" in reason


class StepOfRows(kl.Layer):
    """A cell of a user's own."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1] + self.units, self.units))

    def call(self, inputs: Any, states: Any) -> Any:
        made = keras.ops.tanh(keras.ops.matmul(keras.ops.concatenate([inputs, states[0]], -1), self.kernel))
        return made, [made]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


class Rows(kl.RNN):
    """A recurrence that is made of a number: what it is configured by does not make it again."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(StepOfRows(units), **kwargs)


class RowsByNumber(Rows):
    """The same with a configuration of its own, in which there is no cell."""

    def get_config(self) -> dict[str, Any]:
        return {**kl.Layer.get_config(self), "units": self.cell.units}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> RowsByNumber:
        return cls(**config)


@pytest.mark.parametrize("recurrence", [Rows, RowsByNumber])
def test_a_class_that_only_says_of_what_cell_a_recurrence_is_has_its_widths(recurrence: Any) -> None:
    inputs = keras.Input((7, 3))
    model = keras.Model(inputs, kl.Dense(2)(recurrence(6, name="rows")(inputs)))
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    assert not space.baseline.function_changes()
    narrow = space.scaled(0.5)
    assert narrow.build().count_params() == narrow.measure().n_params < model.count_params()
    batch = np.random.default_rng(0).normal(size=(3, 7, 3)).astype("float32")
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-6)


def test_a_call_of_keras_own_loop_by_another_layer_is_opened() -> None:
    class Outer(kl.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = kl.LSTM(6)

        def build(self, shape: Any) -> None:
            self.inner.build(shape)

        def call(self, x: Any) -> Any:
            return self.inner.call(x)

    inputs = keras.Input((7, 3))
    space = sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2)(Outer()(inputs))))
    assert not space.baseline.measure().uncounted
    narrow = space.scaled(0.5)
    assert narrow.build().count_params() == narrow.measure().n_params < space.baseline.measure().n_params


def test_a_cell_that_nothing_makes_again_runs_in_the_copy_as_it_was_given() -> None:
    class Fixed(kl.Layer):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.units = self.state_size = units

        build, call = StepOfRows.build, StepOfRows.call

    inputs = keras.Input((7, 3))
    model = keras.Model(inputs, kl.Dense(2)(kl.RNN(Fixed(6), name="rows")(inputs)))
    space = sw.StructureSpace.from_keras(model)
    assert "Fixed cannot be made again" in space.baseline.measure().uncounted["rows"]
    batch = np.random.default_rng(0).normal(size=(3, 7, 3)).astype("float32")
    np.testing.assert_array_equal(space.baseline.build()(batch), model(batch))
