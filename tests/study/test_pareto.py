"""The Pareto front against its definition, by brute force."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from structopt_widgets.study import pareto_front

small = st.integers(0, 4) | st.just(math.nan)  # few values, so that ties are common
rows = st.lists(
    st.fixed_dictionaries({"accuracy": small, "r": small, "n_params": small, "flops": small}), min_size=1, max_size=12
)


def beats(a: pd.Series, b: pd.Series, larger: list[str], smaller: list[str]) -> bool:
    no_worse = all(a[name] >= b[name] for name in larger) and all(a[name] <= b[name] for name in smaller)
    return no_worse and any(a[name] != b[name] for name in larger + smaller)


@pytest.mark.slow
@given(
    rows, st.sampled_from([["accuracy"], ["accuracy", "r"], []]), st.sampled_from([["n_params"], ["n_params", "flops"]])
)
def test_a_row_is_on_the_front_when_no_other_beats_it(table: list, larger: list[str], smaller: list[str]) -> None:
    trials = pd.DataFrame(table, dtype=float)
    front = pareto_front(trials, maximize=larger, minimize=smaller)
    usable = [row for _, row in trials.iterrows() if not row[larger + smaller].isna().any()]
    expected = {row.name for row in usable if not any(beats(other, row, larger, smaller) for other in usable)}
    assert set(front.index) == expected
    assert front["n_params"].is_monotonic_increasing


def test_names_or_lists_of_names_and_only_complete_trials() -> None:
    trials = pd.DataFrame(
        {"accuracy": [0.5, 0.9, 0.7, 0.7], "n_params": [1, 9, 5, 0], "state": ["complete"] * 3 + ["failed"]}
    )
    assert pareto_front(trials).index.tolist() == [0, 2, 1]
    assert pareto_front(trials, maximize=["accuracy"], minimize=["n_params"]).index.tolist() == [0, 2, 1]
    assert pareto_front(trials, maximize="accuracy", minimize=()).index.tolist() == [1]
    assert pareto_front(trials[:0]).empty
    assert list(trials.columns) == ["accuracy", "n_params", "state"]


def test_columns_that_cannot_be_compared() -> None:
    trials = pd.DataFrame({"accuracy": [0.5], "n_params": [1], "structure": ["baseline"]})
    with pytest.raises(ValueError, match="one of: accuracy, n_params, structure; got 'flops'"):
        pareto_front(trials, minimize="flops")
    with pytest.raises(ValueError, match="a column of numbers to compare, got 'structure'"):
        pareto_front(trials, minimize="structure")
    with pytest.raises(ValueError, match="at least one column"):
        pareto_front(trials, maximize=[], minimize=[])


def test_the_front_of_many_rows_is_the_running_minimum() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"accuracy": rng.random(20_000).round(3), "n_params": rng.integers(1, 5000, 20_000)})
    best: dict[int, float] = table.groupby("n_params")["accuracy"].max().to_dict()
    expected, highest = set(), -math.inf
    for size in sorted(best):
        if best[size] > highest:
            highest = best[size]
            expected |= set(table.index[(table["n_params"] == size) & (table["accuracy"] == highest)])
    assert set(pareto_front(table).index) == expected
