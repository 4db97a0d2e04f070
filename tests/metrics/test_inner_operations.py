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


def by_transposes(x: keras.KerasTensor) -> keras.KerasTensor:
    def heads() -> keras.KerasTensor:
        return ops.transpose(ops.reshape(kl.Dense(WIDTH)(x), (-1, x.shape[1], HEADS, SIZE)), (0, 2, 1, 3))

    query, key, value = heads(), heads(), heads()
    weights = ops.softmax(ops.matmul(query * SIZE**-0.5, ops.transpose(key, (0, 1, 3, 2))))
    mixed = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))
    return kl.Dense(WIDTH)(ops.reshape(mixed, (-1, x.shape[1], WIDTH)))


def attended(x: keras.KerasTensor) -> keras.KerasTensor:
    return kl.MultiHeadAttention(HEADS, SIZE)(x, x)


def then(*layers: kl.Layer) -> Function:
    return keras.Sequential(list(layers))


SEQUENCE, IMAGE = (POSITIONS, WIDTH), (8, 8, 3)
PAIRS: dict[str, tuple[tuple[int, ...], Function, Function]] = {
    "attention": (SEQUENCE, attended, by_hand),
    "reshapes and transposes": (SEQUENCE, attended, by_transposes),
    "of few positions": ((2, WIDTH), attended, by_transposes),
    "dot products": (SEQUENCE, attended, by_one_operation),
    "one head": (
        SEQUENCE,
        lambda x: kl.Attention()([x, x]),
        lambda x: ops.einsum("bqs,bsk->bqk", ops.softmax(ops.einsum("bqk,bsk->bqs", x, x)), x),
    ),
    "one head by products of matrices": (
        SEQUENCE,
        lambda x: kl.Attention()([x, x]),
        lambda x: ops.matmul(ops.softmax(ops.matmul(x, ops.transpose(x, (0, 2, 1)))), x),
    ),
    "a cell in a loop": (SEQUENCE, kl.LSTM(WIDTH), kl.RNN(kl.LSTMCell(WIDTH))),
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
    assert costs[0] == costs[1]


# Of these a layer keeps less than what is written out: a normalization its input and what it makes, without what lies
# between; a recurrence makes a step's products in the step, and not those of all steps before.
ARITHMETIC = ("n_params", "macs", "flops", "span")


class Own(kl.Layer):
    """Multiplies by a weight a channel, or adds it."""

    def __init__(self, adds: bool) -> None:
        super().__init__()
        self.adds = adds

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.own = self.add_weight(shape=(shape[-1],))

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return x + self.own if self.adds else x * self.own


def standardized(x: keras.KerasTensor, axes: tuple[int, ...] = (-1,)) -> keras.KerasTensor:
    centered = x - ops.mean(x, axis=axes, keepdims=True)
    return centered * ops.rsqrt(ops.mean(ops.square(centered), axis=axes, keepdims=True) + 1e-3)


def in_groups(x: keras.KerasTensor) -> keras.KerasTensor:
    grouped = ops.reshape(x, (-1, POSITIONS, 2, WIDTH // 2))
    return ops.reshape(standardized(grouped, (1, 3)), (-1, POSITIONS, WIDTH))


def to_unit_length(x: keras.KerasTensor) -> keras.KerasTensor:
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=-1, keepdims=True), 1e-12))


def simple_recurrence(x: keras.KerasTensor) -> keras.KerasTensor:
    given, recurrent = kl.Dense(WIDTH)(x), kl.Dense(WIDTH, use_bias=False)
    state = ops.zeros_like(x[:, 0])
    for step in range(POSITIONS):
        state = ops.tanh(given[:, step] + recurrent(state))
    return state


def long_short_term_memory(x: keras.KerasTensor) -> keras.KerasTensor:
    given, recurrent, bias = kl.Dense(4 * WIDTH, use_bias=False)(x), kl.Dense(4 * WIDTH, use_bias=False), Own(adds=True)
    state = cell = ops.zeros_like(x[:, 0])
    for step in range(POSITIONS):
        keep, forget, new, out = ops.split(bias(given[:, step] + recurrent(state)), 4, axis=-1)
        cell = ops.sigmoid(forget) * cell + ops.sigmoid(keep) * ops.tanh(new)
        state = ops.sigmoid(out) * ops.tanh(cell)
    return state


def gated_recurrence(x: keras.KerasTensor) -> keras.KerasTensor:
    given, recurrent = kl.Dense(3 * WIDTH)(x), kl.Dense(3 * WIDTH)
    state = ops.zeros_like(x[:, 0])
    for step in range(POSITIONS):
        ours, theirs = ops.split(given[:, step], 3, axis=-1), ops.split(recurrent(state), 3, axis=-1)
        update, reset = (ops.sigmoid(mine + other) for mine, other in zip(ours[:2], theirs[:2], strict=True))
        state = update * state + (1 - update) * ops.tanh(ours[2] + reset * theirs[2])
    return state


