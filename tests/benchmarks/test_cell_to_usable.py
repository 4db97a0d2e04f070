"""From running a cell to an explorer that can be used: time, and what the widgets send to the page.

Beside it, in the same JupyterLab, two of plotly's figure widgets with a few points: what the explorer's plots
took when plotly drew them. Each cell is run three times; the first loads what later runs have already.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

import nbformat
import pytest
from browser.conftest import Lab, wait_idle
from playwright.sync_api import Browser, Page, WebSocket

pytestmark = [pytest.mark.benchmark, pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

RUNS = 3
SETUP = """
import keras, ipywidgets
import plotly.graph_objects as go
import structopt_widgets as sw

layers = [keras.layers.Dense(width, activation="relu") for width in (128, 64)]
model = keras.Sequential([keras.Input((196,)), *layers, keras.layers.Dense(10, activation="softmax")])
data = sw.load_data("fashion").flattened()
space = sw.StructureSpace.from_keras(model)
"""
EXPLORER = "sw.explore(space, data)"
PLOTLY = """
figures = [go.FigureWidget(go.Scatter(x=[1, 2, 3], y=[1, 3, 2])) for _ in range(2)]
ipywidgets.VBox(figures)
"""
# Both of the explorer's parts are drawn: the numbers, and the axes of the plot, whoever draws it.
USABLE = """() => {
    const output = document.querySelectorAll(".jp-Notebook .jp-CodeCell")[1];
    return output.querySelector(".sw-live-panel [data-metric=n_params]") !== null
        && output.querySelector(".sw-tradeoff svg .sw-tick") !== null
        && output.querySelector(".sw-rows input[type=range]") !== null;
}"""
DRAWN = """() => document.querySelectorAll(".jp-Notebook .jp-CodeCell")[2]
    .querySelectorAll(".js-plotly-plot .scatterlayer .trace").length === 2"""


@pytest.fixture
def page(lab: Lab, browser: Browser) -> Page:
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in (SETUP, EXPLORER, PLOTLY)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab.folder / "usable.ipynb")
    return browser.new_page(viewport={"width": 1500, "height": 1600})


def run(page: Page, index: int, ready: str | None) -> float:
    """Seconds from the key press to what ``ready`` waits for."""
    page.locator(".jp-Notebook .jp-CodeCell").nth(index).locator(".cm-content").click()
    start = page.evaluate("performance.now()")
    page.keyboard.press("Control+Enter")
    if ready is not None:
        page.wait_for_function(ready, polling="raf", timeout=120_000)
    end = page.evaluate("performance.now()")
    wait_idle(page)
    return (end - start) / 1000


def clear(page: Page) -> None:
    page.get_by_role("menuitem", name="Edit", exact=True).click()
    page.get_by_role("menuitem", name="Clear Outputs of All Cells", exact=True).click()
    page.wait_for_timeout(1000)


def test_from_the_cell_to_a_usable_explorer(page: Page, lab: Lab, report: Callable[..., None]) -> None:
    received = 0

    def count(data: str | bytes) -> None:
        nonlocal received
        received += len(data)

    def connected(socket: WebSocket) -> None:
        if "/channels" in socket.url:
            socket.on("framereceived", count)

    page.on("websocket", connected)
    page.goto(lab.url("usable.ipynb"))
    wait_idle(page)
    run(page, 0, None)
    wait_idle(page)
    rows = []
    for name, index, ready in (("the explorer", 1, USABLE), ("two plotly figures alone", 2, DRAWN)):
        times, sizes = [], []
        for _ in range(RUNS):
            before = received
            times.append(run(page, index, ready))
            page.wait_for_timeout(1000)
            sizes.append((received - before) / 1e3)
            clear(page)
        rows.append((name, f"{times[0]:.2f} s", f"{statistics.median(times[1:]):.2f} s", f"{sizes[-1]:,.0f} kB"))
    report("From running the cell to usable", ("", "first run", "again", "sent by the kernel"), *rows)
    page.close()
    assert sizes[-1] > 1000, "a page of plotly was not counted"
