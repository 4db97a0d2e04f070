"""How much faster structures train together than one by one, and that they end up the same."""

from __future__ import annotations

import gc
import resource
import time
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest

import structopt_widgets as sw

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3000)]
layers = keras.layers


def fitted(structure: sw.Structure, data: sw.Data, budget: sw.Budget) -> keras.Model:
    """As anybody would train it: build, compile, fit."""
    model = compiled(structure)
    (x, y), x_val = samples(model, data), data.x_val.reshape(len(data.x_val), *model.input_shape[1:])
    model.fit(x, y, epochs=budget.epochs, batch_size=budget.batch_size, validation_data=(x_val, data.y_val), verbose=0)
    return model


def compiled(structure: sw.Structure) -> keras.Model:
    model = structure.build(weights="fresh")
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def samples(model: keras.Model, data: sw.Data) -> tuple[np.ndarray, np.ndarray]:
    return data.x.reshape(len(data.x), *model.input_shape[1:]), data.y


def tuned(structures: list[sw.Structure], data: sw.Data, budget: sw.Budget, folder: Path) -> None:
    """The same candidates by KerasTuner."""
    warnings.simplefilter("ignore", DeprecationWarning)  # KerasTuner's own; pytest puts the filter back
    keras_tuner = pytest.importorskip("keras_tuner", reason="uv run --with keras-tuner --with tensorboard pytest ...")
    tuner = keras_tuner.GridSearch(
        lambda hp: compiled(structures[hp.Choice("which", list(range(len(structures))))]),
        objective="val_accuracy",
        max_trials=len(structures),
        directory=str(folder),
    )
    x, y = samples(structures[0].build(), data)
    x_val = data.x_val.reshape(len(data.x_val), *x.shape[1:])
    tuner.search(
        x, y, epochs=budget.epochs, batch_size=budget.batch_size, validation_data=(x_val, data.y_val), verbose=0
    )


def quiet() -> float:
    """The time, when what ran before has been cleared away: its models' datasets wait for their threads to end."""
    gc.collect()
    return time.perf_counter()


def compare(
    name: str,
    structures: list[sw.Structure],
    data: sw.Data,
    budget: sw.Budget,
    sample: int,
    least: float,
    folder: Path | None = None,
) -> None:
    """Train all together and every ``sample``-th alone, print both, and hold the times per candidate to ``least``."""
    start = quiet()
    together = sw.train_together(structures, data, budget)
    each = (time.perf_counter() - start) / len(structures)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    some = structures[::sample]
    start = quiet()
    alone = [sw.quick_run(structure, data, budget) for structure in some]
    ours = (time.perf_counter() - start) / len(some)
    start = quiet()
    for structure in some:
        fitted(structure, data, budget)
    fit = (time.perf_counter() - start) / len(some)
    print(f"\n{name}: {each:.3f} s a candidate together; {len(some)} of {len(structures)} timed one by one:")
    print(f"  keras.fit {fit:.3f} s, {fit / each:.1f} times; a quick run {ours:.3f} s, {ours / each:.1f} times")
    print(f"  peak memory of the process after training together {peak:.0f} MB")
    for one, other in zip(alone, together[::sample], strict=True):
        print(f"  accuracy {one.score:.4f} alone, {other.score:.4f} together: {one.n_params:,} parameters")
        assert abs(one.score - other.score) < 0.03
    assert {trial.engine for trial in together} == {"together"}
    assert fit / each > least
    if folder is not None:
        start = quiet()
        tuned(some, data, budget, folder)
        tuner = (time.perf_counter() - start) / len(some)
        print(f"  KerasTuner {tuner:.3f} s, {tuner / each:.1f} times")


def networks(pixels: int) -> list[sw.Structure]:
    """64 of two hidden layers, 8 to 256 wide."""
    model = keras.Sequential(
        [
            keras.Input((pixels,)),
            layers.Dense(128, "relu", name="a"),
            layers.Dense(128, "relu", name="b"),
            layers.Dense(10),
        ]
    )
    base = sw.StructureSpace.from_keras(model).baseline
    widths = [int(each) for each in np.round(np.geomspace(8, 256, 8))]
    return [base.with_width("a", one).with_width("b", other) for one in widths for other in widths]


def test_64_networks_of_two_hidden_layers(tmp_path: Path) -> None:
    compare(
        "64 MLPs, 10 epochs", networks(196), sw.load_data("fashion"), sw.Budget(epochs=10, seeds=1), 16, 10, tmp_path
    )


def test_64_networks_on_small_images() -> None:
    whole = sw.load_data("fashion")
    x, x_val = (each.reshape(-1, 14, 14)[:, 3:11, 3:11].reshape(-1, 64) for each in (whole.x, whole.x_val))
    data = sw.Data(x[:1297], whole.y[:1297], x_val[:500], whole.y_val[:500], name="the middle of some fashion")
    compare("64 MLPs, 1,297 images of 8 x 8, 15 epochs", networks(64), data, sw.Budget(epochs=15, seeds=1), 16, 10)


def test_16_small_convolutional_networks() -> None:
    model = keras.Sequential(
        [
            keras.Input((14, 14, 1)),
            layers.Conv2D(8, 3, activation="relu", name="a"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, activation="relu", name="b"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    base = sw.StructureSpace.from_keras(model).baseline
    structures = [
        base.with_width("a", one).with_width("b", other) for one in (4, 6, 8, 12) for other in (8, 12, 16, 24)
    ]
    compare("16 CNNs, 2 epochs", structures, sw.load_data("fashion"), sw.Budget(epochs=2, seeds=1), sample=5, least=1)


def test_transformers_on_surnames() -> None:
    letters = keras.Input((14,), dtype="int32")
    x = layers.Embedding(28, 32)(letters)
    x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(2, 16)(x, x)]))
    x = layers.LayerNormalization()(layers.Add()([x, layers.Dense(32)(layers.Dense(64, "gelu", name="wide")(x))]))
    model = keras.Model(letters, layers.Dense(12)(layers.GlobalAveragePooling1D()(x)))
    base = sw.StructureSpace.from_keras(model).baseline
    structures = [base.with_width("wide", width) for width in (8, 16, 32, 48, 64, 80, 96, 128)]
    compare(
        "8 transformers, 3 epochs",
        structures,
        sw.load_data("surnames"),
        sw.Budget(epochs=3, seeds=1),
        sample=4,
        least=1,
    )
