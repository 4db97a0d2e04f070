"""The critical path equals that of the graph of scalars, and obeys the laws of work and span."""

from __future__ import annotations

from collections.abc import Callable

import keras
import pytest
from keras import layers as kl
from scalar_dag import critical_path

import structopt_widgets as sw

STEPS, WIDTH = 5, 4


def chain(*layers: kl.Layer, shape: tuple[int, ...] = (STEPS, WIDTH)) -> keras.Model:
    x = inputs = keras.Input(shape)
    for layer in layers:
        x = layer(x, x) if isinstance(layer, kl.MultiHeadAttention) else layer(x)
    return keras.Model(inputs, x)


def two_ways() -> keras.Model:
    inputs = keras.Input((STEPS, WIDTH))
    late = kl.LSTM(4, return_sequences=True)(inputs)
    x = kl.Add()([kl.Dense(4)(inputs), late])
    x = kl.GRU(8, return_sequences=True)(kl.Concatenate()([x, late]))
    return keras.Model(inputs, kl.Dense(2)(x))


NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "mlp": lambda: chain(
        kl.Dense(7, "silu"), kl.Dense(3, use_bias=False), kl.Dense(5, "sigmoid"), kl.Dense(3, "softmax"), shape=(6,)
    ),
    "one wide": lambda: chain(kl.Dense(1, "sigmoid"), kl.Dense(1, "softmax"), kl.Dense(3), kl.Dense(1), shape=(1,)),
    "one unit": lambda: chain(kl.Conv1D(1, 1), kl.LSTM(1, return_sequences=True), kl.GRU(1), shape=(STEPS, 1)),
    "one head": lambda: chain(kl.Dense(1), kl.MultiHeadAttention(1, 1), kl.SimpleRNN(1)),
    "norms": lambda: chain(kl.Dense(6, "gelu"), kl.LayerNormalization(), kl.BatchNormalization(), kl.Dense(3)),
    "convolutions": lambda: chain(kl.Conv1D(3, 2, activation="relu"), kl.Conv1D(2, 2, strides=2), kl.Flatten()),
    "pooled": lambda: chain(kl.Conv1D(4, 3, activation="softplus"), kl.GlobalAveragePooling1D(), kl.Dense(2)),
    "attention": lambda: chain(kl.MultiHeadAttention(2, 3), kl.LayerNormalization(), kl.GlobalMaxPooling1D()),
    "simple": lambda: chain(kl.SimpleRNN(3), kl.Dense(2)),
    "lstm": lambda: chain(kl.LSTM(3)),
    "gru": lambda: chain(kl.GRU(3)),
    "gru before": lambda: chain(kl.GRU(3, reset_after=False, use_bias=False)),
    "backwards": lambda: chain(kl.LSTM(3, go_backwards=True, return_sequences=True), kl.GRU(5)),
    "four lstms": lambda: chain(*(kl.LSTM(8, return_sequences=True) for _ in range(3)), kl.LSTM(8)),
    "widening": lambda: chain(*(kl.GRU(n, return_sequences=True) for n in (2, 9, 3)), kl.SimpleRNN(5)),
    "position by position": lambda: chain(
        kl.LSTM(4, return_sequences=True),
        kl.Dense(3, "tanh"),
        kl.LayerNormalization(),
        kl.Dropout(0.5),
        kl.TimeDistributed(kl.Dense(5, "relu")),
        kl.SimpleRNN(4),
    ),
    "both ways": lambda: chain(kl.Bidirectional(kl.LSTM(4, return_sequences=True)), kl.Bidirectional(kl.GRU(2))),
    "both ways summed": lambda: chain(
        kl.Bidirectional(kl.GRU(3, return_sequences=True), merge_mode="sum"), kl.LSTM(2, return_sequences=True)
    ),
    "two ways": two_ways,
    "cells": lambda: chain(kl.RNN([kl.LSTMCell(8), kl.GRUCell(3), kl.SimpleRNNCell(5)])),
    "a slow cell last": lambda: chain(kl.RNN([kl.SimpleRNNCell(2), kl.LSTMCell(9)], return_sequences=True), kl.GRU(2)),
    "cells one way and the other": lambda: chain(
        kl.LSTM(3, return_sequences=True),
        kl.RNN([kl.GRUCell(4), kl.SimpleRNNCell(3)], go_backwards=True, return_sequences=True),
        kl.RNN(kl.LSTMCell(4), go_backwards=True),
    ),
    "cells both ways": lambda: chain(
        kl.Bidirectional(kl.RNN([kl.LSTMCell(4), kl.GRUCell(3)], return_sequences=True)),
        kl.Bidirectional(kl.RNN([kl.SimpleRNNCell(2), kl.LSTMCell(3)]), merge_mode="sum"),
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_critical_path_is_that_of_the_scalars(name: str) -> None:
    model = NETWORKS[name]()
    report = sw.measure(model)
    assert report.span == critical_path(model)
    assert report.receipt("span").at({}) == report.span


@pytest.mark.parametrize("name", ["cells", "a slow cell last", "cells both ways"])
def test_the_span_of_a_layer_alone_is_its_own(name: str) -> None:
    layer = NETWORKS[name]().layers[1]
    report = sw.measure(chain(layer))
    assert report.by_layer["span"].sum() == report.span


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "silu", "gelu", "elu", "mish"])
def test_a_chain_of_scalars_has_nothing_in_parallel(activation: str) -> None:
    report = sw.measure(chain(*(kl.Activation(activation) for _ in range(10)), kl.BatchNormalization(), shape=(1,)))
    assert report.parallelism == 1
    assert report.span == report.flops


def test_a_second_layer_follows_the_first_step_by_step() -> None:
    steps, units = 20, 8
    one, four = (
        sw.measure(chain(*(kl.LSTM(units, return_sequences=True) for _ in range(n)), shape=(steps, units)))
        for n in (1, 4)
    )
    # A product, the sum with the other one, the bias, the gate, two operations, tanh, the last gate.
    step = (1 + 3) + 1 + 1 + 4 + 2 + 1 + 1
    assert one.span == steps * step
    assert four.span == (steps + 3) * step
