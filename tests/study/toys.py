"""A tiny network, tiny data and a sweep over them, for this folder's tests and for the processes they start.

As a program it sweeps a study: ``toys.py PLACE STRUCTURE_FILE N_TRIALS TOGETHER [MOST_BYTES]``. It says ``ready``,
waits for a line on its input, and prints the number of each trial that it has run. Training is replaced by a pause, so
that a process starts in a second and not in ten: these tests are about processes, and others about training.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np

import structopt_widgets as sw
from structopt_widgets.study import failed, plan, running

BUDGET = sw.Budget(epochs=1, batch_size=64, seeds=1)
PAUSE = float(os.environ.get("TOY_PAUSE", "0.1"))  # seconds a structure


@functools.cache
def toy_space() -> sw.StructureSpace:
    import keras

    layers = [
        keras.layers.Dense(8, "relu", name="a"),
        keras.layers.Dense(8, "relu", name="b"),
        keras.layers.Dense(2, name="out"),
    ]
    return sw.StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), *layers], name="toy"))


@functools.cache
def toy_data() -> sw.Data:
    x = np.random.default_rng(0).normal(size=(160, 4)).astype("float32")
    return sw.Data(x, (x.sum(axis=1) > 0).astype(int), name="sums")


def toy_trial(structure: sw.Structure, budget: sw.Budget = BUDGET, **changes: Any) -> sw.Trial:
    """A complete trial whose score grows with its size and its training, up to 1."""
    lost = failed.failed_trial(structure, toy_data(), budget, ValueError("x"))
    score = 1 - 1 / (1 + lost.n_params * budget.epochs / 100)
    scores = {"score": score, "low": score - 0.1, "high": score + 0.1, "by_seed": (score,), "loss": 1 - score}
    return dataclasses.replace(lost, **{"state": "complete", "reason": "", **scores, **changes})


def pause(structures: Sequence[sw.Structure], _: sw.Data, budget: sw.Budget = BUDGET, **__: Any) -> list[sw.Trial]:
    """Stands in for ``train_together``."""
    time.sleep(PAUSE * len(structures))
    return [toy_trial(structure, budget) for structure in structures]


def pause_instead_of_training() -> None:
    """For the whole of this process."""
    running.train_together = pause
    plan.check_fit = lambda *_: None


def toy_sweep(study: sw.Study, n_trials: int, together: int, space: Any = None, **options: Any) -> Any:
    options = {"budget": BUDGET, "show_progress": False, **options}
    return study.sweep(space or toy_space(), toy_data(), n_trials, together=together, **options)


def main(place: str, structure: str, n_trials: str, together: str, most_bytes: str = "") -> None:
    pause_instead_of_training()
    space = sw.Structure.from_json(Path(structure).read_text()).space
    study = sw.Study(place)
    if most_bytes:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most_bytes), int(most_bytes)))
    print("ready", flush=True)
    sys.stdin.readline()
    say: Callable[[sw.Trial], None] = lambda trial: print(trial.number, flush=True)  # noqa: E731 - read once
    toy_sweep(study, int(n_trials), int(together), space, on_trial=say)


if __name__ == "__main__":
    main(*sys.argv[1:])
