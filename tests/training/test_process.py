"""Runs and their process: forks are refused, and Python ends in order while TensorFlow compiles."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

START = """
import os, sys, threading, time
import numpy as np, keras
import structopt_widgets as sw
x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
data = sw.Data(x, np.arange(64) % 2)
"""

FORK = """
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
space = sw.StructureSpace.from_keras(model)
runs = [
    lambda: sw.quick_run(model, data),
    lambda: sw.sensitivity(space, data),
    lambda: sw.inherited_score(space.baseline, data),
    lambda: space.scaled(0.5).build(data=data),
    lambda: space.baseline.measure().verify(),
]
child = os.fork()
if child == 0:
    try:
        runs[int(sys.argv[1])]()
    except RuntimeError as error:
        print(error, flush=True)
        os._exit(7)
    os._exit(0)
print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""

LEAVE = """
inputs = x = keras.Input((4,))
for _ in range(60):
    x = keras.layers.LayerNormalization()(keras.layers.Dense(4, "relu")(x))
model = keras.Model(inputs, keras.layers.Dense(2)(x))
begun = threading.Event()
budget = sw.Budget(epochs=1000, seeds=2)
run = lambda: sw.quick_run(model, data, budget, on_progress=lambda _: begun.set())
threading.Thread(target=run, daemon=True).start()
assert begun.wait(100)
time.sleep(1)
print("leaving", flush=True)
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", START + code, *arguments], capture_output=True, text=True, timeout=200)


@pytest.mark.parametrize("run", [0, 3, *(pytest.param(place, marks=pytest.mark.exhaustive) for place in (1, 2, 4))])
def test_a_forked_child_is_refused(run: int) -> None:
    ended = python(FORK, str(run))
    assert ended.returncode == 0, ended.stderr
    assert "Expected a process of its own to run TensorFlow in, got one that was forked" in ended.stdout
    assert "child 7" in ended.stdout


def test_python_that_ends_while_a_daemon_thread_compiles_stops_it_and_waits() -> None:
    ended = python(LEAVE)
    assert ended.stdout == "leaving\n"
    assert ended.returncode == 0, ended.stderr
    assert "terminate" not in ended.stderr
