"""Trials in a table."""

from __future__ import annotations

import threading

import keras
import pytest

from structopt_widgets import StructureSpace
from structopt_widgets.metrics import trial_metrics
from structopt_widgets.study import Study, Trial
from structopt_widgets.training import Budget


@pytest.fixture(scope="module")
def trial() -> Trial:
    structure = StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])).baseline
    return Trial(
        structure=structure,
        state="complete",
        metric="accuracy",
        score=0.5,
        low=0.4,
        high=0.6,
        by_seed=(0.5,),
        loss=1.0,
        budget=Budget(seeds=1),
        data="toy",
        fingerprint="",
        versions={},
        seconds=1.0,
        costs=dict.fromkeys(trial_metrics(), 10),
    )


def test_trials_are_numbered_and_listed(trial: Trial) -> None:
    study = Study()
    empty = study.trials
    assert empty.empty
    first, second = study.add(trial), study.add(trial)
    assert (trial.number, first.number, second.number) == (None, 0, 1)
    assert len(study) == 2
    assert list(study) == [first, second]
    assert study.trial(1) == second
    table = study.trials
    assert table.index.tolist() == [0, 1]
    assert table.index.name == empty.index.name == "number"
    assert table.columns.tolist() == empty.columns.tolist()
    assert table.loc[1, "accuracy"] == 0.5
    assert table["n_params"].dtype.kind == "i"


def test_numbers_that_are_not_there(trial: Trial) -> None:
    study = Study()
    with pytest.raises(ValueError, match=r"none: the study is empty\), got 0"):
        study.trial(0)
    study.add(trial)
    for number in (-1, 1):
        with pytest.raises(ValueError, match=rf"\(0 to 0\), got {number}"):
            study.trial(number)
    with pytest.raises(TypeError, match="Expected a Trial, as quick_run returns it; got dict"):
        study.add({})  # type: ignore[arg-type] # the point of the test


@pytest.mark.slow
def test_many_threads_may_add(trial: Trial) -> None:
    study = Study()
    threads = [threading.Thread(target=lambda: [study.add(trial) for _ in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.number for each in study] == list(range(400))