IN_ARITHMETIC: dict[str, tuple[Function, Function]] = {
    "layer normalization": (kl.LayerNormalization(), lambda x: Own(adds=True)(Own(adds=False)(standardized(x)))),
    "without scale and shift": (kl.LayerNormalization(center=False, scale=False), standardized),
    "root mean square": (
        kl.RMSNormalization(),
        lambda x: Own(adds=False)(x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-6)),
    ),
    "groups": (kl.GroupNormalization(2, center=False, scale=False), in_groups),
    "unit length": (kl.UnitNormalization(), to_unit_length),
    "simple recurrence": (kl.SimpleRNN(WIDTH), simple_recurrence),
    "long short-term memory": (kl.LSTM(WIDTH), long_short_term_memory),
    "gated recurrence": (kl.GRU(WIDTH), gated_recurrence),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_ARITHMETIC)
def test_written_out_its_arithmetic_is_the_same(name: str) -> None:
    costs = []
    for function in IN_ARITHMETIC[name]:
        inputs = keras.Input(SEQUENCE)
        report = sw.measure(keras.Model(inputs, function(kl.Dense(WIDTH)(inputs))))
        assert not report.uncounted
        costs.append({metric: getattr(report, metric) for metric in ARITHMETIC})
    assert costs[0] == costs[1]


