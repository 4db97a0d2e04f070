"""Runs functions of the front end in Node, as the page would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from structopt_widgets.widgets.modules import joined


def in_node(module: str, expression: str, given: Any) -> Any:
    """The value of a JavaScript ``expression`` in which the names of a module are known, and ``given`` is."""
    node = shutil.which("node")
    if node is None:
        message = "Node is not installed (Debian: apt-get install nodejs)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    source = (
        "import { readFileSync } from 'node:fs';\n"
        f"{joined(module)}\n"
        "const given = JSON.parse(readFileSync(0, 'utf8'));\n"
        f"process.stdout.write(JSON.stringify({expression}));"
    )
    done = subprocess.run(
        [node, "--input-type=module", "-e", source],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
