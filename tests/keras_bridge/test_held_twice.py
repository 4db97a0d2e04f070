"""A layer that is called alone and inside a wrapper has its weights once, in a copy as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw


def beside_timesteps(inputs: Any) -> Any:
    dense = kl.Dense(8, "relu", name="dense")
    pooled = [kl.GlobalAveragePooling1D()(each) for each in (kl.TimeDistributed(dense)(inputs), inputs)]
    return kl.Concatenate()([pooled[0], dense(pooled[1])])


def two_wrappers(inputs: Any) -> Any:
    dense = kl.Dense(8, "relu", name="dense")
    both = [kl.TimeDistributed(dense, name=name)(each) for name, each in (("one", inputs), ("two", inputs[:, ::-1]))]
    return kl.GlobalAveragePooling1D()(kl.Add()(both))


def one_cell(inputs: Any) -> Any:
    cell = kl.LSTMCell(8)
    return kl.Add()([kl.RNN(cell)(inputs), kl.RNN(cell)(inputs[:, ::-1])])


def cells_one_after_the_other(inputs: Any) -> Any:
    cells = [kl.LSTMCell(8), kl.GRUCell(6)]
    return kl.Concatenate()([kl.RNN(cells)(inputs), kl.RNN(cells[0], go_backwards=True)(inputs)])


def a_cell_in_two_steps(inputs: Any) -> Any:
    """Called by itself after it ran over the inputs, as TensorFlow's tutorial of time series does."""
    cell = kl.LSTMCell(8)
    made, *state = kl.RNN(cell, return_state=True)(inputs)
    return Feedback(cell)([made, *state])


def normalized_steps(inputs: Any) -> Any:
    norm = kl.BatchNormalization()
    inner = keras.Sequential([keras.Input((4,)), kl.Dense(8), norm])
    first = kl.TimeDistributed(inner)(inputs)
    return kl.Add()([kl.LSTM(8)(first), norm(kl.Dense(8)(kl.Flatten()(inputs)))])


@keras.saving.register_keras_serializable("test_held_twice")
class Feedback(kl.Layer):
    def __init__(self, cell: kl.Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cell, self.next = cell, kl.Dense(4)

    def call(self, inputs: Any) -> Any:
        made, *state = inputs
        for _ in range(2):
            made, state = self.cell(self.next(made), state)
        return made


SHARED = [
    beside_timesteps,
    two_wrappers,
    one_cell,
    pytest.param(a_cell_in_two_steps, marks=pytest.mark.slow),
    pytest.param(normalized_steps, marks=pytest.mark.slow),
]


@pytest.mark.slow
@pytest.mark.parametrize("make", SHARED)
def test_what_two_hold_is_one_in_the_copy(make: Callable[[Any], Any]) -> None:
    inputs = keras.Input((5, 4))
    model = keras.Model(inputs, kl.Dense(2, name="out")(make(inputs)))
    space = sw.StructureSpace.from_keras(model)
    assert space.baseline.measure().n_params == model.count_params()
    assert not space.baseline.measure().uncounted
    assert space.baseline.function_changes() == {}
    batch = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")
    copy, narrow = space.baseline.build(), space.scaled(0.5)
    for training in (False, True, False):
        np.testing.assert_allclose(copy(batch, training=training), model(batch, training=training), atol=1e-5)
    assert narrow.build().count_params() == narrow.measure().n_params
    # Tied: a step by gradients moves both uses alike, as the given model's.
    for each in (model, copy):
        each.compile(keras.optimizers.SGD(0.1), "mse")
        each.fit(batch, np.ones((3, 2)), batch_size=3, verbose=0)
    np.testing.assert_allclose(copy(batch), model(batch), atol=1e-5)


def test_code_that_stands_alone_is_not_written_for_what_two_hold() -> None:
    inputs = keras.Input((5, 4))
    model = keras.Model(inputs, kl.Dense(2, name="out")(one_cell(inputs)))
    with pytest.raises(ValueError, match="which has those of 'rnn"):
        sw.StructureSpace.from_keras(model).baseline.code()


def test_what_two_hold_in_part_is_told() -> None:
    inputs = keras.Input((5, 4))
    model = keras.Model(inputs, kl.Dense(2, name="out")(cells_one_after_the_other(inputs)))
    baseline = sw.StructureSpace.from_keras(model).baseline
    assert baseline.measure().n_params > model.count_params()
    (told,) = baseline.function_changes().values()
    assert "counted twice" in told
    assert any("counted twice" in each.sentence for each in sw.findings(baseline))


def test_one_layer_called_twice_has_its_weights_once_and_nothing_is_told() -> None:
    inputs, dense = keras.Input((5, 4)), kl.Dense(8, name="dense")
    model = keras.Model(inputs, kl.Dense(2, name="out")(kl.Add()([dense(inputs), dense(inputs[:, ::-1])])))
    baseline = sw.StructureSpace.from_keras(model).baseline
    assert baseline.measure().n_params == model.count_params()
    assert baseline.function_changes() == {}


class Gate(kl.Layer):
    """Goes by the mean of the whole batch."""

    def build(self, shape: Any) -> None:
        self.dense = kl.Dense(shape[-1])
        self.dense.build(shape)

    def call(self, x: Any) -> Any:
        return ops.cond(ops.mean(x) > 0.0, lambda: self.dense(x), lambda: x * 0.5)


def test_what_is_averaged_over_a_batch_takes_no_room_for_one() -> None:
    model = keras.Sequential([keras.Input((6,)), kl.Dense(8, name="dense"), Gate(), kl.Dense(2, name="out")])
    space = sw.StructureSpace.from_keras(model)
    assert space.scaled(2).function_changes() == {}
    assert list(space.scaled(0.5).function_changes()) == ["widths.dense"]
