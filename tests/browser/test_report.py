"""The report, as committed, on a page that cannot run code."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from offline_page import export_page
from playwright.sync_api import Browser, expect

from .conftest import NOTEBOOKS

pytestmark = pytest.mark.browser


def test_the_report_reads_without_scripts(browser: Browser, tmp_path: Path) -> None:
    page_file = tmp_path / "report.html"
    page_file.write_text(export_page(nbformat.read(NOTEBOOKS / "03_report.ipynb", as_version=4)), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())

    picture = page.locator("svg[role=img]")
    expect(picture).to_be_visible()
    expect(picture).to_have_accessible_name("Validation accuracy against Parameters")
    box = picture.bounding_box()
    assert box is not None
    assert box["width"] >= 600
    assert box["height"] >= 350
    # A point for each of the twelve structures (one of them the baseline's star), and three in the key.
    expect(picture.locator("g")).to_have_count(12)

    tables = page.locator("table")
    expect(tables).to_have_count(5)
    for table in tables.all():
        expect(table).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="baseline")).to_have_count(1)
    expect(page.get_by_role("cell", name="34,122").first).to_be_visible()
    expect(page.get_by_role("heading", name="The Pareto front")).to_be_visible()
    assert asked == [page_file.as_uri()]
    context.close()
