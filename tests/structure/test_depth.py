"""Blocks that can be left out: which there are, what leaving them out costs and does."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from zoo import ZOO

import structopt_widgets as sw
from structopt_widgets.metrics import model_metrics

COSTS = model_metrics()

EXPECTED = {
    "equal_hidden_layers": ["hidden_1", "hidden_2"],
    "equal_convolutions": ["conv_1", "conv_2"],
    "nested_residual_blocks": ["add_0", "add_1", "outer", "last"],
    "skip_over_blocks": ["add_0", "add_1", "side_out", "side_2"],
    "parallel_hidden_layers": ["p1", "p2", "q1", "q2", "q3"],
    "hidden_layer_after_a_concatenation": ["hidden"],
    "hidden_layer_of_the_inputs_width": ["hidden"],
    "two_ways_from_one_stem": ["add_0", "add_1", "b_0", "b_1"],
}


def space_of(name: str) -> sw.StructureSpace:
    return sw.StructureSpace.from_keras(ZOO[name].make())


@pytest.mark.parametrize("name", EXPECTED)
def test_the_blocks_there_are(name: str) -> None:
    assert sorted(space_of(name).blocks) == sorted(EXPECTED[name])


def test_what_is_added_more_than_once_is_no_residual_block() -> None:
    inputs = keras.Input((4,))
    x = kl.Dense(4, name="a")(inputs)
    y = kl.Add(name="thrice")([x, kl.Dense(4, "relu", name="b")(x), x])
    space = sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(y)))
    assert "thrice" not in space.blocks


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_every_combination_measures_what_the_built_model_measures(name: str) -> None:
    space = space_of(name)
    narrow = space.scaled(0.6)
    for kept in itertools.product((True, False), repeat=len(space.blocks)):
        structure = narrow
        for block, is_kept in zip(space.blocks, kept, strict=True):
            structure = structure.with_block(block, is_kept)
        model = structure.build()
        promised, found = structure.measure(batch_size=3, optimizer="sgd"), sw.measure(model, 3, optimizer="sgd")
        assert promised.n_params == model.count_params()
        assert {metric: getattr(promised, metric) for metric in COSTS} == {
            metric: getattr(found, metric) for metric in COSTS
        }
        assert sorted(promised.by_layer.index) == sorted(found.by_layer.index)
        assert sw.Structure.from_json(structure.to_json()) == structure


def test_a_residual_block_left_out_is_one_whose_branch_gives_zeros() -> None:
    specimen = ZOO["nested_residual_blocks"]
    space = sw.StructureSpace.from_keras(specimen.make())
    silent = space.baseline.build()
    for weight in silent.get_layer("out_0").weights:
        weight.assign(np.zeros(weight.shape))
    shallow = space.baseline.with_block("add_0", False).build()
    assert {layer.name for layer in silent.layers} - {layer.name for layer in shallow.layers} == {
        "in_0",
        "out_0",
        "add_0",
    }
    batch = specimen.batch()
    np.testing.assert_allclose(np.asarray(shallow(batch)), np.asarray(silent(batch)), atol=1e-6)


def test_a_hidden_layer_left_out_is_one_that_passes_its_input_on() -> None:
    inputs = keras.Input((5,))
    x = kl.Dense(6, activation="relu", name="before")(inputs)
    x = kl.Dense(6, name="hidden")(x)
    model = keras.Model(inputs, kl.Dense(2, name="head")(x))
    hidden = model.get_layer("hidden")
    hidden.set_weights([np.eye(6, dtype="float32"), np.zeros(6, dtype="float32")])
    shallow = sw.StructureSpace.from_keras(model).baseline.with_block("hidden", False).build()
    batch = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    np.testing.assert_allclose(np.asarray(shallow(batch)), np.asarray(model(batch)), atol=1e-6)


def test_what_read_a_hidden_layer_gets_the_width_and_the_units_before_it() -> None:
    space = space_of("equal_hidden_layers")
    structure = space.baseline.with_width("hidden_0", 3).with_width("hidden_1", 12)
    shallow = structure.with_block("hidden_1", False).with_block("hidden_2", False)
    assert shallow.widths["hidden_1"] == 12, "nothing the user set is lost"
    assert shallow.build().get_layer("head").kernel.shape == (3, 2)
    assert shallow.with_block("hidden_1", True).build().get_layer("head").kernel.shape == (12, 2)
    wider = shallow.with_width("hidden_1", 14)
    assert wider.measure() == shallow.measure(), "the width of a layer that is not there costs nothing"


def test_layers_that_are_left_out_have_no_row_and_no_share() -> None:
    space = space_of("skip_over_blocks")
    cost = space.baseline.with_block("add_1", False).measure()
    assert {"conv_1", "add_1"}.isdisjoint(cost.by_layer.index)
    assert cost.by_layer["n_params"].sum() == cost.n_params
    assert cost.by_layer["live_bytes"].max() == cost.peak_activation_bytes


def test_parts_that_something_else_needs_are_no_blocks() -> None:
    inputs = keras.Input((4,))
    x = kl.Dense(4, name="stem")(inputs)
    tapped = kl.Dense(6, name="tapped")(x)
    x = kl.Add(name="sum")([x, kl.Dense(4, name="back")(tapped)])
    shared = kl.Dense(4, name="twice")
    x = shared(shared(x))
    last = kl.Dense(4, name="makes_the_output")(x)
    model = keras.Model(inputs, [last, kl.Dense(2)(tapped)])
    assert list(sw.StructureSpace.from_keras(model).blocks) == []


def test_a_layer_without_a_rule_can_be_left_out_with_its_block() -> None:
    @keras.saving.register_keras_serializable("tests")
    class Unknown(keras.layers.Layer):
        def call(self, inputs: object) -> object:
            return tf.math.bessel_i0(inputs)  # which symbolic tensors cannot enter, and nobody has counted

    inputs = keras.Input((4,))
    x = kl.Dense(4, name="stem")(inputs)
    x = kl.Add(name="sum")([x, Unknown(name="unknown")(x)])
    space = sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2)(x)))
    assert "unknown" in space.baseline.measure().uncounted
    assert not space.baseline.with_block("sum", False).measure().uncounted


def test_wrong_choices_say_what_was_expected() -> None:
    space = space_of("equal_convolutions")
    with pytest.raises(ValueError, match="a block that can be left out") as caught:
        space.baseline.with_block("conv_0", False)
    assert "conv_1" in str(caught.value)
    with pytest.raises(TypeError, match="Expected True to keep the block 'conv_1' or False"):
        space.baseline.with_block("conv_1", 0)  # type: ignore[arg-type]


def test_choices_of_depth_are_written_down() -> None:
    space = space_of("equal_convolutions")
    shallow = space.baseline.with_block("conv_2", False)
    assert shallow.diff(space.baseline) == {"blocks.conv_2": (False, True)}
    assert shallow.to_python() == "space.baseline.with_block('conv_2', False)"
    assert shallow != space.baseline
