"""Fixtures of the browser tests, and the table a benchmark prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from browser.conftest import browser, lab  # noqa: F401 - fixtures are found by their names here


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """Print a table with a title, also without ``-s``."""

    def printed(title: str, *rows: Sequence[str]) -> None:
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        with capsys.disabled():
            print(f"\n\n{title}")
            for row in rows:
                print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))

    return printed
