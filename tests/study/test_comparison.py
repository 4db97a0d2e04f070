"""Which trials can be told apart."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toys import toy_space, toy_trial

import structopt_widgets as sw
from structopt_widgets.training.item_scores import pack_counts, unpack_counts
from structopt_widgets.training.statistics import sign_flip_p_value


@given(st.lists(st.integers(-4, 4), max_size=9))
def test_the_p_value_is_the_share_of_signs_that_do_as_well(differences: list[int]) -> None:
    sums = [abs(sum(s * d for s, d in zip(signs, differences, strict=True))) for signs in _signs(len(differences))]
    expected = np.mean([each >= abs(sum(differences)) for each in sums])
    assert sign_flip_p_value(differences) == pytest.approx(expected)
    # Tenths are no whole numbers: the other way of counting.
    assert sign_flip_p_value([each / 10 for each in differences]) == pytest.approx(expected)


def _signs(n: int) -> list[tuple[int, ...]]:
    return list(itertools.product((-1, 1), repeat=n))


def test_many_samples_follow_the_normal_distribution() -> None:
    # 10,000 samples on which the two disagree, 5,100 to 4,900: two standard deviations, and the half step.
    differences = [1] * 5100 + [-1] * 4900 + [0] * 1000
    expected = math.erfc((200 - 1) / 100 / math.sqrt(2))
    assert sign_flip_p_value(differences) == pytest.approx(expected, rel=1e-3)
    draws = np.random.default_rng(0).normal(size=40)
    assert 0.01 < sign_flip_p_value(draws) < 1
    assert sign_flip_p_value(draws + 2) < 1e-4


def test_counts_survive_packing() -> None:
    counts = np.random.default_rng(0).integers(0, 6, 1000)
    text = pack_counts(counts)
    assert (unpack_counts(text) == counts).all()
    assert len(text) < 1000
    with pytest.raises(ValueError, match="Expected counts packed"):
        unpack_counts("?")


def trial(counts: list[int], seeds: int = 1, **changes: object) -> sw.Trial:
    score = sum(counts) / len(counts) / seeds
    options = {"score": score, "by_seed": (score,) * seeds, "right": pack_counts(np.array(counts)), **changes}
    return toy_trial(toy_space().baseline, sw.Budget(seeds=seeds), **options)


def test_samples_are_paired_where_they_are_known() -> None:
    base = [1] * 60 + [0] * 40
    better = [1] * 70 + [0] * 30
    found = sw.compare(trial(better), trial(base))
    # Ten samples, all to the one side: of 2^10 ways to fall, two.
    assert found.p_value == pytest.approx(2 / 2**10)
    assert (found.difference, found.paired_by, found.told_apart) == (pytest.approx(0.1), "samples", True)
    assert str(found).startswith("the first is better: difference +0.1000, p = 0.002")
    # The same two scores, from networks that err on other samples.
    assert not sw.compare(trial(better[::-1]), trial(base)).told_apart
    assert sw.compare(trial(base), trial(base)).p_value == 1
    # One seed against three: the shares are compared.
    three = [3 * each for each in base]
    assert sw.compare(trial(three, seeds=3), trial(base)).p_value == 1
    assert "cannot be told apart" in str(sw.compare(trial(three, seeds=3), trial(base)))


def test_seeds_are_paired_else_intervals_compared() -> None:
    scores = (0.5, 0.6, 0.55, 0.52, 0.57, 0.51)
    one = trial([0, 1], 6, right="", by_seed=scores)
    other = trial([0, 1], 6, right="", by_seed=tuple(each + 0.01 for each in scores))
    found = sw.compare(one, other)
    assert (found.paired_by, found.p_value, found.told_apart) == ("seeds", pytest.approx(2 / 2**6), True)
    low, high = (trial([0, 1], right="", low=low, high=high) for low, high in ((0.1, 0.2), (0.3, 0.4)))
    assert sw.compare(low, high).told_apart
    assert not sw.compare(low, low).told_apart
    assert math.isnan(sw.compare(low, high).p_value)


def test_only_what_is_comparable_is_compared() -> None:
    one = trial([0, 1])
    with pytest.raises(ValueError, match="one that is failed"):
        sw.compare(one, trial([0, 1], state="failed"))
    with pytest.raises(ValueError, match="on the same data"):
        sw.compare(one, trial([0, 1], fingerprint="other"))


def test_a_study_marks_what_cannot_be_told_from_its_best() -> None:
    study = sw.Study()
    with pytest.raises(ValueError, match="got none"):
        study.compare()
    for right in ([1] * 60 + [0] * 40, [1] * 59 + [0] * 41, [1] * 40 + [0] * 60):
        study.add(trial(right))
    study.add(trial([0, 1], state="failed"))
    assert study.compare()["told_apart"].tolist() == [False, False, True]
    assert study.compare(2)["told_apart"].tolist() == [True, True, False]
    assert study.compare(2)["difference"].tolist() == pytest.approx([0.2, 0.19, 0.0])


def test_a_trial_without_a_score_is_never_the_best() -> None:
    study = sw.Study()
    for width, changes in ((4, {"score": math.nan, "by_seed": (math.nan,)}), (8, {})):
        study.add(toy_trial(toy_space().baseline.with_width("a", width), **changes))
    assert study.trials["state"].tolist() == ["complete", "complete"]
    assert study.compare().index.tolist() == [1]
    with pytest.raises(ValueError, match="Expected two trials with a score"):
        sw.compare(*study)
