"""Which trials can be told apart."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.stats import t
from toys import toy_space, toy_trial

import structopt_widgets as sw
from structopt_widgets.training.item_scores import pack_counts, unpack_counts


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


def two_seeds(first: list[int], second: list[int], **changes: object) -> sw.Trial:
    """A trial of two seeds, each right on the samples where it has a 1."""
    return trial(np.add(first, second).tolist(), 2, by_seed=(np.mean(first), np.mean(second)), **changes)


def test_two_runs_of_one_seed_are_not_comparable() -> None:
    found = sw.compare(trial([1] * 70 + [0] * 30), trial([1] * 40 + [0] * 60))
    assert found.verdict == "one run each: not comparable"
    assert math.isnan(found.p_value)
    assert not found.told_apart
    # What other samples would do to the two networks: thirty of a hundred paired differences are 1.
    assert found.standard_error == pytest.approx(math.sqrt(0.3 * 0.7 / 99))
    assert str(found) == "one run each: not comparable: difference +0.3000, standard error 0.0461"


def test_for_two_structures_it_is_students_t_over_samples_and_seeds() -> None:
    better = two_seeds([1] * 90 + [0] * 10, [1] * 94 + [0] * 6)
    base = two_seeds([1] * 80 + [0] * 20, [1] * 78 + [0] * 22)
    found = sw.compare(better, base)
    by_seed = np.array([[0.90, 0.94], [0.80, 0.78]])
    of_seeds = by_seed.var(axis=1, ddof=1).mean() * (1 / 2 + 1 / 2)
    # Shares of right seeds: 78 samples 0, two 0.5, ten 1, four 0.5, six 0; less what the seeds disagree about.
    shares = [0] * 78 + [0.5] * 2 + [1] * 10 + [0.5] * 4 + [0] * 6
    disagreement = (4 / 100 * 0.5 + 2 / 100 * 0.5) / 2 / 100
    of_samples = np.var(shares, ddof=1) / 100 - disagreement
    df = (of_seeds + of_samples) ** 2 / (of_seeds**2 / 2 + of_samples**2 / 99)
    error = math.sqrt(of_seeds + of_samples)
    assert found.standard_error == pytest.approx(error)
    assert found.p_value == pytest.approx(2 * t.sf(0.13 / error, df), rel=0.01)
    assert (found.difference, found.paired_by) == (pytest.approx(0.13), "samples")
    assert (found.verdict, found.told_apart) == ("better", True)
    assert sw.compare(base, better).verdict == "worse"
    assert sw.compare(base, base).p_value == 1
    assert str(sw.compare(base, base)).startswith("cannot be told apart: difference +0.0000")


def test_seeds_that_score_alike_still_disagree_on_samples() -> None:
    # Both seeds of both score 0.5, each on other samples: no variance is seen, but there is chance.
    half = two_seeds([1, 0] * 50, [0, 1] * 50)
    other = two_seeds([1, 1, 0, 0] * 25, [0, 1, 1, 0] * 24 + [1, 1, 1, 0])
    found = sw.compare(half, other)
    assert found.standard_error > 0
    assert found.verdict == "cannot be told apart"


def test_without_samples_intervals_stand_for_them() -> None:
    options = {"right": "", "metric": "r2", "low": 0.49, "high": 0.51, "by_seed": (0.49, 0.51), "score": 0.5}
    one = trial([0, 1], 2, **options)
    other = trial([0, 1], 2, **options | {"low": 0.79, "high": 0.81, "by_seed": (0.79, 0.81), "score": 0.8})
    found = sw.compare(other, one)
    assert (found.paired_by, found.verdict) == ("nothing", "better")
    assert found.standard_error == pytest.approx(math.sqrt(2 * (0.01 / 1.959964) ** 2 + 0.0002))


def test_mcnemars_test_is_about_two_networks() -> None:
    base, better = [1] * 60 + [0] * 40, [1] * 70 + [0] * 30
    found = sw.compare_networks(trial(better), trial(base))
    # Ten samples, all to the one side: of 2^10 ways to fall, two.
    assert (found.only_first, found.only_second, found.p_value) == (10, 0, pytest.approx(2 / 2**10))
    assert "these two networks" in str(found)
    assert sw.compare_networks(trial(base), trial(base)).p_value == 1
    with pytest.raises(ValueError, match=r"Expected two classifications of one seed each, got one with .* of 2 seeds"):
        sw.compare_networks(two_seeds(base, base), trial(base))


def test_only_what_is_comparable_is_compared() -> None:
    one = trial([0, 1])
    with pytest.raises(ValueError, match="one that is failed"):
        sw.compare(one, trial([0, 1], state="failed"))
    with pytest.raises(ValueError, match="on the same data"):
        sw.compare(one, trial([0, 1], fingerprint="other"))


def test_an_optimizer_as_compiled_is_not_the_one_of_that_name() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.5, momentum=0.9), "mse")
    structure = sw.StructureSpace.from_keras(model).baseline
    first, second = [0, 1] * 20, [1, 1] * 20
    right = {"right": pack_counts(np.add(first, second)), "by_seed": (0.5, 1.0), "score": 0.75}
    as_compiled, by_name = (
        toy_trial(structure, sw.Budget(seeds=2, optimizer=optimizer), **right) for optimizer in (None, "sgd")
    )
    assert sw.compare(as_compiled, by_name).verdict == "trained otherwise: not comparable"
    assert sw.compare(as_compiled, as_compiled).verdict == "cannot be told apart"


def test_inherited_weights_are_another_start() -> None:
    one, tuned = trial([0, 1, 1, 1]), trial([0, 1, 1, 1], weights="inherit")
    assert sw.compare(one, tuned).verdict == "trained otherwise: not comparable"
    assert sw.compare(tuned, tuned).verdict != "trained otherwise: not comparable"


def compiled_with(optimizer: object, loss: object = "sparse_categorical_crossentropy") -> sw.Structure:
    model = keras.Sequential([keras.Input((2,), name="in"), keras.layers.Dense(2, "softmax", name="out")], name="same")
    model.compile(optimizer, loss)
    return sw.StructureSpace.from_keras(model).baseline


def kinds() -> dict[str, list[Any]]:
    """Compiled optimizers: two that are alike, and another."""
    optimizers = keras.optimizers
    decay = [optimizers.schedules.ExponentialDecay(0.1, 10, rate) for rate in (0.5, 0.5, 0.9)]
    return {
        "adam": [optimizers.Adam(1e-3), optimizers.Adam(1e-3), optimizers.Adam(1e-1)],
        "momentum": [optimizers.SGD(0.1), optimizers.SGD(0.1), optimizers.SGD(0.1, momentum=0.9)],
        "schedule": [optimizers.SGD(each) for each in decay],
    }


def few_samples() -> sw.Data:
    return sw.Data(np.arange(80.0).reshape(40, 2), np.arange(40) % 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["adam", *(pytest.param(each, marks=pytest.mark.slow) for each in ("momentum", "schedule"))]
)
def test_two_rates_of_one_compiled_optimizer_are_two_trainings(kind: str) -> None:
    budget = sw.Budget(epochs=1, seeds=2)
    trials = [sw.quick_run(compiled_with(each), few_samples(), budget) for each in kinds()[kind]]
    assert sw.compare(*trials[:2]).verdict != "trained otherwise: not comparable"
    assert sw.compare(*trials[1:]).verdict == "trained otherwise: not comparable"
    assert sw.Trial.from_json(trials[2].to_json()).compiled == trials[2].compiled


@pytest.mark.slow
def test_a_rate_or_an_optimizer_of_the_budgets_goes_for_both() -> None:
    for budget in (sw.Budget(epochs=1, seeds=2, learning_rate=0.01), sw.Budget(epochs=1, seeds=2, optimizer="sgd")):
        compiled = [compiled_with(keras.optimizers.Adam(rate)) for rate in (1e-3, 1e-1)]
        one, other = (sw.quick_run(each, few_samples(), budget) for each in compiled)
        assert sw.compare(one, other).verdict != "trained otherwise: not comparable"


@pytest.mark.slow
def test_two_losses_are_two_trainings() -> None:
    by_loss = [
        sw.quick_run(compiled_with("sgd", loss), few_samples(), sw.Budget(epochs=1, seeds=2))
        for loss in ("sparse_categorical_crossentropy", keras.losses.SparseCategoricalCrossentropy(ignore_class=1))
    ]
    assert sw.compare(*by_loss).verdict == "trained otherwise: not comparable"


@pytest.mark.parametrize("damage", [{"right": "%%%%"}, {"score": 7.0}, {"by_seed": [7.0, 7.0]}])
def test_scores_that_no_run_has_are_no_trial(damage: dict[str, object]) -> None:
    record = two_seeds([0, 1], [1, 1]).to_record()
    with pytest.raises(ValueError, match="damaged"):
        sw.Trial.from_record(record | damage, trial([0, 1]).structure)


def test_a_study_that_grows_is_compared_as_one_that_is_read_at_once() -> None:
    rng, growing = np.random.default_rng(0), sw.Study()
    for count in range(1, 9):
        seeds = (rng.random((2, 50)) < 0.3 + 0.08 * rng.permutation(8)[0]).astype(int)
        growing.add(two_seeds(*seeds.tolist()))
        if count == 4:
            growing.add(trial([0, 1], state="failed"))
        at_once = sw.Study()
        for each in growing:
            at_once.add(each)
        # The reference changes whenever a better one comes.
        pd.testing.assert_frame_equal(growing.compare(), at_once.compare())
        pd.testing.assert_frame_equal(growing.compare(0), at_once.compare(0))


def test_a_longer_training_makes_no_better_structure() -> None:
    study, longer = sw.Study(), sw.Budget(epochs=9, seeds=2)
    base = two_seeds([1] * 60 + [0] * 40, [1] * 62 + [0] * 38)
    study.add(base)
    study.add(dataclasses.replace(two_seeds([1] * 80 + [0] * 20, [1] * 82 + [0] * 18), budget=longer))
    study.add(dataclasses.replace(two_seeds([1] * 79 + [0] * 21, [1] * 82 + [0] * 18), budget=longer))
    other_seeds = dataclasses.replace(longer, seeds=[7, 8])
    study.add(dataclasses.replace(two_seeds([1] * 20 + [0] * 80, [1] * 22 + [0] * 78), budget=other_seeds))
    table = study.compare()
    assert table["verdict"].tolist() == [
        "trained otherwise: not comparable",
        "the best",
        "cannot be told apart",
        "worse",
    ]
    assert table["told_apart"].tolist() == [False, False, False, True]
    assert table["difference"].tolist() == pytest.approx([-0.2, 0.0, -0.005, -0.6])
    assert table["p_value"].isna().tolist() == [True, False, False, False]
    # Those that are comparable are compared as if the others were not there.
    alone = sw.Study()
    for trial_ in list(study)[1:]:
        alone.add(trial_)
    assert alone.compare()["p_value"].tolist() == table["p_value"].tolist()[1:]
    found = sw.compare(study.trial(1), base)
    assert (found.verdict, found.told_apart) == ("trained otherwise: not comparable", False)
    assert found.difference == pytest.approx(0.2)


def test_a_study_marks_what_cannot_be_told_from_its_best() -> None:
    study = sw.Study()
    with pytest.raises(ValueError, match="got none"):
        study.compare()
    for count in (60, 58, 20):
        study.add(two_seeds([1] * count + [0] * (100 - count), [1] * (count + 1) + [0] * (99 - count)))
    study.add(trial([0, 1], state="failed"))
    table = study.compare()
    assert table["verdict"].tolist() == ["the best", "cannot be told apart", "worse"]
    assert table["told_apart"].tolist() == [False, False, True]
    assert study.compare(2)["verdict"].tolist() == ["better", "better", "compared with"]
    assert study.compare(2)["difference"].tolist() == pytest.approx([0.4, 0.38, 0.0])
    with pytest.raises(ValueError, match="one that is failed"):
        study.compare(3)
    # The same difference among more structures is less sure.
    before = table.loc[2, "p_value"]
    for count in range(50, 60):
        study.add(two_seeds([1] * count + [0] * (100 - count), [1] * (count + 1) + [0] * (99 - count)))
    assert sw.compare(study.trial(2), study.trial(0)).p_value <= before


def test_a_study_of_single_runs_says_so() -> None:
    study = sw.Study()
    study.add(trial([1] * 60 + [0] * 40))
    assert study.compare()["verdict"].tolist() == ["the best"]
    study.add(trial([1] * 10 + [0] * 90))
    assert set(study.compare()["verdict"]) == {"one run each: not comparable"}
    # Others with two seeds tell what a seed does: they are compared, and so are the first two.
    for _ in range(3):
        study.add(two_seeds([1] * 60 + [0] * 40, [1] * 62 + [0] * 38))
    assert study.compare()["verdict"].tolist()[:3] == ["cannot be told apart", "worse", "the best"]


def test_a_trial_without_a_score_is_never_the_best() -> None:
    study = sw.Study()
    for width, changes in ((4, {"score": math.nan, "by_seed": (math.nan,)}), (8, {})):
        study.add(toy_trial(toy_space().baseline.with_width("a", width), **changes))
    assert study.trials["state"].tolist() == ["complete", "complete"]
    assert study.compare().index.tolist() == [1]
    with pytest.raises(ValueError, match="Expected two trials with a score"):
        sw.compare(*study)
