"""The article's ``optimize_model``: what assigning attributes does, and the same change done properly."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw

SHAPE = (784,)


class Article(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense1 = kl.Dense(128, activation="relu", name="dense1")
        self.dense2 = kl.Dense(64, activation="relu", name="dense2")
        self.dense3 = kl.Dense(10, activation="softmax", name="dense3")

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        return self.dense3(self.dense2(self.dense1(inputs)))


def built() -> keras.Model:
    model = Article()
    model(np.zeros((1, *SHAPE), "float32"))
    return model


def dense_params(widths: list[int], bias: bool) -> int:
    return sum((a + bias) * b for a, b in zip([*SHAPE, *widths], widths, strict=False))


def assign_as_the_article_does(model: keras.Model) -> None:
    for layer, units, activation in zip(model.layers, (64, 32, 5), ("tanh", "tanh", "softmax"), strict=True):
        layer.units = units
        layer.activation = activation
        layer.use_bias = False
        layer.kernel_initializer = "zeros"


def test_assigning_attributes_changes_no_weight_and_breaks_the_model() -> None:
    model = built()
    before = [np.asarray(weight) for weight in model.weights]
    assign_as_the_article_does(model)
    assert model.count_params() == dense_params([128, 64, 10], bias=True) == 109_386
    for weight, old in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    with pytest.raises(TypeError, match="'str' object is not callable"):
        model(np.zeros((1, *SHAPE), "float32"))


def test_the_same_change_done_properly() -> None:
    model = built()
    new = sw.optimize_model(
        model, widths=[64, 32], activation="tanh", use_bias=False, kernel_initializer="zeros", weights="fresh"
    )
    assert new.count_params() == dense_params([64, 32, 10], bias=False) == 52_544
    assert model.count_params() == 109_386
    layers = [new.get_layer(f"dense{number}") for number in (1, 2, 3)]
    assert [layer.activation.__name__ for layer in layers] == ["tanh", "tanh", "softmax"]
    assert not any(layer.use_bias for layer in layers)
    assert not any(np.asarray(weight).any() for weight in new.weights)
    np.testing.assert_allclose(new(np.ones((2, *SHAPE), "float32")), np.full((2, 10), 0.1), atol=1e-6)


@pytest.mark.parametrize("make", [built, Article], ids=["built", "unbuilt"])
def test_every_way_to_say_the_widths(make: Any) -> None:
    by_name = {"dense1": 64, "dense2": 32}
    for widths in ([64, 32], (64, 32), by_name, 0.5):
        new = sw.optimize_model(make(), widths=widths, input_shape=SHAPE)
        assert new.count_params() == dense_params([64, 32, 10], bias=True)


def test_choices_by_layer() -> None:
    new = sw.optimize_model(built(), activation={"dense1": "gelu"}, use_bias={"dense2": False})
    assert [new.get_layer(f"dense{n}").activation.__name__ for n in (1, 2, 3)] == ["gelu", "relu", "softmax"]
    assert [new.get_layer(f"dense{n}").use_bias for n in (1, 2, 3)] == [True, False, True]


def test_inherited_weights_are_the_default() -> None:
    model = built()
    np.testing.assert_array_equal(sw.optimize_model(model).get_layer("dense1").kernel, model.dense1.kernel)


@pytest.mark.parametrize(
    ("widths", "error", "message"),
    [
        ([64, 32, 5], ValueError, r"Expected 2 widths, for dense1, dense2; got 3: .*number of classes, are left out"),
        ([64], ValueError, r"Expected 2 widths, for dense1, dense2; got 1"),
        ({"dense3": 5}, ValueError, r"The width of 'dense3' is fixed at 10, got 5"),
        ({"dense4": 5}, ValueError, r"got 'dense4'\. Did you mean 'dense3'|got 'dense4'"),
        ("64", TypeError, r"Expected widths by layer, a list of them, or a multiplier such as 0\.5; got '64'"),
        (2, TypeError, r"a multiplier such as 0\.5; got 2"),
        ([64, 32.0], TypeError, r"Expected a whole number"),
        (-0.5, ValueError, r"Expected a width multiplier above 0"),
    ],
)
def test_widths_that_are_refused(widths: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sw.optimize_model(Article(), widths=widths, input_shape=SHAPE)


def test_zero_kernels_change_no_cost() -> None:
    base = sw.StructureSpace.from_keras(built()).baseline
    zeros = base
    for layer in base.initializers:
        zeros = zeros.with_initializer(layer, "zeros")
    assert zeros != base
    assert zeros.measure(batch_size=32) == base.measure(batch_size=32)


def test_zero_kernels_without_biases_give_every_hidden_unit_the_same_zero_gradient() -> None:
    import tensorflow as tf

    model = sw.optimize_model(built(), use_bias=False, kernel_initializer="zeros", weights="fresh")
    with tf.GradientTape() as tape:
        predicted = model(tf.random.normal((16, *SHAPE)))
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(tf.zeros(16), predicted))
    for gradient in tape.gradient(loss, model.trainable_variables):
        assert not np.asarray(gradient).any()


def test_a_bias_is_one_step_of_the_span_and_few_of_the_parameters() -> None:
    base = sw.StructureSpace.from_keras(built()).baseline
    without = base
    for layer in base.biases:
        without = without.with_bias(layer, False)
    with_bias, no_bias = base.measure(), without.measure()
    assert with_bias.span - no_bias.span == 3
    assert no_bias.parallelism > with_bias.parallelism
    assert (with_bias.n_params - no_bias.n_params) / with_bias.n_params < 0.01


def test_tanh_and_relu_cost_the_same_operations() -> None:
    base = sw.StructureSpace.from_keras(built()).baseline
    assert base.with_activation("dense1", "tanh").measure() == base.measure()
