"""A saved notebook shows the explorer as it stood where no kernel is, and the explorer where its kernel lives."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page, expect

from .conftest import Lab, wait_idle

# Several pages, and twenty loads of one on a machine that has other things to do.
pytestmark = [pytest.mark.browser, pytest.mark.exhaustive, pytest.mark.timeout(900)]

EXPLORE = """
import os
import keras
import structopt_widgets as sw

layers = [
    keras.layers.Dense(128, activation="relu", name="first"),
    keras.layers.Dense(64, activation="relu", name="second"),
    keras.layers.Dense(10, activation="softmax", name="classes"),
]
explorer = sw.explore(keras.Sequential([keras.Input((196,)), *layers]), data=sw.load_data("fashion").flattened())
explorer.validation.epochs.value = 1
print("kernel", os.getpid())
explorer
"""
TWICE = "display(explorer)\nexplorer"
LONG_RUN = "explorer.validation.epochs.value = 1000"
# ipywidgets asks for a model every 100 ms, for two seconds, and does not look again after its last wait.
LAST_WAIT = """{
    const real = window.setTimeout;
    window.setTimeout = (then, wait, ...rest) =>
        real(then, wait === 100 && new Error().stack.includes("get_model") ? 8000 : wait, ...rest);
}"""


def n_params(first: int) -> str:
    return f"{(196 + 1) * first + (first + 1) * 64 + (64 + 1) * 10:,}"


def run_cell(page: Page, index: int) -> None:
    page.locator(".jp-Notebook .jp-CodeCell").nth(index).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def live(page: Page) -> Page:
    return page.locator(".sw-instrument")


def narrow(page: Page, first: int) -> None:
    number = page.get_by_label("width of first, as a number")
    number.fill(str(first))
    number.press("Enter")


def save(page: Page) -> None:
    page.wait_for_timeout(2000)  # the twin is drawn at rest
    page.keyboard.press("Control+s")
    page.wait_for_timeout(2000)


def twins(path: Path) -> list[str]:
    cells = nbformat.read(path, as_version=4).cells
    found = [output.get("data", {}).get("text/html", "") for cell in cells for output in cell.get("outputs", ())]
    return [text for text in found if "sw-twin" in text]


def shot(page: Page, name: str) -> None:
    """Keep a picture to look at, where somebody wants it."""
    if folder := os.environ.get("STRUCTOPT_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


@dataclass
class Saved:
    page: Page
    path: Path
    kernel: int


@pytest.fixture
def saved(lab: Lab, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Saved]:
    """A notebook whose explorer was moved and has run a trial, saved, and still open."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in (EXPLORE, TWICE, LONG_RUN)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    path = lab.folder / f"{re.sub(r'[^a-z]+', '_', request.node.name.lower())}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
    page = browser.new_page(viewport={"width": 1400, "height": 1600})
    page.goto(lab.url(path.name))
    wait_idle(page)
    run_cell(page, 0)
    live(page).wait_for(timeout=120_000)
    wait_idle(page)
    narrow(page, 60)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".sw-trials tbody tr")).to_have_count(1, timeout=120_000)
    number = page.locator("pre", has_text="kernel ").inner_text().split()[1]
    save(page)
    yield Saved(page, path, int(number))
    page.close()


def check_alive(page: Page) -> None:
    """The explorer stands in the twin's place, and costs follow its sliders without a kernel."""
    expect(live(page)).to_have_count(1, timeout=60_000)
    expect(page.locator(".sw-twin .sw-instrument")).to_be_visible()
    expect(live(page)).to_contain_text("A saved notebook: costs follow the sliders.")
    expect(page.locator(".sw-trials tbody tr")).to_have_count(1)
    expect(page.get_by_label("width of first, as a number")).to_have_value("60")
    narrow(page, 40)
    expect(live(page)).to_contain_text(n_params(40))
    for name in ("Run", "Sweep"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)


