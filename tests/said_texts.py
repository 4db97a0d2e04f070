"""All that is said to people, collected from the code, and the catalogues of other languages brought up to date.

    uv run python tests/said_texts.py

adds to each catalogue what it lacks, without a translation, and drops what nothing says any more.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parent.parent / "structopt_widgets"
CATALOGUES = sorted(PACKAGE.glob("locale/*/LC_MESSAGES/*.po"))

STRING = r'"(?:[^"\\\n]|\\.)*"'

Text = str | tuple[str, str]  # one that a number decides on has two forms in English

# Calls of Python whose literal arguments are said, by place or by name.
CALLS: dict[str, tuple[int | str, ...]] = {
    "say": (0,),
    "Metric": (0, 2, 3, "label", "meaning", "convention"),
    "Unit": (2, "in_words"),
    "new_width": (1, "label"),
    # What a layer does with a width, after its name.
    **dict.fromkeys(("tie", "split", "cut", "every"), (2, "because")),
    **dict.fromkeys(("fix", "freeze"), (1, "because")),
    "Kept": (0,),
    "Changed": (1,),
    "fix_inputs": (1,),
    "broadcast": (3,),
}


def collected() -> dict[Text, set[str]]:
    """Every text that the code says, with the files that say it."""
    found: dict[Text, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for text in in_python(path.read_text(encoding="utf-8")):
            found.setdefault(text, set()).add(path.relative_to(PACKAGE).as_posix())
    for path in sorted(PACKAGE.rglob("*.js")):
        for text in in_javascript(path.read_text(encoding="utf-8")):
            found.setdefault(text, set()).add(path.relative_to(PACKAGE).as_posix())
    return {text: found[text] for text in found if text != ""}


def in_python(source: str) -> Iterator[Text]:
    """The texts of a file of Python."""
    for node in ast.walk(ast.parse(source)):
        # A rule's class says what all its layers do.
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "because":
            yield from _of_ties(_literal(node.value))
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = {**dict(enumerate(node.args)), **{each.arg: each.value for each in node.keywords}}
        if name == "say_n":
            one, many = _literal(given.get(1)), _literal(given.get(2))
            assert "" not in (one, many), "say_n() takes a number and two texts as they are"
            yield (one, many)
        for place in CALLS.get(name, ()):
            assert not isinstance(given.get(place), ast.JoinedStr) or name != "say", "say() takes text as it is"
            yield from (_of_ties if name in ("tie", "broadcast") else _alone)(_literal(given.get(place)))


def in_javascript(source: str) -> Iterator[Text]:
    """The texts of a module of JavaScript, which are in double quotes there."""
    code = re.sub(r"^\s*//.*$", "", source, flags=re.MULTILINE)
    assert "say(`" not in code, "say() takes text as it is"
    for text in re.findall(rf"\bsay\(\s*({STRING})", code):
        yield json.loads(text)
    for one, many in re.findall(rf"\bsayMany\([^\"]*?,\s*({STRING}),\s*({STRING})", code):
        yield (json.loads(one), json.loads(many))


def _literal(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _alone(text: str) -> Iterator[Text]:
    yield text


def _of_ties(text: str) -> Iterator[Text]:
    """What ties widths is said with the layers' names in the place of "them" as well."""
    yield text
    if "them" in text:
        yield text.replace("them", "{them}")


def read(path: Path) -> Catalog:
    """A catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def update(path: Path) -> None:
    """Bring a catalogue up to date; its translations stay."""
    old = read(path)
    # A date of each update would be in the way of two people's.
    about = {"project": "structopt-widgets", "creation_date": old.creation_date}
    new = Catalog(locale=old.locale, header_comment=old.header_comment, fuzzy=False, **about)
    for text, files in collected().items():
        known = old.get(text)
        new.add(text, known.string if known else "", locations=[(file, None) for file in sorted(files)])
    with path.open("wb") as file:
        write_po(file, new, width=118, omit_header=False, include_lineno=False)


if __name__ == "__main__":
    for each in CATALOGUES:
        update(each)
