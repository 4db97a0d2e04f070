"""Every operation of ``keras.ops``: edited, counted, or listed as not counted; a new one has to be put in its place."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
from keras_operations import COUNTED, EDITABLE, LISTED, OF_WEIGHTS, SIZED

import structopt_widgets as sw
from structopt_widgets.layer_rules.registry import find_layer_rule

SHAPE = (5, 6)
RULED = {**EDITABLE, **COUNTED}


def below(cls: type) -> Iterator[type]:
    for each in cls.__subclasses__():
        yield each
        yield from below(each)


def operations_of_keras() -> set[str]:
    found = {each for each in below(keras.Operation) if each.__module__.startswith("keras.")}
    return {each.__name__ for each in found if ".ops." in each.__module__ and not issubclass(each, keras.Layer)}


def test_every_operation_is_in_exactly_one_table() -> None:
    listed = [name for names in LISTED.values() for name in names.split()]
    tables = [*EDITABLE, *SIZED, *COUNTED, *OF_WEIGHTS, *listed]
    assert sorted(tables) == sorted(set(tables))
    assert operations_of_keras() - set(tables) == set(), "Keras has added these: give them a rule or list them"


def test_those_in_the_tables_have_a_rule_and_the_listed_have_none() -> None:
    listed = {name for names in LISTED.values() for name in names.split()}
    assert {name for name in [*RULED, *SIZED, *OF_WEIGHTS] if find_layer_rule((f"ops.{name}",)) is None} == set()
    assert {name for name in listed if find_layer_rule((f"ops.{name}",)) is not None} == set()


@pytest.mark.slow
@pytest.mark.parametrize("names", [list(RULED)[start : start + 20] for start in range(0, len(RULED), 20)], ids=" ".join)
def test_operations_are_read_counted_and_rebuilt(names: list[str]) -> None:
    inputs = keras.Input(SHAPE)
    outputs = {}
    for name in names:
        made = RULED[name](keras.layers.Dense(6, activation="sigmoid", name=f"before_{name}")(inputs))
        # A model's outputs are fixed: where the width comes out of the operation, it is summed up.
        axes = list(range(1, len(made.shape)))
        outputs[name] = keras.ops.sum(made, axis=axes) if axes else made
    model = keras.Model(inputs, outputs)
    space = sw.StructureSpace.from_keras(model)
    assert {f"ops.{name}" for name in names} <= {layer.kind for layer in space.graph.layers.values()}
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert cost.n_params == model.count_params()
    # What takes ranges of a width makes parts of it, with a width each.
    groups = {
        name: [g for key, g in space.width_groups.items() if key.split()[0] == f"before_{name}"] for name in names
    }
    fixed = {name for name, found in groups.items() if all(group.fixed for group in found)}
    assert all(groups.values())
    assert fixed == set(names) & set(COUNTED)
    batch = np.random.default_rng(0).random((2, *SHAPE)).astype("float32")
    expected, again = model(batch), space.baseline.build()(batch)
    for name in names:
        np.testing.assert_allclose(np.asarray(again[name]), np.asarray(expected[name]), rtol=1e-4, err_msg=name)
    drawn = space.sample(random.Random(1))
    resized = drawn.build()
    assert drawn.measure().n_params == resized.count_params()
    assert {name: value.shape for name, value in resized(batch).items()} == dict.fromkeys(names, (2,))


@pytest.mark.slow
@pytest.mark.parametrize("name", SIZED)
def test_operations_of_the_number_of_samples_are_read_counted_and_rebuilt(name: str) -> None:
    class Opened(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return SIZED[name](x, keras.ops.shape(x)[0])

    inputs = keras.Input(SHAPE)
    made = Opened()(keras.layers.Dense(6, activation="sigmoid", name="before")(inputs))
    model = keras.Model(inputs, keras.ops.sum(made, axis=list(range(1, len(made.shape)))))
    space = sw.StructureSpace.from_keras(model)
    # A slice is one of ranges, as brackets are.
    kind = {"Slice": "GetItem"}.get(name, name)
    assert f"ops.{kind}" in {layer.kind for layer in space.graph.layers.values()}
    assert not space.baseline.measure().uncounted
    batch = np.random.default_rng(0).random((3, *SHAPE)).astype("float32")
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), rtol=1e-5)
    narrow = space.baseline.with_width("before", 4)
    resized = narrow.build()
    assert narrow.measure().n_params == resized.count_params() == (6 + 1) * 4
    assert resized(batch).shape == (3,)
