"""The file of a copy is loaded where the package is imported and nothing else of it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw


class Scores(kl.Layer):
    """Reads a weight, and adds what is there once for each sample."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 5), name="kernel")

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.kernel) + x[..., :1]


@pytest.mark.slow
@pytest.mark.parametrize("first", ["structopt_widgets, keras", "keras, structopt_widgets"])
def test_another_process_loads_it(first: str, tmp_path: Path) -> None:
    inputs = keras.Input((4,))
    model = keras.Model(inputs, kl.Dense(2)(Scores()(kl.Dense(6)(inputs))))
    path = tmp_path / "copy.keras"
    copy = sw.StructureSpace.from_keras(model).scaled(0.5).build()
    copy.save(path)
    code = f"import {first}; print(keras.models.load_model({str(path)!r}).count_params())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == str(copy.count_params())
