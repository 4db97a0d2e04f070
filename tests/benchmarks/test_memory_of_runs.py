"""What a process holds after hundreds of runs, each of structures never seen before.

TensorFlow keeps what it prepares for shapes it has not met: oneDNN's products, up to 1,024 in each thread. So memory
grows at first, and what is asserted is that it ends flat.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

RUNS, EVERY = 200, 25

PROCESS = """
import json
import resource
import sys
from pathlib import Path

import keras
import numpy as np

import structopt_widgets as sw

how, runs, every = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
layers = [keras.layers.Dense(128, "relu", name="a"), keras.layers.Dense(128, "relu", name="b"), keras.layers.Dense(10)]
base = sw.StructureSpace.from_keras(keras.Sequential([keras.Input((196,)), *layers])).baseline
data, rng = sw.load_data("fashion"), np.random.default_rng(0)


def unseen():
    first, second = (int(each) for each in rng.integers(8, 257, 2))
    return base.with_width("a", first).with_width("b", second)


held = []
for number in range(runs + 1):
    if number % every == 0:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        held.append(pages * resource.getpagesize() / 2**20)
    if how == "sweep":
        sw.train_together([unseen() for _ in range(8)], data, sw.Budget(steps=20, seeds=1))
    else:
        sw.quick_run(unseen(), data, sw.Budget(steps=20, seeds=5 if how == "five seeds" else 1))
print(json.dumps(held))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process from Linux's /proc")
@pytest.mark.parametrize("how", ["one seed", "five seeds", "sweep"])
def test_memory_ends_flat(how: str) -> None:
    command = [sys.executable, "-c", PROCESS, how, str(RUNS), str(EVERY)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    assert run.returncode == 0, run.stderr
    held = json.loads(run.stdout.splitlines()[-1])
    print(f"\n{how}: MB after 0, {EVERY}, {2 * EVERY}, ... runs of structures never seen before:")
    print("  " + ", ".join(f"{each:.0f}" for each in held))
    print(f"  {(held[-1] - held[len(held) // 2]) / (RUNS / 2):+.2f} MB a run in the second half")
    assert held[-1] < 1.05 * held[len(held) // 2]
