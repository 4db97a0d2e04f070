"""A Run of the walkthrough's model, the first and those after it, beside Keras's own fit of as many seeds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import keras
import pytest

import structopt_widgets as sw

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(900)]

SEEDS, EPOCHS = 3, 3
FACTORS = (0.5, 0.6, 0.7, 0.8, 0.9)


def seconds(work: Callable[..., object], *given: object) -> float:
    start = time.perf_counter()
    work(*given)
    return time.perf_counter() - start


def walkthrough() -> keras.Model:
    layers = [keras.layers.Dense(128, "relu"), keras.layers.Dense(64, "relu"), keras.layers.Dense(10, "softmax")]
    return keras.Sequential([keras.Input((196,)), *layers])


def test_a_run_of_the_walkthrough(report: Callable[..., None]) -> None:
    data = sw.load_data("fashion").flattened()
    space = sw.StructureSpace.from_keras(walkthrough())
    budget = sw.Budget(epochs=EPOCHS, seeds=SEEDS)
    first = seconds(sw.quick_run, space.baseline, data, budget)
    again = [seconds(sw.quick_run, space.baseline, data, budget) for _ in FACTORS]
    others = [seconds(sw.quick_run, space.scaled(factor), data, budget) for factor in FACTORS]

    def fitted() -> None:
        for seed in range(SEEDS):
            keras.utils.set_random_seed(seed)
            model = walkthrough()
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(data.x, data.y, 32, EPOCHS, validation_data=(data.x_val, data.y_val), verbose=0)

    fitted()  # Keras has a first time too
    theirs = statistics.median(seconds(fitted) for _ in range(3))
    rows = [("", "seconds", "of Keras's fit")]
    for name, value in (
        ("the first", first),
        ("the same again, median", statistics.median(again)),
        ("other widths, median", statistics.median(others)),
        (f"keras.fit, {SEEDS} seeds, median", theirs),
    ):
        rows.append((name, f"{value:.2f}", f"{value / theirs:.2f}"))
    report(f"{SEEDS} seeds, {EPOCHS} epochs, {len(data.y):,} images", *rows)
    assert first > 0
