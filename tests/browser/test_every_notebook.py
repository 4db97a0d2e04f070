"""Every notebook, all its cells run, converted by stock nbconvert, and read in a browser without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from test_lessons import LOWERED, parameters
from test_notebooks import printed

from .conftest import NOTEBOOKS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

# The report is run by a test of its own, and the Chinese walkthrough runs the code of the English one.
RUN = ["01_walkthrough", *LOWERED]
SHIPPED = ["03_report"]  # with its outputs
# Compiling what these train takes longer than all the others together.
LONG = ("04_images", "05_text", "08_smaller_for_real")
EACH_RUN = [pytest.param(name, marks=pytest.mark.exhaustive) if name in LONG else name for name in RUN]
EXPLORERS = {"01_walkthrough": 2}  # the first one asks for predictions; in the others one
VIEW, FIGURE = "application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json"
# A kernel that has run one notebook, as it was before: importing TensorFlow again takes longer than some notebooks.
AS_NEW = """
import ipywidgets, plotly.io
ipywidgets.Widget.close_all()
plotly.io.renderers.default = "plotly_mimetype"
%reset -f
"""
# What a page shows of its outputs that nobody can see anything in: nothing, or a picture that did not come.
EMPTY = """() => [...document.querySelectorAll(".jp-OutputArea")].filter((area) => {
    const images = [...area.querySelectorAll("img")];
    const shown = area.innerText.trim() !== "" || images.length > 0 || area.querySelector("svg") !== null;
    return !shown || area.getBoundingClientRect().height < 12 || images.some((image) => image.naturalWidth === 0);
}).map((area) => area.outerHTML.slice(0, 300))"""


@pytest.fixture(scope="module")
def execute(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """Gives a notebook with its outputs; those of :data:`LOWERED` with a small experiment in their first cell."""
    import nbformat
    from jupyter_client.manager import KernelManager
    from nbclient import NotebookClient

    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(tmp_path_factory.mktemp("notebooks")))
    done: dict[str, Any] = {}

    def executed(name: str) -> Any:
        if name not in done:
            notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
            if name in LOWERED:
                parameters(notebook.cells)["source"] = LOWERED[name]
            if name in RUN:
                notebook.cells.insert(0, nbformat.v4.new_code_cell(AS_NEW))
                client = NotebookClient(notebook, timeout=300, km=manager)
                client.execute()
                client.kc.stop_channels()  # of a kernel that is not its own it leaves them open
                del notebook.cells[0]
            done[name] = notebook
        return done[name]

    yield executed
    manager.shutdown_kernel(now=True)


def outputs(notebook: Any) -> Iterator[Any]:
    for cell in notebook.cells:
        yield from (output for output in cell.get("outputs", ()) if "data" in output)


@pytest.mark.parametrize("name", EACH_RUN)
def test_every_cell_runs(name: str, execute: Callable[[str], Any]) -> None:
    done = execute(name)
    assert all(cell["execution_count"] for cell in done.cells if cell["cell_type"] == "code")
    assert len([each for each in outputs(done) if VIEW in each["data"]]) == EXPLORERS.get(name, 1)
    if name in LOWERED and name != "02_explore":
        (conclusion,) = done.cells[-1].outputs
        assert "**" in conclusion.data["text/markdown"]
        return
    # As it stood in the end: later cells move it and add trials.
    twin = [each["data"] for each in outputs(done) if "sw-twin" in each["data"].get("text/html", "")][-1]
    # The walkthrough leaves the sliders to the student, whose exercise tells what stands there.
    assert ("96→48" if name == "02_explore" else "the model as it came") in twin["text/plain"]
    assert not twin["text/plain"].endswith("; 0 trials")
    assert "accuracy" in printed(done)


@pytest.fixture(scope="module")
def offline(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(offline=True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", [*EACH_RUN, *SHIPPED])
def test_converted_and_offline_no_output_is_empty(
    name: str, execute: Callable[[str], Any], offline: Page, tmp_path: Path
) -> None:
    from nbconvert import HTMLExporter

    notebook = execute(name)
    file = tmp_path / f"{name}.html"
    file.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    offline.goto(file.as_uri())
    offline.wait_for_function("[...document.images].every((image) => image.complete)")
    assert offline.evaluate(EMPTY) == []
    assert offline.locator("text=/Loading widget|Error displaying/").count() == 0
    figures = [each["data"] for each in outputs(notebook) if FIGURE in each["data"]]
    pictures = offline.locator(".jp-RenderedSVG img, .jp-RenderedSVG svg")
    assert len(figures) + (name in SHIPPED) == pictures.count() > 0
    # Those drawn, not those named because they cannot be.
    assert not [each for each in figures if "JupyterLab" in each["image/svg+xml"]]
