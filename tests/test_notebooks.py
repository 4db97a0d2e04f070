"""The notebooks: clean as they are shipped; the report gives the same numbers twice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# nbformat, nbclient and nbconvert take seconds to import, which the fast tests need not wait for.
Notebook = dict[str, Any]

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
BY_NAME = {path.stem: path for path in NOTEBOOKS}
REPORT = BY_NAME["03_report"]
CHECKED = [name for name, path in BY_NAME.items() if "check_prediction" in path.read_text("utf-8")]

SMALL = """
dataset = "fashion"
multipliers = (1.0, 0.25, 0.0625)
activations = ("relu",)
epochs = 1
seeds = 2
batch_size = 64
"""


def read(path: Path) -> Notebook:
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(notebook: Notebook) -> list[Notebook]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def outputs(notebook: Notebook, mime: str | None = None) -> Iterator[Any]:
    """All outputs, or the texts of those that have a ``mime`` type."""
    for cell in code_cells(notebook):
        for output in cell["outputs"]:
            if mime is None:
                yield output
            elif mime in output.get("data", {}):
                yield "".join(output["data"][mime])


def printed(notebook: Notebook) -> str:
    return "".join("".join(output["text"]) for output in outputs(notebook) if output.get("name") == "stdout")


def tables(notebook: Notebook) -> list[list[list[str]]]:
    """The words in every table the notebook shows: tables of rows of cells."""
    return [
        [
            re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.DOTALL)
            for row in re.findall(r"<tr.*?</tr>", table, flags=re.DOTALL)
        ]
        for text in outputs(notebook, "text/html")
        for table in re.findall(r"<table.*?</table>", text, flags=re.DOTALL)
    ]


def column(table: list[list[str]], name: str) -> list[str]:
    """The cells under a heading."""
    place = table[0].index(name)
    return [row[place] for row in table[1:] if any(row[1:])]  # pandas gives the index's name a row of its own


def run(notebook: Notebook, folder: Path) -> Notebook:
    """Run every cell, in a folder that has nothing but the notebook."""
    import nbformat
    from nbclient import NotebookClient

    for cell in code_cells(notebook):
        cell["outputs"], cell["execution_count"] = [], None
    node = nbformat.reads(json.dumps(notebook), as_version=4)
    return NotebookClient(
        node, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
class TestAsShipped:
    def test_it_names_its_kernel(self, path: Path) -> None:
        kernel = read(path)["metadata"]["kernelspec"]
        assert kernel["name"] == "python3"
        assert kernel["display_name"]

    @pytest.mark.slow
    def test_it_is_valid(self, path: Path) -> None:
        import nbformat

        nbformat.validate(nbformat.read(path, as_version=4))

    def test_its_outputs_are_clean(self, path: Path) -> None:
        for output in outputs(read(path)):
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr"

    def test_its_outputs_load_nothing_and_name_no_folder(self, path: Path) -> None:
        for output in outputs(read(path)):
            text = str(output).replace("http://www.w3.org/2000/svg", "")  # a namespace, not an address
            assert not re.search(r"https?://", text)
            assert not re.search(r"(/home/|/root/|/tmp/|/Users/|[A-Z]:\\\\)", text)
            assert "<script" not in text

    def test_only_the_report_has_outputs(self, path: Path) -> None:
        assert bool(list(outputs(read(path)))) == (path == REPORT)


def exercises(language: str) -> Callable[..., str]:
    """What checks the predictions of notebooks in a language, as text."""
    from structopt_widgets import check_prediction

    return lambda *args, **options: check_prediction(*args, language=language, **options)._repr_markdown_()


each_language = pytest.mark.parametrize("language", ["en", "zh"])


@each_language
def test_a_prediction_is_checked_and_the_answer_stays_folded(language: str) -> None:
    check = exercises(language)

    def said(prediction: object) -> str:
        return check(prediction, 100, hint="think twice", answer="one hundred", close=2)

    none, low, near, right, high = (said(each).split("\n\n")[0] for each in (None, 90, 99, 100, 110))
    assert len({none, low, near, right, high}) == 5
    assert "`None`" in none
    for text in (said(None), said(90), said(110)):
        assert "100" not in text
        shown, hint, answer = text.split("<details>")
        assert hint.index("</summary>") < hint.index("think twice") < hint.index("</details>")
        assert answer.index("</summary>") < answer.index("one hundred") < answer.index("</details>")
        assert "hundred" not in shown


@each_language
def test_what_is_no_prediction_is_told_so_without_the_answer(language: str) -> None:
    check = exercises(language)

    def said(prediction: object, truth: object, **options: bool) -> str:
        return check(prediction, truth, hint="h", answer="a", **options).split("\n\n")[0]

    right, high = (said(each, 139)[:8] for each in (139, 140))
    for wrong in ("139", "41%", True, float("nan"), float("inf"), [139]):
        assert f"`{wrong!r}`" in said(wrong, 139)
    assert "`0.44`" in said(44, 0.4414, share=True)
    assert said(-0.1, 0.4414, share=True)[:8] not in (right, high)
    assert "`" not in said(-0.1, 0.4414, share=True)  # it is not taken for a percentage
    assert said(10**400, 139)[:8] not in (right, high)
    # A share may be a percentage point off, and no more.
    near, below, above = (said(each, 0.4414, share=True) for each in (0.4414 + 0.01, 0.43, 0.46))
    assert "0.4414" in near
    assert below != above
    assert all("0.4414" not in each for each in (below, above))
    # A name is a name.
    assert said(" third ", "third") != said("first", "third") != said(3, "third")
    assert "third" not in said("first", "third")


@pytest.mark.parametrize("name", CHECKED)
def test_no_cell_shows_the_answer_before_the_prediction(name: str) -> None:
    """A prediction's check is collapsed; every prediction has a cell of its own, before it, and each is checked."""
    places: set[str] = set()
    checked: set[str] = set()
    asked = False
    for cell in read(BY_NAME[name])["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            assert not asked, f"{cell['id']}: the prediction before it has no place to be written"
            asked = bool(re.search(r"\*\*(Predict|\u9884\u6d4b)", source))
            continue
        for name in re.findall(r"^(prediction_\w+) = None", source, flags=re.MULTILINE):
            places.add(name)
            asked = False
            assert "check" not in source
        for name in re.findall(r"\bcheck_prediction\(\s*(prediction_\w+)", source):
            assert name in places
            checked.add(name)
            assert cell["metadata"]["jupyter"]["source_hidden"]
    assert places == checked


def test_the_report_was_run_from_top_to_bottom() -> None:
    counts = [cell["execution_count"] for cell in code_cells(read(REPORT))]
    assert counts == list(range(1, len(counts) + 1))
    assert "12 structures run" in printed(read(REPORT))


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["01_walkthrough.zh", "02_explore"])
def test_every_cell_runs_in_full(name: str, tmp_path: Path) -> None:
    """The Chinese walkthrough runs the code of the English one, which a faster test compares."""
    done = run(read(BY_NAME[name]), tmp_path)
    assert all(cell["execution_count"] for cell in code_cells(done))
    assert "accuracy" in printed(done)


