"""Recurrent layers and cells that start from states they are given: those are as wide as the cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw


@keras.saving.register_keras_serializable("tests_given_states")
class OwnCell(kl.Layer):
    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], self.units))
        self.recurrent = self.add_weight(shape=(self.units, self.units))

    def call(self, inputs: Any, states: Any) -> Any:
        state = ops.tanh(ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent))
        return state, [state]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def dense(context: Any, name: str, units: int = 7) -> Any:
    return kl.Dense(units, name=name)(context)


Made = Callable[[Any, Any], Any]
MODELS: dict[str, tuple[Made, set[str]]] = {
    "lstm cell": (
        lambda x, c: kl.RNN(kl.LSTMCell(7))(x, initial_state=[dense(c, "a"), dense(c, "b")]),
        {"a"},
    ),
    "gru cell": (lambda x, c: kl.RNN(kl.GRUCell(7))(x, initial_state=dense(c, "a")), {"a"}),
    "stacked cells": (
        lambda x, c: kl.RNN([kl.LSTMCell(7), kl.GRUCell(6)])(
            x, initial_state=[[dense(c, "a"), dense(c, "b")], dense(c, "d", 6)]
        ),
        {"a", "d"},
    ),
    "own cell": (lambda x, c: kl.RNN(OwnCell(7))(x, initial_state=[dense(c, "a")]), {"a"}),
    "own cell, masked": (lambda x, c: kl.RNN(OwnCell(7))(kl.Masking()(x), initial_state=[dense(c, "a")]), {"a"}),
    "both directions": (
        lambda x, c: kl.Bidirectional(kl.LSTM(7))(x, initial_state=[dense(c, name) for name in "abde"]),
        {"a"},
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_given_state_is_as_wide_as_its_cell(name: str) -> None:
    make, free = MODELS[name]
    inputs = [keras.Input((5, 3)), keras.Input((4,))]
    model = keras.Model(inputs, kl.Dense(2, name="out")(make(*inputs)))
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert cost.n_params == model.count_params()
    assert {each for each, group in space.width_groups.items() if not group.fixed} == free
    rng = np.random.default_rng(0)
    batch = [rng.normal(size=(3, *each.shape[1:])).astype("float32") for each in inputs]
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-5)
    half = space.scaled(0.5)
    copy = half.build("fresh")
    again = sw.StructureSpace.from_keras(copy).baseline.measure()
    assert (again.n_params, again.macs, again.flops) == (
        half.measure().n_params,
        half.measure().macs,
        half.measure().flops,
    )
