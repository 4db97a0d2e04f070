"""One live recomputation, against building the model anew and asking Keras and TensorFlow.

The figures are reported. What is asserted is orders of magnitude below them, and holds on a busy machine.
"""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import keras
import pytest
from keras import layers as kl
from tf_profiler import profiled
from zoo.decoder import SEVEN_BILLION, decoder

import structopt_widgets as sw
from structopt_widgets.keras_bridge.verifying.profile import profiled as profiled_without_weights

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(900)]

LIVE_ROUNDS = 1000


def mlp(width: int = 512) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((784,)),
            kl.Dense(width, activation="relu", name="first"),
            kl.Dense(512, activation="relu", name="second"),
            kl.Dense(10, activation="softmax", name="classes"),
        ]
    )


def resnet50() -> keras.Model:
    return keras.applications.ResNet50(weights=None)


def efficientnet_b7() -> keras.Model:
    return keras.applications.EfficientNetB7(weights=None)


def seven_billion() -> keras.Model:
    return decoder(**SEVEN_BILLION)


# In a process of its own, which has imported TensorFlow and nothing else: in MiB, before making and after measuring.
MEMORY = """
import psutil, keras, tensorflow, pandas, structopt_widgets as sw
from test_live_cost import {make}

def resident():
    return psutil.Process().memory_info().rss / 2**20

before = resident()
with sw.without_weights():
    model = {make}()
sw.StructureSpace.from_keras(model).baseline.measure().by_layer
print("memory:", before, resident())
"""


def in_memory(make: Callable[[], keras.Model]) -> tuple[float, float]:
    tests = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests / "benchmarks")])}
    script = MEMORY.format(make=make.__name__)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    before, after = run.stdout.split("memory:")[1].split()
    return float(before), float(after)


def median_seconds(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def in_words(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


@pytest.mark.parametrize(
    ("name", "make", "shape", "rounds"),
    [
        ("MLP 784-512-512-10", mlp, (784,), 7),
        ("ResNet50, 224", resnet50, (224, 224, 3), 3),
        ("EfficientNetB7, 600", efficientnet_b7, (600, 600, 3), 1),
        # 27 GB of weights: it is rebuilt and profiled without them.
        ("transformer of 7 billion", seven_billion, None, 1),
    ],
    ids=["mlp", "resnet50", "efficientnet_b7", "seven_billion"],
)
def test_live_against_rebuilding(
    name: str,
    make: Callable[[], keras.Model],
    shape: tuple[int, ...] | None,
    rounds: int,
    report: Callable[..., None],
) -> None:
    with sw.without_weights():
        model = make()
    read = median_seconds(lambda: sw.StructureSpace.from_keras(model), 3)
    space = sw.StructureSpace.from_keras(model)
    group = next(group for group in space.width_groups.values() if not group.fixed)
    # Every measurement is of a structure that was not seen before.
    widths = itertools.cycle(range(group.lower, group.upper + 1, group.divisor))
    space.baseline.measure()  # the program is recorded and compiled once
    live = median_seconds(lambda: space.baseline.with_width(group.name, next(widths)).measure(), LIVE_ROUNDS)
    before, after = in_memory(make)

    counted = []

    def rebuild() -> None:
        if shape is not None:
            rebuilt = make()
            assert profiled(rebuilt, shape)["total"]
        else:
            with sw.without_weights():
                rebuilt = make()
                assert profiled_without_weights(rebuilt)
        counted.append(rebuilt.count_params())

    rebuilt = median_seconds(rebuild, rounds)
    report(
        f"{name}: parameters, FLOPs, memory and parallelism of another structure",
        ("reading the model, once", in_words(read), "median of 3"),
        ("a live recomputation", in_words(live), f"median of {LIVE_ROUNDS}"),
        ("build + count_params + tf.profiler", in_words(rebuilt), f"median of {rounds}"),
        ("times faster", f"{rebuilt / live:,.0f}", ""),
        ("memory of the whole process", f"{after:,.0f} MiB", f"{before:,.0f} MiB before the model was made"),
    )
    assert set(counted) == {space.baseline.measure().n_params}
    assert rebuilt > 10 * live
