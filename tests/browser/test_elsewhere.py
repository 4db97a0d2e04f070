"""Other pages than JupyterLab's own: Voila, Notebook 7, the HTML manager; two explorers and a second view in one.

The HTML manager is what shows widgets outside of Jupyter: in converted pages, and it is the manager that hosts such as
VS Code build theirs on.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import anywidget
import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from .conftest import REPOSITORY, wait_idle

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive, pytest.mark.timeout(600)]

MODEL = """
import keras
import structopt_widgets as sw

inputs = keras.Input((8,))
hidden = keras.layers.Dense(16, "relu", name="hidden")(inputs)
model = keras.Model(inputs, keras.layers.Dense(3, name="out")(hidden))
"""
ONE = "sw.explore(model)"
TWO_AND_A_VIEW = """
from IPython.display import display
one, other = sw.explore(model), sw.explore(model)
display(one, other, one)
"""


def n_params(width: int) -> str:
    """Of the model with so many hidden units."""
    return str((8 + 1) * width + (width + 1) * 3)


def notebook(folder: Path, *cells: str) -> Path:
    path = folder / "elsewhere.ipynb"
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    content.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(content, path)
    return path


def move(instrument: Locator, page: Page) -> None:
    """One step of the slider of the hidden layer, from 16 to 15."""
    handle = instrument.locator(".sw-rows input[type=range]:enabled").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    page.keyboard.press("ArrowLeft")


def expect_width(instrument: Locator, width: int) -> None:
    count = instrument.locator(".sw-live-panel [data-metric=n_params]")
    expect(count).to_have_attribute("data-value", n_params(width), timeout=60_000)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment that has this project beside Voila and Notebook, as a user installs them."""
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed: pip install uv")
    environment = tmp_path_factory.mktemp("elsewhere") / "environment"
    subprocess.run(["uv", "venv", "--python", sys.executable, environment], check=True)
    command = ["uv", "pip", "install", "--python", environment, "--editable", REPOSITORY, "voila", "notebook"]
    subprocess.run(command, check=True)
    return environment / "bin"


@pytest.fixture
def serve(programs: Path, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start one of the programs; gives its address."""
    running: list[subprocess.Popen[bytes]] = []

    def started(program: str, *arguments: str) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
        command = [programs / program, *arguments, "--no-browser", f"--port={port}"]
        running.append(subprocess.Popen(command, cwd=tmp_path, env=environment, start_new_session=True))
        address = f"http://localhost:{port}/"
        for _ in range(600):
            try:
                urllib.request.urlopen(address, timeout=200).close()
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.5)
            else:
                return address
        pytest.fail(f"{program} did not answer")

    yield started
    for each in running:
        os.killpg(each.pid, 15)
        each.wait(60)


def test_voila_shows_an_explorer_that_moves(serve: Callable[..., str], browser: Browser, tmp_path: Path) -> None:
    path = notebook(tmp_path, MODEL, ONE)
    address = serve("voila", str(path))
    page = browser.new_page(viewport={"width": 1400, "height": 1200})
    page.goto(address, timeout=240_000)
    instrument = page.locator(".sw-instrument")
    expect_width(instrument, 16)
    move(instrument, page)
    expect_width(instrument, 15)
    page.screenshot(path=tmp_path / "voila.png")
    expect(page.locator(".sw-twin")).to_be_hidden()
    page.close()


def test_notebook_leaves_the_keys_to_a_slider(serve: Callable[..., str], browser: Browser, tmp_path: Path) -> None:
    path = notebook(tmp_path, MODEL, ONE)
    address = serve("jupyter-notebook", "--allow-root", "--IdentityProvider.token=")
    page = browser.new_page(viewport={"width": 1400, "height": 1200})
    page.goto(f"{address}notebooks/{path.name}", timeout=240_000)
    cells = page.locator(".jp-Notebook .jp-CodeCell .cm-content")
    cells.first.click(timeout=120_000)
    for _ in range(2):
        page.keyboard.press("Shift+Enter")
    instrument = page.locator(".sw-instrument")
    expect_width(instrument, 16)
    # In its command mode these keys fold headings and choose other cells.
    move(instrument, page)
    expect_width(instrument, 15)
    page.keyboard.press("ArrowDown")
    expect_width(instrument, 14)
    page.keyboard.press("ArrowUp")
    expect_width(instrument, 15)
    page.close()


def test_two_explorers_are_two_and_a_second_view_is_the_same(open_notebook: Callable[..., Page]) -> None:
    page = open_notebook("03_report.ipynb", parameters=MODEL, extra=(TWO_AND_A_VIEW,))
    page.locator(".jp-Notebook .jp-CodeCell").first.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.locator(".jp-Notebook .jp-CodeCell").last.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    wait_idle(page)
    first, other, second_view = (page.locator(".sw-instrument").nth(place) for place in range(3))
    for each in (first, other, second_view):
        expect_width(each, 16)
    move(first, page)
    expect_width(first, 15)
    expect_width(second_view, 15)
    expect_width(other, 16)
    move(second_view, page)
    expect_width(first, 14)
    move(other, page)
    expect_width(other, 15)
    expect_width(first, 14)


def test_the_html_manager_shows_an_explorer_that_moves_without_a_kernel(browser: Browser, tmp_path: Path) -> None:
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    if shutil.which("npm") is None:
        pytest.skip("npm is not installed (Debian: apt-get install npm)")
    subprocess.run(
        ["npm", "install", "--prefix", tmp_path, "@jupyter-widgets/html-manager@1", "requirejs@2"], check=True
    )
    modules = tmp_path / "node_modules"
    done = NotebookClient(nbformat.read(notebook(tmp_path, MODEL, ONE), as_version=4), timeout=300).execute()
    (tmp_path / "page.html").write_text(HTMLExporter().from_notebook_node(done)[0], encoding="utf-8")

    def answer(route: Route) -> None:
        """What the page asks networks for, from npm's packages and from anywidget's own."""
        address = route.request.url
        if address.startswith("file:"):
            route.continue_()
        elif "require" in address:
            route.fulfill(path=modules / "requirejs" / "require.js", content_type="text/javascript")
        elif "html-manager" in address:
            manager = modules / "@jupyter-widgets" / "html-manager" / "dist"
            route.fulfill(path=manager / address.split("/dist/")[1], content_type="text/javascript")
        elif "anywidget" in address:
            script = Path(anywidget.__file__).parent / "nbextension" / "index.js"
            route.fulfill(path=script, content_type="text/javascript")
        else:
            route.abort()

    page = browser.new_page(viewport={"width": 1400, "height": 1200})
    page.route("**/*", answer)
    page.goto((tmp_path / "page.html").as_uri())
    instrument = page.locator(".sw-instrument")
    expect_width(instrument, 16)
    move(instrument, page)
    expect_width(instrument, 15)
    expect(page.locator(".sw-twin")).to_be_hidden()
    page.close()
