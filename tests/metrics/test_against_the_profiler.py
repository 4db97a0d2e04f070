"""Agreement with TensorFlow's own profiler, in what both count."""

from __future__ import annotations

import keras
import pytest
from keras import layers as kl
from tf_profiler import profiled

import structopt_widgets as sw


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
