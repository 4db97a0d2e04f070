"""A sweep in a real JupyterLab: points appear as they finish, sliders and cells answer meanwhile, Cancel keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import Lab, wait_idle

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

EXPLORE = """
import json, threading
import keras
import structopt_widgets as sw

layers = [
    keras.layers.Dense(128, activation="relu", name="first"),
    keras.layers.Dense(64, activation="relu", name="second"),
    keras.layers.Dense(10, activation="softmax", name="classes"),
]
explorer = sw.explore(keras.Sequential([keras.Input((196,)), *layers]), data=sw.load_data("fashion").flattened())
explorer.validation.epochs.value = 2
explorer.validation.seeds.value = 1
explorer.sweep.structures.value = 12
explorer
"""
TOTALS = ("n_params", "flops", "macs", "weight_bytes", "peak_activation_bytes", "training_bytes", "parallelism")
# What the sliders stand at costs, as Python counts it, and whether the sweep was still going on then.
MEASURE = f"""
cost = explorer.structure.measure(batch_size=explorer.validation.batch_size.value)
print(json.dumps([explorer.background.is_running, [getattr(cost, name) for name in {TOTALS!r}]]))
"""
TRIALS = """
[thread.join() for thread in threading.enumerate() if thread.name == "a sweep"]
complete = explorer.trials[explorer.trials["state"] == "complete"]
print(json.dumps([complete.index.tolist(), complete["n_params"].tolist(), complete["accuracy"].tolist()]))
"""
LONGER = """
explorer.sweep.structures.value = 60
print(json.dumps("set"))
"""
SHOWN = """(names) => names.map((name) =>
    Number(document.querySelector(`.sw-live-panel [data-metric="${name}"]`).dataset.value))"""
# The trials that are drawn: numbers, sizes, scores.
POINTS = """() => {
    const points = [...document.querySelectorAll(".sw-drawing .sw-point")].map((each) => each.dataset);
    points.sort((a, b) => a.number - b.number);
    return ["number", "x", "y"].map((name) => points.map((each) => Number(each[name])));
}"""


@pytest.fixture
def page(lab: Lab, browser: Browser) -> Iterator[Page]:
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in (EXPLORE, MEASURE, TRIALS, LONGER)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab.folder / "sweep.ipynb")
    page = browser.new_page(viewport={"width": 1300, "height": 1500})
    page.goto(lab.url("sweep.ipynb"))
    wait_idle(page)
    page.locator(".jp-Notebook .jp-CodeCell").first.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".sw-live-panel [data-metric=n_params]", timeout=120_000)
    wait_idle(page)
    yield page
    page.close()


def answer(page: Page, source: str) -> Any:
    """Run a cell; what it printed."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth((EXPLORE, MEASURE, TRIALS, LONGER).index(source))
    prompt = cell.locator(".jp-InputPrompt")
    before = prompt.inner_text()
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        "([prompt, before]) => /\\d/.test(prompt.innerText) && prompt.innerText !== before",
        arg=[prompt.element_handle(), before],
    )
    return json.loads(cell.locator(".jp-OutputArea-output").inner_text())


def button(page: Page, name: str) -> Locator:
    return page.locator(".sw-instrument").get_by_role("button", name=name, exact=True)


def wait_for_points(page: Page, more_than: int) -> int:
    page.wait_for_function(f"(before) => ({POINTS})()[0].length > before", arg=more_than, timeout=120_000)
    return len(page.evaluate(POINTS)[0])


def test_a_sweep_while_one_goes_on_exploring(page: Page) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    button(page, "Sweep").click()
    expect(button(page, "Cancel")).to_be_enabled()

    # Sliders and cells while it goes on: the panel shows what Python measures.
    handle = page.get_by_label("width of first", exact=True)
    for width in (127, 126):
        handle.focus()
        page.keyboard.press("ArrowLeft")
        n_params = (196 + 1) * width + (width + 1) * 64 + (64 + 1) * 10
        expect(page.locator(".sw-live-panel [data-metric=n_params]")).to_have_attribute("data-value", str(n_params))
        page.wait_for_timeout(1000)  # the page saves when the hand rests
        is_running, measured = answer(page, MEASURE)
        assert is_running, "the cell was to answer before the sweep ends"
        assert measured == page.evaluate(SHOWN, list(TOTALS))

    # The first batch is on the plot before the last is trained.
    assert 0 < wait_for_points(page, 0) < 12
    expect(button(page, "Sweep")).to_be_disabled()
    expect(page.locator(".sw-info", has_text="12 structures.")).to_be_visible(timeout=120_000)
    expect(button(page, "Sweep")).to_be_enabled()
    numbers, sizes, scores = answer(page, TRIALS)
    assert len(numbers) == 12
    wait_for_points(page, 11)
    assert page.evaluate(POINTS) == [numbers, sizes, scores]

    # More of the same is cancelled: what it has finished stays.
    answer(page, LONGER)
    button(page, "Sweep").click()
    wait_for_points(page, 12)
    button(page, "Cancel").click()
    expect(page.locator(".sw-info", has_text="Cancelled. What was finished is kept")).to_be_visible()
    expect(button(page, "Sweep")).to_be_enabled()
    numbers, sizes, scores = answer(page, TRIALS)
    assert 12 < len(numbers) < 60
    wait_for_points(page, len(numbers) - 1)
    assert page.evaluate(POINTS) == [numbers, sizes, scores]
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count() == 0
    assert errors == []
