"""The front end's modules that draw nothing, by tests of their own language and Node's runner."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from front_end import node

from structopt_widgets.widgets.modules import FOLDER

TESTS = Path(__file__).parent / "javascript"


@pytest.fixture
def beside_the_modules(tmp_path: Path) -> Path:
    """A folder that Node takes for ES modules: the package itself has no package.json, which nothing else needs."""
    for each in (*FOLDER.glob("*.js"), *TESTS.glob("*.js")):
        shutil.copy(each, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("tests", sorted(each.name for each in TESTS.glob("*.test.js")))
def test_modules(beside_the_modules: Path, tests: str) -> None:
    done = subprocess.run(
        [node(), "--test", tests], cwd=beside_the_modules, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_fault_would_be_seen(beside_the_modules: Path) -> None:
    widths = beside_the_modules / "widths.js"
    source = widths.read_text(encoding="utf-8")
    assert source.count("/ divisor + 0.5") == 1
    widths.write_text(source.replace("/ divisor + 0.5", "/ divisor + 1.5"), encoding="utf-8")
    done = subprocess.run(
        [node(), "--test", "widths.test.js"], cwd=beside_the_modules, capture_output=True, check=False
    )
    assert done.returncode == 1
