"""What a frame costs while a hand drags: one slider, and all widths at once, in models of 4 to 817 layers.

The instrument stands on a page of its own, 1,280 px wide, and the hand moves in every frame; no kernel answers, but
while a sweep trains its trials come to the page. A frame is from one to the next; its work is what keeps the page's
thread busy in it: script, style, layout and paint.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from browser.plain_page import TRAITS, show
from playwright.sync_api import Browser, Page
from test_full_size_decoders import LENGTH, LLAMA_3_8B

import structopt_widgets as sw
from structopt_widgets.structure import StructureSpace

pytestmark = [pytest.mark.benchmark, pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

FRAMES, WARM_UP = 200, 20
ONE, ALL = "one slider", "all widths"

# Moves a slider to and fro in every frame; milliseconds of each frame, and of the work in it.
DRAG = """async ([label, frames]) => {
    const input = [...document.querySelectorAll(".sw-rows input[type=range]:enabled, .sw-all input[type=range]")]
        .find((each) => label === null || each.getAttribute("aria-label") === label);
    const [least, most] = [Number(input.min), Number(input.max)];
    const channel = new MessageChannel();
    const works = [];
    let start = 0;
    // A message that is posted in a frame comes when the frame is painted.
    channel.port1.onmessage = () => works.push(performance.now() - start);
    const times = [];
    input.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    for (let count = 0; count < frames; count += 1) {
        times.push(await new Promise(requestAnimationFrame));
        start = performance.now();
        channel.port2.postMessage(null);
        input.value = String(least + (0.5 - 0.4 * Math.cos(count / 15)) * (most - least));
        input.dispatchEvent(new Event("input", { bubbles: true }));
    }
    document.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
    return [times.slice(1).map((each, index) => each - times[index]), works];
}"""


def mlp() -> keras.Model:
    hidden = [keras.layers.Dense(512, "relu", name=name) for name in ("first", "second")]
    return keras.Sequential([keras.Input((784,)), *hidden, keras.layers.Dense(10, "softmax", name="classes")])


def llama() -> StructureSpace:
    """Llama 3 8B, of which no weight is in memory."""
    from keras_hub import models as hub

    with sw.without_weights():
        model = hub.Llama3Backbone(**LLAMA_3_8B)
        return StructureSpace.from_keras(model, input_shape={"token_ids": (LENGTH,), "padding_mask": (LENGTH,)})


MODELS: dict[str, Callable[[], keras.Model]] = {
    "MLP 784-512-512-10": mlp,
    "ResNet50": lambda: keras.applications.ResNet50(weights=None),
    "EfficientNetB7": lambda: keras.applications.EfficientNetB7(weights=None),
}
EXPLORED: dict[str, Callable[[], Any]] = {**MODELS, "Llama 3 8B": llama}
HEAD = ("model", "rows", "drawn in", "hand on", "frame, median", "95 %", "work, median", "95 %", "largest")


def told(found: list[list[float]]) -> list[str]:
    """The median and 95 % of frames and of the work in them, and the most work in one."""
    frames, works = (sorted(each[WARM_UP:]) for each in found)
    both = [each for times in (frames, works) for each in (statistics.median(times), times[int(0.95 * len(times))])]
    return [f"{each:.1f} ms" for each in (*both, works[-1])]


@pytest.mark.parametrize("name", EXPLORED)
def test_frames_of_a_drag(name: str, browser: Browser, report: Callable[..., None]) -> None:
    rows = [HEAD]
    explorer = sw.explore(EXPLORED[name]())
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto("about:blank")
    start = time.perf_counter()
    show(page, explorer)
    drawn = time.perf_counter() - start
    for unfolded in (False, True):
        if unfolded:
            unfold = page.get_by_role("button", name="Unfold", exact=True)
            if not unfold.is_visible():
                continue
            unfold.click()
            page.wait_for_timeout(1000)
        for hand in (ONE, ALL):
            found = page.evaluate(DRAG, [None if hand == ONE else "all widths", FRAMES])
            shown = "unfolded" if unfolded else "as opened"
            rows.append((name, shown, f"{1000 * drawn:.0f} ms", hand, *told(found)))
    page.close()
    explorer.close()
    report(f"A drag of {FRAMES} frames", *rows)
    assert len(rows) > 2


def drag_meanwhile(page: Page, explorer: sw.Explorer, hand: str) -> list[list[float]]:
    """A drag, while all that Python has to show is carried to the page."""
    start = "([label, frames]) => { window.isDone = false; window.dragged = drag([label, frames]); "
    done = "window.dragged.finally(() => { window.isDone = true; }); }"
    page.evaluate(start.replace("drag(", f"({DRAG})(") + done, [None if hand == ONE else "all widths", FRAMES])
    shown: dict[str, Any] = {}
    while not page.evaluate("window.isDone"):
        traits = {
            name: getattr(explorer.instrument, name) for name in TRAITS if name not in ("model", "lesson", "standing")
        }
        news = {name: value for name, value in traits.items() if value != shown.get(name)}
        if news:
            page.evaluate("(news) => Object.entries(news).forEach(([name, value]) => window.python(name, value))", news)
            shown |= news
        page.wait_for_timeout(50)
    found: list[list[float]] = page.evaluate("window.dragged")
    return found


def test_frames_of_a_drag_during_a_sweep(browser: Browser, report: Callable[..., None]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4_000, 784)).astype("float32")
    explorer = sw.explore(mlp(), data=sw.Data(x, rng.integers(0, 10, 4_000)))
    explorer.settings.structures = 10_000
    explorer.settings.epochs = 1
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto("about:blank")
    show(page, explorer)
    rows = [HEAD]
    for state in ("idle", "sweeping"):
        if state == "sweeping":
            explorer.sweep.run()
            while len(explorer.study) == 0:  # the first batch is compiled
                time.sleep(0.1)
        rows += [("MLP", state, "", hand, *told(drag_meanwhile(page, explorer, hand))) for hand in (ONE, ALL)]
    trained = len(explorer.study)
    explorer.background.cancel()
    explorer.background.wait()
    page.close()
    explorer.close()
    report(f"A drag of {FRAMES} frames; {trained} structures were trained by its end", *rows)
    assert trained > 0
