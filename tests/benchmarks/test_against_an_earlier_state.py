"""Reading, measuring and training together, beside an earlier state of this code in the same run.

``STRUCTOPT_EARLIER`` names a checkout of it (``git worktree add FOLDER COMMIT``). Seconds of the processor, the least
of many, in processes that take turns, so that a busy machine says the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(900)]

HERE = Path(__file__).parents[2]
TURNS = 3
# It uses what both states have.
SCRIPT = """
import itertools, json, time
import keras
import structopt_widgets as sw
from structopt_widgets.structure import StructureSpace

def least(work, rounds):
    work()
    times = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)

model = keras.applications.ResNet50(weights=None)
space = StructureSpace.from_keras(model)
group = next(group for group in space.width_groups.values() if not group.fixed)
widths = itertools.cycle(range(group.lower, group.upper + 1, group.divisor))
base = space.baseline
layers = keras.layers
mlp = [layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(64, "relu"), layers.Dense(10, "softmax")]
cnn = [layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(16, 3), layers.BatchNormalization()]
cnn += [layers.Activation("relu"), layers.GlobalAveragePooling2D(), layers.Dense(10, "softmax")]
data = sw.load_data("fashion")

def trained(inside):
    whole = StructureSpace.from_keras(keras.Sequential([keras.Input((14, 14, 1)), *inside]))
    structures = [whole.scaled(factor) for factor in (1, 0.75, 0.5, 0.25)]
    return lambda: sw.train_together(structures, data, sw.Budget(epochs=1, seeds=2, subset=4000))

inputs = space.program.inputs(base.widths, base.biases, base.activations, base.blocks, 32, space.slots)
print("figures:", json.dumps({
    "reading ResNet50": least(lambda: StructureSpace.from_keras(model), 15),
    "another structure of it, measured": least(lambda: base.with_width(group.name, next(widths)).measure(), 300),
    "all its costs, recorded": least(lambda: space.program.totals(inputs), 300),
    "four MLPs, two seeds each, trained together": least(trained(mlp), 3),
    "four CNNs, two seeds each, trained together": least(trained(cnn), 3),
}))
"""


def figures(state: Path) -> dict[str, float]:
    environment = {**os.environ, "PYTHONPATH": str(state)}
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment)
    found: dict[str, float] = json.loads(run.stdout.split("figures:")[1])
    return found


def test_nothing_is_slower_than_it_was(report: Callable[..., None]) -> None:
    earlier = os.environ.get("STRUCTOPT_EARLIER")
    if earlier is None:
        pytest.skip("STRUCTOPT_EARLIER names no checkout of an earlier state")
    turns = [(figures(Path(earlier)), figures(HERE)) for _ in range(TURNS)]
    rows = []
    for name in turns[0][0]:
        before, now = (min(turn[place][name] for turn in turns) for place in (0, 1))
        rows.append((name, f"{before * 1e3:.3g} ms before", f"{now * 1e3:.3g} ms now", f"{now / before:.2f}"))
        assert now < 10 * before
    report("against an earlier state", *rows)
