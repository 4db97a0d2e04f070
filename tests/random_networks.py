"""Random small networks of the layers there are rules for, drawn by hypothesis.

A network starts from one or two inputs, takes a few random steps from tensors it already has, and ends
in a dense head on whatever is left. One function a step; it returns its input where it does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from hypothesis import strategies as st
from keras import layers as kl
from keras import ops

Draw = Callable[[st.SearchStrategy[Any]], Any]
Step = Callable[[Draw, Any], Any]

VOCABULARY = 11
SHAPES = ((4,), (7,), (5, 3), (6, 4), (6, 6, 2), (5, 7, 3), "tokens")
STEPS: dict[int, list[Step]] = {2: [], 3: [], 4: []}  # by rank, with the batch: vectors, sequences, images


def network(draw: Draw, most_steps: int = 5) -> keras.Model:
    """A model as ``draw`` decides."""
    inputs = [_input(draw, number) for number in range(draw(st.integers(1, 2)))]
    loose = [_embedded(draw, each) for each in inputs]
    for _ in range(draw(st.integers(1, most_steps))):
        place = draw(st.integers(0, len(loose) - 1))
        made = one_of(draw, STEPS[len(loose[place].shape)])(draw, loose[place])
        if len(loose) < 3 and draw(st.integers(0, 3)) == 0:
            loose.append(made)  # and what it was made of goes on by itself
        else:
            loose[place] = made
    ends = [_as_vector(draw, each) for each in loose]
    if len(ends) > 1 and draw(st.booleans()):
        ends = [kl.Concatenate()(ends)]
    return keras.Model(inputs, [kl.Dense(2)(each) for each in ends])


def batch_for(model: keras.Model, samples: int = 2) -> list[np.ndarray]:
    """Random inputs of ``model``."""
    rng = np.random.default_rng(0)
    return [
        rng.integers(1, VOCABULARY, (samples, *each.shape[1:])).astype("int32")
        if each.dtype == "int32"
        else rng.normal(size=(samples, *each.shape[1:])).astype("float32")
        for each in model.inputs
    ]


def one_of(draw: Draw, options: Sequence[Any]) -> Any:
    """One of them; the first ones are the simplest."""
    return options[draw(st.integers(0, len(options) - 1))]


def _input(draw: Draw, number: int) -> Any:
    shape = one_of(draw, SHAPES)
    if shape == "tokens":
        return keras.Input((5,), dtype="int32", name=f"tokens_{number}")
    return keras.Input(shape, name=f"input_{number}")


def _embedded(draw: Draw, x: Any) -> Any:
    if x.dtype == "int32":
        return kl.Embedding(VOCABULARY, width(draw), mask_zero=draw(st.booleans()))(x)
    return x


def _as_vector(draw: Draw, x: Any) -> Any:
    if len(x.shape) == 2:
        return x
    return one_of(draw, (kl.Flatten, {3: kl.GlobalAveragePooling1D, 4: kl.GlobalMaxPooling2D}[len(x.shape)]))()(x)


def width(draw: Draw) -> int:
    return draw(st.integers(2, 6))


def activation(draw: Draw) -> str | None:
    return one_of(draw, (None, "relu", "tanh", "gelu", "softmax"))


def bias(draw: Draw) -> bool:
    return draw(st.booleans())


def step(*ranks: int) -> Callable[[Step], Step]:
    """Offer the decorated function to tensors of these ranks."""

    def register(function: Step) -> Step:
        for rank in ranks:
            STEPS[rank].append(function)
        return function

    return register


@step(2, 3, 4)
def dense(draw: Draw, x: Any) -> Any:
    return kl.Dense(width(draw), activation=activation(draw), use_bias=bias(draw))(x)


@step(2, 3, 4)
def weightless(draw: Draw, x: Any) -> Any:
    layers = (kl.ReLU, lambda: kl.Dropout(0.3), kl.ELU, lambda: kl.GaussianNoise(0.1), kl.Softmax, kl.PReLU)
    return one_of(draw, layers)()(x)


@step(2, 3, 4)
def normalized(draw: Draw, x: Any) -> Any:
    kinds = (
        kl.BatchNormalization,
        lambda: kl.BatchNormalization(scale=False),
        kl.LayerNormalization,
        kl.RMSNormalization,
        kl.UnitNormalization,
        lambda: kl.GroupNormalization(-1),
        lambda: kl.GroupNormalization(2 if x.shape[-1] % 2 == 0 else 1),
    )
    return one_of(draw, kinds)()(x)


@step(2, 3, 4)
def residual(draw: Draw, x: Any) -> Any:
    inside = kl.Dense(width(draw), activation=activation(draw))(x)
    merge = one_of(draw, (kl.Add, kl.Average, kl.Maximum, kl.Subtract, kl.Multiply))
    return merge()([x, kl.Dense(x.shape[-1])(inside)])


@step(2, 3, 4)
def concatenated(draw: Draw, x: Any) -> Any:
    return kl.Concatenate()([x, kl.Dense(width(draw))(x), *([kl.Dense(width(draw))(x)] if draw(st.booleans()) else [])])


@step(2, 3, 4)
def bare(draw: Draw, x: Any) -> Any:
    """Bare operations, a constant among them."""
    made = one_of(draw, (ops.relu, lambda y: y * 2.0, lambda y: 1.0 - y, ops.square, ops.silu))(x)
    return made + kl.Dense(x.shape[-1])(x) if draw(st.booleans()) else made


@step(2, 3, 4)
def shared(draw: Draw, x: Any) -> Any:
    again = kl.Dense(x.shape[-1], activation=activation(draw))
    return again(again(x))


@step(2, 3, 4)
def nested(draw: Draw, x: Any) -> Any:
    """One inner model, called twice."""
    hidden, size = width(draw), x.shape[-1]
    inner = keras.Sequential([keras.Input(x.shape[1:]), kl.Dense(hidden, activation="relu"), kl.Dense(size)])
    return kl.Add()([inner(x), inner(inner(x))])


@step(2)
def gated(draw: Draw, x: Any) -> Any:
    units = width(draw)
    return kl.Dense(units)(x) * kl.Dense(units, activation="sigmoid")(x)


@step(2)
def sequence_of_it(draw: Draw, x: Any) -> Any:
    """A width becomes a length, is repeated, or is cut."""
    size = x.shape[-1]
    divisor = next((each for each in (2, 3) if size % each == 0), 1)
    kinds = (kl.RepeatVector(3), kl.Reshape((-1, 1)), kl.Reshape((1, size)), kl.Reshape((divisor, -1)))
    return one_of(draw, kinds)(x)


@step(3)
def convolved_in_time(draw: Draw, x: Any) -> Any:
    padding = one_of(draw, ("same", "causal"))
    return kl.Conv1D(width(draw), 2, padding=padding, dilation_rate=one_of(draw, (1, 2)), activation=activation(draw))(
        x
    )


@step(3)
def recurrent(draw: Draw, x: Any) -> Any:
    kind = one_of(draw, (kl.SimpleRNN, kl.LSTM, kl.GRU))
    layer = kind(width(draw), return_sequences=draw(st.booleans()), use_bias=bias(draw))
    both = one_of(draw, (None, "concat", "sum"))
    return layer(x) if both is None else kl.Bidirectional(layer, merge_mode=both)(x)


@step(3)
def at_every_step(draw: Draw, x: Any) -> Any:
    return kl.TimeDistributed(kl.Dense(width(draw), activation=activation(draw)))(x)


@step(3)
def attention(draw: Draw, x: Any) -> Any:
    kind = draw(st.integers(0, 2))
    if kind == 0:
        y = kl.MultiHeadAttention(2, 3, use_bias=bias(draw))(x, kl.Dense(width(draw))(x))
    elif kind == 1:
        y = kl.MultiHeadAttention(2, 2, value_dim=3, output_shape=width(draw))(x, x)
    else:
        y = kl.GroupQueryAttention(3, 4, 2)(x, x)
    return x + y if y.shape == x.shape and draw(st.booleans()) else y


@step(3)
def by_an_equation(draw: Draw, x: Any) -> Any:
    units = width(draw)
    if draw(st.booleans()):
        return kl.EinsumDense("abc,cd->abd", (x.shape[1], units), bias_axes="d")(x)
    heads = kl.EinsumDense("abc,cde->abde", (x.shape[1], 2, units), bias_axes="e")(x)
    return kl.EinsumDense("abde,def->abf", (x.shape[1], width(draw)), activation="tanh")(heads)


@step(3)
def in_another_order(_: Draw, x: Any) -> Any:
    return kl.Permute((2, 1))(x)


@step(3)
def other_lengths(draw: Draw, x: Any) -> Any:
    layers = (kl.UpSampling1D(2), kl.ZeroPadding1D(1), kl.MaxPooling1D(2, padding="same"), kl.AveragePooling1D(1))
    return one_of(draw, layers)(x)


@step(3)
def one_step(draw: Draw, x: Any) -> Any:
    over_time = (lambda y: y[:, 0], lambda y: ops.mean(y, axis=1), lambda y: ops.max(y, axis=1), kl.Flatten())
    return one_of(draw, over_time)(x)


@step(3)
def separated_in_time(draw: Draw, x: Any) -> Any:
    if draw(st.booleans()):
        return kl.SeparableConv1D(width(draw), 2, padding="same")(x)
    return kl.DepthwiseConv1D(2, padding="same", depth_multiplier=one_of(draw, (1, 2)))(x)


@step(4)
def convolution(draw: Draw, x: Any) -> Any:
    stride = one_of(draw, (1, 2))
    return kl.Conv2D(width(draw), one_of(draw, (1, 3)), stride, "same", activation=activation(draw))(x)


@step(4)
def grouped(draw: Draw, x: Any) -> Any:
    x = kl.Conv2D(4, 1)(x)
    return kl.Conv2D(one_of(draw, (4, 8)), 2, padding="same", groups=one_of(draw, (2, 4)))(x)


@step(4)
def depthwise(draw: Draw, x: Any) -> Any:
    multiplier = one_of(draw, (1, 2))
    return kl.DepthwiseConv2D(2, padding="same", depth_multiplier=multiplier, activation=activation(draw))(x)


@step(4)
def separable(draw: Draw, x: Any) -> Any:
    return kl.SeparableConv2D(width(draw), 2, padding="same", depth_multiplier=one_of(draw, (1, 2)))(x)


@step(4)
def transposed(draw: Draw, x: Any) -> Any:
    return kl.Conv2DTranspose(width(draw), 2, one_of(draw, (1, 2)), "same")(x) if x.shape[1] < 9 else x


@step(4)
def squeezed_and_excited(draw: Draw, x: Any) -> Any:
    s = kl.GlobalAveragePooling2D(keepdims=draw(st.booleans()))(x)
    s = s if len(s.shape) == 4 else kl.Reshape((1, 1, s.shape[-1]))(s)
    s = kl.Conv2D(width(draw), 1, activation="relu")(s)
    return kl.Multiply()([x, kl.Conv2D(x.shape[-1], 1, activation="sigmoid")(s)])


@step(4)
def other_sizes(draw: Draw, x: Any) -> Any:
    layers = [kl.MaxPooling2D(2, padding="same"), kl.AveragePooling2D(1), kl.ZeroPadding2D(1), kl.SpatialDropout2D(0.2)]
    if 2 < x.shape[1] < 9:
        layers += [kl.UpSampling2D(2), kl.Cropping2D(((1, 0), (0, 0)))]
    return one_of(draw, layers)(x)


@step(4)
def as_a_sequence(draw: Draw, x: Any) -> Any:
    """Patches, or rows, or everything."""
    _, height, length, channels = x.shape
    if height * length > 49:
        return kl.GlobalAveragePooling2D()(x)
    return one_of(draw, (kl.Reshape((height * length, channels)), kl.Reshape((height, -1)), kl.Flatten()))(x)


@step(4)
def channels_moved(draw: Draw, x: Any) -> Any:
    """Channels where other layers see space, as they must not."""
    return kl.Permute(one_of(draw, ((3, 1, 2), (2, 1, 3))))(x)
