"""Three seeds of one structure on JAX, in one compiled step and one by one: ratios of the same run."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers as kl
from test_backends import done_on

import structopt_widgets as sw

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]


def mlp() -> keras.Model:
    hidden = [kl.Dense(units, "relu") for units in (128, 64)]
    return keras.Sequential([keras.Input((14, 14)), kl.Flatten(), *hidden, kl.Dense(10, "softmax")])


def cnn() -> keras.Model:
    hidden = [kl.Conv2D(filters, 3, padding="same", activation="relu") for filters in (16, 32)]
    pooled = [kl.Reshape((14, 14, 1)), *hidden, kl.GlobalAveragePooling2D()]
    return keras.Sequential([keras.Input((14, 14)), *pooled, kl.Dense(10, "softmax")])


@pytest.mark.parametrize("make", [mlp, cnn])
def test_seeds_in_one_step(make: object, tmp_path: Path) -> None:
    assert callable(make)
    data = sw.load_data("fashion")
    make().save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=data.x[:2000], y=data.y[:2000])
    taken = done_on("jax", tmp_path, "speed")
    (processor, clock), (processor_alone, clock_alone) = taken["together"], taken["alone"]
    print(
        f"\n{make.__name__}: processor {processor:.2f} s, one by one {processor_alone:.2f} s, "
        f"{processor_alone / processor:.1f} times; clock {clock:.2f} s and {clock_alone:.2f} s"
    )
