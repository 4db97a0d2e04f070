"""Intervals against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from structopt_widgets.training.statistics import (
    accuracy_interval,
    bootstrap_r2,
    r2_score,
    wilson_interval,
    with_seeds,
)


@given(st.integers(1, 5000), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_bounds_solve_their_equation(n: int, data: st.DataObject, confidence: float) -> None:
    successes = data.draw(st.integers(0, n))
    low, high = wilson_interval(successes, n, confidence)
    # 2 * Phi(z) - 1 = erf(z / sqrt 2): the two bounds are where |share - p| is z standard errors of p.
    for bound in (low, high):
        if 0 < bound < 1:
            z = abs(successes / n - bound) / math.sqrt(bound * (1 - bound) / n)
            # Next to 0 or n successes one bound is the share itself, up to rounding.
            assert math.erf(z / math.sqrt(2)) == pytest.approx(confidence, abs=1e-6) or z < 1e-4
    assert 0 <= low <= successes / n <= high <= 1


def test_wilson_is_symmetric_and_narrows() -> None:
    low, high = wilson_interval(30, 100)
    assert wilson_interval(70, 100) == pytest.approx((1 - high, 1 - low))
    assert wilson_interval(0, 10)[0] == 0
    assert wilson_interval(0, 10)[1] == pytest.approx(1.959964**2 / (10 + 1.959964**2))
    wide, narrow = wilson_interval(30, 100), wilson_interval(3000, 10000)
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 9


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_impossible_counts(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="Expected 0 to n successes"):
        wilson_interval(successes, n)
    with pytest.raises(ValueError, match="confidence between 0 and 1"):
        wilson_interval(1, 5, confidence=95)


def test_one_seed_has_wilsons_interval() -> None:
    counts = np.array([1] * 30 + [0] * 70)
    assert accuracy_interval(counts, [0.3]) == wilson_interval(30, 100)
    # As do seeds that agree on everything.
    assert accuracy_interval(np.full(100, 3), [1.0] * 3) == wilson_interval(100, 100)


def test_several_seeds_have_the_interval_of_as_many_samples_as_have_their_variance() -> None:
    right = np.array([[1] * 60 + [0] * 40, [0] * 10 + [1] * 80 + [0] * 10])
    by_seed = right.mean(axis=1)
    low, high = accuracy_interval(right.sum(axis=0), by_seed)
    of_samples = right.mean(axis=0).var(ddof=1) / 100
    # What a seed's score varies by, without the part that comes from being right on other samples.
    of_seeds = (by_seed.var(ddof=1) - right.var(axis=0, ddof=1).mean() / 100) / 2
    variance = of_samples + of_seeds
    df = variance**2 / (of_samples**2 / 99 + of_seeds**2 / 1)
    for bound in (low, high):
        # Wilson's: the p whose own standard error puts the score at the quantile.
        p_variance = bound * (1 - bound) * variance / (0.7 * 0.3)
        assert abs(0.7 - bound) / math.sqrt(p_variance) == pytest.approx(t.ppf(0.975, df))
    alike = accuracy_interval(2 * right[0], [0.6, 0.6])
    assert high - low > alike[1] - alike[0]


def test_seeds_widen_an_interval_over_samples() -> None:
    assert with_seeds(0.5, (0.4, 0.7), [0.5]) == (0.4, 0.7)
    by_seed = [0.45, 0.5, 0.55]
    half = t.ppf(0.975, 2) * 0.05 / math.sqrt(3)
    assert with_seeds(0.5, (0.4, 0.7), by_seed) == pytest.approx(
        (0.5 - math.hypot(0.1, half), 0.5 + math.hypot(0.2, half))
    )


def test_r2_of_the_mean_is_zero_and_of_the_truth_is_one() -> None:
    y = np.array([1.0, 2.0, 6.0])
    assert r2_score(y, y) == 1
    assert r2_score(y, np.full(3, 3.0)) == 0
    # 1 - (1 + 0 + 1) / (4 + 1 + 9)
    assert r2_score(y, np.array([[2.0], [2.0], [5.0]])) == pytest.approx(1 - 2 / 14)
    both = np.stack([y, y], axis=1)
    assert r2_score(both, np.stack([y, np.full(3, 3.0)], axis=1)) == 0.5
    assert math.isnan(r2_score(np.ones(3), y))


def test_bootstrap_holds_the_score_and_is_deterministic() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=300)
    predictions = [y + rng.normal(scale=0.5, size=300) for _ in range(2)]
    low, high = bootstrap_r2(y, predictions)
    mean = np.mean([r2_score(y, each) for each in predictions])
    assert low < mean < high
    assert high - low < 0.2
    assert bootstrap_r2(y, predictions) == (low, high)
    assert bootstrap_r2(y, [y]) == (1, 1)


def test_bootstrap_agrees_with_a_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    y, predicted = rng.normal(size=20), rng.normal(size=20)
    # One row a chunk, so that the draws can be repeated one by one.
    monkeypatch.setattr("structopt_widgets.training.statistics.CHUNK_ELEMENTS", 20)
    draws = np.random.default_rng(0)
    scores = []
    for _ in range(50):
        rows = draws.integers(0, 20, (1, 20))[0]
        scores.append(r2_score(y[rows], predicted[rows]))
    expected = np.quantile(scores, [0.025, 0.975])
    assert bootstrap_r2(y, [predicted], resamples=50) == pytest.approx(tuple(expected))
