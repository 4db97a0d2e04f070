"""Verdicts about structures, by simulated studies whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, studentized_range
from simulated import Truth, any_worse, weighed

from structopt_widgets.study.optimism import winners_optimism
from structopt_widgets.study.studentized_range import largest_difference_p_value
from structopt_widgets.training.statistics import accuracy_interval

# Between a share of 5 % in truth and what this many studies show, chance lies: a share beyond the 99.9 % point of
# the binomial distribution is not chance.
STUDIES = 200
MOST = binom.ppf(0.999, STUDIES, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("n_means", "df"), [(2, 2), (2, 8), (24, 48), (64, 256), (1000, 2000), (5, np.inf)])
def test_the_tail_is_scipys_studentized_range(n_means: int, df: float) -> None:
    chances = np.array([0.5, 0.05, 0.002])
    quantiles = studentized_range.isf(chances, n_means, df) / np.sqrt(2)
    assert largest_difference_p_value(quantiles, n_means, np.full(3, df)) == pytest.approx(chances, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_structures", "seeds", "own"),
    [(24, 1, 0.0), (24, 2, 0.0), (24, 2, 0.15), (24, 5, 0.15), (64, 1, 0.0), (64, 2, 0.15), (64, 5, 0.0)],
)
def test_of_equal_structures_hardly_ever_any_is_worse(n_structures: int, seeds: int, own: float) -> None:
    rng = np.random.default_rng(n_structures + seeds)
    truth = Truth(np.zeros(n_structures), own=own, samples=500)
    found = sum(any_worse(truth.study(rng, seeds)) for _ in range(STUDIES if seeds > 1 else 5))
    # With one seed each nothing is ever called worse.
    assert found <= (MOST if seeds > 1 else 0)


@pytest.mark.slow
def test_structures_may_spread_differently_over_seeds() -> None:
    rng = np.random.default_rng(2)
    truth = Truth(np.zeros(24), samples=500, unsteady=[3.0, 0.3] * 12)
    assert sum(any_worse(truth.study(rng, 3)) for _ in range(STUDIES)) <= MOST
    # A few that sometimes fail to learn do not hide what the steady ones differ by.
    steady = Truth(np.array([0.0] * 12 + [-0.05] * 12), unsteady=[0.5] * 22 + [10.0] * 2)
    worse = [(weighed(steady.study(rng, 3))["verdict"][12:22] == "worse").mean() for _ in range(20)]
    assert np.mean(worse) > 0.8


@pytest.mark.slow
def test_one_seed_is_weighed_with_what_other_trials_tell_of_seeds() -> None:
    rng = np.random.default_rng(0)
    truth = Truth(np.zeros(24), own=0.15, samples=500)
    assert sum(any_worse(truth.study(rng, [5] + [1] * 23)) for _ in range(STUDIES)) <= MOST
    # 20 points are more than one seed does.
    far = Truth(np.array([0.0, -0.2] + [0.0] * 22))
    assert weighed(far.study(rng, [5] + [1] * 23))["verdict"][1] == "worse"


@pytest.mark.slow
def test_what_differs_is_told_apart() -> None:
    rng = np.random.default_rng(1)
    pair, one_of_many = Truth(np.array([0.0, -0.02]), own=0.1), Truth(np.array([0.0] * 23 + [-0.03]), own=0.1)
    verdicts = [weighed(pair.study(rng, 5)) for _ in range(STUDIES)]
    assert np.mean([list(each["verdict"]) == ["cannot be told apart", "worse"] for each in verdicts]) >= 0.75
    assert np.mean([weighed(one_of_many.study(rng, 5))["verdict"][-1] == "worse" for _ in range(40)]) >= 0.8


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_the_interval_covers_the_structures_expected_accuracy(seeds: int) -> None:
    rng = np.random.default_rng(seeds)
    truth = Truth(np.zeros(1))
    covered = 0
    for _ in range(1500):
        ((counts, by_seed),) = truth.study(rng, seeds)
        low, high = accuracy_interval(counts, by_seed)
        covered += low <= truth.accuracy <= high
    assert 0.93 <= covered / 1500 <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize(("n_structures", "spread"), [(64, 0.0), (24, 0.0), (24, 0.01)])
def test_the_winners_score_is_too_high_by_about_what_is_said(n_structures: int, spread: float) -> None:
    rng = np.random.default_rng(n_structures)
    true, said = [], []
    for _ in range(50):
        truth = Truth(rng.normal(0, spread, n_structures))
        study = truth.study(rng, 3)
        scores = np.array([np.mean(by_seed) for _, by_seed in study])
        best = int(scores.argmax())
        # How hard these samples are is nobody's luck.
        true.append(scores[best] - truth.levels[best] - np.mean(scores - truth.levels))
        said.append(winners_optimism(scores, weighed(study)["standard_error"]))
    assert np.mean(true) > 0.002
    assert np.mean(said) == pytest.approx(np.mean(true), rel=0.4)
