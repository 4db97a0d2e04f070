"""A function of one sample that is mapped over a batch is read as its operations on all samples."""

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

RNG = np.random.default_rng(0)
ROWS, WIDTH = 5, 6


class Mapped(kl.Layer):
    """What a function makes of each sample, which may read the layer's weights."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.function = function

    def build(self, shape: Any) -> None:
        self.dense = kl.Dense(4)
        self.dense.build((None, shape[-1]))
        self.kernel = self.add_weight(shape=(shape[-1], 3), name="kernel")
        self.bias = self.add_weight(shape=(shape[-1],), name="bias")

    def call(self, x: Any) -> Any:
        return self.function(self, x)


FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "a dense layer and a mean": lambda own, x: ops.vectorized_map(lambda r: own.dense(r) - ops.mean(r), x),
    "a product with a weight": lambda own, x: ops.map(lambda r: ops.relu(ops.matmul(r, own.kernel)), x),
    "a product with a vector": lambda own, x: ops.vectorized_map(lambda r: ops.matmul(r, own.bias), x),
    "two rows": lambda _, x: ops.vectorized_map(lambda r: ops.matmul(r[0], ops.transpose(r)), x),
    "einsum": lambda own, x: ops.map(lambda r: ops.einsum("ij,jk->ki", r, own.kernel), x),
    "a softmax over rows": lambda own, x: ops.map(lambda r: ops.softmax(r, axis=0) + own.bias, x),
    "several tensors": lambda _, x: ops.vectorized_map(lambda a: a[0] * ops.sum(a[1], axis=0), (x, 2 * x)),
    "ranks that differ": lambda _, x: ops.vectorized_map(lambda r: r * ops.mean(r, axis=1, keepdims=True) + r[0], x),
    "distances": lambda _, x: ops.map(lambda r: ops.sum((r[:, None] - r[None]) ** 2, -1), x),
    "stacked and joined": lambda _, x: ops.map(lambda r: ops.concatenate([ops.stack([r[0], r[1]]), r[2:]]), x),
    "a constant for each": lambda _, x: ops.map(lambda r: ops.ones((2, WIDTH)) * r[:2], x),
    "the same for each": lambda own, x: ops.map(lambda _: own.bias * 2.0, x),
    "tf.map_fn": lambda _, x: tf.map_fn(lambda r: r / tf.norm(r), x),
    "tf.vectorized_map": lambda _, x: tf.vectorized_map(lambda r: tf.matmul(r, r, transpose_b=True), x),
    "another over all samples": lambda _, x: ops.map(lambda r: r * ops.sum(x, axis=0), x),
}


SOME = ("a dense layer and a mean", "ranks that differ", "tf.map_fn")  # the rest is exhaustive


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name if name in SOME else pytest.param(name, marks=pytest.mark.exhaustive) for name in FUNCTIONS]
)
def test_a_map_over_the_samples_is_its_operations(name: str) -> None:
    model = keras.Sequential([keras.Input((ROWS, WIDTH)), kl.Dense(WIDTH), Mapped(FUNCTIONS[name])])
    batch = RNG.normal(size=(3, ROWS, WIDTH)).astype("float32")
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert not space.source.unproven
    assert cost.n_params == model.count_params()
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-5)


@pytest.mark.slow
def test_its_widths_are_sliders_and_its_products_are_counted() -> None:
    model = keras.Sequential(
        [keras.Input((ROWS, WIDTH)), kl.Dense(8, name="stem"), Mapped(FUNCTIONS["a product with a weight"])]
    )
    space = sw.StructureSpace.from_keras(model)
    assert space.baseline.measure().macs == ROWS * WIDTH * 8 + ROWS * 8 * 3
    narrow = space.baseline.with_width("stem", 5)
    assert narrow.measure().macs == ROWS * WIDTH * 5 + ROWS * 5 * 3
    assert narrow.build()(np.zeros((2, ROWS, WIDTH))).shape == (2, ROWS, 3)


def test_an_operation_that_is_not_known_for_all_samples_keeps_the_layer_whole() -> None:
    def diagonal(_: Any, x: Any) -> Any:
        return ops.map(lambda r: ops.trapezoid(r, axis=0), x)

    model = keras.Sequential([keras.Input((ROWS, WIDTH)), kl.Dense(WIDTH), Mapped(diagonal), kl.Dense(2)])
    (reason,) = sw.StructureSpace.from_keras(model).baseline.measure().uncounted.values()
    assert "maps over the samples of a batch what is not known for all of them at once: Trapezoid" in reason
