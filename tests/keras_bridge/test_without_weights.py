"""Models that are measured and never run."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from zoo.decoder import SEVEN_BILLION, decoder

import structopt_widgets as sw


@pytest.mark.slow
def test_a_model_is_measured_without_allocating_its_weights() -> None:
    with sw.without_weights():
        # 40 GB of weights, were they allocated.
        model = keras.Sequential([keras.Input((100_000,)), keras.layers.Dense(100_000), keras.layers.Dense(10)])
    assert all(variable._value is None for variable in model.weights)
    cost = sw.measure(model)
    assert cost.n_params == model.count_params() == 100_001 * 100_000 + 100_001 * 10
    assert cost.macs == 100_000 * 100_000 + 100_000 * 10


def test_models_built_afterwards_have_weights() -> None:
    with sw.without_weights():
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    assert all(variable._value is not None for variable in model.weights)
    assert model(keras.ops.ones((1, 3))).shape == (1, 2)


def test_there_is_nothing_to_inherit_but_a_small_structure_can_be_built() -> None:
    with sw.without_weights():
        model = keras.Sequential([keras.Input((30,)), keras.layers.Dense(20, name="wide"), keras.layers.Dense(2)])
    structure = sw.StructureSpace.from_keras(model).baseline.with_width("wide", 3)
    with pytest.raises(ValueError, match=r"was built without any.*weights='fresh'"):
        structure.build()
    built = structure.build(weights="fresh")
    assert built(keras.ops.ones((1, 30))).shape == (1, 2)
    assert built.count_params() == structure.measure().n_params
    assert all(variable._value is None for variable in model.weights)


def test_a_model_that_compiles_itself_and_a_variable_given_its_value() -> None:
    class Scaled(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.scale = keras.Variable([1.0, 2.0, 3.0], trainable=False)

        def call(self, x: Any) -> Any:
            return x * self.scale

    with sw.without_weights():
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3), Scaled()])
        model.compile(keras.optimizers.Adam(), "mse")
        assert sw.measure(model).n_params == 5 * 3 + 3 + 3
    assert all(variable._value is None for variable in model.weights)
    outside = keras.Variable([1.0, 2.0])
    assert list(keras.ops.convert_to_numpy(outside)) == [1.0, 2.0]


@pytest.mark.slow
def test_seven_billion_parameters() -> None:
    layers, width, hidden, vocabulary, length = (
        SEVEN_BILLION[name] for name in ("layers", "width", "hidden", "vocabulary", "length")
    )
    with sw.without_weights():
        model = decoder(**SEVEN_BILLION)
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    attention, feed_forward, norms = 4 * width * width, 3 * width * hidden, 2 * width
    n_params = layers * (attention + feed_forward + norms) + 2 * vocabulary * width + width
    assert cost.n_params == n_params == 6_738_415_616
    products = layers * (attention + feed_forward) * length + vocabulary * width * length
    assert cost.macs == products + layers * 2 * length * length * width
    # One residual stream, and heads, head size and feed-forward width in every block.
    free = [group for group in space.width_groups.values() if not group.fixed]
    assert len(free) == 1 + 3 * layers
    assert not cost.uncounted
    # Keys and values of 4096 numbers of 4 bytes each, for every token in every block.
    assert cost.kv_cache_bytes == layers * length * 2 * width * 4 == 134_217_728
    assert cost.tokens == length
    assert cost.flops_per_token == cost.flops / length
    assert 2 * n_params < cost.flops_per_token + 2 * vocabulary * width < 2.1 * n_params
    assert "128 tokens a sample" in str(cost)
