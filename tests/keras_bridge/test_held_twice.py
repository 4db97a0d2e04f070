"""A layer that is called alone and inside a wrapper has its weights once; read, each has its own, and it is told."""

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


@pytest.mark.parametrize("make", [beside_timesteps, two_wrappers, one_cell])
def test_weights_that_two_hold_are_told(make: Callable[[Any], Any]) -> None:
    inputs = keras.Input((5, 4))
    model = keras.Model(inputs, kl.Dense(2, name="out")(make(inputs)))
    baseline = sw.StructureSpace.from_keras(model).baseline
    assert baseline.measure().n_params > model.count_params()
    (told,) = baseline.function_changes().values()
    assert "counted twice" in told
    assert any("counted twice" in each.sentence for each in sw.findings(baseline))
    batch = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")
    np.testing.assert_allclose(baseline.build()(batch), model(batch), atol=1e-6)


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
