"""The main job, as a newcomer does it: open the walkthrough, run it, move sliders, train, click the plot."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import Lab, wait_idle

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

WALKTHROUGH = "01_walkthrough.ipynb"
TOTALS = (
    "n_params",
    "flops",
    "macs",
    "weight_bytes",
    "peak_activation_bytes",
    "training_bytes",
    "parallelism",
)
BLOCK_KERNEL = """
import time
time.sleep(8)
print("the kernel " + "is free again")
"""
# Puts the controls at a random structure, and says what it costs, as Python counts it.
RANDOM_SETTING = f"""
import json, random
rng = globals().get("rng", random.Random(7))
setting = globals().get("setting", 0) + 1
structure = space.sample(rng)
explorer.structure = structure
cost = structure.measure(batch_size=explorer.validation.batch_size.value)
print("setting", setting, json.dumps([getattr(cost, name) for name in {TOTALS!r}]))
"""
# What the panel shows, in the same order.
SHOWN = """(names) => {
    const panel = [...document.querySelectorAll(".sw-instrument")].at(-1).querySelector(".sw-live-panel");
    return names.map((name) => Number(panel.querySelector(`[data-metric="${name}"]`).dataset.value));
}"""


def run_last_cell(page: Page, index: int) -> None:
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(index)
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")


def explorer(page: Page) -> Locator:
    """The notebook's main explorer; the one before it asks for predictions."""
    return page.locator(".sw-instrument").last


def press(page: Page, button: str) -> None:
    explorer(page).get_by_role("button", name=button, exact=True).click()


def shown(page: Page, metric: str) -> float:
    return float(explorer(page).locator(f".sw-live-panel [data-metric={metric}]").get_attribute("data-value") or "nan")


@pytest.fixture
def walkthrough(open_notebook: Callable[..., Page]) -> Page:
    page = open_notebook(WALKTHROUGH, extra=(BLOCK_KERNEL, RANDOM_SETTING))
    # The two extra cells come last; running all up to them is what a reader does.
    page.locator(".jp-Notebook .jp-CodeCell").nth(-2).locator(".cm-content").click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Above Selected Cell", exact=True).click()
    page.wait_for_selector("text=| Busy")
    wait_idle(page)
    page.wait_for_selector(".sw-live-panel [data-metric=n_params]")
    return page


def htmls(notebook: nbformat.NotebookNode) -> list[str]:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return [output.get("data", {}).get("text/html", "") for output in outputs]


def test_a_newcomer_can_do_the_main_job(walkthrough: Page, lab: Lab, tmp_path: Path) -> None:
    page = walkthrough
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count() == 0
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    # No cell moves the sliders: what the exercise says of them agrees with them.
    expect(explorer(page).locator(".sw-live-panel [data-metric=n_params]")).to_have_attribute("data-value", "34122")

    # A slider moves by keyboard while the kernel is blocked, and the numbers with it.
    run_last_cell(page, -2)
    page.wait_for_selector("text=| Busy")
    handle = explorer(page).locator(".sw-rows input[type=range]").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    for width in (127, 126, 125):
        page.keyboard.press("ArrowLeft")
        expect(explorer(page).locator(".sw-live-panel [data-metric=n_params]")).to_have_attribute(
            "data-value", str((196 + 1) * width + (width + 1) * 64 + (64 + 1) * 10), timeout=1000
        )
    assert page.locator("text=the kernel is free again").count() == 0, "the kernel was to be busy all the while"
    page.wait_for_selector("text=the kernel is free again")
    # ipywidgets holds the slider's last position back until the kernel has answered for the first.
    wait_idle(page)
    page.wait_for_timeout(2000)
    press(page, "Reset")

    # Fifty random settings: the browser's numbers are Python's, exactly.
    cell = page.locator(".jp-Notebook .jp-CodeCell").last
    cell.locator(".cm-content").click()
    for number in range(1, 51):
        page.keyboard.press("Control+Enter")
        output = cell.locator(".jp-OutputArea-output", has_text=f"setting {number} [")
        expected = json.loads(output.inner_text(timeout=10_000).split(maxsplit=2)[2])
        # A handful of frames for the sliders' new values to arrive.
        for _ in range(100):
            seen = page.evaluate(SHOWN, list(TOTALS))
            if seen == expected:
                break
            page.wait_for_timeout(50)
        assert seen == expected
    press(page, "Reset")

    # A quick validation run puts its point on the plot.
    before = explorer(page).locator(".sw-trials tbody tr").count()
    press(page, "Run")
    expect(explorer(page).locator(".sw-info").first).to_contain_text("accuracy", timeout=120_000)
    expect(explorer(page).locator(".sw-trials tbody tr")).to_have_count(before + 1)

    # Clicking the point of the small structure sets the sliders to it.
    points = explorer(page).locator(".sw-drawing .sw-point .sw-dot")
    # The table and the plot are redrawn one after the other.
    expect(points.nth(before)).to_be_attached()
    page.wait_for_timeout(500)
    smallest = min(range(points.count()), key=lambda index: (points.nth(index).bounding_box() or {"x": 1e9})["x"])
    points.nth(smallest).scroll_into_view_if_needed()
    box = points.nth(smallest).bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.click(*middle)
    # Below 10,000, once all sliders have moved: the kernel sets one after the other.
    n_params = explorer(page).locator(".sw-live-panel [data-metric=n_params]").first
    expect(n_params).to_have_attribute("data-value", re.compile(r"^\d{1,4}$"))

    # The README's picture.
    picture = os.environ.get("STRUCTOPT_SCREENSHOT", str(tmp_path / "explorer.png"))
    page.mouse.move(0, 0)
    page.locator(".jp-OutputArea-output", has=page.locator(".sw-instrument")).last.screenshot(path=picture)
    assert Path(picture).stat().st_size > 20_000

    # Saved and loaded again, the page shows what it showed.
    shown_before = shown(page, "n_params"), points.count()
    page.keyboard.press("Control+s")
    page.wait_for_timeout(2000)
    # So does the file, where there is no kernel.
    twin = [text for text in htmls(nbformat.read(lab.folder / WALKTHROUGH, as_version=4)) if "sw-twin" in text][-1]
    assert f">{int(shown_before[0]):,}<" in twin
    assert f"{shown_before[1]} trials" in twin
    page.reload()
    page.wait_for_selector(".sw-live-panel [data-metric=n_params]", timeout=60_000)
    expect(points.nth(before)).to_be_attached(timeout=30_000)
    expect(page.locator(".sw-twin").last).to_be_hidden()
    assert (shown(page, "n_params"), points.count()) == shown_before
    assert errors == []
