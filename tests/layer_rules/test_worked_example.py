"""The worked example of ``layer_rules/README.md`` is code, and it works."""

from __future__ import annotations

import dataclasses
import math
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import structopt_widgets as sw
from structopt_widgets import layer_rules
from structopt_widgets.layer_rules import registry


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the example defines, its rule registered for this test."""
    monkeypatch.setattr(registry, "_RULES", dict(registry._RULES))
    text = (Path(layer_rules.__file__).parent / "README.md").read_text()
    (found,) = (each for each in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL) if "GatedUnit" in each)
    namespace: dict[str, Any] = {"__name__": "worked_example"}
    exec(found, namespace)  # noqa: S102 - the project's own documentation
    return namespace


def gated(example: dict[str, Any]) -> keras.Model:
    inputs = keras.Input((6,))
    x = example["GatedUnit"](5, name="gated")(keras.layers.Dense(8, name="stem")(inputs))
    return keras.Model(inputs, keras.layers.Dense(2)(x))


def test_the_worked_example_keeps_the_laws(example: dict[str, Any]) -> None:
    model = gated(example)
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


def test_a_structure_stored_with_a_rule_says_that_the_rule_is_missing(example: dict[str, Any]) -> None:
    structure = sw.StructureSpace.from_keras(gated(example)).baseline.with_width("gated", 3)
    written = sw.Study(Path(__file__).parents[1] / "study" / "written" / "second" / "study.journal")
    trial = dataclasses.replace(written.trial(0), structure=structure).to_json()
    text, history = structure.to_json(), sw.History(structure).to_json()
    assert sw.Structure.from_json(text).widths == structure.widths
    # As in a process that was not given the rule.
    del registry._RULES["worked_example.GatedUnit"]
    without = sw.StructureSpace(structure.space.graph)
    readers: list[Callable[[], Any]] = [
        lambda: sw.Structure.from_json(text),
        lambda: sw.Trial.from_json(trial),
        lambda: sw.History.from_json(history, without),
    ]
    for read in readers:
        with pytest.raises(ValueError, match=r"rule for worked_example\.GatedUnit") as raised:
            read()
        assert "damaged" not in str(raised.value)
        assert "sw.register_layer_rule" in str(raised.value)


@pytest.mark.parametrize(
    "cost",
    [
        lambda size: 1 if size > 4 else 2,
        lambda size: size >= 4,
        lambda size: size or 1,
        math.sqrt,
        round,
        int,
        range,
    ],
    ids=["if", "comparison", "or", "math", "round", "int", "range"],
)
def test_a_rule_that_looks_at_a_size_is_told_what_it_may_do(
    cost: Callable[[Any], Any], example: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = example["GatedUnitRule"]
    monkeypatch.setattr(rule, "cost", lambda self, site, at: sw.Cost(macs=cost(at.size(site.produced[0]))))  # noqa: ARG005 - a method
    space = sw.StructureSpace.from_keras(gated(example))
    with pytest.raises(TypeError, match="sizes may be symbols"):
        space.baseline.measure()


def test_sizes_are_fixed_under_the_former_name_of_the_word_too() -> None:
    class Stays(sw.LayerRule):
        def connect(self, site: sw.Site) -> sw.Connection:
            site.freeze(site.inputs[0], "stays")
            return sw.Connection((site.inputs[0],))

        def cost(self, site: sw.Site, at: sw.Setting) -> sw.Cost:
            operations = sw.Operations(site)
            return operations.cost(operations.elementwise(at.elements(site.outputs[0]), 0, flops=3))

    class Staying(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    sw.register_layer_rule(Staying, Stays())
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6, name="a"), Staying(), keras.layers.Dense(2)])
    space = sw.StructureSpace.from_keras(model)
    assert space.width_groups["a"].fixed
    assert "stays" in space.width_groups["a"].why
    assert space.baseline.measure().flops == (2 * 4 + 1) * 6 + 3 * 6 + (2 * 6 + 1) * 2
