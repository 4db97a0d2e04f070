"""What exploring feels like while a sweep trains: the slider's repaint and a cell's answer, against an idle kernel.

The same presses and cells in one run, first with the kernel idle, then while batches of structures are
built, compiled, trained and written. What is asserted is only that the panel does not wait for the kernel.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

import nbformat
import pytest
from browser.conftest import Lab, wait_idle
from playwright.sync_api import Browser, Page, expect
from test_slider_to_repaint import ANSWERED, EXPLORER_SLIDER, FRAME, LIVE, SAME, WATCH_FRAMES, press

pytestmark = [pytest.mark.benchmark, pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

ROUNDS, WARM_UP = 40, 5

EXPLORER = """
import keras
import structopt_widgets as sw

layers = [
    keras.layers.Dense(128, activation="relu", name="first"),
    keras.layers.Dense(64, activation="relu", name="second"),
    keras.layers.Dense(10, activation="softmax", name="classes"),
]
model = keras.Sequential([keras.Input((196,)), *layers])
space = sw.StructureSpace.from_keras(model)
explorer = sw.explore(space, data=sw.load_data("fashion").flattened())
explorer.validation.epochs.value = 1
explorer.sweep.structures.value = 10_000
explorer
"""
CELL = "1 + 1"
# From the key press that runs the cell to the paint of its number, which JupyterLab writes when it has its answer.
ARM_CELL = """(prompt) => {
    const pressed = new Promise((resolve) => {
        document.addEventListener("keydown", () => resolve(performance.now()), { capture: true, once: true });
    });
    window.measured = new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error("the cell was not answered")), 60_000);
        const observer = new MutationObserver(async () => {
            if (!/\\d/.test(prompt.innerText)) return;
            observer.disconnect();
            await window.painted();
            const now = performance.now();
            resolve(now - await pressed);
        });
        observer.observe(prompt, { childList: true, characterData: true, subtree: true });
    });
}"""


@pytest.fixture
def page(lab: Lab, browser: Browser) -> Page:
    answered = ANSWERED.replace("value=512", "value=128")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source.strip()) for source in (EXPLORER, answered, CELL)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, lab.folder / "during.ipynb")
    page = browser.new_page(viewport={"width": 1500, "height": 1600})
    page.goto(lab.url("during.ipynb"))
    wait_idle(page)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    for number in (LIVE, SAME):
        page.wait_for_selector(number, timeout=120_000)
    wait_idle(page)
    page.wait_for_timeout(2000)
    page.evaluate(WATCH_FRAMES)
    return page


def run_cell(page: Page) -> float:
    """Milliseconds from running the cell to its answer on the screen."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").last
    cell.locator(".cm-content").click()
    page.evaluate(ARM_CELL, cell.locator(".jp-InputPrompt").element_handle())
    page.keyboard.press("Control+Enter")
    milliseconds = page.evaluate("() => window.measured")
    page.wait_for_timeout(100)
    return milliseconds


def rounds(page: Page) -> list[list[float]]:
    """Sorted milliseconds of the panel, of a label set by the kernel, and of a cell."""
    times = [(*press(page, EXPLORER_SLIDER, LIVE, SAME), run_cell(page)) for _ in range(WARM_UP + ROUNDS)][WARM_UP:]
    return [sorted(each) for each in zip(*times, strict=True)]


def test_exploring_during_a_sweep(page: Page, report: Callable[..., None]) -> None:
    frame = page.evaluate(FRAME)
    idle = rounds(page)
    page.get_by_role("button", name="Sweep", exact=True).click()
    during = rounds(page)
    trained = len(page.locator(".sw-trials tbody tr").all())
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    expect(cancel).to_be_enabled()
    cancel.click()
    rows = []
    names = ("live panel, in the browser", "a label set by the kernel", f"the cell {CELL}")
    for name, before, now in zip(names, idle, during, strict=True):
        ratio = statistics.median(now) / statistics.median(before)
        figures = (statistics.median(before), statistics.median(now), now[int(0.9 * ROUNDS)], now[-1])
        rows.append((name, *(f"{each:.1f} ms" for each in figures), f"{ratio:.1f}"))
    report(
        f"From key press to repaint, MLP 196-128-64-10, {ROUNDS} times each; a frame takes {frame:.1f} ms; "
        f"{trained} structures were trained meanwhile",
        ("", "idle, median", "sweeping, median", "90 %", "slowest", "ratio of medians"),
        *rows,
    )
    assert statistics.median(during[0]) < statistics.median(during[1])
