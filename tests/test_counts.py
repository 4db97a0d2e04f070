"""Counts derived here from first principles, and the published ones."""

from __future__ import annotations

import math
from typing import Any

import keras
import pytest
from keras import layers as kl

import structopt_widgets as sw


def sequential(shape: tuple[int, ...], *layers: Any) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *layers])


def macs_by_layer(model: keras.Model) -> list[int]:
    cost = sw.measure(model)
    assert not cost.uncounted
    assert cost.macs == cost.by_layer["macs"].sum()
    return [macs for macs in cost.by_layer["macs"] if macs]


@pytest.mark.parametrize("widths", [(7, 5, 3), (1, 1, 1), (20, 2)])
def test_macs_of_an_mlp_are_the_products_of_neighbouring_widths(widths: tuple[int, ...]) -> None:
    n_in = 11
    model = sequential((n_in,), *(kl.Dense(width) for width in widths))
    assert macs_by_layer(model) == [a * b for a, b in zip((n_in, *widths), widths, strict=False)]
    assert sw.measure(model).n_params == sum((a + 1) * b for a, b in zip((n_in, *widths), widths, strict=False))


def test_macs_of_a_dense_layer_are_once_a_position() -> None:
    assert macs_by_layer(sequential((4, 5, 7), kl.Dense(3))) == [4 * 5 * (7 * 3)]


def positions(length: int, window: int, stride: int, padding: str, dilation: int = 1) -> int:
    """Counted one by one: the places where a window may start."""
    if padding != "valid":
        return len(range(0, length, stride))
    return sum(1 for start in range(0, length, stride) if start + (window - 1) * dilation < length)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("kernel", "strides"), [((3, 3), (1, 1)), ((5, 2), (2, 3)), ((1, 4), (3, 1))])
def test_macs_of_a_convolution(kernel: tuple[int, int], strides: tuple[int, int], padding: str) -> None:
    height, width, channels, filters = 11, 9, 3, 5
    model = sequential((height, width, channels), kl.Conv2D(filters, kernel, strides=strides, padding=padding))
    places = positions(height, kernel[0], strides[0], padding) * positions(width, kernel[1], strides[1], padding)
    assert macs_by_layer(model) == [places * filters * math.prod(kernel) * channels]


