"""One live recomputation, against building the model anew and asking Keras and TensorFlow.

The figures are reported. What is asserted is orders of magnitude below them, and holds on a busy machine.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable

import keras
import pytest
from keras import layers as kl
from tf_profiler import profiled

import structopt_widgets as sw

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
    [("MLP 784-512-512-10", mlp, (784,), 7), ("ResNet50, 224", resnet50, (224, 224, 3), 3)],
    ids=["mlp", "resnet50"],
)
def test_live_against_rebuilding(
    name: str,
    make: Callable[[], keras.Model],
    shape: tuple[int, ...],
    rounds: int,
    report: Callable[..., None],
) -> None:
    space = sw.StructureSpace.from_keras(make())
    group = next(group for group in space.width_groups.values() if not group.fixed)
    # Every measurement is of a structure that was not seen before.
    widths = itertools.cycle(range(group.lower, group.upper + 1, group.divisor))
    live = median_seconds(lambda: space.baseline.with_width(group.name, next(widths)).measure(), LIVE_ROUNDS)

    counted = []

    def rebuild() -> None:
        model = make()
        counted.append((model.count_params(), profiled(model, shape)["total"]))

    rebuilt = median_seconds(rebuild, rounds)
    report(
        f"{name}: parameters, FLOPs, memory and parallelism of another structure",
        ("a live recomputation", in_words(live), f"median of {LIVE_ROUNDS}"),
        ("build + count_params + tf.profiler", in_words(rebuilt), f"median of {rounds}"),
        ("times faster", f"{rebuilt / live:,.0f}", ""),
    )
    assert {params for params, _ in counted} == {space.baseline.measure().n_params}
    assert rebuilt > 10 * live
