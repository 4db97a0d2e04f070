"""What trials gain over chance and a linear model."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy.stats import t
from toys import toy_space, toy_trial

import structopt_widgets as sw
from structopt_widgets.training.item_scores import pack_counts
from structopt_widgets.training.references import reference_answers


def toy_data() -> sw.Data:
    """A hundred validation samples of which a linear model has 80 right, and the most frequent class 50."""
    y, y_val = np.array([0] * 6 + [1] * 5), np.arange(100) % 2
    signs = np.where(np.arange(100) < 20, -1, 1) * (2.0 * y_val - 1)
    # No sample is there twice.
    x, x_val = (2.0 * y - 1) * np.linspace(1, 1.1, 11), signs * np.linspace(1.2, 1.3, 100)
    return sw.Data(x[:, None].astype("float32"), y, x_val[:, None].astype("float32"), y_val, name="toy")


def trial(runs: list[np.ndarray], data: sw.Data) -> sw.Trial:
    by_seed = tuple(float(np.mean(each)) for each in runs)
    made = toy_trial(
        toy_space().baseline,
        sw.Budget(seeds=len(runs)),
        score=float(np.mean(by_seed)),
        by_seed=by_seed,
        right=pack_counts(np.sum(runs, axis=0)),
    )
    return dataclasses.replace(made, fingerprint=data.fingerprint)


def test_one_run_is_paired_sample_by_sample() -> None:
    data = toy_data()
    right = reference_answers(data)["linear model"]
    assert right.tolist() == [False] * 20 + [True] * 80
    # It has ten of those right that the line has wrong, and all others as the line has them.
    run = np.where(np.arange(100) < 10, 1, right)
    _, line = sw.beside_references(trial([run], data), data)
    half = t.ppf(0.975, 99) * math.sqrt(0.1 * 0.9 / 99)
    assert (line.name, line.score, line.difference) == ("linear model", 0.8, pytest.approx(0.1))
    assert (line.low, line.high) == (pytest.approx(0.1 - half), pytest.approx(0.1 + half))
    assert line.is_shown


def test_seeds_count_and_many_trials_are_allowed_for() -> None:
    data = toy_data()
    right = reference_answers(data)["linear model"]
    runs = [np.where(np.arange(100) < n, 1, right) for n in (6, 14)]  # 0.86 and 0.94
    of_seeds = np.var([0.86, 0.94], ddof=1) / 2
    shares = np.array([1] * 6 + [0.5] * 8 + [0] * 86)
    of_samples = np.var(shares, ddof=1) / 100 - 8 / 100 * 0.5 / 2 / 100
    df = (of_seeds + of_samples) ** 2 / (of_seeds**2 / 1 + of_samples**2 / 99)
    alone = sw.beside_references(trial(runs, data), data)[1]
    assert alone.high - alone.difference == pytest.approx(t.ppf(0.975, df) * math.sqrt(of_seeds + of_samples))
    one = [trial([np.where(np.arange(100) < 7, 1, right)], data)] * 5
    widths = [each.high - each.low for each in sw.beside_references(one, data) if each.name == "linear model"]
    assert widths[0] / (2 * math.sqrt(0.07 * 0.93 / 99)) == pytest.approx(t.ppf(1 - 0.025 / 5, 99))


def test_equal_answers_gain_nothing() -> None:
    data = toy_data()
    line = sw.beside_references(trial([reference_answers(data)["linear model"]], data), data)[1]
    assert (line.low, line.high, line.is_shown) == (0, 0, False)


def test_trials_on_other_data_are_refused() -> None:
    other = dataclasses.replace(trial([np.ones(100)], toy_data()), fingerprint="other")
    with pytest.raises(ValueError, match="Expected trials on these data"):
        sw.beside_references(other, toy_data())
    assert sw.beside_references([], toy_data()) == []
