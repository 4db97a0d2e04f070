"""What is done on one of Keras's backends, in a process of its own: prints what came of it as JSON.

The arguments are a folder with ``model.keras`` and ``data.npz``, and ``everything``, ``little`` or ``speed``;
``KERAS_BACKEND`` says which backend.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers as kl

import structopt_widgets as sw


@keras.saving.register_keras_serializable("on_a_backend")
class Gated(kl.Layer):
    """Opened to its operations when it is read."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight((shape[-1], self.units), name="kernel")
        self.gate = self.add_weight((shape[-1], self.units), name="gate")

    def call(self, x: Any) -> Any:
        return keras.ops.matmul(x, self.kernel) * keras.ops.sigmoid(keras.ops.matmul(x, self.gate))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def of_images() -> keras.Model:
    inputs = keras.Input((6, 6, 2))
    x = kl.Conv2D(6, 3, activation="relu", name="conv")(inputs)
    x = kl.BatchNormalization(name="norm")(x)
    x = kl.Add(name="sum")([x, kl.Conv2D(6, 1, name="branch")(x)])
    x = kl.Dropout(0.1)(kl.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, kl.Dense(3, activation="softmax", name="out")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def dense() -> keras.Model:
    return keras.Sequential([keras.Input((6,)), kl.Dense(8, "relu", name="hidden"), kl.Dense(3, "softmax", name="out")])


def of_tokens() -> keras.Model:
    inputs = keras.Input((7,), dtype="int32")
    x = kl.Embedding(20, 8, name="table")(inputs)
    x = kl.LayerNormalization()(kl.MultiHeadAttention(2, 4, name="attention")(x, x))
    return keras.Model(inputs, kl.Dense(2, name="out")(Gated(6, name="gated")(kl.LSTM(5, name="lstm")(x))))


def data_in(folder: Path) -> sw.Data:
    with np.load(folder / "data.npz", allow_pickle=False) as file:
        return sw.Data(file["x"], file["y"])


def counts(model: keras.Model) -> list[Any]:
    """Costs of a model as it came and at half its widths, and what Keras counts in the copies."""
    space = sw.StructureSpace.from_keras(model)
    found = []
    for structure in (space.baseline, space.scaled(0.5)):
        cost = structure.measure(batch_size=4)
        counted = structure.build("fresh").count_params()
        found.append([cost.n_params, counted, cost.macs, cost.flops, cost.span, cost.training_bytes])
    return found


def done(folder: Path) -> dict[str, Any]:
    """Everything: reading, building with inherited weights, quick runs and a sweep."""
    data, space = data_in(folder), sw.StructureSpace.from_keras(folder / "model.keras")
    half, budget = space.scaled(0.5), sw.Budget(epochs=1, seeds=2)
    inherited = half.build(data=data)
    study = sw.Study()
    study.add(sw.quick_run(half, data, budget))
    again = sw.quick_run(half, data, budget)
    study.sweep(space, data, 2, budget=sw.Budget(epochs=1, seeds=1), show_progress=False)
    return {
        "backend": keras.backend.backend(),
        "counts": [counts(of_images()), counts(of_tokens())],
        "outputs": keras.ops.convert_to_numpy(inherited(data.x_val, training=False)).tolist(),
        "trials": [[trial.state, trial.engine, trial.settled] for trial in study],
        "versions": dict(study.trial(0).versions),
        "same": again.history == study.trial(0).history,
        "inherited_score": sw.quick_run(half, data, sw.Budget(epochs=1, seeds=1), weights="inherit").state,
        "latency": sw.measure_latency([half], [2], seconds=0.1)["rounds"].tolist(),
        "refused": refusal(space),
    }


def little_done(folder: Path) -> dict[str, Any]:
    """The least of each: a model is read from its file, built with inherited weights, and trained."""
    data, space = data_in(folder), sw.StructureSpace.from_keras(folder / "model.keras")
    half = space.scaled(0.5)
    inherited = half.build(importance="l2")
    trial = sw.quick_run(half, data, sw.Budget(epochs=1, seeds=1))
    # The same seeds in one step and one by one, of a model that draws and normalizes.
    images = sw.Data(np.random.default_rng(0).normal(size=(60, 6, 6, 2)).astype("float32"), np.arange(60) % 3)
    narrow = sw.StructureSpace.from_keras(of_images()).scaled(0.5)
    budget = sw.Budget(epochs=2, seeds=[3, 4], batch_size=20)
    joint, *alone = (sw.quick_run(narrow, images, replace(budget, seeds=each)) for each in ([3, 4], [3], [4]))
    return {
        "backend": keras.backend.backend(),
        "together": [joint.engine, joint.settled, joint.history],
        "alone": [[each.engine, each.settled, each.history[0]] for each in alone],
        "counts": [[half.measure().n_params, inherited.count_params(), half.measure().flops]],
        "outputs": keras.ops.convert_to_numpy(inherited(data.x_val, training=False)).tolist(),
        "trials": [[trial.state, trial.engine]],
        "versions": dict(trial.versions),
    }


def refusal(space: sw.StructureSpace) -> str:
    try:
        space.baseline.measure().verify()
    except RuntimeError as error:
        return str(error)
    return ""


def timed(folder: Path) -> dict[str, Any]:
    """Seconds of processor and of the clock that the seeds of a structure take in one step, and one by one."""
    data, space = data_in(folder), sw.StructureSpace.from_keras(folder / "model.keras")

    def taken(*budgets: sw.Budget) -> list[float]:
        start = time.process_time(), time.perf_counter()
        for each in budgets:
            assert sw.quick_run(space.baseline, data, each).state == "complete"
        return [time.process_time() - start[0], time.perf_counter() - start[1]]

    budgets = [sw.Budget(epochs=3, seeds=[seed]) for seed in range(3)]
    taken(budgets[0])  # the backend's own start
    return {"together": taken(sw.Budget(epochs=3, seeds=3)), "alone": taken(*budgets)}


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of the backends' own libraries
    doing = {"everything": done, "little": little_done, "speed": timed}[sys.argv[2]]
    print(json.dumps(doing(Path(sys.argv[1]))))
