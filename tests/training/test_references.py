"""Chance and a linear model, against what is known of the data."""

from __future__ import annotations

import numpy as np
import pytest

from structopt_widgets.training import Data, reference_scores
from structopt_widgets.training.references import PENALTIES, _ridge


def test_chance_is_the_most_frequent_class() -> None:
    x = np.zeros((10, 2), dtype="float32")
    data = Data(x, [0] * 6 + [1] * 4, x[:5] + 100, [1, 1, 0, 1, 1])
    assert data.chance_level == 0.2
    # Samples that are all alike leave a linear model nothing but that.
    assert reference_scores(data) == {"chance": 0.2, "linear model": 0.2}


def test_a_linear_model_finds_what_is_linear_and_no_more() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 5)).astype("float32")
    line = Data(x, (x @ [1, -2, 0, 0, 1] > 0).astype(int))
    assert reference_scores(line)["linear model"] > 0.95
    xor = Data(x, (x[:, 0] * x[:, 1] > 0).astype(int))
    assert reference_scores(xor)["linear model"] < 0.65
    y = x @ np.array([[1.0, 0], [0, 1], [2, 0], [0, 0], [0, 3]]) + 5
    scores = reference_scores(Data(x, y))
    assert scores["linear model"] > 0.999
    assert -0.1 < scores["chance"] <= 0


@pytest.mark.parametrize("shape", [(40, 6), (12, 30)])
def test_the_penalty_is_the_one_with_the_least_error_left_out(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=shape)
    y = x[:, :2] @ rng.normal(size=(2, 3)) + rng.normal(size=(shape[0], 3))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)

    def solve(rows: np.ndarray, penalty: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        center, mean = x[rows].mean(axis=0), y[rows].mean(axis=0)
        a, b = x[rows] - center, y[rows] - mean
        return center, mean, np.linalg.solve(a.T @ a + penalty * np.eye(shape[1]), a.T @ b)

    def left_out_error(penalty: float) -> float:
        error = 0.0
        for row in range(len(x)):
            center, mean, weights = solve(np.delete(np.arange(len(x)), row), penalty)
            error += float(np.sum((y[row] - (x[row] - center) @ weights - mean) ** 2))
        return error

    best = min(PENALTIES * len(x) / 100, key=left_out_error)
    assert _ridge(x, y) == pytest.approx(solve(np.arange(len(x)), best)[2], abs=1e-6)
