"""How far a quick run's ranking of structures agrees with a full run's: Kendall's tau, on the shipped data."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import keras
import numpy as np
import pytest
from scipy.stats import kendalltau

import structopt_widgets as sw

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(3600)]

QUICK, FULL = sw.Budget(), sw.Budget(epochs=30)
STRUCTURES = 16


def walkthrough_space() -> sw.StructureSpace:
    layers = [
        keras.layers.Dense(128, activation="relu", name="first"),
        keras.layers.Dense(64, activation="relu", name="second"),
        keras.layers.Dense(10, activation="softmax", name="classes"),
    ]
    return sw.StructureSpace.from_keras(keras.Sequential([keras.Input((196,)), *layers]))


def test_a_quick_runs_ranking_against_a_full_ones(report: Callable[..., None]) -> None:
    space, data = walkthrough_space(), sw.load_data("fashion").flattened()
    study = sw.Study()
    quick, full = (
        study.sweep(space, data, STRUCTURES, sampler="qmc", budget=budget).set_index("structure")
        for budget in (QUICK, FULL)
    )
    pairs = quick[["accuracy", "n_params"]].join(full["accuracy"].rename("full"))
    tau = kendalltau(pairs["accuracy"], pairs["full"]).statistic
    trials = {(trial.budget.epochs, trial.to_row()["structure"]): trial for trial in study}
    clear = []
    for one, other in itertools.combinations(pairs.index, 2):
        if sw.compare(trials[FULL.epochs, one], trials[FULL.epochs, other]).told_apart:
            early, late = (pairs.loc[one, name] - pairs.loc[other, name] for name in ("accuracy", "full"))
            clear.append(np.sign(early) * np.sign(late))
    report(
        f"{STRUCTURES} two-hidden-layer MLPs on fashion, {QUICK.epochs} epochs against {FULL.epochs}",
        ("Kendall's tau, accuracies", f"{tau:.2f}"),
        ("pairs that the full runs tell apart", f"{len(clear)} of {math.comb(STRUCTURES, 2)}"),
        ("... of which the quick runs order likewise", f"{np.mean(np.array(clear) > 0):.0%}"),
        ("parameters", f"{pairs['n_params'].min():,} to {pairs['n_params'].max():,}"),
        ("accuracies, quick", f"{pairs['accuracy'].min():.3f} to {pairs['accuracy'].max():.3f}"),
        ("accuracies, full", f"{pairs['full'].min():.3f} to {pairs['full'].max():.3f}"),
        ("training, quick and full", f"{quick['seconds'].sum():.0f} s, {full['seconds'].sum():.0f} s"),
    )
    assert tau > 0
