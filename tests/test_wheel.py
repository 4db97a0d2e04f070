"""The wheel: what is in it, and that it works in an environment that has never seen the clone."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # a cold cache downloads TensorFlow first

REPOSITORY = Path(__file__).parents[1]
PACKAGE = "structopt_widgets"

USE = """
import json, sys
from pathlib import Path

import structopt_widgets as sw

facts = {"file": sw.__file__, "version": sw.__version__, "imports_tensorflow": "tensorflow" in sys.modules}

import keras

data = sw.load_data("fashion")
facts["data"] = [list(data.x.shape), list(data.x_val.shape), len(data.class_names)]
model = keras.Sequential(
    [
        keras.Input((14, 14)),
        keras.layers.Flatten(),
        keras.layers.Dense(16, activation="relu", name="hidden"),
        keras.layers.Dense(10, activation="softmax", name="classes"),
    ]
)
explorer = sw.explore(model, data=data)
explorer.controls["hidden"].width.value = 8
facts["n_params"] = explorer.structure.measure().n_params
facts["panel"] = len(explorer.instrument._esm) > 1000 and len(explorer.instrument._css) > 100

from structopt_widgets import cli

folder = cli.notebook_folder(Path("mine"))
facts["notebooks"] = sorted(path.name for path in folder.iterdir())
(folder / "01_walkthrough.ipynb").write_text("edited")
cli.notebook_folder(Path("mine"))
facts["kept"] = (folder / "01_walkthrough.ipynb").read_text() == "edited"
facts["found"] = cli.find_notebook(folder, "03_report")
Path("facts.json").write_text(json.dumps(facts))
"""


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(uv: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(*uv, "build", "--wheel", "--out-dir", str(folder), str(REPOSITORY), cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def members(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_it_holds_everything_the_package_reads(members: set[str]) -> None:
    for folder in ("data", "notebooks"):
        files = {path for path in (REPOSITORY / folder).rglob("*") if path.is_file() and path.suffix != ".png"}
        files = {path for path in files if ".ipynb_checkpoints" not in path.parts}
        assert files
        expected = {f"{PACKAGE}/{path.relative_to(REPOSITORY).as_posix()}" for path in files}
        assert expected <= members, f"missing: {expected - members}"
    sources = {path for path in (REPOSITORY / PACKAGE).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {".py", ".js", ".css", ".json", ".typed", ".po"} <= {path.suffix for path in sources}
    expected = {path.relative_to(REPOSITORY).as_posix() for path in sources}
    assert f"{PACKAGE}/py.typed" in expected
    assert f"{PACKAGE}/lab_settings/labconfig/default_setting_overrides.json" in expected
    assert expected <= members, f"missing: {expected - members}"


def test_it_holds_every_licence(members: set[str]) -> None:
    licences = {path.name for path in (REPOSITORY / "data" / "licences").iterdir()} | {"LICENSE"}
    assert licences <= {name.rpartition("/")[2] for name in members if ".dist-info/licenses/" in name}


def test_it_holds_nothing_else(members: set[str]) -> None:
    assert {name.split("/")[0].split("-")[0] for name in members} == {PACKAGE}
    foreign = {name for name in members if "test" in name.lower() or "__pycache__" in name or "checkpoint" in name}
    assert not foreign


def test_it_explores_in_an_empty_environment(uv: list[str], wheel: Path, tmp_path: Path) -> None:
    run(*uv, "venv", "--python", sys.executable, "environment", cwd=tmp_path)
    scripts = tmp_path / "environment" / ("Scripts" if sys.platform == "win32" else "bin")
    python = str(scripts / "python")
    run(*uv, "pip", "install", "--python", python, str(wheel), cwd=tmp_path)
    # Isolated: neither this folder nor PYTHONPATH may lend it a module.
    run(python, "-I", "-c", USE, cwd=tmp_path)
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert Path(facts.pop("file")).is_relative_to(tmp_path)
    assert facts == {
        "version": wheel.name.split("-")[1],
        "imports_tensorflow": False,
        "data": [[8000, 14, 14], [2000, 14, 14], 10],
        "n_params": (196 + 1) * 8 + (8 + 1) * 10,
        "panel": True,
        "notebooks": sorted(path.name for path in (REPOSITORY / "notebooks").glob("*.ipynb")),
        "kept": True,
        "found": "03_report.ipynb",
    }
    assert "lab" in run(str(scripts / "structopt-widgets"), "--help", cwd=tmp_path)
