"""How far a quick run's ranking of structures agrees with a full run's: Kendall's tau, on the shipped data."""

from __future__ import annotations

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
    # A study each: of a verdict, all structures that were looked at are part.
    studies = sw.Study(), sw.Study()
    quick, full = (
        study.sweep(space, data, STRUCTURES, sampler="qmc", budget=budget)
        for study, budget in zip(studies, (QUICK, FULL), strict=True)
    )
    early, late = (table.set_index("structure") for table in (quick, full))
    pairs = early[["accuracy", "n_params"]].join(late["accuracy"].rename("full"))
    tau = kendalltau(pairs["accuracy"], pairs["full"]).statistic
    clear = []
    for number, name in full["structure"].items():
        compared = studies[1].compare(number)
        # Each pair once.
        for other in compared.index[compared["told_apart"] & (compared.index > number)]:
            beside = full.loc[other, "structure"]
            before, after = (pairs.loc[name, column] - pairs.loc[beside, column] for column in ("accuracy", "full"))
            clear.append(np.sign(before) * np.sign(after))
    report(
        f"{STRUCTURES} two-hidden-layer MLPs on fashion, {QUICK.epochs} epochs against {FULL.epochs}",
        ("Kendall's tau, accuracies", f"{tau:.2f}"),
        ("pairs that the full runs tell apart", f"{len(clear)} of {math.comb(STRUCTURES, 2)}"),
        ("... of which the quick runs order likewise", f"{np.mean(np.array(clear) > 0):.0%}"),
        ("parameters", f"{pairs['n_params'].min():,} to {pairs['n_params'].max():,}"),
        ("accuracies, quick", f"{pairs['accuracy'].min():.3f} to {pairs['accuracy'].max():.3f}"),
        ("accuracies, full", f"{pairs['full'].min():.3f} to {pairs['full'].max():.3f}"),
        ("spread over seeds, full, mean", f"{full['accuracy_std'].mean():.4f}"),
        ("training, quick and full", f"{quick['seconds'].sum():.0f} s, {full['seconds'].sum():.0f} s"),
    )
    assert tau > 0
