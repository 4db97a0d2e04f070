"""Budgets say no to nonsense."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from structopt_widgets.training import Budget


def test_seeds_are_counted_from_zero_or_given() -> None:
    assert Budget(seeds=3).seed_list == (0, 1, 2)
    assert Budget(seeds=[7, 5]).seed_list == (7, 5)
    assert Budget(seeds=[7, 5]) == Budget(seeds=(7, 5))
    assert Budget(epochs=np.int64(2)).epochs == 2


@pytest.mark.parametrize("field", ["epochs", "seeds", "batch_size"])
def test_counts_must_be_positive_and_whole(field: str) -> None:
    with pytest.raises(ValueError, match=f"Expected {field} .*at least 1, got 0"):
        Budget(**{field: 0})
    for wrong in (1.5, True, "3"):
        with pytest.raises(TypeError, match="Expected a whole number"):
            Budget(**{field: wrong})


def test_no_seed_twice_and_no_empty_list() -> None:
    for seeds in ([], [1, 1]):
        with pytest.raises(ValueError, match="at least one seed and no seed twice"):
            Budget(seeds=seeds)


@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf"), True, "fast"])
def test_learning_rate_must_be_positive(rate: object) -> None:
    with pytest.raises(ValueError, match="Expected a learning rate above 0"):
        Budget(learning_rate=rate)  # type: ignore[arg-type] # the point of the test


def test_numbers_of_numpy_are_kept_as_python_numbers() -> None:
    budget = Budget(learning_rate=np.float32(0.5), seconds=np.int64(3), subset=np.float32(0.25))  # type: ignore[arg-type] # the point of the test
    assert json.loads(json.dumps(dataclasses.asdict(budget))) == dataclasses.asdict(
        Budget(learning_rate=0.5, seconds=3.0, subset=0.25)
    )
