"""Quick runs of ever new structures do not keep what they compiled."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

RUNS = """
import gc
import sys

import keras
import numpy as np

import structopt_widgets as sw

model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(8, "relu", name="a"), keras.layers.Dense(4)])
base = sw.StructureSpace.from_keras(model).baseline
x, y = np.random.default_rng(0).normal(size=(40, 20)).astype("float32"), np.arange(40) % 4
data, budget = sw.Data(x, y, x, y), sw.Budget(epochs=1, seeds=int(sys.argv[1]))


def steps_left():
    gc.collect()
    return sum(type(each).__name__ == "FuncGraph" for each in gc.get_objects())


counts = []
for width in range(4, 10):
    sw.quick_run(base.with_width("a", width), data, budget)
    counts.append(steps_left())
print(counts)
"""


@pytest.mark.parametrize("seeds", [1, 2], ids=["with fit", "together"])
def test_no_compiled_step_outlives_its_run(seeds: int) -> None:
    run = subprocess.run([sys.executable, "-c", RUNS, str(seeds)], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    counts = json.loads(run.stdout.splitlines()[-1])
    # The first run may leave what TensorFlow and Keras compile once.
    assert max(counts) == counts[0]