@pytest.fixture(scope="module")
def small_reports(tmp_path_factory: pytest.TempPathFactory) -> list[Notebook]:
    """The report with a small experiment in its first cell, run twice."""
    reports = []
    for _ in range(2):
        notebook = read(REPORT)
        (parameters,) = (cell for cell in code_cells(notebook) if "parameters" in cell["metadata"].get("tags", ()))
        assert parameters is code_cells(notebook)[0]
        parameters["source"] = SMALL
        reports.append(run(notebook, tmp_path_factory.mktemp("report")))
    return reports


@pytest.mark.slow
@pytest.mark.timeout(600)
class TestReport:
    def test_two_runs_give_the_same_numbers(self, small_reports: list[Notebook]) -> None:
        first, second = small_reports
        assert printed(first) == printed(second)
        assert list(outputs(first, "image/svg+xml")) == list(outputs(second, "image/svg+xml"))
        assert len(tables(first)) == len(tables(second)) == 5
        assert tables(first) == tables(second)

    def test_its_tables_hold_the_experiment(self, small_reports: list[Notebook]) -> None:
        costs, runs, front, _, versions = tables(small_reports[0])
        # A hidden layer of w units after n inputs has (n + 1) w parameters; both are scaled together.
        expected = [(196 + 1) * a + (a + 1) * b + (b + 1) * 10 for a, b in ((128, 64), (32, 16), (8, 4))]
        assert column(runs, "parameters") == [f"{number:,}" for number in expected]
        assert set(column(front, "structure")) <= set(column(runs, "structure"))
        assert column(costs, "exactly")[0] == f"{expected[0]:,}"
        assert "TensorFlow" in [row[0] for row in versions]

    def test_it_is_a_page_that_needs_no_code_and_no_network(self, small_reports: list[Notebook]) -> None:
        from offline_page import export_page

        page = export_page(small_reports[0])
        assert not re.search(r"<script[^>]+src=", page)
        assert not re.search(r"<(link|img|iframe)[^>]+(href|src)=[\"']?http", page)
        assert not re.search(r"@import|url\([\"']?http", page)
        (picture,) = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
        assert "<title>Validation accuracy against Parameters</title>" in picture
        assert page.count("<table") == 5
