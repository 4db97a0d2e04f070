"""The hypervolume against counting by hand, and its history."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from structopt_widgets.study.hypervolume import hypervolume, hypervolume_history, hypervolume_parts, stall_note


def by_cells(costs: np.ndarray, reference: np.ndarray) -> int:
    """Unit cells of whole-numbered boxes that some row covers."""
    cells = itertools.product(*(range(int(end)) for end in reference))
    return sum(any(all(row[axis] <= cell[axis] for axis in range(len(cell))) for row in costs) for cell in cells)


@pytest.mark.parametrize("n_columns", [2, 3, 4])
def test_it_is_what_the_boxes_cover(n_columns: int) -> None:
    rng = np.random.default_rng(n_columns)
    for _ in range(15):
        costs = rng.integers(0, 7, size=(int(rng.integers(1, 9)), n_columns)).astype(float)
        reference = np.full(n_columns, 5.0)
        assert hypervolume(costs, reference) == pytest.approx(by_cells(costs, reference))


def table(scores: list[float], sizes: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"accuracy": scores, "n_params": sizes, "flops": sizes})


def test_its_history_is_that_of_the_first_trials() -> None:
    rng = np.random.default_rng(5)
    scores, sizes = rng.uniform(0.2, 0.9, 40), rng.uniform(10, 1e5, 40)
    history = hypervolume_history(table([*scores], [*sizes]), "accuracy", ["n_params"])
    assert history.is_monotonic_increasing
    logs = np.log(sizes)
    costs = np.column_stack(
        [(scores.max() - scores) / np.ptp(scores), (logs - logs.min()) / np.ptp(logs)],
    )
    for count in (1, 2, 7, 40):
        assert history.iloc[count - 1] == pytest.approx(hypervolume(costs[:count], np.ones(2)))


def test_one_that_has_the_best_of_all_fills_the_box() -> None:
    found = hypervolume_history(table([0.5, 0.9, 0.7], [100, 10, 1000]), "accuracy", ["n_params", "flops"])
    assert found.tolist()[1:] == [1.0, 1.0]
    alike = hypervolume_history(table([0.5, 0.5], [100, 10]), "accuracy", ["n_params"])
    assert alike.tolist() == [0.0, 0.0]


def test_a_stall_is_told_and_growth_is_not() -> None:
    assert "The last 8 added nothing" in stall_note(pd.Series([0.1] * 4 + [0.6] * 12))
    assert stall_note(pd.Series(np.linspace(0.1, 0.6, 16))) == ""
    assert stall_note(pd.Series([0.6] * 15)) == ""  # too few to tell
    assert "The last 25 added 0.5 %" in stall_note(pd.Series([0.199] * 75 + [0.2] * 25))


def test_the_parts_of_the_front_are_those_of_a_staircase() -> None:
    """In two columns each trial adds the rectangle between its own size and that of the next better score."""
    trials = table([0.9, 0.5, 0.8, 0.7, 0.9], [100.0, 1.0, 10.0, 50.0, 100.0])
    parts = hypervolume_parts(trials, "accuracy", ["n_params"])
    # On the scales of the box: scores 1, 0.75, 0 of the front, sizes at 1, a half and 0 of ln 100.
    assert parts.to_dict() == pytest.approx({0: 0.0, 2: 0.75 * 0.5, 1: 0.0})
    assert hypervolume_parts(trials.iloc[:1], "accuracy", ["n_params"]).sum() == 0
    rng = np.random.default_rng(0)
    many = pd.DataFrame(rng.random((30, 3)) * [1, 1e4, 1e6], columns=["accuracy", "n_params", "flops"])
    whole = hypervolume_history(many, "accuracy", ["n_params", "flops"]).iloc[-1]
    assert hypervolume_parts(many, "accuracy", ["n_params", "flops"]).sum() == pytest.approx(whole)
