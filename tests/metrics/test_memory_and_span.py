"""Memory, span and what is left out, on models small enough to work out by hand."""

from __future__ import annotations

import re

import keras
import pytest
import tensorflow as tf
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.metrics import METRICS

FLOAT = 4  # bytes


def branchy() -> keras.Model:
    inputs = keras.Input((10,), name="in")
    left = kl.Dense(20, name="left")(inputs)
    right = kl.Dense(30, name="right")(inputs)
    both = kl.Concatenate(name="both")([left, right])
    return keras.Model(inputs, kl.Dense(5, name="out")(both))


def test_a_tensor_lives_until_its_last_reader() -> None:
    cost = sw.measure(branchy(), batch_size=7)
    live = {
        "in": 10,
        "left": 10 + 20 + 20,  # a bias makes a tensor of its own
        "right": 20 + 30 + 30,  # as large as with the input, which the product reads last
        "both": 20 + 30 + 50,
        "out": 50 + 5,
    }
    # What grows with the batch is the activations' part of the training memory.
    more = sw.measure(branchy(), batch_size=14).training_bytes - cost.training_bytes
    assert cost.by_layer["backward_bytes"].max() == more
    assert cost.by_layer["live_bytes"].to_dict() == {layer: 7 * FLOAT * floats for layer, floats in live.items()}
    assert cost.peak_activation_bytes == 7 * FLOAT * 100
    made = {"in": 10, "left": 20, "right": 30, "both": 50, "out": 5}
    assert cost.by_layer["activation_bytes"].to_dict() == {layer: 7 * FLOAT * floats for layer, floats in made.items()}


def test_a_skip_connection_keeps_its_tensor_alive() -> None:
    inputs = keras.Input((8,), name="in")
    x = kl.Dense(8, name="a")(inputs)
    x = kl.Dense(8, name="b")(x)
    model = keras.Model(inputs, kl.Add(name="sum")([inputs, x]))
    assert sw.measure(model).by_layer["live_bytes"].tolist() == [FLOAT * n for n in (8, 24, 24, 24)]


def test_an_early_output_lives_to_the_end() -> None:
    inputs = keras.Input((4,), name="in")
    early = kl.Dense(6, name="early")(inputs)
    late = kl.Dense(3, name="late")(kl.Dense(2, name="middle")(early))
    live = sw.measure(keras.Model(inputs, [early, late])).by_layer["live_bytes"]
    assert live.to_dict() == {
        "in": FLOAT * 4,
        "early": FLOAT * (6 + 6),
        "middle": FLOAT * (6 + 2 + 2),
        "late": FLOAT * (6 + 3 + 3),
    }


def test_half_precision_halves_the_bytes() -> None:
    def bytes_in(dtype: str) -> tuple[int, int]:
        model = keras.Sequential([keras.Input((6,), dtype=dtype), kl.Dense(5, dtype=dtype)])
        cost = sw.measure(model)
        return cost.weight_bytes, cost.peak_activation_bytes

    assert bytes_in("float16") == ((6 + 1) * 5 * 2, (6 + 5) * 2)
    assert bytes_in("float32") == ((6 + 1) * 5 * 4, (6 + 5) * 4)


@pytest.mark.parametrize(("optimizer", "slots"), [("sgd", 0), ("adam", 2), ("rmsprop", 1)])
def test_training_takes_weights_gradients_slots_and_kept_activations(optimizer: str, slots: int) -> None:
    model = keras.Sequential(
        [
            keras.Input((10,)),
            kl.Dense(8, trainable=False),
            kl.BatchNormalization(),
            kl.Dropout(0.5),
            kl.Reshape((4, 2)),
            kl.Flatten(),
            kl.Dense(3),
        ]
    )
    frozen, moving, trainable = 11 * 8, 2 * 8, 2 * 8 + 9 * 3
    # While the last layer multiplies: the input, what is normalized (the first layer learns nothing), a mask of bytes
    # and what the last layer reads are kept; what it reads and makes has gradients.
    most = FLOAT * (10 + 8 + 8 + 8 + 3) + 8
    expected = (frozen + moving + trainable) + trainable * (1 + slots)
    cost = sw.measure(model, batch_size=32, optimizer=optimizer)
    assert cost.training_bytes == FLOAT * expected + 32 * most
    assert (cost.n_params, cost.n_trainable) == (frozen + moving + trainable, trainable)
    model.compile(optimizer, "mse")
    assert sw.measure(model, batch_size=32) == cost, "the compiled optimizer is the default"


@pytest.mark.parametrize(
    "optimizer", ["sgd", "adam", "adamw", "nadam", "adamax", "rmsprop", "adagrad", "adadelta", "lion"]
)
def test_slots_are_those_that_keras_makes(optimizer: str) -> None:
    model = keras.Sequential([keras.Input((3,)), kl.Dense(2)])
    model.compile(optimizer, "mse")
    model.optimizer.build(model.trainable_variables)
    made = sum(weight.shape == (3, 2) for weight in model.optimizer.variables)
    one, none = sw.measure(model), sw.measure(model, optimizer="sgd")
    assert one.training_bytes - none.training_bytes == made * FLOAT * (3 * 2 + 2)


