"""The static twin: what a saved notebook shows where no kernel runs."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.metrics import format_exact
from structopt_widgets.widgets.static_twin import twin_html, twin_words

CELL = """
import keras, structopt_widgets as sw
layers = [keras.layers.Dense(7, name="hidden"), keras.layers.Dense(3)]
explorer = sw.explore(keras.Sequential([keras.Input((5,)), *layers]))
explorer
"""


@pytest.fixture
def explorer() -> sw.Explorer:
    """Of a model that somebody with bad intentions has named."""
    layers = [kl.Dense(7, name="<b>hidden"), kl.Dense(3, name="classes")]
    return sw.explore(keras.Sequential([keras.Input((5,)), *layers], name="<script>alert(1)"))


def test_it_holds_what_the_explorer_shows_and_follows_it(explorer: sw.Explorer) -> None:
    before = twin_html(explorer.exploration)
    assert format_exact("n_params", 5 * 7 + 7 + 7 * 3 + 3) in before
    explorer.structure = explorer.structure.with_width("<b>hidden", 4)
    after = twin_html(explorer.exploration)
    assert format_exact("n_params", 5 * 4 + 4 + 4 * 3 + 3) in after
    assert "4" in twin_words(explorer.exploration)


def test_names_are_text(explorer: sw.Explorer) -> None:
    html = twin_html(explorer.exploration)
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "<b>hidden" not in html


@pytest.mark.slow
def test_a_notebook_that_was_run_without_a_page_has_it_and_its_page_too(tmp_path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    later = "explorer.structure = explorer.structure.with_width('hidden', 2)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (CELL, later)])
    NotebookClient(notebook, timeout=200, resources={"metadata": {"path": str(tmp_path)}}).execute()
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert format_exact("n_params", 5 * 2 + 2 + 2 * 3 + 3) in page  # where it stood at the end
