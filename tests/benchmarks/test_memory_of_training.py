"""Training memory: ours against what XLA plans for the same step and what TensorFlow allocates in it.

TensorFlow's is the most that the process holds more than before a step of Keras's own, sampled while it runs, and
weights and slots, which were there before. For XLA the step is written in TensorFlow around ``stateless_call``: the
arena of the compiled step with its arguments.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import psutil
import pytest
import tensorflow as tf
from keras import layers as kl

import structopt_widgets as sw

RUNS = 5  # of TensorFlow, each in a process of its own: the middle one counts

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(1800)]


def mlp() -> keras.Model:
    return keras.Sequential([keras.Input((784,)), *(kl.Dense(2048, "relu") for _ in range(4)), kl.Dense(10)])


def cnn() -> keras.Model:
    layers = [kl.Conv2D(filters, 3, padding="same", activation="relu") for filters in (32, 32, 64, 64)]
    return keras.Sequential([keras.Input((64, 64, 3)), *layers, kl.GlobalAveragePooling2D(), kl.Dense(10)])


def cnn_with_batch_norm() -> keras.Model:
    layers: list[kl.Layer] = []
    for filters in (32, 32, 64, 64):
        layers += [kl.Conv2D(filters, 3, padding="same"), kl.BatchNormalization(), kl.Activation("relu")]
    return keras.Sequential([keras.Input((64, 64, 3)), *layers, kl.GlobalAveragePooling2D(), kl.Dense(10)])


def resnet() -> keras.Model:
    x = inputs = keras.Input((64, 64, 3))
    x = kl.Conv2D(32, 3, padding="same")(x)
    for _ in range(4):
        y = kl.Activation("relu")(kl.BatchNormalization()(kl.Conv2D(32, 3, padding="same")(x)))
        x = kl.Activation("relu")(kl.Add()([x, kl.BatchNormalization()(kl.Conv2D(32, 3, padding="same")(y))]))
    return keras.Model(inputs, kl.Dense(10)(kl.GlobalAveragePooling2D()(x)))


def transformer() -> keras.Model:
    x = inputs = keras.Input((256, 128))
    for _ in range(3):
        y = kl.LayerNormalization()(x)
        x = kl.Add()([x, kl.MultiHeadAttention(4, 32)(y, y)])
        y = kl.LayerNormalization()(x)
        x = kl.Add()([x, kl.Dense(128)(kl.Dense(512, "gelu")(y))])
    return keras.Model(inputs, kl.Dense(10)(kl.GlobalAveragePooling1D()(x)))


def lstm() -> keras.Model:
    return keras.Sequential([keras.Input((100, 64)), kl.LSTM(256, return_sequences=True), kl.LSTM(256), kl.Dense(10)])


def step_of(model: keras.Model) -> tuple[Callable[..., Any], list[tf.Tensor]]:
    """Loss, gradients and Adam's update as a function of plain tensors, and the state it begins with."""
    trainable = [tf.constant(each.value) for each in model.trainable_variables]
    others = [tf.constant(each.value) for each in model.non_trainable_variables]
    slots = [tf.zeros_like(each) for each in trainable for _ in range(2)]
    n, m = len(trainable), len(others)

    def step(*values: tf.Tensor) -> list[tf.Tensor]:
        weights, fixed, moments, (x, y) = values[:n], values[n : n + m], values[n + m : -2], values[-2:]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            made, fixed = model.stateless_call(list(weights), list(fixed), x, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, made))
        slopes = tape.gradient(loss, list(weights))
        first = [0.9 * a + 0.1 * g for a, g in zip(moments[::2], slopes, strict=True)]
        second = [0.999 * a + 0.001 * g * g for a, g in zip(moments[1::2], slopes, strict=True)]
        weights = [w - 0.001 * a / (tf.sqrt(b) + 1e-7) for w, a, b in zip(weights, first, second, strict=True)]
        return [*weights, *fixed, *(each for pair in zip(first, second, strict=True) for each in pair), loss]

    return step, [*trainable, *others, *slots]


def planned(step: Callable[..., Any], arguments: list[tf.Tensor]) -> int:
    """Bytes of XLA's arena for the compiled step, and of its arguments, which hold weights and slots."""
    from tensorflow.compiler.xla.service import hlo_pb2

    compiled = tf.function(step, jit_compile=True, autograph=False).experimental_get_compiler_ir(*arguments)
    proto = hlo_pb2.HloProto.FromString(compiled(stage="optimized_hlo_proto_serialized", platform_name="CPU"))
    buffers = proto.buffer_assignment.buffer_allocations
    arena = sum(
        each.size
        for each in buffers
        if not (each.is_entry_computation_parameter or each.is_constant or each.is_thread_local or each.maybe_live_out)
    )
    return arena + sum(int(np.prod(each.shape)) * each.dtype.size for each in arguments)


def allocated(model: keras.Model, batch_size: int) -> int:
    """Bytes that the process holds more while Keras trains on a batch than before, with the state that was there."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(), loss, jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    x, y = batch_for(model, batch_size)
    run = tf.function(lambda *batch: model.train_step(batch), autograph=False)
    run.get_concrete_function(x, y)
    gc.collect()
    process, most, done = psutil.Process(), 0, threading.Event()
    before = process.memory_info().rss

    def sample() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, process.memory_info().rss)
            done.wait(0.0005)

    sampler = threading.Thread(target=sample)
    sampler.start()
    run(x, y)
    done.set()
    sampler.join()
    state = [*model.variables, *model.optimizer.variables]
    return most - before + sum(int(np.prod(each.shape)) * each.dtype.size for each in (*(v.value for v in state), x, y))


def batch_for(model: keras.Model, batch_size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """A random batch."""
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(batch_size, *model.input_shape[1:])).astype("float32"))
    return x, tf.constant(rng.integers(0, 10, batch_size))


def allocated_in_a_new_process(make: Callable[[], keras.Model], batch_size: int) -> int:
    """:func:`allocated` where nothing that ran before has left memory to be used again."""
    folder = Path(__file__).parent
    script = f"import {Path(__file__).stem} as t; print('bytes:', t.allocated(t.{make.__name__}(), {batch_size}))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder.parent), str(folder)])}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    return int(run.stdout.split("bytes:")[1])


@pytest.mark.parametrize(
    ("make", "batch_size"),
    [(mlp, 1024), (cnn, 64), (cnn_with_batch_norm, 64), (resnet, 64), (transformer, 32), (lstm, 64)],
    ids=lambda value: value.__name__ if callable(value) else str(value),
)
def test_training_memory(make: Callable[[], keras.Model], batch_size: int, report: Callable[..., None]) -> None:
    model = make()
    ours = sw.measure(model, batch_size=batch_size, optimizer="adam").training_bytes
    step, state = step_of(model)
    # TensorFlow runs what does not wait for each other side by side, and the peak is one of chance.
    runs = sorted(allocated_in_a_new_process(make, batch_size) for _ in range(RUNS))
    theirs, xla = runs[RUNS // 2], planned(step, [*state, *batch_for(model, batch_size)])
    report(
        f"{make.__name__}, batch of {batch_size}: training memory in MB",
        ("ours", f"{ours / 1e6:,.0f}", ""),
        (
            "TensorFlow allocates",
            f"{theirs / 1e6:,.0f}",
            f"ours is {ours / theirs:.2f} of it; {runs[0] / 1e6:,.0f} to {runs[-1] / 1e6:,.0f}",
        ),
        ("XLA plans", f"{xla / 1e6:,.0f}", f"ours is {ours / xla:.2f} of it"),
    )
    assert 0.2 < ours / theirs < 5
