"""From a key press on a slider to the new number on the screen: the live panel, and a kernel that answers.

One key press on the explorer's slider is answered by both: by the live panel, and by an observer in
Python that sets a label. In between, a slider that has nothing but such an observer shows the least
a kernel can need. The figures are reported; what is asserted is only which comes first.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

import nbformat
import pytest
from browser.conftest import Lab, wait_idle
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.benchmark, pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

ROUNDS, WARM_UP = 40, 5

EXPLORER = """
import keras
import structopt_widgets as sw

model = keras.Sequential(
    [
        keras.Input((784,)),
        keras.layers.Dense(512, activation="relu", name="first"),
        keras.layers.Dense(512, activation="relu", name="second"),
        keras.layers.Dense(10, activation="softmax", name="classes"),
    ]
)
space = sw.StructureSpace.from_keras(model)
explorer = sw.explore(space)
explorer
"""
ANSWERED = """
import ipywidgets


def answered(slider, name):
    \"\"\"A label with the number of parameters, set by the kernel.\"\"\"
    label = ipywidgets.Label()
    label.add_class(name)

    def answer(change):
        label.value = f"{space.baseline.with_width('first', change['new']).measure().n_params:,}"

    slider.observe(answer, names="value")
    answer({"new": slider.value})
    return label


alone = ipywidgets.IntSlider(value=512, min=1, max=1024, readout=False)
alone.add_class("sw-alone")
same = answered(explorer.controls["first"].width, "sw-same-number")
ipywidgets.VBox([same, alone, answered(alone, "sw-alone-number")])
"""

EXPLORER_SLIDER = ".sw-rows input[type=range] >> nth=0"
LONE_SLIDER = ".sw-alone .noUi-handle"
LIVE, SAME, ALONE = ".sw-live-panel [data-metric=n_params]", ".sw-same-number", ".sw-alone-number"

# A number changed by a callback of a frame is painted with that frame, one changed between frames with the
# next; a message posted in a frame arrives when it has been painted.
WATCH_FRAMES = """() => {
    const nextFrame = window.requestAnimationFrame.bind(window);
    const channel = new MessageChannel();
    const waiting = [];
    let inFrame = false;
    channel.port1.onmessage = () => {
        inFrame = false;
        waiting.splice(0).forEach((resolve) => resolve());
    };
    window.requestAnimationFrame = (callback) => nextFrame((time) => {
        if (!inFrame) channel.port2.postMessage(null);
        inFrame = true;
        callback(time);
    });
    window.painted = () => new Promise((resolve) => {
        waiting.push(resolve);
        if (!inFrame) window.requestAnimationFrame(() => {});
    });
}"""
# Waits for the key, then for each number, then for the paint that shows it.
ARM = """(numbers) => {
    const pressed = new Promise((resolve) => {
        document.addEventListener("keydown", () => resolve(performance.now()), { capture: true, once: true });
    });
    window.measured = Promise.all(numbers.map((number) => new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error(`${number} did not change`)), 10_000);
        const observer = new MutationObserver(async () => {
            observer.disconnect();
            await window.painted();
            const now = performance.now();
            resolve(now - await pressed);
        });
        observer.observe(document.querySelector(number), { childList: true, characterData: true, subtree: true });
    })));
}"""
FRAME = """async () => {
    const times = [];
    for (let count = 0; count < 61; count += 1) times.push(await new Promise(requestAnimationFrame));
    return (times.at(-1) - times[0]) / 60;
}"""


@pytest.fixture
def page(lab: Lab, browser: Browser) -> Page:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source.strip()) for source in (EXPLORER, ANSWERED)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, lab.folder / "benchmark.ipynb")
    page = browser.new_page(viewport={"width": 1500, "height": 1600})
    page.goto(lab.url("benchmark.ipynb"))
    wait_idle(page)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    for number in (LIVE, SAME, ALONE):
        page.wait_for_selector(number, timeout=120_000)
    wait_idle(page)
    page.wait_for_timeout(2000)
    page.evaluate(WATCH_FRAMES)
    return page


def press(page: Page, slider: str, *numbers: str) -> list[float]:
    """Milliseconds from a key press on the slider to the repaints that show each new number."""
    page.locator(slider).focus()
    page.evaluate(ARM, list(numbers))
    page.keyboard.press("ArrowLeft")
    milliseconds = page.evaluate("() => window.measured")
    page.wait_for_timeout(400)  # the kernel has caught up, whoever answered
    return milliseconds


def test_the_panel_against_an_answering_kernel(page: Page, report: Callable[..., None]) -> None:
    frame = page.evaluate(FRAME)
    rounds = [
        (*press(page, EXPLORER_SLIDER, LIVE, SAME), *press(page, LONE_SLIDER, ALONE)) for _ in range(WARM_UP + ROUNDS)
    ][WARM_UP:]
    shown = {page.locator(number).first.inner_text() for number in (LIVE, SAME, ALONE)}
    assert len(shown) == 1, "all sliders were moved equally often, and all count the same"
    live, same, alone = (sorted(times) for times in zip(*rounds, strict=True))
    panel = statistics.median(live)
    report(
        f"From key press to repaint, MLP 784-512-512-10, {ROUNDS} presses each; a frame takes {frame:.1f} ms",
        ("", "median", "90 %", "panel's share"),
        *(
            (name, f"{statistics.median(times):.1f} ms", f"{times[int(0.9 * len(times))]:.1f} ms", share)
            for name, times, share in (
                ("live panel, in the browser", live, ""),
                ("a label set by the kernel, same slider", same, f"{panel / statistics.median(same):.2f}"),
                ("a label set by the kernel, nothing else", alone, f"{panel / statistics.median(alone):.2f}"),
            )
        ),
    )
    assert panel < statistics.median(alone)
