"""The notebooks that teach by a kind of data: each runs from its parameters on, and ends with what its numbers say."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest
from notebook_prose import Cell, cells_of

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
# What makes each small enough for a test.
SMALL = {
    "04_images": "epochs, seeds, subset = 1, 2, 200",
    "05_text": "epochs, seeds = 1, 2",
    "06_speech": "epochs, epochs_windows, seeds = 1, 1, 2",
    "07_large_models": "length = 16",
    "08_smaller_for_real": "epochs, epochs_recovery, seeds, most_parameters = 1, 1, 2, 12_000",
}
# What makes each notebook small that has parameters.
LOWERED = {"02_explore": "epochs, seeds, n_trials = 1, 2, 4", **SMALL}
each_lesson = pytest.mark.parametrize("name", SMALL)


def parameters(cells: list[Cell]) -> Cell:
    """The one cell that papermill, or a test, writes over."""
    (found,) = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", ())]
    return found


def assigned(source: str) -> set[str]:
    """The names that a cell sets."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


@pytest.mark.parametrize("name", LOWERED)
def test_a_test_sets_the_parameters_there_are(name: str) -> None:
    cells = cells_of(NOTEBOOKS / f"{name}.ipynb")
    assert assigned(LOWERED[name]) == assigned(parameters(cells)["source"])
    assert parameters(cells) is next(cell for cell in cells if cell["cell_type"] == "code"), "before anything is run"


@each_lesson
def test_its_conclusion_is_computed(name: str) -> None:
    last = cells_of(NOTEBOOKS / f"{name}.ipynb")[-1]
    assert last["id"] == "conclusion"
    assert "computed-text" in last["metadata"]["tags"]


def test_without_kerashub_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    (imports,) = [cell for cell in cells_of(NOTEBOOKS / "07_large_models.ipynb") if cell["id"] == "imports"]
    (guarded,) = [node for node in ast.parse(imports["source"]).body if isinstance(node, ast.Try)]
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(ModuleNotFoundError, match="pip install keras-hub"):
        exec(compile(ast.Module([guarded], []), "imports", "exec"), {})  # noqa: S102 - the notebook's own cell


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@each_lesson
def test_it_runs_in_full(name: str, tmp_path: Path) -> None:
    assert "**" in conclusion(json.loads((NOTEBOOKS / f"{name}.ipynb").read_text("utf-8")), tmp_path)


def conclusion(notebook: Cell, folder: Path) -> str:
    """What a notebook says in the end, once all its cells have run."""
    import nbformat
    from nbclient import NotebookClient

    node = nbformat.reads(json.dumps(notebook), as_version=4)
    client = NotebookClient(node, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    (output,) = client.execute().cells[-1].outputs
    return output.data["text/markdown"]
