"""Choosing a structure: what may be chosen, what a choice does, and what is refused with which words."""

from __future__ import annotations

import dataclasses
import math
import random
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.metrics import model_metrics
from structopt_widgets.structure.choices import CHOICES


def test_width_groups(space: sw.StructureSpace) -> None:
    groups = space.width_groups
    assert list(groups) == ["stem", "before", "grouped", "dense", "a", "b", "head"]
    why = "sum adds stem and back"
    assert groups["stem"] == sw.WidthGroup("stem", ("stem", "back"), 8, 1, 16, 1, False, why, title="residual")
    assert (groups["before"].divisor, groups["before"].lower, groups["before"].upper) == (3, 3, 15)
    assert (groups["grouped"].divisor, groups["grouped"].width, groups["grouped"].upper) == (3, 12, 24)
    assert (groups["dense"].lower, groups["dense"].upper) == (1, 80)
    assert groups["head"].fixed
    assert groups["head"].why == "head makes the model's output, whose size belongs to the task"
    assert space.derived == {"c": "follows a and b: join adds a, b and c"}


def test_growth_sets_the_upper_bound(space: sw.StructureSpace) -> None:
    wider = sw.StructureSpace(space.graph, growth=3.5)
    assert wider.width_groups["dense"].upper == 140
    assert wider.width_groups["grouped"].upper == 42
    with pytest.raises(ValueError, match=r"Expected growth to be at least 1, got 0\.5"):
        sw.StructureSpace(space.graph, growth=0.5)


def test_a_change_makes_a_new_structure(space: sw.StructureSpace) -> None:
    base = space.baseline
    changed = base.with_width("dense", 20).with_activation("dense", "tanh").with_bias("dense", False)
    changed = changed.with_initializer("dense", "zeros")
    assert base == space.baseline
    assert changed.diff(base) == {
        "widths.dense": (20, 40),
        "activations.dense": ("tanh", "relu"),
        "biases.dense": (False, True),
        "initializers.dense": ("zeros", "glorot_uniform"),
    }
    assert changed.diff(changed) == {}


def test_any_tied_layer_sets_the_width_of_all(space: sw.StructureSpace) -> None:
    assert space.baseline.with_width("back", 5) == space.baseline.with_width("stem", 5)


def test_a_numpy_integer_is_a_width(space: sw.StructureSpace) -> None:
    structure = space.baseline.with_width("dense", np.int64(7))
    assert structure.widths["dense"] == 7
    assert sw.Structure.from_json(structure.to_json()) == structure


def test_structures_are_immutable(space: sw.StructureSpace) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        space.baseline.widths = {}  # type: ignore[misc]
    with pytest.raises(TypeError):
        space.baseline.widths["dense"] = 3  # type: ignore[index]
    widths = dict(space.baseline.widths)
    structure = sw.Structure(space, widths, {}, {}, {}, {})
    widths["dense"] = 1
    assert structure.widths["dense"] == 40


@pytest.mark.parametrize(
    ("choice", "name", "value", "error", "words"),
    [
        ("widths", "dense", 0, ValueError, "Expected a width of 'dense' from 1 to"),
        ("widths", "dense", 2.5, TypeError, "Expected a whole number"),
        ("widths", "none", 3, ValueError, "a width group"),
        ("activations", "dense", "sharp", ValueError, "an activation"),
        ("activations", "none", "relu", ValueError, "a layer with an activation"),
        ("biases", "dense", 1, TypeError, "True or False as the bias of 'dense'"),
        ("initializers", "dense", "sevens", ValueError, "an initializer"),
        ("blocks", "none", True, ValueError, "a block that can be left out"),
    ],
)
def test_the_constructor_says_no_to_what_the_methods_say_no_to(
    space: sw.StructureSpace, choice: str, name: str, value: Any, error: type[Exception], words: str
) -> None:
    choices = {each: dict(getattr(space.baseline, each)) for each in CHOICES}
    assert sw.Structure(space, **choices) == space.baseline
    choices[choice][name] = value
    with pytest.raises(error, match=words):
        sw.Structure(space, **choices)
    with pytest.raises(error, match=words):
        dataclasses.replace(space.baseline, **{choice: choices[choice]})


def test_equal_structures_are_equal_and_hash_alike(space: sw.StructureSpace) -> None:
    one = space.baseline.with_width("dense", 20).with_bias("head", False)
    other = space.baseline.with_bias("head", False).with_width("dense", 20)
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other, space.baseline}) == 2
    assert one != space.baseline
    assert one != "a structure"
    again = sw.StructureSpace(space.graph)
    assert again.baseline == space.baseline


def test_structures_of_other_models_are_not_equal() -> None:
    def of(units: int) -> sw.Structure:
        layers = [keras.Input((4,), name="in"), kl.Dense(units, name="a"), kl.Dense(2, name="b")]
        model = keras.Sequential(layers, name="same")
        return sw.StructureSpace.from_keras(model).baseline

    assert of(8) == of(8)
    assert of(8) != of(6).with_width("a", 8)


