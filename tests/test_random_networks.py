"""The laws on random networks: whatever the layers and however they are connected."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from draws import on_draws
from hypothesis import strategies as st
from laws import COSTS, masked, outputs_of, same_costs
from random_networks import batch_for, network
from zoo import randomize

import structopt_widgets as sw
from structopt_widgets.graph.dimensions import symbols

# Where a mask ends is as random as everything else.
pytestmark = pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask:UserWarning")


def check_counts(draw: Any) -> None:
    """Without weights: parameters, every cost measured again, the round trip, and that nothing falls."""
    model = network(draw)
    space = sw.StructureSpace.from_keras(model)
    rng = random.Random(draw(st.integers(0, 2**16)))
    structure = space.sample(rng)
    assert not space.baseline.measure().uncounted
    assert space.baseline.measure().n_params == model.count_params()
    built = structure.build(weights="fresh")
    cost = structure.measure(batch_size=3)
    assert cost.n_params == built.count_params()
    assert same_costs(cost, sw.measure(built, batch_size=3))
    again = sw.Structure.from_json(structure.to_json())
    assert again == structure
    assert again.measure(batch_size=3) == cost
    check_growth(space, rng)


def check_growth(space: sw.StructureSpace, rng: random.Random) -> None:
    free = {name: group for name, group in space.width_groups.items() if not group.fixed}
    for name, group in rng.sample(sorted(free.items()), min(2, len(free))):
        widths = np.arange(group.lower, group.upper + 1, group.divisor)
        others = {
            other: np.full(len(widths), rng.randrange(each.lower, each.upper + 1, each.divisor))
            for other, each in free.items()
        }
        table = space.measure_many({**others, name: widths})
        for metric in COSTS:
            assert (np.diff(table[metric]) >= 0).all(), f"{metric} falls as {name} grows"


def check_outputs(draw: Any) -> None:
    """With weights: the baseline again, narrowed against masked, widened against the original."""
    model = network(draw, most_steps=4)
    randomize(model)
    space = sw.StructureSpace.from_keras(model)
    rng = random.Random(draw(st.integers(0, 2**16)))
    batch = batch_for(model)
    expected, rebuilt = outputs_of(model, batch), space.baseline.build()
    agree(outputs_of(rebuilt, batch), expected)
    alone = not_mixed(space)
    narrow = wide = space.baseline
    for name, group in space.width_groups.items():
        if group.fixed:
            continue
        if name in alone:
            narrow = narrow.with_width(name, rng.randrange(group.lower, group.width + 1, group.divisor))
        wide = wide.with_width(name, rng.randrange(group.width, group.upper + 1, group.divisor))
    for key in wide.function_changes():
        name = key.removeprefix("widths.")
        wide = wide.with_width(name, space.width_groups[name].width)
    assert not wide.function_changes()
    agree(outputs_of(wide.build(), batch), expected)
    kept = outputs_of(narrow.build(), batch)
    rebuilt.set_weights(masked(rebuilt, narrow, "l2"))
    agree(kept, outputs_of(rebuilt, batch))
    assert all(np.isfinite(output).all() for output in outputs_of(space.sample(rng).build(), batch))


def agree(one: list[np.ndarray], other: list[np.ndarray]) -> None:
    for left, right in zip(one, other, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-4 * max(1, np.abs(right).max()), rtol=1e-4)


def not_mixed(space: sw.StructureSpace) -> set[str]:
    """The widths along which no layer computes across channels: zeros there are as good as nothing."""
    mixed = {
        symbol
        for each in space.connected.calls
        for dim in (lambda mixing: (*mixing.averaged, *mixing.summed))(each.rule.mixing(each.site))
        for symbol in symbols(dim)
    }
    return {name for name, symbol in space.symbols.items() if symbol not in mixed}


@pytest.mark.slow
def test_the_costs_of_some() -> None:
    with sw.without_weights():  # once for all: leaving it takes longer than a network does
        on_draws(40, check_counts)


@pytest.mark.slow
def test_the_costs_of_more() -> None:
    with sw.without_weights():
        on_draws(120, check_counts)


@pytest.mark.exhaustive
def test_the_costs_of_many() -> None:
    with sw.without_weights():
        on_draws(500, check_counts)


@pytest.mark.slow
def test_the_outputs_of_some() -> None:
    on_draws(30, check_outputs)


@pytest.mark.exhaustive
def test_the_outputs_of_many() -> None:
    on_draws(500, check_outputs)
