"""Documents name files that exist; a folder of more than ten files has one, which in the package names them all."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "structopt_widgets"
DOCUMENTS = sorted(
    [ROOT / "README.md", *(ROOT / ".github").glob("*.md"), *PACKAGE.rglob("*.md"), *(ROOT / "tests").rglob("*.md")]
)
FOLDERS = sorted(path.parent for path in PACKAGE.rglob("__init__.py"))
MANY = 10

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@each_document
def test_links_lead_to_files(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    assert missing == []


@each_document
def test_named_files_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+\.(?:py|js|css|ipynb))`", text) + re.findall(r"pytest (tests/[\w/.]+)", text)
    # A file is named from its document's folder, from the package or from the top.
    homes = (path.parent, PACKAGE, ROOT, ROOT / "tests")
    assert [name for name in named if not any((home / name).exists() for home in homes)] == []


def test_every_large_folder_has_a_document() -> None:
    files = [path for home in (PACKAGE, ROOT / "tests") for path in home.rglob("*") if path.suffix in (".py", ".js")]
    counts = Counter(path.parent for path in files if path.name != "__init__.py")
    assert [folder for folder, count in counts.items() if count > MANY and not (folder / "README.md").exists()] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_large_folder_says_where_each_thing_lives(folder: Path) -> None:
    files = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    if len(files) <= MANY:
        return
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert sorted(name for name in files if f"`{name}`" not in text) == []


@each_document
def test_no_merge_is_left_half_done(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("<<<<<<< ", ">>>>>>> ")) or line == "======="] == []
