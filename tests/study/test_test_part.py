"""The test part: seen by nothing until the study is asked, and counted."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import structopt_widgets as sw

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4)).astype("float32")
Y = (X.sum(axis=1) > 0).astype(int)
ONE_SEED = sw.Budget(epochs=2)
BUDGET = sw.Budget(epochs=2, seeds=2, learning_rate=0.01)


def space() -> sw.StructureSpace:
    layers = [keras.layers.Dense(8, activation="relu", name="hidden"), keras.layers.Dense(2)]
    return sw.StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), *layers]))


def test_a_share_is_split_off_class_by_class() -> None:
    data = sw.Data(X, Y, test_fraction=0.2)
    whole = np.bincount(Y)
    for part, share in ((data.y, 0.6), (data.y_val, 0.2), (data.y_test, 0.2)):
        assert np.bincount(part) == pytest.approx(share * whole, abs=1.5)
    rows = [row.tobytes() for part in (data.x, data.x_val, data.x_test) for row in part]
    assert sorted(rows) == sorted(row.tobytes() for row in X)
    assert "60 test samples" in repr(data)
    assert data.flattened().test_fingerprint == data.test_fingerprint
    with pytest.raises(ValueError, match="got both"):
        sw.Data(X, Y, x_test=X, y_test=Y, test_fraction=0.1)
    with pytest.raises(ValueError, match="got y_test alone"):
        sw.Data(X, Y, y_test=Y)
    with pytest.raises(ValueError, match="a test_fraction between 0 and 1"):
        sw.Data(X, Y, test_fraction=1)


@pytest.mark.slow
def test_nothing_sees_it_until_it_is_asked() -> None:
    """Data whose test labels are all wrong give the same trial, references and fingerprint; only the test differs."""
    right = sw.Data(X[:200], Y[:200], x_test=X[200:], y_test=Y[200:])
    wrong = sw.Data(X[:200], Y[:200], x_test=X[200:], y_test=1 - Y[200:])
    assert right.fingerprint == wrong.fingerprint
    assert right.test_fingerprint != wrong.test_fingerprint
    assert sw.reference_scores(right) == sw.reference_scores(wrong)
    one, other = sw.Study(), sw.Study()
    for study, data in ((one, right), (other, wrong)):
        study.add(sw.quick_run(space().baseline, data, ONE_SEED))
    columns = ["accuracy", "accuracy_by_seed", "loss", "n_params"]
    assert one.trials[columns].equals(other.trials[columns])
    assert one.test(0, right).score + other.test(0, wrong).score == pytest.approx(1)


@pytest.mark.slow
def test_the_answer_is_kept_and_counted(tmp_path: Path) -> None:
    data = sw.Data(X, Y, test_fraction=0.3)
    study = sw.Study(tmp_path / "trials.journal")
    study.sweep(space(), data, 2, budget=BUDGET, show_progress=False)
    first = study.test(0)
    assert (first.asked, first.structures, first.samples, len(first.by_seed)) == (1, 1, len(data.y_test), 2)
    assert first.score == pytest.approx(np.mean(first.by_seed))
    assert first.low < first.score < first.high
    assert "Asked once" in first.summary()
    again = sw.Study(tmp_path / "trials.journal").test(0, data)  # another process, as it were
    assert (again.asked, again.structures, again.by_seed) == (2, 1, first.by_seed)
    assert "Asked for the 2nd time" in again.summary()
    third = study.test(1)
    assert (third.asked, third.structures) == (3, 2)
    assert "asked the test part 3 times, about 2 trials" in third.summary()


@pytest.mark.slow
def test_what_cannot_be_tested_is_refused() -> None:
    study = sw.Study()
    data = sw.Data(X, Y)
    study.add(sw.quick_run(space().baseline, data, BUDGET))
    with pytest.raises(ValueError, match=r"not at hand.*study.test\(number, data\)"):
        study.test(0)
    with pytest.raises(ValueError, match="with a test part, got none"):
        study.test(0, data)
    with pytest.raises(ValueError, match="trained on, 'data', got others"):
        study.test(0, sw.Data(X, Y, test_fraction=0.1))
    with pytest.raises(ValueError, match="the number of a trial"):
        study.test(7, data)


def test_shipped_data_have_a_test_part_of_their_own() -> None:
    for name in ("fashion", "surnames", "vowels", "voices"):
        data, with_test = sw.load_data(name), sw.load_data(name, test=True)
        assert np.array_equal(data.x, with_test.x)
        assert len(with_test.y_val) + len(with_test.y_test) == len(data.y_val)
        assert set(with_test.y_val) == set(with_test.y_test) == set(data.y_val)
        # Between a half and four sevenths: the vowels have seven speakers to divide.
        assert 3 / 7 <= len(with_test.y_test) / len(data.y_val) <= 4 / 7
        assert not {row.tobytes() for row in with_test.x_val} & {row.tobytes() for row in with_test.x_test}