@pytest.mark.parametrize("multiplier", [1, 2, 3])
def test_macs_of_a_depthwise_convolution(multiplier: int) -> None:
    model = sequential((8, 8, 6), kl.DepthwiseConv2D(3, depth_multiplier=multiplier))
    assert macs_by_layer(model) == [6 * 6 * 6 * multiplier * 3 * 3]


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_each_group_of_a_convolution_sees_its_share_of_the_channels(groups: int) -> None:
    model = sequential((8, 8, 8), kl.Conv2D(12, 3, groups=groups))
    assert macs_by_layer(model) == [6 * 6 * 12 * 3 * 3 * (8 // groups)]


@pytest.mark.parametrize(
    ("padding", "stride", "dilation"),
    [("valid", 1, 1), ("valid", 3, 1), ("valid", 1, 3), ("causal", 1, 4), ("same", 2, 1)],
)
def test_macs_of_a_convolution_in_time(padding: str, stride: int, dilation: int) -> None:
    model = sequential((20, 3), kl.Conv1D(4, 3, padding=padding, strides=stride, dilation_rate=dilation))
    assert macs_by_layer(model) == [positions(20, 3, stride, padding, dilation) * 4 * 3 * 3]


def test_flops_are_two_a_mac_and_every_other_operation() -> None:
    model = sequential(
        (6, 6, 2),
        kl.Conv2D(4, 3, activation="relu"),  # 4 x 4 x 4 outputs: a bias and a maximum each
        kl.BatchNormalization(),  # a scale and a shift each
        kl.AveragePooling2D(2),  # 2 x 2 x 4 outputs: three additions and a division each
        kl.GlobalMaxPooling2D(),  # 4 outputs: three comparisons each
        kl.Dense(3, use_bias=False, activation="softmax"),  # five an output
    )
    conv, norm, pool, top, head = (row for row in sw.measure(model).by_layer["flops"] if row)
    assert conv == 2 * (16 * 4 * 18) + 2 * 64
    assert norm == 2 * 64
    assert pool == 16 * 4
    assert top == 4 * 3
    assert head == 2 * 12 + 5 * 3


def test_published_mlp() -> None:
    cost = sw.measure(sequential((784,), kl.Dense(512), kl.Dense(512), kl.Dense(10)))
    assert (cost.n_params, cost.macs) == (669_706, 668_672)


@pytest.mark.slow
def test_published_vgg16() -> None:
    space = sw.StructureSpace.from_keras(keras.applications.VGG16(weights=None))
    cost = space.baseline.measure()
    assert (cost.n_params, cost.macs) == (138_357_544, 15_470_264_320)
    assert not cost.uncounted
    assert sum(not group.fixed for group in space.width_groups.values()) == 15  # 13 convolutions and 2 dense layers


@pytest.mark.slow
def test_published_resnet50() -> None:
    space = sw.StructureSpace.from_keras(keras.applications.ResNet50(weights=None))
    cost = space.baseline.measure()
    assert (cost.n_params, cost.macs) == (25_636_712, 3_857_973_248)
    assert not cost.uncounted
    # A stem and four stages of a shared stream, and two widths inside each of the 16 blocks; the stem
    # enters the first stage through a convolution of its own.
    assert sum(not group.fixed for group in space.width_groups.values()) == 1 + 4 + 2 * 16


def test_an_lstm_by_hand() -> None:
    steps, features, units = 5, 3, 4
    row = sw.measure(sequential((steps, features), kl.LSTM(units))).by_layer.iloc[-1]
    assert row["n_params"] == 4 * units * (features + units + 1)
    assert row["macs"] == steps * 4 * units * (features + units)
    # A step and unit: four gates add their two products and a bias; three sigmoids, the candidate's tanh
    # and the state's; f * c, i * candidate, their sum, o * tanh.
    assert row["flops"] == 2 * row["macs"] + steps * units * (4 * 2 + 3 * 4 + 2 + 4)
    # The product over 4 terms, two additions, the gate, a product, a sum, tanh, a product.
    # A product with the state, the sum with the input's, bias, sigmoid, product, sum, tanh, product.
    assert row["span"] == steps * ((1 + 2) + 1 + 1 + 4 + 1 + 1 + 1 + 1)


@pytest.mark.parametrize("reset_after", [True, False])
def test_a_gru_by_hand(reset_after: bool) -> None:
    steps, features, units = 5, 3, 4
    layer = kl.GRU(units, reset_after=reset_after)
    row = sw.measure(sequential((steps, features), layer)).by_layer.iloc[-1]
    assert row["n_params"] == 3 * units * (features + units + 1 + reset_after)
    assert row["macs"] == steps * 3 * units * (features + units)
    biases = 3 * (1 + reset_after)
    assert row["flops"] == 2 * row["macs"] + steps * units * (3 + biases + 2 * 4 + 1 + 5)
    # Sum, sigmoid, product with the reset gate, sum, tanh, product, sum: after the product with the state and its
    # bias, or, before the reset gate, after the input's, whose bias is the only one, and with another product inside.
    after = 1 + 4 + 1 + 1 + 1 + 1 + 1
    first, again = (1 + 2 + 1 + after, 1 + 2 + 1 + after) if reset_after else (7 + after, 6 + after)
    assert row["span"] == first + (steps - 1) * again


def test_attention_by_hand() -> None:
    positions, width, heads, size = 6, 8, 2, 4
    inputs = keras.Input((positions, width))
    model = keras.Model(inputs, kl.MultiHeadAttention(heads, size)(inputs, inputs))
    row = sw.measure(model).by_layer.iloc[-1]
    inner, scores = heads * size, heads * positions * positions
    assert row["n_params"] == 3 * (width * inner + inner) + inner * width + width
    assert row["macs"] == 4 * positions * width * inner + 2 * scores * size
    # Biases of three projections and of the output, a scaled query, five operations a score.
    assert row["flops"] == 2 * row["macs"] + positions * (3 * inner + width) + positions * inner + 5 * scores


@pytest.mark.slow
def test_a_vision_transformer_as_published() -> None:
    """ViT-B/16: 86,567,656 parameters and 17,563,828,224 MACs, 715,327,488 of them in attention products."""
    width, heads, tokens = 768, 12, 197
    with sw.without_weights():
        image = keras.Input((224, 224, 3))
        x = kl.Reshape((196, width))(kl.Conv2D(width, 16, strides=16)(image))
        x = kl.ZeroPadding1D((1, 0))(x)  # where the class token goes
        for _ in range(12):
            y = kl.LayerNormalization()(x)
            x = x + kl.MultiHeadAttention(heads, width // heads)(y, y)
            y = kl.Dense(4 * width, activation="gelu")(kl.LayerNormalization()(x))
            x = x + kl.Dense(width)(y)
        model = keras.Model(image, kl.Dense(1000)(kl.LayerNormalization()(x)[:, 0]))
    cost = sw.measure(model)
    class_token_and_positions = width + tokens * width
    assert cost.n_params + class_token_and_positions == 86_567_656
    assert cost.macs == 17_563_828_224
    assert 12 * 2 * tokens * tokens * width == 715_327_488


def test_variance_takes_two_means() -> None:
    inputs = keras.Input((8,))
    cost = sw.measure(keras.Model(inputs, keras.ops.var(inputs, axis=-1)))
    assert cost.flops == 4 * 8
    assert cost.span == 2 * (3 + 1) + 2


def test_a_transposed_convolution_has_the_products_of_its_inputs() -> None:
    row = sw.measure(sequential((5, 5, 3), kl.Conv2DTranspose(2, 2, strides=2))).by_layer.iloc[-1]
    assert row["macs"] == 5 * 5 * (2 * 2) * 3 * 2
    assert row["span"] == 1 + 2 + 1  # windows side by side: three products an output, and the bias


def test_products_by_letters() -> None:
    left, right = keras.Input((5, 3, 4)), keras.Input((6, 3, 4))
    cost = sw.measure(keras.Model([left, right], keras.ops.einsum("bqhd,bkhd->bhqk", left, right)))
    assert cost.macs == 5 * 6 * 3 * 4
    assert cost.flops == 2 * cost.macs
    assert cost.span == 1 + 2
    total = sw.measure(keras.Model(left, keras.ops.einsum("bqhd->bq", left)))
    assert (total.macs, total.flops) == (0, 5 * (3 * 4 - 1))


def test_three_operands_by_letters_are_multiplied_in_the_order_they_are_computed_in() -> None:
    x, y, z = keras.Input((7,)), keras.Input((5, 7)), keras.Input((5, 4))
    first = sw.measure(keras.Model([x, y, z], keras.ops.einsum("bd,bed,bef->bf", x, y, z)))
    assert first.macs == 5 * 7 + 5 * 4  # the vector first, though the matrices come beside each other
    last = sw.measure(keras.Model([x, y, z], keras.ops.einsum("bed,bef,bd->bf", y, z, x)))
    assert last.macs == first.macs


def test_additive_attention_by_hand() -> None:
    asked, kept, size = 5, 6, 4
    query, value = keras.Input((asked, size)), keras.Input((kept, size))
    row = sw.measure(keras.Model([query, value], kl.AdditiveAttention()([query, value]))).by_layer.iloc[-1]
    assert row["n_params"] == size
    assert row["macs"] == asked * kept * size  # scores times values; the scores are sums of tanh
    # A score: add, tanh and scale of each unit, their sum, and five for the softmax.
    assert row["flops"] == 2 * row["macs"] + asked * kept * (3 * size + (size - 1) + 5)
