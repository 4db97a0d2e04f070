"""Which weights a rebuilt model has, and what else it takes over."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from zoo.specimen import randomize

import structopt_widgets as sw

read = sw.StructureSpace.from_keras


def dense_pair(**options: Any) -> keras.Model:
    model = keras.Sequential([keras.Input((6,)), kl.Dense(5, name="a", **options), kl.Dense(2, name="b")])
    randomize(model)
    return model


def weights(model: keras.Model, layer: str) -> list[np.ndarray]:
    return [np.asarray(weight) for weight in model.get_layer(layer).weights]


def test_the_units_with_the_largest_incoming_weights_are_kept_in_order() -> None:
    model = dense_pair()
    kernel, bias = weights(model, "a")
    largest = sorted(sorted(range(5), key=lambda unit: -np.linalg.norm(kernel[:, unit]))[:3])
    narrow = read(model).baseline.with_width("a", 3).build()
    np.testing.assert_array_equal(weights(narrow, "a")[0], kernel[:, largest])
    np.testing.assert_array_equal(weights(narrow, "a")[1], bias[largest])
    np.testing.assert_array_equal(weights(narrow, "b")[0], weights(model, "b")[0][largest])
    np.testing.assert_array_equal(weights(narrow, "b")[1], weights(model, "b")[1])


def test_the_bias_plays_no_part_in_the_choice() -> None:
    model = dense_pair()
    model.get_layer("a").kernel.assign(np.diag([5.0, 1, 4, 2, 3, 9])[:, :5])
    model.get_layer("a").bias.assign([0, 100, 0, 100, 0])
    narrow = read(model).baseline.with_width("a", 2).build()
    assert weights(narrow, "a")[1].tolist() == [0, 0], "units 0 and 2 have the largest kernels"


def test_among_equals_the_first_stay() -> None:
    model = dense_pair()
    model.get_layer("a").kernel.assign(np.ones((6, 5)))
    model.get_layer("a").bias.assign(np.arange(5))
    narrow = read(model).baseline.with_width("a", 3).build()
    assert weights(narrow, "a")[1].tolist() == [0, 1, 2]


def test_tied_layers_choose_together() -> None:
    inputs = keras.Input((3,))
    a, b = kl.Dense(3, use_bias=False, name="a")(inputs), kl.Dense(3, use_bias=False, name="b")(inputs)
    model = keras.Model(inputs, kl.Dense(1, use_bias=False, name="c")(kl.Add()([a, b])))
    model.get_layer("a").kernel.assign(np.diag([3.0, 2.0, 0.0]))
    model.get_layer("b").kernel.assign(np.diag([0.0, 2.5, 3.1]))
    # Squared norms: 9, 4 + 6.25, 9.61: alone, a would drop unit 2 and b unit 0; together, unit 0 goes.
    narrow = read(model).baseline.with_width("a", 2).build()
    np.testing.assert_array_equal(weights(narrow, "a")[0], np.diag([3.0, 2.0, 0.0])[:, 1:])
    np.testing.assert_array_equal(weights(narrow, "b")[0], np.diag([0.0, 2.5, 3.1]).astype("float32")[:, 1:])


def test_a_bias_is_left_out_or_comes_in_at_zero() -> None:
    without = read(dense_pair()).baseline.with_bias("a", False).build()
    assert [weight.shape for weight in weights(without, "a")] == [(6, 5)]
    model = dense_pair(use_bias=False, bias_initializer="ones")
    with_bias = read(model).baseline.with_bias("a", True).build()
    kernel, bias = weights(with_bias, "a")
    np.testing.assert_array_equal(kernel, weights(model, "a")[0])
    assert not bias.any(), "also where a new bias would be initialized otherwise"
    batch = np.ones((2, 6), "float32")
    np.testing.assert_allclose(with_bias(batch), model(batch), atol=1e-6)


def test_a_model_trained_after_reading_hands_on_what_it_learned() -> None:
    model = dense_pair()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    structure = read(model).baseline
    before = weights(model, "a")[0]
    model.fit(np.ones((8, 6)), np.ones((8, 2)), verbose=0)
    assert not np.array_equal(weights(model, "a")[0], before)
    np.testing.assert_array_equal(weights(structure.build(), "a")[0], weights(model, "a")[0])


def test_fresh_weights_are_new_and_the_initializer_is_the_chosen_one() -> None:
    structure = read(dense_pair()).baseline
    fresh = structure.build(weights="fresh")
    assert not np.array_equal(weights(fresh, "a")[0], weights(structure.space.source.model, "a")[0])
    zeros = structure.with_initializer("a", "zeros").build(weights="fresh")
    assert not weights(zeros, "a")[0].any()
    assert weights(zeros, "b")[0].any()


def test_an_unchanged_initializer_keeps_its_arguments() -> None:
    model = dense_pair(kernel_initializer=keras.initializers.RandomNormal(mean=50.0, stddev=0.1, seed=3))
    structure = read(model).baseline
    assert structure.initializers["a"] == "random_normal"
    assert weights(structure.build(weights="fresh"), "a")[0].mean() == pytest.approx(50, abs=1)


@pytest.mark.slow
def test_the_compiled_state_is_repeated() -> None:
    model = dense_pair()
    model.compile(keras.optimizers.Adam(0.0123), "mse", metrics=["mae"])
    model.fit(np.ones((4, 6)), np.ones((4, 2)), verbose=0)
    rebuilt = read(model).baseline.with_width("a", 3).build()
    assert rebuilt.compiled
    assert float(rebuilt.optimizer.learning_rate) == pytest.approx(0.0123)
    assert rebuilt.optimizer is not model.optimizer
    assert int(rebuilt.optimizer.iterations) == 0
    assert set(rebuilt.evaluate(np.ones((2, 6)), np.ones((2, 2)), verbose=0, return_dict=True)) == {"loss", "mae"}
    assert not read(dense_pair()).baseline.build().compiled


def test_compile_settings_that_cannot_be_repeated_are_said() -> None:
    model = dense_pair()
    model.compile("sgd", loss=lambda y, p: keras.ops.mean(y - p))
    with pytest.warns(
        UserWarning, match=r"The new model is not compiled, because the compile settings of .* cannot be repeated"
    ):
        rebuilt = read(model).baseline.build()
    assert not rebuilt.compiled


def test_a_frozen_layer_stays_frozen_and_a_layer_keeps_its_name() -> None:
    model = dense_pair(trainable=False)
    rebuilt = read(model).baseline.with_width("a", 3).build()
    assert [layer.name for layer in rebuilt.layers if layer.weights] == ["a", "b"]
    assert not rebuilt.get_layer("a").trainable
    assert rebuilt.get_layer("b").trainable


def test_a_layer_that_cannot_be_made_again_is_copied_and_named_where_a_file_is_to_hold_it() -> None:
    class Secret(kl.Layer):
        def __init__(self, key: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.key = key

        def call(self, inputs: Any) -> Any:
            return inputs if keras.ops.sum(inputs) > 0 else -inputs  # so that it is not opened

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

        def get_config(self) -> dict[str, Any]:
            raise NotImplementedError("no configuration")

    model = keras.Sequential([keras.Input((3,)), Secret(object(), name="secret"), kl.Dense(2)])
    structure = read(model).baseline
    assert structure.measure().n_params == model.count_params()
    built = structure.build()
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    np.testing.assert_allclose(built(x), model(x), atol=1e-6)
    with pytest.raises(NotImplementedError, match=r"'secret' is Secret .*Define get_config"):
        built.get_layer("secret").get_config()


def test_building_gives_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(dense_pair()).scaled(0.5).build()
