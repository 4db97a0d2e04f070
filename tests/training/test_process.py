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
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
child = os.fork()
if child == 0:
    try:
        sw.quick_run(model, data)
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


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", START + code], capture_output=True, text=True, timeout=200)


def test_a_forked_child_is_refused() -> None:
    ended = python(FORK)
    assert ended.returncode == 0, ended.stderr
    assert "Expected a process of its own to train in, got one that was forked" in ended.stdout
    assert "child 7" in ended.stdout


def test_python_that_ends_while_a_daemon_thread_compiles_stops_it_and_waits() -> None:
    ended = python(LEAVE)
    assert ended.stdout == "leaving\n"
    assert ended.returncode == 0, ended.stderr
    assert "terminate" not in ended.stderr