def test_span_of_an_mlp() -> None:
    model = keras.Sequential(
        [
            keras.Input((10,)),
            kl.Dense(16, activation="relu"),
            kl.Dense(8, use_bias=False, activation="tanh"),
            kl.Dense(3, activation="softmax"),
        ]
    )
    # A product, a tree over its terms, the bias, the activation.
    relu, tanh = 1 + 4 + 1 + 1, 1 + 4 + 0 + 1
    softmax = 1 + 3 + 1 + (2 * 2 + 3)  # two trees over the three classes
    cost = sw.measure(model)
    assert cost.by_layer["span"].tolist() == [0, relu, tanh, softmax]
    assert cost.span == relu + tanh + softmax
    assert cost.parallelism == pytest.approx(cost.flops / (relu + tanh + softmax))


def test_span_takes_the_longest_path() -> None:
    inputs = keras.Input((4,))
    short = kl.Dense(8)(inputs)
    long = kl.Dense(8)(kl.Dense(16)(inputs))
    model = keras.Model(inputs, kl.Add()([short, long]))
    assert sw.measure(model).span == (1 + 2 + 1) + (1 + 4 + 1) + 1


def test_depth_lengthens_the_critical_path_and_leaves_parallelism_as_it_is() -> None:
    one, three = (mlp_of(*[32] * depth) for depth in (1, 3))
    assert three.parallelism == pytest.approx(one.parallelism)
    assert three.span == 3 * one.span


def test_width_usually_raises_parallelism_but_a_deeper_tree_lowers_it() -> None:
    assert mlp_of(128).parallelism > mlp_of(64).parallelism > mlp_of(32).parallelism
    # 65 terms take a level more than 64, for hardly more work.
    assert mlp_of(65, 65).parallelism < mlp_of(64, 64).parallelism


def mlp_of(*widths: int) -> sw.CostReport:
    layers = [kl.Dense(width, activation="relu") for width in widths]
    return sw.measure(keras.Sequential([keras.Input((32,)), *layers]))


def test_a_model_that_computes_nothing_has_a_parallelism() -> None:
    cost = sw.measure(keras.Sequential([keras.Input((4, 3)), kl.Flatten()]))
    assert (cost.flops, cost.span, cost.parallelism) == (0, 0, 1)


class Tripling(kl.Layer):
    """NumPy inside of TensorFlow, which nothing looks into: the layer stays closed."""

    def call(self, inputs):
        return tf.ensure_shape(tf.numpy_function(lambda given: 3 * given, [inputs], tf.float32), inputs.shape)

    def compute_output_shape(self, input_shape):
        return input_shape


def shaky(x):  # none of Keras's operations
    return tf.math.bessel_i0(x)


def test_what_is_not_counted_is_listed_and_makes_a_lower_bound() -> None:
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            kl.Conv2D(2, 1, activation=shaky, name="strange"),
            Tripling(name="tripling"),
            kl.UpSampling2D(interpolation="bicubic", name="finer"),
            kl.Flatten(),
            kl.Dense(2, name="plain"),
        ]
    )
    cost = sw.measure(model)
    assert set(cost.uncounted) == {"strange", "tripling", "finer"}
    assert ">shaky', whose cost is not known" in cost.uncounted["strange"]
    assert "no layer rule" in cost.uncounted["tripling"]
    assert "register_layer_rule" in cost.uncounted["tripling"]
    assert cost.is_lower_bound
    assert cost.by_layer["counted"].to_dict()["plain"]
    assert not cost.by_layer["counted"][["strange", "tripling", "finer"]].any()
    assert cost.n_params == model.count_params(), "parameters are known whatever a layer does with them"
    lines = str(cost).splitlines()
    assert [">=" in line for line in lines[:8]] == [False, True, True, False, True, True, True, True]
    assert "Not counted: strange has the activation '" in lines[-1]
    assert ">shaky'" in lines[-1]


def test_a_known_activation_instead_makes_it_exact() -> None:
    model = keras.Sequential([keras.Input((3,)), kl.Dense(4, activation=shaky, name="strange"), kl.Dense(2)])
    structure = sw.StructureSpace.from_keras(model).baseline
    assert structure.measure().is_lower_bound
    exact = structure.with_activation("strange", "relu").measure()
    assert not exact.is_lower_bound
    assert exact.flops == structure.measure().flops + 4


def test_the_report_says_its_conventions() -> None:
    cost = sw.measure(branchy(), batch_size=16, optimizer="sgd")
    assert str(cost).endswith("Batch of 16; training memory with sgd.")
    table = cost._repr_html_()
    shown = [each for each in METRICS.values() if each.is_total and each.is_shown and not each.is_optional]
    assert len(re.findall("<tr>", table)) == 1 + len(shown)
    assert all(each.label in table for each in shown)
    assert f"{cost.n_params:,}" in table


def test_names_are_escaped_in_html() -> None:
    model = keras.Sequential([keras.Input((3,)), Tripling(name="a<b"), kl.Dense(2)])
    assert "a&lt;b" in sw.measure(model)._repr_html_()


def test_an_unknown_optimizer_and_a_bad_batch_are_refused() -> None:
    structure = sw.StructureSpace.from_keras(branchy()).baseline
    with pytest.raises(ValueError, match=r"Expected an optimizer among sgd, adam, .*; got 'adam2'"):
        structure.measure(optimizer="adam2")
    for bad in (0, -1, 2.0, True, "8"):
        with pytest.raises(
            (ValueError, TypeError), match=rf"Expected a whole number of at least 1 as a batch size, got {bad!r}"
        ):
            structure.measure(batch_size=bad)
