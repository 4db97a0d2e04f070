"""Agreement with TensorFlow's own profiler, in what both count."""

from __future__ import annotations

import keras
import pytest
import tensorflow as tf
from keras import layers as kl
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

import structopt_widgets as sw


def profiled(model: keras.Model, shape: tuple[int, ...]) -> dict[str, int]:
    """Floating-point operations by kind of operation, as ``tf.profiler`` registers them."""
    traced = tf.function(lambda x: model(x, training=False)).get_concrete_function(
        tf.TensorSpec((1, *shape), tf.float32)
    )
    graph = convert_variables_to_constants_v2(traced).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder(tf.compat.v1.profiler.ProfileOptionBuilder.float_operation())
    found = tf.compat.v1.profiler.profile(graph, cmd="op", options=options.with_empty_output().build())
    by_kind = {"total": found.total_float_ops}
    nodes = list(found.children)
    while nodes:
        node = nodes.pop()
        by_kind[node.name] = node.float_ops
        nodes.extend(node.children)
    return by_kind


def test_a_small_vgg() -> None:
    shape = (32, 32, 3)
    model = keras.Sequential(
        [
            keras.Input(shape),
            *[kl.Conv2D(16, 3, padding="same", activation="relu") for _ in range(2)],
            kl.MaxPooling2D(),
            *[kl.Conv2D(32, 3, padding="same", activation="relu") for _ in range(2)],
            kl.MaxPooling2D(),
            kl.Flatten(),
            kl.Dense(64, activation="relu"),
            kl.Dense(10),
        ]
    )
    cost = sw.measure(model)
    outputs = 2 * 32 * 32 * 16 + 2 * 16 * 16 * 32 + 64 + 10
    relus = outputs - 10
    theirs = profiled(model, shape)
    # It counts no relu, and a pooling window of k as k operations where k - 1 comparisons are made.
    pooled = 16 * 16 * 16 + 8 * 8 * 32
    assert cost.flops - relus + pooled == pytest.approx(theirs["total"], rel=0.005)
    assert 2 * cost.macs == theirs["Conv2D"] + theirs["MatMul"]


def test_an_mlp_exactly() -> None:
    model = keras.Sequential([keras.Input((784,)), kl.Dense(512), kl.Dense(512), kl.Dense(10)])
    theirs = profiled(model, (784,))
    cost = sw.measure(model)
    assert theirs["MatMul"] == 2 * cost.macs
    assert theirs["total"] == cost.flops
