"""Every notebook as a student meets it: opened in one JupyterLab, run to the end, a slider moved."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from test_lessons import LOWERED, SMALL

from .conftest import NOTEBOOKS, wait_idle

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive, pytest.mark.timeout(900)]


@pytest.mark.parametrize("name", sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")))
def test_a_notebook_runs_and_its_slider_moves(name: str, open_notebook: Callable[..., Page]) -> None:
    page = open_notebook(f"{name}.ipynb", parameters=LOWERED.get(name))
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.locator(".jp-Notebook .jp-CodeCell").first.locator(".cm-content").click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_selector("text=| Busy")
    wait_idle(page)
    assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0

    if name == "03_report":  # its picture is static, and nothing in it moves
        expect(page.locator(".jp-RenderedSVG").first).to_be_visible()
        assert errors == []
        return
    # plotly's own figure, not the picture that is saved beside it.
    expect(page.locator(".js-plotly-plot").first).to_be_attached()
    assert page.locator(".jp-RenderedSVG").count() == 0
    instrument = page.locator(".sw-instrument").last
    count = instrument.locator(".sw-live-panel [data-metric=n_params]")
    before = count.get_attribute("data-value") or ""
    handle = instrument.locator(".sw-rows input[type=range]:enabled").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    page.keyboard.press("ArrowLeft")
    expect(count).not_to_have_attribute("data-value", before)
    if name in SMALL:
        conclusion = page.locator(".jp-Notebook .jp-CodeCell").last.locator(".jp-RenderedMarkdown")
        expect(conclusion.locator("strong").first).to_be_attached()
    assert errors == []
