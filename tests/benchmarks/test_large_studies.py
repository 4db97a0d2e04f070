"""What the explorer does when a trial is added, in studies of ten and twenty thousand trials.

The figures are reported. What is asserted is far above them, and holds on a busy machine.
"""

from __future__ import annotations

import dataclasses
import json
import random
import statistics
import time

import keras
import numpy as np
import pytest

import structopt_widgets as sw
from structopt_widgets.study.failed import failed_trial
from structopt_widgets.training.item_scores import pack_counts

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(900)]

N_VALIDATION = 500


def make_study(n_trials: int) -> tuple[sw.StructureSpace, sw.Data, sw.Study]:
    """Trials of random structures whose networks get better with their size, up to chance."""
    dense = [keras.layers.Dense(width, "relu", name=f"dense_{width}") for width in (128, 64)]
    model = keras.Sequential([keras.Input((20,)), *dense, keras.layers.Dense(10, name="classes")])
    space = sw.StructureSpace.from_keras(model)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2 * N_VALIDATION, 20)).astype("float32")
    y = rng.integers(0, 10, 2 * N_VALIDATION)
    data = sw.Data(x[:N_VALIDATION], y[:N_VALIDATION], x[N_VALIDATION:], y[N_VALIDATION:])
    study, draw = sw.Study(), random.Random(0)
    for _ in range(n_trials):
        study.add(make_trial(space.sample(draw), data, rng))
    return space, data, study


def make_trial(structure: sw.Structure, data: sw.Data, rng: np.random.Generator) -> sw.Trial:
    lost = failed_trial(structure, data, sw.Budget(seeds=1), ValueError("none"))
    right = (rng.random(N_VALIDATION) < 0.9 - 500 / (lost.n_params + 1000)).astype(int)
    score = float(right.mean())
    scores = {"score": score, "low": score - 0.03, "high": score + 0.03, "by_seed": (score,), "loss": 1 - score}
    return dataclasses.replace(lost, state="complete", reason="", right=pack_counts(right), **scores)


@pytest.mark.parametrize("n_trials", [10_000, 20_000])
def test_a_refresh_of_the_explorer(n_trials: int, capsys: pytest.CaptureFixture[str]) -> None:
    space, data, study = make_study(n_trials)
    start = time.perf_counter()
    explorer = sw.Explorer(space, study=study)
    opened = time.perf_counter() - start
    rng, draw, seconds = np.random.default_rng(1), random.Random(1), []
    for _ in range(7):
        trial = make_trial(space.sample(draw), data, rng)
        start = time.perf_counter()
        study.add(trial)  # the explorer hears of it
        seconds.append(time.perf_counter() - start)
    sent = len(json.dumps(explorer.instrument.study))
    with capsys.disabled():
        print(
            f"\n{n_trials:,} trials: the explorer opens in {opened:.2f} s; one more is added and shown in "
            f"{statistics.median(seconds):.3f} s (median of 7, at most {max(seconds):.3f}); "
            f"plot and table are {sent / 1e6:.2f} MB"
        )
    assert explorer.background.message.alert == ""
    assert explorer.instrument.study["trials"][-1]["number"] == n_trials + 6
    assert statistics.median(seconds) < 2
