"""A real JupyterLab, started as a user starts it, and a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

REPOSITORY = Path(__file__).parents[2]
NOTEBOOKS = REPOSITORY / "notebooks"


@dataclass
class Lab:
    """A running JupyterLab and the folder it shows."""

    address: str
    folder: Path
    process: subprocess.Popen[str]

    def url(self, notebook: str) -> str:
        """Where ``notebook`` opens, in a workspace of its own: JupyterLab reopens what a workspace had open."""
        base, token = self.address.split("/lab/")[0], self.address.split("token=")[1]
        return f"{base}/lab/workspaces/{notebook.removesuffix('.ipynb')}/tree/{notebook}?token={token}&reset"


# A cell that waits for its turn; between two of them the status bar is idle for a moment.
WAITING = "[...document.querySelectorAll('.jp-InputPrompt')].some((each) => each.textContent.includes('*'))"


def wait_idle(page: Page, timeout: float = 240_000) -> None:
    """Wait until the kernel has nothing to do, as the status bar and the cells tell the user."""
    page.wait_for_function(f"!{WAITING}", timeout=timeout)
    page.wait_for_selector("text=| Idle", timeout=timeout)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        message = "Chromium is not installed (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium,
            # The flags a browser needs as root in a container, and none of its own traffic.
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        )
        yield running
        running.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    settings = tmp_path_factory.mktemp("jupyter")
    (settings / "labconfig").mkdir()
    # Off-screen cells stay in the page, where a test can look at them.
    overrides = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
    (settings / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(overrides))
    process = subprocess.Popen(
        [sys.executable, "-m", "structopt_widgets", "lab", "--no-browser", "--folder", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A user's own JupyterLab settings must not decide the outcome.
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(settings)},
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        found = re.search(r"http://\S+token=\S+", line)
        if found:
            yield Lab(found.group(), folder, process)
            break
    else:
        pytest.fail("JupyterLab printed no address:\n" + "".join(lines))
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, rest


@pytest.fixture
def open_notebook(lab: Lab, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a shipped notebook in JupyterLab, with ``extra`` cells of code at its end, or other ``parameters``."""
    pages: list[Page] = []

    def opened(notebook: str, extra: tuple[str, ...] = (), parameters: str | None = None) -> Page:
        import nbformat  # seconds, in every process of the tests that have no browser too

        content = nbformat.read(NOTEBOOKS / notebook, as_version=4)
        if parameters is not None:
            (cell,) = [each for each in content.cells if "parameters" in each.metadata.get("tags", ())]
            cell.source = parameters
        content.cells += [nbformat.v4.new_code_cell(source) for source in extra]
        nbformat.write(content, lab.folder / notebook)
        page = browser.new_page(viewport={"width": 1500, "height": 1500})
        pages.append(page)
        page.goto(lab.url(notebook))
        wait_idle(page)
        return page

    yield opened
    for page in pages:
        page.close()
