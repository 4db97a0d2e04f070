"""A layer of one's own that calls an operation with its own weights costs what Keras's layer does, in every metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw
from structopt_widgets.metrics import model_metrics


class Own(kl.Layer):
    """``function`` of its input and of weights of these shapes, given the channels."""

    def __init__(self, shapes: Callable[[int], Sequence[tuple[int, ...]]], function: Callable[..., Any]) -> None:
        super().__init__(name="own")
        self.shapes, self.function = shapes, function

    def build(self, shape: Any) -> None:
        self.own = [self.add_weight(shape=each, name=f"own_{i}") for i, each in enumerate(self.shapes(shape[-1]))]

    def call(self, inputs: Any) -> Any:
        return self.function(inputs, *self.own)


PAIRS = {
    "conv1d": ((8, 5), Own(lambda c: [(3, c, 4)], ops.conv), kl.Conv1D(4, 3, use_bias=False)),
    "conv2d": ((8, 8, 5), Own(lambda c: [(2, 3, c, 7)], ops.conv), kl.Conv2D(7, (2, 3), use_bias=False)),
    "conv2d of one place": ((8, 8, 5), Own(lambda c: [(1, 1, c, 7)], ops.conv), kl.Conv2D(7, 1, use_bias=False)),
    "conv2d in groups": (
        (8, 8, 6),
        Own(lambda c: [(3, 3, c // 2, 4)], ops.conv),
        kl.Conv2D(4, 3, groups=2, use_bias=False),
    ),
    "depthwise": (
        (8, 8, 5),
        Own(lambda c: [(3, 3, c, 1)], ops.depthwise_conv),
        kl.DepthwiseConv2D(3, use_bias=False),
    ),
    "separable": (
        (8, 8, 3),
        Own(lambda c: [(3, 3, c, 2), (1, 1, 2 * c, 4)], ops.separable_conv),
        kl.SeparableConv2D(4, 3, depth_multiplier=2, use_bias=False),
    ),
    "transposed": (
        (8, 8, 5),
        Own(lambda c: [(3, 3, 4, c)], lambda x, w: ops.conv_transpose(x, w, 2, "same")),
        kl.Conv2DTranspose(4, 3, 2, "same", use_bias=False),
    ),
    "transposed, odd": (
        (8, 5),
        Own(lambda c: [(3, 4, c)], lambda x, w: ops.conv_transpose(x, w, 2, output_padding=1)),
        kl.Conv1DTranspose(4, 3, 2, output_padding=1, use_bias=False),
    ),
    "layer norm": ((5, 6), Own(lambda c: [(c,), (c,)], ops.layer_normalization), kl.LayerNormalization()),
    "rms norm": ((5, 6), Own(lambda c: [(c,)], ops.rms_normalization), kl.RMSNormalization()),
    "long norm": ((1024,), Own(lambda c: [(c,), (c,)], ops.layer_normalization), kl.LayerNormalization()),
}


@pytest.mark.parametrize("name", PAIRS)
def test_costs_are_the_layers(name: str) -> None:
    shape, own, layer = PAIRS[name]
    costs = []
    for each in (own, layer):
        inputs = keras.Input(shape)
        cost = sw.measure(keras.Model(inputs, each(inputs)), batch_size=3)
        assert not cost.uncounted
        costs.append({metric: getattr(cost, metric) for metric in model_metrics()})
    assert costs[0] == costs[1]


@pytest.mark.parametrize("function", [ops.layer_normalization, ops.rms_normalization])
def test_a_width_is_the_same_on_both_sides_of_a_normalization(function: Any) -> None:
    own = Own(lambda c: [(c,)], function)
    model = keras.Sequential([keras.Input((5, 6)), kl.Dense(8, name="a"), own, kl.Dense(3)])
    space = sw.StructureSpace.from_keras(model)
    narrow = space.baseline.with_width("a", 3)
    assert narrow.measure().n_params == narrow.build().count_params() == 7 * 3 + 3 + 4 * 3
    assert narrow.measure(batch_size=2).flops < space.baseline.measure(batch_size=2).flops


@pytest.mark.parametrize("function", [ops.conv, lambda x, w: tf.nn.conv1d(x, w, 1, "VALID")])
def test_a_kernel_of_groups_has_widths_of_groups(function: Any) -> None:
    own = Own(lambda c: [(3, c // 4, 12)], function)
    model = keras.Sequential([keras.Input((9, 5)), kl.Conv1D(8, 1, use_bias=False, name="a"), own, kl.Dense(3)])
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    narrow = space.scaled(0.5)
    # Four groups of one channel and of two, instead of two and three; the rest is kernels and the last bias.
    (made,) = (each for each in narrow.build("fresh").weights if each.shape[0] == 3 and len(each.shape) == 3)
    assert made.shape == (3, 1, 8)
    assert narrow.measure().n_params == narrow.build().count_params() == 5 * 4 + 3 * 1 * 8 + 8 * 3 + 3
    x = np.random.default_rng(0).normal(size=(2, 9, 5)).astype("float32")
    np.testing.assert_allclose(space.baseline.build()(x), model(x), atol=1e-5)


@pytest.mark.parametrize("merge", [kl.Add, kl.Multiply, kl.Average])
@pytest.mark.parametrize("sides", [1, -1])
def test_one_row_of_weights_is_merged_with_every_sample(merge: Any, sides: int) -> None:
    inputs = keras.Input((5,))
    x = kl.Dense(6, name="a")(kl.Reshape((5, 1))(inputs))
    rows = Own(lambda c: [(5, c)], lambda _, w: w[None])(x)
    model = keras.Model(inputs, kl.Dense(2)(merge()([x, rows][::sides])))
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    (name,) = (each for each, group in space.width_groups.items() if not group.fixed)
    narrow = space.baseline.with_width(name, 4)
    # Kernel and bias, five rows of weights, kernel and bias.
    assert narrow.measure().n_params == narrow.build().count_params() == 2 * 4 + 5 * 4 + 4 * 2 + 2
