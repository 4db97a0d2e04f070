"""Runs functions of the front end in Node, as the page would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from structopt_widgets.structure import Structure, StructureSpace
from structopt_widgets.widgets.changes import changes
from structopt_widgets.widgets.modules import joined
from structopt_widgets.widgets.page_model import page_model


def node() -> str:
    """Where Node is. A test that needs it is skipped where there is none, and fails in CI."""
    found = shutil.which("node")
    if found is None:
        message = "Node is not installed (Debian: apt-get install nodejs)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def in_node(module: str, expression: str, given: Any) -> Any:
    """The value of a JavaScript ``expression`` in which the names of a module are known, and ``given`` is."""
    # By way of the standard input: an argument may not be as long as the whole front end.
    source = (
        f"{joined(module)}\nconst given = {json.dumps(given)};\nprocess.stdout.write(JSON.stringify({expression}));"
    )
    done = subprocess.run(
        [node(), "--input-type=module", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def page_costs(space: StructureSpace, structures: list[Structure], batch_size: int = 32) -> list[dict[str, Any]]:
    """What the page computes: ``totals`` by metric, and ``layers``, by metric a number a layer."""
    expression = """(() => {
        const state = new State(given.model, () => {});
        state.setting({ batch_size: given.batch });
        return given.structures.map((changes) => {
            state.goTo(changes);
            state.compute();
            const { totals, layers } = given.model.program;
            const layer = (metric) => given.model.layers.map((_, place) => state.layer(metric, place));
            return {
                totals: Object.fromEntries(Object.keys(totals).map((metric) => [metric, state.total(metric)])),
                layers: Object.fromEntries(Object.keys(layers).map((metric) => [metric, layer(metric)])),
            };
        });
    })()"""
    given = {"model": page_model(space), "batch": batch_size, "structures": [changes(each) for each in structures]}
    return in_node("state", expression, given)
