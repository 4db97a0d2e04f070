"""How long a report of 500 trials takes to write, and how large it is: of three layers, and of ResNet50.

The figures are reported; what is asserted is the size, which no other load of the machine changes.
"""

from __future__ import annotations

import dataclasses
import random
import time
from pathlib import Path

import keras
import numpy as np
import pytest

import structopt_widgets as sw
from structopt_widgets.study.failed import failed_trial
from structopt_widgets.training.item_scores import pack_counts

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(900)]

TRIALS, SEEDS, EPOCHS, LARGEST = 500, 3, 5, 3_000_000  # bytes


def space_of(name: str) -> sw.StructureSpace:
    if name == "ResNet50":
        with sw.without_weights():
            return sw.StructureSpace.from_keras(keras.applications.ResNet50(weights=None))
    dense = [keras.layers.Dense(width, "relu", name=f"dense_{width}") for width in (128, 64)]
    return sw.StructureSpace.from_keras(keras.Sequential([keras.Input((14, 14)), keras.layers.Flatten(), *dense]))


@pytest.mark.parametrize("name", ["dense", "ResNet50"])
def test_a_report_of_five_hundred_trials(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    space, data, study = space_of(name), sw.load_data("fashion"), sw.Study()
    rng, draw = np.random.default_rng(0), random.Random(0)
    for _ in range(TRIALS):
        lost = failed_trial(space.sample(draw), data, sw.Budget(epochs=EPOCHS, seeds=SEEDS), ValueError("none"))
        share = 0.85 - 0.3 / (1 + np.log10(lost.n_params)) + rng.normal(scale=0.01)
        counts = rng.binomial(SEEDS, share, len(data.y_val))
        by_seed = tuple(float(share + each) for each in rng.normal(scale=0.005, size=SEEDS))
        epochs = [{key: float(rng.random()) for key in ("loss", "val_loss", "val_accuracy")} for _ in range(EPOCHS)]
        study.add(
            dataclasses.replace(
                lost, state="complete", reason="", right=pack_counts(counts), score=float(np.mean(by_seed)), loss=0.5,
                low=share - 0.02, high=share + 0.02, by_seed=by_seed, history=(tuple(epochs),) * SEEDS,
            )
        )  # fmt: skip
    study.known_data[data.fingerprint] = data
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        sw.write_report(study, tmp_path / "report.html")
        seconds.append(time.perf_counter() - start)
    size = (tmp_path / "report.html").stat().st_size
    with capsys.disabled():
        took = f"{min(seconds):.2f} to {max(seconds):.2f} s"
        print(f"\n{name}: a report of {TRIALS} trials is written in {took}, {size:,} bytes")
    assert size < LARGEST
