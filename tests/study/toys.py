"""A tiny network, tiny data and a sweep over them, for this folder's tests and for the processes they start.

As a program it sweeps a study: ``toys.py PATH_OR_URL N_TRIALS TOGETHER [MOST_BYTES]``. It says ``ready``, waits for
a line on its input, and prints the number of each trial that it has run.
"""

from __future__ import annotations

import functools
import os
import sys
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np

import structopt_widgets as sw

BUDGET = sw.Budget(epochs=1, batch_size=64)


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


def toy_sweep(study: sw.Study, n_trials: int, together: int, **options: Any) -> Any:
    options = {"budget": BUDGET, "show_progress": False, **options}
    return study.sweep(toy_space(), toy_data(), n_trials, together=together, **options)


def main(place: str, n_trials: str, together: str, most_bytes: str = "") -> None:
    import keras  # noqa: F401 - the seconds it takes come before the signal

    study = sw.Study(place)
    if most_bytes:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most_bytes), int(most_bytes)))
    print("ready", flush=True)
    sys.stdin.readline()
    toy_sweep(study, int(n_trials), int(together), on_trial=lambda trial: print(trial.number, flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
