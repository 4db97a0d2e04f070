"""A cost rule gives the same on an integer, in an array, as a formula and as a recorded program."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest
import sympy
from zoo import ZOO

import structopt_widgets as sw
from structopt_widgets.layer_rules import Setting, activation_cost
from structopt_widgets.metrics import OPTIMIZER_SLOTS, costs, layer_metrics, model_metrics

MODELS = [
    "mlp",
    "residual_cnn",
    "depthwise_cnn",
    "conv1d_family",
    "grouped_convolution",
    "concatenations_added",
    "squeeze_excite",
    "layer_norm",
    "all_pooling",
    "unknown_layer",
]
METRICS = model_metrics()
several_models = pytest.mark.parametrize("name", MODELS)


def space_of(name: str) -> sw.StructureSpace:
    return sw.StructureSpace.from_keras(ZOO[name].make(), **ZOO[name].reading)


def with_random_widths(space: sw.StructureSpace, seed: int) -> sw.Structure:
    drawn, structure = space.sample(random.Random(seed)), space.baseline
    for name, width in drawn.widths.items():
        structure = structure.with_width(name, width)
    return structure


@several_models
def test_the_recorded_program_equals_the_rules_on_integers(name: str) -> None:
    space = space_of(name)
    for seed in range(3):
        structure = space.sample(random.Random(seed))
        activations = {layer: activation_cost(each) for layer, each in structure.activations.items()}
        given = structure.setting
        at = Setting(given.widths, {k: int(v) for k, v in given.biases.items()}, activations, given.blocks)
        direct = costs(space.connected, at, batch_size=6, slots=OPTIMIZER_SLOTS["rmsprop"])
        recorded = structure.measure(batch_size=6, optimizer="rmsprop")
        assert {metric: getattr(recorded, metric) for metric in METRICS} == {
            metric: direct.totals[metric] for metric in METRICS
        }
        rows = [[direct.layers[layer][column] for column in layer_metrics()] for layer in structure.layers]
        assert recorded.by_layer[layer_metrics()].values.tolist() == rows


@several_models
def test_many_structures_at_once_equal_one_after_another(name: str) -> None:
    space = space_of(name)
    structures = [with_random_widths(space, seed) for seed in range(6)]
    widths = {group: np.array([each.widths[group] for each in structures]) for group in space.width_groups}
    table = space.measure_many(widths, batch_size=3)
    pd.testing.assert_frame_equal(table, space.measure_many(pd.DataFrame(widths), batch_size=3))
    for metric in METRICS:
        assert table[metric].tolist() == [getattr(each.measure(batch_size=3), metric) for each in structures]


@several_models
@pytest.mark.parametrize("metric", ["n_params", "macs", "flops"])
def test_the_formula_evaluates_to_the_number(name: str, metric: str) -> None:
    space = space_of(name)
    formula = space.formula(metric)
    structure = with_random_widths(space, 1)
    values = {symbol: structure.widths[symbol.name.removeprefix("u_")] for symbol in formula.free_symbols}
    assert int(formula.subs(values)) == getattr(structure.measure(), metric)


def test_the_formula_is_the_one_on_paper() -> None:
    space = space_of("mlp")
    first, second = (sympy.Symbol(f"u_{name}", integer=True, positive=True) for name in list(space.width_groups)[:2])
    on_paper = (10 + 1) * first + (first + 1) * second + (second + 1) * 3
    assert sympy.simplify(space.formula() - on_paper) == 0
    assert sympy.diff(space.formula(), first) == 11 + second


def test_arrays_of_different_lengths_and_unknown_groups_are_refused() -> None:
    space = space_of("mlp")
    first, second, _ = space.width_groups
    with pytest.raises(ValueError, match=r"Expected arrays of one length, got lengths \[1, 2\]"):
        space.measure_many({first: np.array([1, 2]), second: np.array([3])})
    with pytest.raises(ValueError, match=r"Expected a width group, one of: .*; got 'nobody'"):
        space.measure_many({"nobody": np.array([1])})
    with pytest.raises(ValueError, match=r"a metric with a formula, one of: n_params, .*parallelism.*; got 'speed'"):
        space.formula("speed")