def check_twin(page: Page, first: int = 60) -> None:
    """The twin stands there alone, with its numbers and pictures."""
    twin = page.locator(".sw-twin")
    expect(twin).to_be_visible(timeout=30_000)
    expect(twin).to_contain_text(n_params(first))
    expect(twin).to_contain_text(f"first 128→{first}")
    # The page has drawn the network as it stands.
    expect(twin.get_by_text("Network", exact=True)).to_be_visible()
    pictures = twin.locator("img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        expect(picture).to_be_visible()
        assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 300
    expect(live(page)).to_have_count(0)
    assert "model not found" not in page.locator("body").inner_text()
    assert "Loading widget" not in page.locator("body").inner_text()


def check_live(page: Page) -> None:
    """The explorer stands there alone."""
    expect(live(page)).to_be_visible(timeout=60_000)
    expect(page.locator(".sw-twin")).to_be_hidden()


def copied(saved: Saved, lab: Lab, name: str, change: str = "") -> str:
    """The name of a copy, which no kernel has run; with a change it is not trusted."""
    text = saved.path.read_text(encoding="utf-8")
    assert "sw-twin" in text
    (lab.folder / name).write_text(text.replace("as it came", f"as it came{change}"), encoding="utf-8")
    return name


@pytest.mark.parametrize("change", ["", " once"], ids=["trusted", "untrusted"])
@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_without_its_kernel_a_notebook_shows_it_as_it_stood(
    saved: Saved, lab: Lab, browser: Browser, change: str, theme: str
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 1600})
    page.goto(lab.url(copied(saved, lab, f"copy_of_{saved.path.name}", change)))
    wait_idle(page)
    page.wait_for_timeout(4000)  # longer than ipywidgets looks for its model
    if theme not in (page.locator("body").get_attribute("data-jp-theme-name") or ""):
        page.get_by_role("menuitem", name="Settings", exact=True).click()
        page.get_by_text("Theme", exact=True).hover()
        page.get_by_text(theme, exact=True).click()
        expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
        page.wait_for_timeout(1000)
    if change:
        check_twin(page)
    else:
        check_alive(page)
    shot(page, f"without_kernel_{'untrusted' if change else 'trusted'}_{theme.split()[-1].lower()}")
    page.close()


@pytest.mark.parametrize("runs_scripts", [True, False], ids=["scripts", "no scripts"])
def test_nbconvert_shows_it_as_it_stood(saved: Saved, browser: Browser, tmp_path: Path, runs_scripts: bool) -> None:
    text, _ = HTMLExporter().from_filename(str(saved.path))
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    context = browser.new_context(viewport={"width": 1400, "height": 1600}, java_script_enabled=runs_scripts)
    page = context.new_page()
    page.route("http**", lambda route: route.abort())  # what nbconvert would load from elsewhere
    page.goto((tmp_path / "page.html").as_uri())
    if runs_scripts:
        check_alive(page)
    else:
        expect(page.locator(".sw-twin")).to_contain_text(n_params(60))
        expect(page.locator(".sw-twin img")).to_have_count(2)
    shot(page, f"nbconvert_{runs_scripts}")
    context.close()


def test_a_reload_with_a_living_kernel_shows_the_explorer_each_time(saved: Saved) -> None:
    page = saved.page
    check_live(page)
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3 * (os.cpu_count() or 1))]
    try:
        for _ in range(20):
            page.reload(timeout=120_000)
            check_live(page)
    finally:
        for other in others:
            other.kill()
            other.wait()
    shot(page, "reloaded")
    # And it is drawn anew as before.
    narrow(page, 50)
    save(page)
    (text,) = twins(saved.path)
    assert n_params(50) in text
    check_live(page)


def test_a_model_that_came_in_the_last_wait_is_shown(saved: Saved) -> None:
    saved.page.add_init_script(LAST_WAIT)
    saved.page.reload()
    check_live(saved.page)


def test_shown_twice_there_are_two_explorers_and_no_twin(saved: Saved) -> None:
    page = saved.page
    run_cell(page, 1)
    expect(live(page)).to_have_count(3)
    expect(page.locator(".sw-twin")).to_have_count(3)
    for twin in page.locator(".sw-twin").all():
        expect(twin).to_be_hidden()
    page.get_by_label("width of first, as a number").first.fill("40")
    page.get_by_label("width of first, as a number").first.press("Enter")
    save(page)
    assert [n_params(40) in text for text in twins(saved.path)] == [True] * 3


def test_a_slider_keeps_the_focus_while_the_twin_is_drawn(saved: Saved) -> None:
    page = saved.page
    slider = page.locator(".sw-instrument input[type=range]").nth(1)
    before = slider.element_handle()
    slider.focus()
    page.keyboard.press("ArrowLeft")
    save(page)
    assert slider.evaluate("(node, before) => node === before && node === document.activeElement", before)
    (text,) = twins(saved.path)
    assert n_params(59) in text


def test_a_kernel_that_is_killed_says_so_and_frees_the_buttons(saved: Saved) -> None:
    page = saved.page
    run_cell(page, 2)
    wait_idle(page)
    run, cancel = (page.get_by_role("button", name=name, exact=True) for name in ("Run", "Cancel"))
    run.click()
    expect(run).to_be_disabled()
    expect(cancel).to_be_enabled()
    os.kill(saved.kernel, signal.SIGKILL)
    expect(page.locator(".sw-error")).to_contain_text("The kernel has stopped", timeout=60_000)
    expect(run).to_be_enabled()
    expect(cancel).to_be_disabled()
    page.locator(".jp-Dialog").get_by_role("button", name="Ok").click()
    shot(page, "killed")
    check_live(page)
    # The page loaded anew finds a new kernel, without the explorer.
    page.reload()
    expect(page.locator(".sw-twin")).to_be_visible(timeout=60_000)
    check_alive(page)
