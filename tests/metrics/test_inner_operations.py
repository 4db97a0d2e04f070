"""A layer and the same layer written out in operations have the same costs."""

from __future__ import annotations

from collections.abc import Callable

import keras
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw

# All heads together are as wide as the model: written out, Keras projects the values last, so that the input waits in
# their place.
POSITIONS, WIDTH, HEADS, SIZE = 24, 6, 3, 2
METRICS = ("n_params", "macs", "flops", "peak_activation_bytes", "training_bytes", "span")

Function = Callable[[keras.KerasTensor], keras.KerasTensor]


def head(makes_width: int) -> kl.Layer:
    return kl.EinsumDense("bsd,dhk->bshk", (None, HEADS, makes_width), bias_axes="hk")


def by_hand(x: keras.KerasTensor) -> keras.KerasTensor:
    query, key, value = (head(SIZE)(x) for _ in range(3))
    weights = ops.softmax(ops.einsum("bqhk,bshk->bhqs", query * SIZE**-0.5, key))
    mixed = ops.einsum("bhqs,bshk->bqhk", weights, value)
    return kl.EinsumDense("bshk,hkd->bsd", (None, WIDTH), bias_axes="d")(mixed)


def by_one_operation(x: keras.KerasTensor) -> keras.KerasTensor:
    query, key, value = (head(SIZE)(x) for _ in range(3))
    return kl.EinsumDense("bshk,hkd->bsd", (None, WIDTH), bias_axes="d")(ops.dot_product_attention(query, key, value))


def attended(x: keras.KerasTensor) -> keras.KerasTensor:
    return kl.MultiHeadAttention(HEADS, SIZE)(x, x)


def then(*layers: kl.Layer) -> Function:
    return keras.Sequential(list(layers))


SEQUENCE, IMAGE = (POSITIONS, WIDTH), (8, 8, 3)
PAIRS: dict[str, tuple[tuple[int, ...], Function, Function]] = {
    "attention": (SEQUENCE, attended, by_hand),
    "dot products": (SEQUENCE, attended, by_one_operation),
    "one head": (
        SEQUENCE,
        lambda x: kl.Attention()([x, x]),
        lambda x: ops.matmul(ops.softmax(ops.matmul(x, ops.transpose(x, (0, 2, 1)))), x),
    ),
    "activation": ((WIDTH,), kl.Dense(5, "gelu"), then(kl.Dense(5), kl.Activation("gelu"))),
    "activation as an operation": ((WIDTH,), kl.Dense(5, "relu"), lambda x: ops.relu(kl.Dense(5)(x))),
    "separable": (
        IMAGE,
        kl.SeparableConv2D(5, 3, depth_multiplier=4),
        then(kl.DepthwiseConv2D(3, depth_multiplier=4, use_bias=False), kl.Conv2D(5, 1)),
    ),
    "time distributed": (SEQUENCE, kl.TimeDistributed(kl.Dense(5, "tanh")), kl.Dense(5, "tanh")),
    "grouped attention of as many": (SEQUENCE, lambda x: kl.GroupQueryAttention(SIZE, HEADS, HEADS)(x, x), attended),
}


@pytest.mark.parametrize("name", PAIRS)
def test_written_out_it_costs_the_same(name: str) -> None:
    shape, layer, written_out = PAIRS[name]
    costs = []
    for function in (layer, written_out):
        inputs = keras.Input(shape)
        report = sw.measure(keras.Model(inputs, function(kl.Dense(shape[-1])(inputs))), batch_size=3)
        assert not report.uncounted
        costs.append({metric: getattr(report, metric) for metric in METRICS})
    if name == "one head":  # there a transposition is a tensor of its own, which the layer has not
        for metric in ("peak_activation_bytes", "training_bytes"):
            costs[1][metric] = pytest.approx(costs[1][metric], rel=0.15)
    assert costs[0] == costs[1]


def test_the_scores_of_attention_are_in_the_peak() -> None:
    inputs = keras.Input((512, 64))
    report = sw.measure(keras.Model(inputs, kl.MultiHeadAttention(4, 16)(inputs, inputs)))
    scores, sequence = 4 * 512 * 512, 512 * 64
    # The softmax makes scores of scores, while the values wait for both.
    assert report.peak_activation_bytes == 4 * (2 * scores + sequence)


def test_a_recurrent_layer_keeps_every_step_for_training_only() -> None:
    steps, units = 50, 8
    report = sw.measure(keras.Sequential([keras.Input((steps, 4)), kl.LSTM(units)]))
    assert report.peak_activation_bytes < 4 * (steps * 4 + 50 * units)
    assert report.training_bytes > report.peak_activation_bytes + 4 * steps * units * 8