@pytest.mark.parametrize(
    ("layer", "width", "error", "message"),
    [
        ("dense", 0, ValueError, r"Expected a width of 'dense' from 1 to 80, got 0"),
        ("dense", -4, ValueError, r"from 1 to 80, got -4"),
        ("dense", 81, ValueError, r"from 1 to 80, got 81\. For larger ones, .*growth=4"),
        ("dense", 32.0, TypeError, r"Expected a whole number as the width of 'dense', got 32\.0 \(float\)"),
        ("dense", "32", TypeError, r"got '32' \(str\)"),
        ("dense", True, TypeError, r"got True \(bool\)"),
        ("dense", None, TypeError, r"got None \(NoneType\)"),
        ("grouped", 13, ValueError, r"Expected a multiple of 3 as the width of 'grouped', got 13 .*nearest is 12"),
        ("before", 5, ValueError, r"multiple of 3 .*grouped convolves them in 3 groups.*nearest is 6"),
        ("head", 5, ValueError, r"The width of 'head' is fixed at 3, got 5: head makes the model's output"),
        ("c", 8, ValueError, r"The width of 'c' cannot be set: it follows a and b"),
        (
            "dens",
            8,
            ValueError,
            r"Expected a layer with a width, one of: stem, .*; got 'dens'\. Did you mean 'dense'\?",
        ),
        (3, 8, ValueError, r"Expected a layer with a width.*got 3"),
    ],
)
def test_widths_that_are_refused(
    space: sw.StructureSpace, layer: Any, width: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        space.baseline.with_width(layer, width)


def test_a_fixed_width_may_be_set_to_what_it_is(space: sw.StructureSpace) -> None:
    assert space.baseline.with_width("head", 3) == space.baseline


@pytest.mark.parametrize(
    ("method", "layer", "choice", "message"),
    [
        (
            "with_activation",
            "dense",
            "rellu",
            r"Expected an activation, one of: .*; got 'rellu'\. Did you mean 'relu'\?",
        ),
        ("with_activation", "dense", None, r"Expected an activation.*got None"),
        ("with_activation", "flat", "relu", r"Expected a layer with an activation, one of: stem, .*; got 'flat'"),
        ("with_initializer", "dense", "zeroes", r"Expected an initializer.*got 'zeroes'\. Did you mean 'zeros'\?"),
        ("with_initializer", "sum", "zeros", r"Expected a layer with an initializer.*got 'sum'"),
        ("with_bias", "sum", True, r"Expected a layer with a bias switch.*got 'sum'"),
    ],
)
def test_switches_that_are_refused(
    space: sw.StructureSpace, method: str, layer: str, choice: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(space.baseline, method)(layer, choice)


@pytest.mark.parametrize("choice", [1, 0, "True", None])
def test_a_bias_is_true_or_false(space: sw.StructureSpace, choice: Any) -> None:
    with pytest.raises(TypeError, match=rf"Expected True or False as the bias of 'dense', got {choice!r}"):
        space.baseline.with_bias("dense", choice)


def test_scaling_multiplies_every_free_width(space: sw.StructureSpace) -> None:
    assert dict(space.scaled(0.5).widths) == {
        "stem": 4,
        "before": 3,
        "grouped": 6,
        "dense": 20,
        "a": 3,  # halves go up
        "b": 2,
        "head": 3,
    }
    assert space.scaled(1.0) == space.baseline
    assert space.scaled(1e9).widths == {name: group.upper for name, group in space.width_groups.items()}
    for bad in (0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="Expected a width multiplier above 0"):
            space.scaled(bad)


@pytest.mark.parametrize(
    "metric", ["n_params", "macs", "flops", "weight_bytes", "peak_activation_bytes", "training_bytes"]
)
def test_scaling_to_a_budget_meets_it_and_one_step_wider_does_not(space: sw.StructureSpace, metric: str) -> None:
    limit = int(0.6 * getattr(space.baseline.measure(), metric))
    fitted = space.scaled_to(metric, limit)
    assert getattr(fitted.measure(), metric) <= limit
    every = {space.scaled(multiplier / 1000) for multiplier in range(1, 2001)}
    wider = [each for each in every if sum(each.widths.values()) > sum(fitted.widths.values())]
    assert wider
    assert all(getattr(each.measure(), metric) > limit for each in wider)


def test_multiples_are_kept_where_bounds_leave_one(space: sw.StructureSpace) -> None:
    assert dict(space.scaled(0.5, multiple_of=8).widths) == {
        "stem": 8,
        "before": 3,  # no multiple of 8 and 3 up to 15: it keeps its own steps
        "grouped": 12,
        "dense": 24,  # 20 lies between two multiples, and halves go up
        "a": 5,
        "b": 3,
        "head": 3,
    }
    assert space.scaled(1.0, multiple_of=64).widths == space.baseline.widths
    for multiplier in (0.1, 0.3, 0.6, 1.3, 1.9):
        for multiple in (8, 16, 32):
            for name, width in space.scaled(multiplier, multiple).widths.items():
                space.baseline.with_width(name, width)
                group = space.width_groups[name]
                step = math.lcm(multiple, group.divisor)
                assert width % step == 0 or width == group.width or step > group.upper
    for bad in (0, -8, 8.0, True):
        with pytest.raises((TypeError, ValueError), match="Expected a whole number of at least 1 as multiple_of"):
            space.scaled(0.5, multiple_of=bad)


def test_a_budget_is_met_by_multiples(space: sw.StructureSpace) -> None:
    limit = int(0.7 * space.baseline.measure().n_params)
    fitted = space.scaled_to("n_params", limit, multiple_of=8)
    assert fitted.measure().n_params <= limit
    assert fitted.widths["dense"] in (8, 16, 24, 32)
    assert space.scaled_to("n_params", limit).measure().n_params >= fitted.measure().n_params


def test_samples_of_multiples_reach_all_of_them_and_the_baseline(space: sw.StructureSpace) -> None:
    rng = random.Random(2)
    samples = [space.sample(rng, multiple_of=16) for _ in range(60)]
    assert {sample.widths["dense"] for sample in samples} == {16, 32, 40, 48, 64, 80}
    assert {sample.widths["before"] for sample in samples} == {3, 6, 9, 12, 15}
    assert {sample.widths["head"] for sample in samples} == {3}


def test_scaling_to_a_generous_budget_grows_to_the_bound(space: sw.StructureSpace) -> None:
    grown = space.scaled_to("n_params", 10**12)
    assert grown == space.scaled(space.growth)


def test_budgets_that_are_refused(space: sw.StructureSpace) -> None:
    with pytest.raises(
        ValueError, match=r"Expected a limit of n_params that the narrowest structure meets, got 1: .* it is \d+"
    ):
        space.scaled_to("n_params", 1)
    with pytest.raises(
        ValueError, match=r"Expected a cost, one of: n_params, .*; got 'n_parms'\. Did you mean 'n_params'\?"
    ):
        space.scaled_to("n_parms", 1000)
    for not_a_cost in ("parallelism", "uncounted"):
        with pytest.raises(ValueError, match=f"Expected a cost.*got '{not_a_cost}'"):
            space.scaled_to(not_a_cost, 1000)


@pytest.mark.parametrize("number", [0, -1, float("nan"), float("inf")])
def test_a_multiplier_and_a_limit_are_above_0_and_finite(space: sw.StructureSpace, number: float) -> None:
    with pytest.raises(ValueError, match=rf"Expected a width multiplier above 0 and finite, got {number}"):
        space.scaled(number)
    with pytest.raises(ValueError, match=rf"Expected a limit of n_params above 0 and finite, got {number}"):
        space.scaled_to("n_params", number)


@pytest.mark.parametrize("thing", ["0.5", None, True, [0.5]])
def test_a_multiplier_and_a_limit_are_numbers(space: sw.StructureSpace, thing: Any) -> None:
    with pytest.raises(TypeError, match=r"Expected a width multiplier as a number, got .*\(\w+\)"):
        space.scaled(thing)
    with pytest.raises(TypeError, match=r"Expected a limit of n_params as a number, got .*\(\w+\)"):
        space.scaled_to("n_params", thing)


def test_samples_are_allowed_reproducible_and_different(space: sw.StructureSpace) -> None:
    rng = random.Random(5)
    samples = [space.sample(rng) for _ in range(60)]
    assert samples[:3] == [space.sample(again) for again in [random.Random(5)] for _ in range(3)]
    assert len(set(samples)) == len(samples)
    for sample in samples:
        for name, group in space.width_groups.items():
            space.baseline.with_width(name, sample.widths[name])
            assert group.lower <= sample.widths[name] <= group.upper
    assert {sample.widths["before"] for sample in samples} == {3, 6, 9, 12, 15}
    assert {sample.biases["dense"] for sample in samples} == {True, False}


def test_the_python_of_a_structure_makes_it_again(space: sw.StructureSpace) -> None:
    for structure in (space.baseline, *(space.sample(random.Random(seed)) for seed in range(5))):
        source = structure.to_python()
        # Only the name the docstring promises may be needed.
        assert eval(source, {"__builtins__": {}}, {"space": space}) == structure  # noqa: S307
    assert space.baseline.with_width("dense", 9).to_python() == "space.baseline.with_width('dense', 9)"


def test_measuring_says_what_costs_less(space: sw.StructureSpace) -> None:
    narrow, full = space.scaled(0.5).measure(), space.baseline.measure()
    for metric in model_metrics():
        if metric != "parallelism":
            assert getattr(narrow, metric) <= getattr(full, metric)
    assert narrow.n_params < full.n_params
