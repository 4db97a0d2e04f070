"""The worked example of ``layer_rules/README.md`` is code, and it works."""

from __future__ import annotations

import random
import re
from pathlib import Path

import keras
import numpy as np
import pytest

import structopt_widgets as sw
from structopt_widgets import layer_rules
from structopt_widgets.layer_rules import registry


def test_the_worked_example_keeps_the_laws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_RULES", dict(registry._RULES))
    text = (Path(layer_rules.__file__).parent / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    (example,) = (block for block in blocks if "class GatedUnit" in block)
    namespace = {"__name__": "worked_example"}
    exec(example, namespace)  # noqa: S102 - the project's own documentation
    inputs = keras.Input((6,))
    x = namespace["GatedUnit"](5, name="gated")(keras.layers.Dense(8, name="stem")(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    space = sw.StructureSpace.from_keras(model)
    assert space.width_groups["gated"].width == 5
    assert not space.baseline.measure().uncounted
    assert space.baseline.measure().macs == 6 * 8 + 3 * 8 * 5 + 8 * 2
    batch = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    np.testing.assert_array_equal(space.baseline.build()(batch), model(batch))
    rng = random.Random(0)
    for _ in range(5):
        structure = space.sample(rng)
        assert structure.build().count_params() == structure.measure().n_params
        assert sw.measure(structure.build()).flops == structure.measure().flops
