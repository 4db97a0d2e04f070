"""The first Run of the walkthrough's own model: one point and the cursor at one place, and both to be seen."""

from __future__ import annotations

import math

import nbformat
import pytest
from playwright.sync_api import Browser, expect

from structopt_widgets.metrics import METRICS

from .conftest import Lab, wait_idle

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

EXPLORE = """
import keras
import structopt_widgets as sw

layers = [
    keras.layers.Dense(128, activation="relu", name="first"),
    keras.layers.Dense(64, activation="relu", name="second"),
    keras.layers.Dense(10, activation="softmax", name="classes"),
]
sw.explore(keras.Sequential([keras.Input((196,)), *layers]), data=sw.load_data("fashion").flattened())
"""
# Centers of the points that are drawn, and the box that the axes span, all in the page's pixels.
PLACES = """() => {
    const plot = document.querySelector(".sw-drawing .sw-plot");
    const box = ({left, right, top, bottom}) => ({left, right, top, bottom});
    return {
        points: [...plot.querySelectorAll(".sw-point .sw-dot")].map((each) => box(each.getBoundingClientRect())),
        area: box(plot.querySelector(".sw-axis").getBoundingClientRect()),
        cursor: box(plot.querySelector(".sw-cursor path").getBoundingClientRect()),
        range: { ...plot.dataset },
    };
}"""


def test_the_first_point_is_inside_the_plot(lab: Lab, browser: Browser) -> None:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(EXPLORE.strip())], metadata=kernel)
    nbformat.write(notebook, lab.folder / "first_run.ipynb")
    page = browser.new_page(viewport={"width": 1300, "height": 1500})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(lab.url("first_run.ipynb"))
    wait_idle(page)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".sw-live-panel [data-metric=n_params]", timeout=120_000)
    wait_idle(page)
    page.locator(".sw-instrument").get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".sw-info").first).to_contain_text("mean of 3 seeds", timeout=120_000)
    expect(page.locator(".sw-trials tbody tr")).to_have_count(1)
    # On every size there is the one point, and the cursor on it.
    sizes = page.locator("button.sw-cell")
    assert sizes.count() > 5
    for size in sizes.all():
        size.click()
        label = size.locator(".sw-label").inner_text()
        # The strip's is for a batch.
        of = ", one sample" if label == METRICS["peak_activation_bytes"].label else ""
        expect(page.locator(".sw-drawing .sw-axis-title").last).to_have_text(f"{label}{of} (logarithmic)")
        places = page.evaluate(PLACES)
        (point,), area, cursor = places["points"], places["area"], places["cursor"]
        assert area["left"] + 20 < point["left"] < point["right"] < area["right"] - 20, (label, places)
        assert area["top"] < point["top"] < point["bottom"] < area["bottom"], (label, places)
        assert area["left"] + 20 < cursor["left"] <= cursor["right"] < area["right"] - 20, (label, places)
        assert abs(cursor["left"] - (point["left"] + point["right"]) / 2) < 1, (label, places)
        low, high = (math.log10(float(places["range"][end])) for end in ("low", "high"))
        assert 0.3 < high - low < 4, (label, places)  # powers of ten
    assert errors == []
    page.close()
