"""What a notebook's prose claims of results: numbers and verdicts that no code beside it states and none wrote."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

# "one" and "zero" are seldom numbers: "one layer at a time", "zero initial weights". Of Chinese only digits are read.
FROM_TWO = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
SPELLED = {word: float(value) for value, word in enumerate(FROM_TWO, start=2)} | {
    "fifteen": 15.0,
    "twenty": 20.0,
    "thirty": 30.0,
    "forty": 40.0,
    "fifty": 50.0,
    "half": 0.5,
    "quarter": 0.25,
    "quarters": 0.75,
    "hundred": 100.0,
    "thousand": 1000.0,
    "million": 1e6,
    "billion": 1e9,
}
NUMBER = re.compile(
    rf"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w)|\b(?:{'|'.join(SPELLED)})\b",
    re.IGNORECASE | re.ASCII,  # a Chinese sign is no part of the number before it
)
VERDICT = re.compile(
    r"\b(better|best|worse|worst|beats?|beaten|wins?|won|lost nothing|faster|slower|met|missed|kept|told apart|"
    r"(?:more|less|as) accurate|significant(?:ly)?|superior|inferior|outperforms?)\b"
    r"|更好|更差|最好|最差|更快|更慢|较快|较慢|更准|达成|胜过|分不出",
    re.IGNORECASE | re.ASCII,
)
SHOWN_BY = {"Markdown", "check_prediction"}  # functions whose texts are prose

Cell = dict[str, Any]


def cells_of(path: Path) -> list[Cell]:
    """The cells of a notebook's file; nbformat takes seconds to import."""
    return [cell | {"source": "".join(cell["source"])} for cell in json.loads(path.read_text("utf-8"))["cells"]]


def unfounded(cells: Iterable[Cell], definitions: Iterable[str] = ()) -> list[str]:
    """Each number and verdict of the prose that is not founded, with where it stands.

    Prose is the Markdown cells, and in code cells the fixed parts of what is passed to ``Markdown`` (formatted values
    and texts chosen by a condition are computed). A number is founded where code of its section, from one heading to
    the next, has it as a literal: a setting, or what an ``assert`` compares with. A verdict is founded where an
    ``assert`` of the section names it. ``definitions`` are phrases that claim nothing of a result.
    """
    found = []
    for section in _sections(cells):
        trees = [ast.parse(cell["source"]) for cell in section if cell["cell_type"] == "code"]
        numbers = {
            float(node.value)
            for tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and type(node.value) in (int, float)
        }
        asserted = " ".join(
            node.value
            for tree in trees
            for claim in ast.walk(tree)
            if isinstance(claim, ast.Assert)
            for node in ast.walk(claim)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ).lower()
        for cell, plain in prose(section):
            for phrase in definitions:
                plain = plain.replace(phrase, "")
            found += [f"{cell}: number {each!r}" for each in NUMBER.findall(plain) if _value(each) not in numbers]
            found += [f"{cell}: verdict {each!r}" for each in VERDICT.findall(plain) if each.lower() not in asserted]
    return found


def _value(word: str) -> float:
    spelled = SPELLED.get(word.lower())
    return float(word.replace(",", "")) if spelled is None else spelled


def _sections(cells: Iterable[Cell]) -> Iterator[list[Cell]]:
    """Cells from one that has a heading to before the next."""
    section: list[Cell] = []
    for cell in cells:
        if cell["cell_type"] == "markdown" and re.search(r"^#+ ", cell["source"], re.MULTILINE):
            yield section
            section = []
        section.append(cell)
    yield section


def prose(cells: Iterable[Cell]) -> Iterator[tuple[str, str]]:
    """Each text that a reader is told, without code in it, with the cell it is of."""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            yield cell["id"], _without_code(cell["source"])
            continue
        tree = ast.parse(cell["source"])
        is_text = "computed-text" in cell["metadata"].get("tags", ())
        for node in [tree] if is_text else ast.walk(tree):
            if is_text or (isinstance(node, ast.Call) and _name(node.func) in SHOWN_BY):
                yield cell["id"], _without_code(" ".join(_fixed(node)))


def _name(function: ast.expr) -> str | None:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)


def _fixed(node: ast.AST) -> Iterator[str]:
    """The parts of texts that stand there whatever is computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    # A formatted value is computed; a text in a condition, an index or a comparison is chosen or compared, not said.
    elif not isinstance(node, (ast.FormattedValue, ast.IfExp, ast.Subscript, ast.Compare, ast.If)):
        for child in ast.iter_child_nodes(node):
            yield from _fixed(child)


def _without_code(text: str) -> str:
    """Markdown without code, numbering, addresses, and the names of formulas."""
    text = re.sub(r"```.*?```|`[^`]*`", " ", text, flags=re.DOTALL)
    text = re.sub(r"^(#+ (Step|第) )?\d+( 步)?[.:\uff1a]", " ", text, flags=re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)|\\[a-z]+", " ", text)
    return re.sub(r"\s+", " ", text)
