"""Models that cannot be understood wholly, or not at all: what is said, and what stays right."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl

import structopt_widgets as sw

read = sw.StructureSpace.from_keras


def two_layers(between: kl.Layer | None = None, dtype: Any = None) -> keras.Model:
    layers = [kl.Dense(5, activation="relu", name="a", dtype=dtype), kl.Dense(2, name="b", dtype=dtype)]
    return keras.Sequential([keras.Input((6,)), layers[0], *([between] if between else []), layers[1]])


def test_a_lambda_that_is_not_symbolic_is_listed_and_pins_the_width_before_it() -> None:
    model = two_layers(kl.Lambda(lambda x: tf.math.bessel_i0(x), name="own"))
    space = read(model)
    cost = space.baseline.measure()
    assert set(cost.uncounted) == {"own"}
    assert cost.n_params == model.count_params()
    assert cost.is_lower_bound
    assert space.width_groups["a"].fixed
    assert "own has no layer rule (Lambda; cannot be traced on symbolic tensors" in space.width_groups["a"].why
    batch = np.ones((3, 6), "float32")
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-6)


class BranchesOnValues(kl.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 2 if keras.ops.sum(inputs) > 0 else inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class BranchesOnValuesOfUnknownShape(kl.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 2 if keras.ops.sum(inputs) > 0 else inputs


def test_control_flow_on_values_in_a_layer_that_knows_its_shape() -> None:
    cost = sw.measure(two_layers(BranchesOnValues(name="own")))
    assert set(cost.uncounted) == {"own"}
    assert cost.n_params == (6 + 1) * 5 + (5 + 1) * 2


def test_control_flow_on_values_in_a_layer_that_does_not() -> None:
    model = keras.Sequential([kl.Dense(5), BranchesOnValuesOfUnknownShape()])
    with pytest.raises(
        ValueError, match=r"whose call\(\) can be traced(.|\n)*instead of NumPy and Python control flow"
    ):
        read(model, input_shape=(6,))


class Returns(keras.Model):
    """A model that returns something that is no tensor, by the letter it is made with."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what
        self.dense = kl.Dense(3)

    def call(self, inputs: Any) -> Any:
        tensor = self.dense(inputs)
        return {"text": "done", "nothing": None, "number": 3, "some of each": {"tensor": tensor, "number": 3}}[
            self.what
        ]

    def get_config(self) -> dict[str, Any]:
        return {"what": self.what}


@pytest.mark.parametrize("what", ["text", "nothing", "number", "some of each"])
def test_an_output_that_is_not_a_tensor(what: str) -> None:
    with pytest.raises(ValueError, match=r"Expected a model whose call\(\) can be traced.*all outputs must be tensors"):
        read(Returns(what), input_shape=(4,))


def test_a_size_is_asked_for_and_then_used() -> None:
    model = keras.Sequential([keras.Input((None, 3)), kl.Conv1D(4, 3), kl.GlobalMaxPooling1D(), kl.Dense(2)])
    with pytest.raises(ValueError, match=r"but the batch to have a length, got \(None, None, 3\).*input_shape="):
        sw.measure(model)
    assert sw.measure(model, input_shape=(10, 3)).macs == 8 * 4 * 3 * 3 + 4 * 2


def test_mixed_precision_keeps_weights_whole_and_halves_activations() -> None:
    model = two_layers(dtype="mixed_float16")
    cost = sw.measure(model, batch_size=4)
    assert cost.weight_bytes == 4 * model.count_params()
    # The input is what the user hands over, in float32; from there on float16.
    assert cost.by_layer["activation_bytes"].tolist() == [4 * 6 * 4, 4 * 5 * 2, 4 * 2 * 2]
    assert cost.verify().row("weight bytes").agrees


@pytest.mark.filterwarnings("ignore:Layer InputLayer does not have a `quantize` method:UserWarning")
@pytest.mark.slow
def test_quantized_layers_are_counted_in_their_bytes_and_operations_and_keep_their_widths() -> None:
    model = two_layers()
    whole = sw.measure(model)
    model.quantize("int8")
    space = read(model)
    cost = space.baseline.measure()
    kernels, biases = 6 * 5 + 5 * 2, 5 + 2
    # Each kernel has a scale an output besides.
    assert cost.n_params == model.count_params() == kernels + 2 * biases
    assert cost.weight_bytes == kernels * 1 + 2 * biases * 4 < whole.weight_bytes
    assert not cost.uncounted
    assert cost.macs == whole.macs == kernels
    assert cost.flops > whole.flops  # its scales have to be applied
    assert not [name for name, group in space.width_groups.items() if not group.fixed]


@pytest.mark.filterwarnings("ignore:Layer InputLayer does not have a `quantize` method:UserWarning")
@pytest.mark.parametrize("mode", ["int8", "float8"])
@pytest.mark.slow
def test_quantized_layers_are_rebuilt_with_their_weights(mode: str) -> None:
    model = two_layers()
    batch = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    model(batch)
    model.quantize(mode)
    np.testing.assert_allclose(read(model).baseline.build()(batch), model(batch), atol=1e-6)


def test_frozen_layers_have_no_gradients_and_no_slots() -> None:
    model = two_layers()
    moving = sw.measure(model, optimizer="adam")
    model.get_layer("a").trainable = False
    frozen = sw.measure(model, optimizer="adam")
    assert frozen.n_params == moving.n_params
    assert frozen.n_trainable == (5 + 1) * 2
    # A gradient and two slots fewer for each of the frozen elements; and while the gradients of b are made,
    # that of the five activations before it is not there, since nothing further down needs it.
    assert moving.training_bytes - frozen.training_bytes == 3 * 4 * (6 + 1) * 5 + 4 * 5
    assert (frozen.flops, frozen.weight_bytes) == (moving.flops, moving.weight_bytes)
    assert frozen.verify().ok
    assert [weight.trainable for weight in model.get_layer("a").weights] == [False, False]


def test_freezing_a_model_freezes_all_of_it() -> None:
    model = two_layers()
    model.trainable = False
    cost = sw.measure(model)
    assert (cost.n_trainable, cost.n_params) == (0, model.count_params())


@pytest.mark.parametrize("maker", [keras.applications.MobileNetV2, type("Own", (keras.Model,), {})])
def test_what_makes_a_model_is_to_be_called(maker: Any) -> None:
    with pytest.raises(TypeError, match=rf"Call it first, where it makes one: {maker.__name__}\(\)\."):
        sw.StructureSpace.from_keras(maker)
