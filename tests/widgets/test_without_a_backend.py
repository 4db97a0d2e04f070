"""A structure that was stored is explored where there is no Keras, no backend and no psutil."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import structopt_widgets as sw

TRIAL = Path(__file__).parent.parent / "study" / "written" / "second" / "trial.json"
SCRIPT = """
import importlib.abc, json, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras", "jax", "torch", "psutil"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import structopt_widgets as sw

text, folder = sys.argv[1:]
space = sw.Structure.from_json(text).space
explorer = sw.explore(space)
explorer.structure = space.scaled(0.5)
cost = explorer.structure.measure(batch_size=32)
explorer.undo()
explorer.save_page(folder + "/explorer.html")
explorer.save(folder + "/structure.json")
try:
    explorer.structure.build("fresh")
except ImportError as error:
    said = str(error)
print(json.dumps({"costs": [cost.n_params, cost.flops, cost.training_bytes], "said": said,
                  "back": explorer.structure == space.baseline, "findings": len(sw.findings(space.baseline))}))
"""


@pytest.mark.slow
def test_it_is_explored_without_a_backend(tmp_path: Path) -> None:
    text = json.dumps(json.loads(TRIAL.read_text())["structure"])
    run = subprocess.run([sys.executable, "-c", SCRIPT, text, tmp_path], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    found = json.loads(run.stdout.splitlines()[-1])
    space = sw.Structure.from_json(text).space
    cost = space.scaled(0.5).measure(batch_size=32)
    assert found["costs"] == [cost.n_params, cost.flops, cost.training_bytes]
    assert found["back"]
    assert found["findings"] == len(sw.findings(space.baseline))
    assert found["said"].startswith("Expected Keras and its backend, by which models are read and built, got no keras.")
    assert 'id="sw-data"' in (tmp_path / "explorer.html").read_text(encoding="utf-8")
    assert sw.Structure.from_json((tmp_path / "structure.json").read_text()) == space.baseline
