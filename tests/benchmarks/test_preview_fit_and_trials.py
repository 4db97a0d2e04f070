"""What the explorer is asked for beside its sliders: the preview, a fit to a budget, and a thousand trials drawn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import keras
import numpy as np
import pytest
from browser.plain_page import show
from browser.test_tradeoff_plot import study, trials
from playwright.sync_api import Browser
from test_frames_of_a_drag import MODELS, mlp

import structopt_widgets as sw
from structopt_widgets.training.sensitivity import InheritedScores

pytestmark = [pytest.mark.benchmark, pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

ROUNDS = 12
# Milliseconds until the trials are on the screen: two frames, the first of which draws.
DRAWN = """async (study) => {
    const start = performance.now();
    window.python("study", study);
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""


def small_cnn() -> keras.Model:
    convolutions = [keras.layers.Conv2D(width, 3, padding="same", activation="relu") for width in (16, 32)]
    pooled = [each for layer in convolutions for each in (layer, keras.layers.MaxPooling2D())]
    return keras.Sequential([keras.Input((14, 14, 1)), *pooled, keras.layers.Flatten(), keras.layers.Dense(10)])


def milliseconds(work: Callable[..., object], *given: object) -> float:
    start = time.perf_counter()
    work(*given)
    return 1000 * (time.perf_counter() - start)


def told(name: str, times: list[float]) -> tuple[str, ...]:
    return name, *(f"{each:.0f} ms" for each in (times[0], statistics.median(times[1:]), max(times[1:])))


def test_preview_fit_and_a_thousand_trials(browser: Browser, report: Callable[..., None]) -> None:
    rows = [("", "first", "median", "largest")]
    images = sw.load_data("fashion")
    own = keras.Sequential(
        [keras.Input((196,)), *[keras.layers.Dense(512, "relu") for _ in range(2)], keras.layers.Dense(10, "softmax")]
    )
    for name, model, data in (("MLP 196-512-512-10", own, images.flattened()), ("CNN 16-32", small_cnn(), images)):
        space = sw.StructureSpace.from_keras(model)
        structures = [space.scaled(factor) for factor in np.linspace(0.3, 1.0, ROUNDS)]
        scores = InheritedScores(space, data, None)  # as the explorer keeps them
        times = [milliseconds(scores, each) for each in structures]
        rows.append(told(f"preview, {name}, {len(data.x_val):,} images", times))
    for name, make in MODELS.items():
        space = sw.StructureSpace.from_keras(make())
        full = space.baseline.measure().n_params
        budgets = [{"n_params": share * full} for share in np.linspace(0.3, 0.9, ROUNDS)]
        rows.append(told(f"fit, {name}", [milliseconds(space.fit, each) for each in budgets]))
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    show(page, sw.explore(mlp()))
    (given, *_), rng = trials(), np.random.default_rng(0)
    thousand = []
    for number in range(1000):
        score, width = float(rng.uniform(0.5, 0.9)), int(rng.integers(1, 1000))
        costs = dict.fromkeys(given["costs"], 796 * width)
        spread = {"score": score, "low": score - 0.02, "high": score + 0.02}
        thousand.append({**given, **spread, "number": number, "costs": costs, "changes": {"widths": [[0, width]]}})
    times = [page.evaluate(DRAWN, study(thousand[: 1000 - turn])) for turn in range(ROUNDS)]
    rows.append(told("1,000 trials drawn, plot and table", times))
    page.close()
    report(f"{ROUNDS} times each", *rows)
    assert len(rows) == 7
