"""How much faster structures train together than one by one, and that they end up the same."""

from __future__ import annotations

import resource
import time

import keras
import numpy as np
import pytest

import structopt_widgets as sw

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3000)]
layers = keras.layers


def compare(
    name: str, structures: list[sw.Structure], data: sw.Data, budget: sw.Budget, sample: int, least: float
) -> None:
    """Train all together and every ``sample``-th alone, print both, and hold the times per candidate to ``least``."""
    start = time.perf_counter()
    together = sw.train_together(structures, data, budget)
    each = (time.perf_counter() - start) / len(structures)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    alone = [sw.quick_run(structure, data, budget) for structure in structures[::sample]]
    fit = (time.perf_counter() - start) / len(alone)
    print(
        f"\n{name}: {each:.3f} s a candidate together, {fit:.3f} s with fit ({len(alone)} of {len(structures)} timed)"
    )
    print(f"  {fit / each:.1f} times faster; peak memory of the process after training together {peak:.0f} MB")
    for one, other in zip(alone, together[::sample], strict=True):
        print(f"  accuracy {one.score:.4f} with fit, {other.score:.4f} together: {one.n_params:,} parameters")
        assert abs(one.score - other.score) < 0.03
    assert {trial.engine for trial in together} == {"together"}
    assert fit / each > least


def test_64_networks_of_two_hidden_layers() -> None:
    model = keras.Sequential(
        [
            keras.Input((196,)),
            layers.Dense(128, "relu", name="a"),
            layers.Dense(128, "relu", name="b"),
            layers.Dense(10),
        ]
    )
    base = sw.StructureSpace.from_keras(model).baseline
    widths = [int(each) for each in np.round(np.geomspace(8, 256, 8))]
    structures = [base.with_width("a", one).with_width("b", other) for one in widths for other in widths]
    compare("64 MLPs, 10 epochs", structures, sw.load_data("fashion"), sw.Budget(epochs=10), sample=16, least=3)


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
    compare("16 CNNs, 2 epochs", structures, sw.load_data("fashion"), sw.Budget(epochs=2), sample=5, least=1)


def test_transformers_on_surnames() -> None:
    letters = keras.Input((14,), dtype="int32")
    x = layers.Embedding(28, 32)(letters)
    x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(2, 16)(x, x)]))
    x = layers.LayerNormalization()(layers.Add()([x, layers.Dense(32)(layers.Dense(64, "gelu", name="wide")(x))]))
    model = keras.Model(letters, layers.Dense(12)(layers.GlobalAveragePooling1D()(x)))
    base = sw.StructureSpace.from_keras(model).baseline
    structures = [base.with_width("wide", width) for width in (8, 16, 32, 48, 64, 80, 96, 128)]
    compare("8 transformers, 3 epochs", structures, sw.load_data("surnames"), sw.Budget(epochs=3), sample=4, least=1)
