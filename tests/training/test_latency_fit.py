"""A budget of latency, held against every candidate of a clock that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import pandas as pd
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.structure.budget_fit import BudgetError
from structopt_widgets.training import latency_fit

NS = 1e-9  # seconds a FLOP on the clock of these tests


@pytest.fixture(scope="module")
def space() -> sw.StructureSpace:
    layers = [keras.Input((10,)), kl.Dense(40, "relu", name="a"), kl.Dense(20, name="b"), kl.Dense(3, name="out")]
    return sw.StructureSpace.from_keras(keras.Sequential(layers))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[sw.Structure]]:
    """A clock on which a FLOP takes a nanosecond; what it was asked to time."""
    calls: list[Sequence[sw.Structure]] = []

    def clock(structures: Sequence[sw.Structure], batches: list[int], _: float, **__: Any) -> pd.DataFrame:
        calls.append(structures)
        return pd.DataFrame({"seconds": [batches[0] * NS * each.measure().flops for each in structures]})

    monkeypatch.setattr(latency_fit, "measure_latency", clock)
    return calls


def every(space: sw.StructureSpace, start: sw.Structure) -> list[sw.Structure]:
    """The structure of each multiplier from a twentieth to the largest, in steps finer than those of the search."""
    found = []
    for step in range(2000):
        widths = space.scaled(space.growth * 80 ** (-step / 2000)).widths
        found.append(start.with_width("a", widths["a"]).with_width("b", widths["b"]))
    return found


@pytest.mark.parametrize("share", [0.03, 0.2, 0.7, 1.0, 2.5, 100.0])
def test_the_widest_within_a_step_of_nine_percent(
    space: sw.StructureSpace, asked: list[Sequence[sw.Structure]], share: float
) -> None:
    start = space.baseline.with_bias("a", False)
    limit = share * 4 * NS * space.baseline.measure().flops
    found = sw.fit_latency(space, limit, batch_size=4, start=start)
    assert found is not None
    taken = 4 * NS * found.structure.measure().flops
    widest = max(each.widths["a"] for each in every(space, start) if 4 * NS * each.measure().flops <= limit)
    assert taken <= limit
    # A step of nine percent, and the unit that rounding may take.
    assert found.structure.widths["a"] * 2 ** (1 / 8) + 1 >= widest
    assert not found.structure.biases["a"]
    assert found.tried == len(asked) <= 10


def test_too_little_says_what_the_narrowest_takes(
    space: sw.StructureSpace, asked: list[Sequence[sw.Structure]]
) -> None:
    least = NS * space.scaled(1e-9).measure().flops
    with pytest.raises(BudgetError, match=f"takes {1000 * least:.3g} ms here") as error:
        sw.fit_latency(space, least / 2)
    assert error.value.least == {"seconds": least}
    assert len(asked) == 1


@pytest.mark.usefixtures("asked")
def test_slower_when_timed_again_the_next_narrower_is_taken(
    space: sw.StructureSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = NS * space.baseline.measure().flops
    first = sw.fit_latency(space, limit)
    clock: Callable[..., pd.DataFrame] = latency_fit.measure_latency

    def second_look(structures: Sequence[sw.Structure], *more: Any, **named: Any) -> pd.DataFrame:
        """In turns with another it takes a fifth longer, as beside a busy neighbour."""
        return clock(structures, *more, **named) * (1.2 if len(structures) == 2 or structures[0] == first_found else 1)

    assert first is not None
    first_found = first.structure
    monkeypatch.setattr(latency_fit, "measure_latency", second_look)
    second = sw.fit_latency(space, limit)
    assert second is not None
    assert second.structure.widths["a"] < first.structure.widths["a"]
    assert second.table["seconds"].iloc[0] <= limit


@pytest.mark.usefixtures("asked")
def test_timings_that_scatter_are_told_from_those_that_bear_the_search_out(
    space: sw.StructureSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = NS * space.baseline.measure().flops / 2
    steady = sw.fit_latency(space, limit)
    assert steady is not None
    assert steady.is_steady
    clock: Callable[..., pd.DataFrame] = latency_fit.measure_latency

    def quiet_later(structures: Sequence[sw.Structure], *more: Any, **named: Any) -> pd.DataFrame:
        """As a neighbour ends, the model itself is within the limit that only narrower ones had met."""
        return clock(structures, *more, **named) * (0.1 if len(structures) == 2 else 1)

    monkeypatch.setattr(latency_fit, "measure_latency", quiet_later)
    scattered = sw.fit_latency(space, limit)
    assert scattered is not None
    assert not scattered.is_steady


@pytest.mark.parametrize("after", range(4))
def test_stopped_it_gives_nothing_and_times_no_more(
    space: sw.StructureSpace, asked: list[Sequence[sw.Structure]], after: int
) -> None:
    found = sw.fit_latency(space, NS * space.baseline.measure().flops, should_stop=lambda: len(asked) >= after)
    assert found is None
    assert len(asked) == after