class Sloped(kl.Layer):
    """PReLU as Keras computes it."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.alpha = self.add_weight(shape=(shape[-1],))

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return ops.relu(x) - self.alpha * ops.relu(-x)


def through_moments(x: keras.KerasTensor) -> keras.KerasTensor:
    mean, variance = ops.moments(x, axes=[-1], keepdims=True)
    return (x - mean) * ops.rsqrt(variance + 1e-3)


ELEMENTS = POSITIONS * WIDTH
# What is written out less the layer, of one sample: operations, elements at the peak, elements in training.
BESIDES: dict[str, tuple[Function, Function, tuple[int, int, int]]] = {
    # The distance from the mean is computed once more, and kept.
    "through moments": (kl.LayerNormalization(center=False, scale=False), through_moments, (ELEMENTS, 0, ELEMENTS)),
    # Mean and deviation of each place are not there at once; what is scaled is kept, and the deviations.
    "layer normalization": (*IN_ARITHMETIC["layer normalization"], (0, -POSITIONS, ELEMENTS - POSITIONS)),
    "root mean square": (*IN_ARITHMETIC["root mean square"], (0, 0, ELEMENTS)),
    "unit length": (*IN_ARITHMETIC["unit length"], (0, 0, 2 * POSITIONS)),
    "groups": (*IN_ARITHMETIC["groups"], (0, -2, 0)),
    # max(x, 0) + alpha * min(x, 0) without the two signs' own operation; each operation's tensor.
    "a slope of its own": (kl.PReLU(shared_axes=[1]), Sloped(), (ELEMENTS, ELEMENTS, 2 * ELEMENTS)),
}


def compared(layer: Function, written_out: Function) -> tuple[int, int, int]:
    reports = []
    for function in (layer, written_out):
        inputs = keras.Input(SEQUENCE)
        reports.append(sw.measure(keras.Model(inputs, function(kl.Dense(WIDTH)(inputs)))))
    one, other = reports
    return (
        other.flops - one.flops,
        (other.peak_activation_bytes - one.peak_activation_bytes) // 4,
        (other.training_bytes - one.training_bytes) // 4,
    )


@pytest.mark.parametrize("name", BESIDES)
def test_a_layer_written_out_takes_besides(name: str) -> None:
    layer, written_out, besides = BESIDES[name]
    assert compared(layer, written_out) == besides


@pytest.mark.parametrize(
    ("name", "gates"), [("simple recurrence", 1), ("long short-term memory", 4), ("gated recurrence", 3)]
)
@pytest.mark.slow
def test_a_recurrence_written_out_holds_the_products_of_all_steps(name: str, gates: int) -> None:
    # Once as the product makes them and once as the steps take them, where the layer holds its input.
    assert compared(*IN_ARITHMETIC[name])[1] == (2 * gates - 1) * ELEMENTS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "besides"),
    [
        # What is kept and the gradients alive at the peak add up to an element a step and unit, less two states.
        ("simple recurrence", ELEMENTS - 2 * WIDTH),
        ("gated recurrence", ELEMENTS - 2 * WIDTH),
        ("long short-term memory", -2 * WIDTH),
    ],
)
def test_a_recurrence_written_out_keeps_in_training_besides(name: str, besides: int) -> None:
    assert compared(*IN_ARITHMETIC[name])[2] == besides


def both_ways(x: keras.KerasTensor) -> keras.KerasTensor:
    ahead, back = (kl.LSTM(5, return_sequences=True, go_backwards=turned)(x) for turned in (False, True))
    return kl.Concatenate()([ahead, ops.flip(back, 1)])


def test_both_ways_written_out_run_one_after_the_other() -> None:
    layer = kl.Bidirectional(kl.LSTM(5, return_sequences=True))
    flops, peak, training = compared(layer, both_ways)
    # The layer holds its input to the end, both halves and a turned one. Written out, the halves are made one after
    # the other, and the turned one is a tensor more.
    assert (flops, training) == (0, POSITIONS * 5)
    assert peak < 0
    assert compared(kl.Bidirectional(kl.LSTM(5)), lambda x: kl.Concatenate()([kl.LSTM(5)(x), kl.LSTM(5)(x)])) == (
        0,
        0,
        0,
    )


def in_groups_of_heads(x: keras.KerasTensor) -> keras.KerasTensor:
    query = kl.EinsumDense("bsd,dhk->bshk", (None, 2 * HEADS, SIZE), bias_axes="hk")(x)
    key, value = (ops.repeat(head(SIZE)(x), 2, axis=2) for _ in range(2))
    weights = ops.softmax(ops.einsum("bqhk,bshk->bhqs", query * SIZE**-0.5, key))
    mixed = ops.einsum("bhqs,bshk->bqhk", weights, value)
    return kl.EinsumDense("bshk,hkd->bsd", (None, WIDTH), bias_axes="d")(mixed)


def test_grouped_attention_written_out_holds_its_input_where_the_layer_holds_repeated_values() -> None:
    flops, peak, training = compared(lambda x: kl.GroupQueryAttention(SIZE, 2 * HEADS, HEADS)(x, x), in_groups_of_heads)
    assert (flops, peak) == (0, ELEMENTS - POSITIONS * 2 * HEADS * SIZE)
    assert training == -POSITIONS * HEADS * SIZE


def test_a_softmax_spelled_out_makes_tensors() -> None:
    def spelled_out(x: keras.KerasTensor) -> keras.KerasTensor:
        made = ops.exp(x - ops.max(x, axis=-1, keepdims=True))
        return made / ops.sum(made, axis=-1, keepdims=True)

    # The exponentials and what is made of them, as the layer's input and output; and their sums.
    assert compared(ops.softmax, spelled_out)[1] == POSITIONS


def test_a_product_sums_onto_zero_and_a_sum_onto_its_first_term() -> None:
    left, right = keras.Input((WIDTH,)), keras.Input((WIDTH,))
    product = sw.measure(keras.Model([left, right], kl.Dot(-1)([left, right])))
    summed = sw.measure(keras.Model([left, right], ops.sum(left * right, axis=-1, keepdims=True)))
    assert (product.macs, product.flops) == (WIDTH, 2 * WIDTH)
    assert (summed.macs, summed.flops) == (0, 2 * WIDTH - 1)
    # The products, which are no tensor of the layer.
    assert summed.peak_activation_bytes == 4 * 3 * WIDTH
    assert product.peak_activation_bytes == 4 * (2 * WIDTH + 1)


@pytest.mark.parametrize("view", [kl.Flatten(), kl.Reshape((WIDTH, POSITIONS)), kl.Permute((2, 1)), kl.Identity()])
def test_a_view_takes_no_memory(view: kl.Layer) -> None:
    inputs = keras.Input(SEQUENCE)
    assert sw.measure(keras.Model(inputs, view(inputs))).peak_activation_bytes == 4 * ELEMENTS
    repeated = kl.RepeatVector(3)(keras.Input((WIDTH,), name="vector"))
    report = sw.measure(keras.Model(repeated._keras_history.operation.input, repeated))
    assert report.peak_activation_bytes == 4 * (WIDTH + 3 * WIDTH)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_nothing_on_a_chain_of_scalars_can_run_at_once(depth: int) -> None:
    x = inputs = keras.Input((1,))
    for _ in range(depth):
        # A product over one term, its bias, activations of several operations, and a softmax over one.
        x = kl.Softmax()(kl.Dense(1, "sigmoid")(kl.Activation("tanh")(x)))
    cost = sw.measure(keras.Model(inputs, x))
    assert (cost.parallelism, cost.span) == (1, cost.flops)


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
