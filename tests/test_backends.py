"""On JAX and on PyTorch a model reads, counts, builds, inherits and trains as it does on TensorFlow."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import on_a_backend
import pytest

import structopt_widgets as sw

SCRIPT = Path(on_a_backend.__file__)


def done_on(backend: str, folder: Path, what: str) -> dict[str, Any]:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install 'structopt-widgets[{backend}]'")
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, SCRIPT, folder, what]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
def test_jax_does_the_least_of_each(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model, rng = on_a_backend.dense(), np.random.default_rng(0)
    data = sw.Data(rng.normal(size=(60, 6)).astype("float32"), rng.integers(0, 3, 60))
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=np.concatenate([data.x, data.x_val]), y=np.concatenate([data.y, data.y_val]))
    found = done_on("jax", tmp_path, "little")
    half = sw.StructureSpace.from_keras(model).scaled(0.5)
    n_params = 6 * 4 + 4 + 4 * 3 + 3
    assert found["counts"] == [[n_params, n_params, half.measure().flops]]
    assert np.shape(found["outputs"]) == (12, 3)
    assert found["trials"] == [["complete", "keras"]]
    engine, settled, history = found["together"]
    assert (engine, settled) == ("together", True)
    assert [each[:2] for each in found["alone"]] == [["keras", True], ["keras", True]]
    for mine, (_, _, theirs) in zip(history, found["alone"], strict=True):
        assert len(mine) == len(theirs) == 2
        for one, other in zip(mine, theirs, strict=True):
            assert one == pytest.approx(other, rel=1e-4)
    assert (found["backend"], "jax" in found["versions"]) == ("jax", True)


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_does_the_same(backend: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model, rng = on_a_backend.of_images(), np.random.default_rng(0)
    x, y = rng.normal(size=(60, 6, 6, 2)).astype("float32"), rng.integers(0, 3, 60)
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=x, y=y)
    found, data = done_on(backend, tmp_path, "everything"), sw.Data(x, y)
    assert found["backend"] == backend
    # What is counted here, by TensorFlow, and Keras's own count.
    assert found["counts"] == [
        on_a_backend.counts(on_a_backend.of_images()),
        on_a_backend.counts(on_a_backend.of_tokens()),
    ]
    assert all(ours == theirs for each in found["counts"] for ours, theirs, *_ in each)
    # The same units are kept by the gradients of another backend, and the same statistics are recomputed.
    mine = sw.StructureSpace.from_keras(model).scaled(0.5).build(data=data)
    expected = keras.ops.convert_to_numpy(mine(data.x_val, training=False))
    np.testing.assert_allclose(found["outputs"], expected, atol=1e-4)
    # Two seeds of a structure, and two structures with one each.
    why = "keras: runs are trained together by TensorFlow and JAX, not by torch"
    ways = ["together", "keras", "keras"] if backend == "jax" else [why, why, why]
    assert found["trials"] == [["complete", way, True] for way in ways]
    assert backend in found["versions"]
    assert "tensorflow" not in found["versions"]
    assert found["same"]
    assert found["inherited_score"] == "complete"
    assert found["latency"][0] >= 3
    assert found["refused"] == (
        "Expected TensorFlow as Keras's backend: counting again by its profiler, cost.verify(), needs it. "
        f"Got {backend}. Start Python with KERAS_BACKEND=tensorflow."
    )
