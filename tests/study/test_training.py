"""A sweep that really trains, here and in another process."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import keras
import numpy as np
import pytest
from toys import toy_space, toy_sweep

import structopt_widgets as sw

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def test_another_process_trains_the_same_trials() -> None:
    here, there = sw.Study(), sw.Study()
    mine = toy_sweep(here, 2, 1)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        theirs = toy_sweep(there, 2, 1, executor=pool)
    columns = ["accuracy", "accuracy_low", "loss", "n_params", "structure", "state"]
    assert mine[columns].equals(theirs[columns])
    assert [trial.right for trial in here] == [trial.right for trial in there]
    assert here.trial(0).history == there.trial(0).history
    assert not here.compare(0).loc[0, "told_apart"]


def test_nan_is_a_failed_trial_and_the_sweep_goes_on() -> None:
    # Each step multiplies the error by about -1e6 times the width: the loss is infinite before the epoch ends.
    # No two samples are the same, and all are nearly 1.
    x = np.ones((128, 3), dtype="float32") + np.linspace(0, 1e-3, 128, dtype="float32")[:, None]
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="a"), keras.layers.Dense(1, name="out")])
    space = sw.StructureSpace.from_keras(model)
    study = sw.Study()
    budget = sw.Budget(epochs=20, learning_rate=1e30, seeds=1)
    table = study.sweep(space, sw.Data(x, np.arange(128.0)), 2, budget=budget, show_progress=False)
    assert table["state"].tolist() == ["failed", "failed"]
    assert table["reason"].str.contains("loss became").all()


def test_what_fits_no_structure_is_said_before_anything_is_trained() -> None:
    study = sw.Study()
    x = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
    with pytest.raises(ValueError, match="at least 5 output units"):
        study.sweep(toy_space(), sw.Data(x, np.arange(20) % 5), 2, show_progress=False)
    assert len(study) == 0
