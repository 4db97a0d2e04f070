"""The main job, as a newcomer does it: open the walkthrough, run it, move sliders, train, click the plot."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

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
# Sets 50 random structures one after another, and says what each costs, as Python counts it.
RANDOM_SETTINGS = f"""
import json, pathlib, random, time
rng = random.Random(7)
expected = []
for _ in range(50):
    structure = space.sample(rng)
    explorer.structure = structure
    cost = structure.measure(batch_size=explorer.validation.batch_size.value)
    expected.append([getattr(cost, name) for name in {TOTALS!r}])
    time.sleep(0.15)
pathlib.Path("expected.json").write_text(json.dumps(expected))
explorer.structure = space.baseline
print("50 settings " + "done")
"""
# Collects every distinct row of numbers the panel shows, frame by frame.
COLLECT = """(names) => {
    window.seen = [];
    const look = () => {
        const row = names.map((name) =>
            Number(document.querySelector(`.sw-live-panel [data-metric="${name}"]`)?.dataset.value));
        const text = JSON.stringify(row);
        if (window.seen.at(-1) !== text) window.seen.push(text);
        requestAnimationFrame(look);
    };
    look();
}"""


def run_all(page: Page) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def run_last_cell(page: Page, index: int) -> None:
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(index)
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")


def shown(page: Page, metric: str) -> float:
    return float(page.locator(f".sw-live-panel [data-metric={metric}]").first.get_attribute("data-value") or "nan")


def wait_idle(page: Page, timeout: float = 240_000) -> None:
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", timeout=timeout)


@pytest.fixture
def walkthrough(open_notebook: Callable[..., Page]) -> Page:
    page = open_notebook("01_walkthrough.ipynb", extra=(BLOCK_KERNEL, RANDOM_SETTINGS))
    # The two extra cells come last; running all up to them is what a reader does.
    page.locator(".jp-Notebook .jp-CodeCell").nth(-2).locator(".cm-content").click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Above Selected Cell", exact=True).click()
    page.wait_for_selector(".sw-live-panel [data-metric=n_params]", timeout=120_000)
    wait_idle(page)
    return page


def test_a_newcomer_can_do_the_main_job(walkthrough: Page, lab: Lab, tmp_path: Path) -> None:
    page = walkthrough
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count() == 0
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    # The last cell moved the sliders to a small structure; Reset puts them back.
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".sw-live-panel [data-metric=n_params]")).to_have_attribute("data-value", "34122")

    # A slider moves by keyboard while the kernel is blocked, and the numbers with it.
    run_last_cell(page, -2)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='busy']")
    handle = page.locator(".jupyter-widget-slider .noUi-handle:not([disabled])").nth(1)
    handle.scroll_into_view_if_needed()
    handle.focus()
    for width in (127, 126, 125):
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".sw-live-panel [data-metric=n_params]")).to_have_attribute(
            "data-value", str((196 + 1) * width + (width + 1) * 64 + (64 + 1) * 10), timeout=1000
        )
    assert page.locator("text=the kernel is free again").count() == 0, "the kernel was to be busy all the while"
    wait_idle(page)
    page.get_by_role("button", name="Reset").click()

    # Fifty random settings: the browser's numbers are Python's, exactly.
    page.evaluate(COLLECT, list(TOTALS))
    run_last_cell(page, -1)
    page.wait_for_selector("text=50 settings done", timeout=60_000)
    wait_idle(page)
    seen = {tuple(json.loads(row)) for row in page.evaluate("window.seen")}
    expected = [tuple(row) for row in json.loads((lab.folder / "expected.json").read_text())]
    assert len(expected) == 50
    assert [row for row in expected if row not in seen] == []

    # A quick validation run puts its point on the plot.
    before = page.locator(".sw-trials tbody tr").count()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".sw-info").first).to_contain_text("accuracy", timeout=120_000)
    expect(page.locator(".sw-trials tbody tr")).to_have_count(before + 1)

    picture = os.environ.get("STRUCTOPT_SCREENSHOT", str(tmp_path / "explorer.png"))
    page.locator(".sw-live-panel").first.scroll_into_view_if_needed()
    page.screenshot(path=picture)
    assert Path(picture).stat().st_size > 50_000

    # Clicking the point of the small structure sets the sliders to it.
    points = page.locator(".sw-tradeoff .scatterlayer .trace").first.locator(".points path")
    assert points.count() >= before + 1
    smallest = min(range(points.count()), key=lambda index: (points.nth(index).bounding_box() or {"x": 1e9})["x"])
    box = points.nth(smallest).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".sw-live-panel [data-metric=n_params]")).not_to_have_attribute("data-value", "34122")
    assert shown(page, "n_params") <= 10_000
    assert errors == []
