"""What a frame costs while a hand drags: one slider, and all widths at once, in models of 4 to 817 layers.

The instrument stands on a page of its own, 1,280 px wide, and the hand moves in every frame; no kernel answers. A frame
is from one to the next; its work is what keeps the page's thread busy in it: script, style, layout and paint.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import keras
import pytest
from browser.plain_page import show
from playwright.sync_api import Browser

import structopt_widgets as sw

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


MODELS: dict[str, Callable[[], keras.Model]] = {
    "MLP 784-512-512-10": mlp,
    "ResNet50": lambda: keras.applications.ResNet50(weights=None),
    "EfficientNetB7": lambda: keras.applications.EfficientNetB7(weights=None),
}


def test_frames_of_a_drag(browser: Browser, report: Callable[..., None]) -> None:
    rows = [("model", "rows", "drawn in", "hand on", "frame, median", "95 %", "work, median", "95 %", "largest")]
    for name, make in MODELS.items():
        explorer = sw.explore(make())
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
                frames, works = (sorted(each[WARM_UP:]) for each in found)
                rows.append(
                    (
                        name,
                        "unfolded" if unfolded else "as opened",
                        f"{1000 * drawn:.0f} ms",
                        hand,
                        *(
                            f"{each:.1f} ms"
                            for times in (frames, works)
                            for each in (statistics.median(times), times[int(0.95 * len(times))])
                        ),
                        f"{works[-1]:.1f} ms",
                    )
                )
        page.close()
        explorer.close()
    report(f"A drag of {FRAMES} frames", *rows)
    assert len(rows) > 2 * len(MODELS)
