"""A structure's JSON: everything but the weights, and clear words for what is not one."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

import structopt_widgets as sw


def test_json_holds_everything_but_the_weights(space: sw.StructureSpace) -> None:
    structure = space.sample(random.Random(1))
    again = sw.Structure.from_json(structure.to_json())
    assert again == structure
    assert again.space.source is None
    assert again.space.width_groups == space.width_groups
    assert again.space.growth == space.growth
    assert again.diff(structure) == {}
    fresh = again.build(weights="fresh")
    assert fresh.count_params() == structure.measure().n_params
    with pytest.raises(
        ValueError, match=r"Expected a structure of a model at hand to inherit weights from.*weights='fresh'"
    ):
        again.build()
    with pytest.raises(ValueError, match=r"Expected weights to be one of inherit, fresh; got 'old'"):
        again.build(weights="old")


def damaged(text: str, change: Any) -> str:
    data = json.loads(text)
    change(data)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("graph"), r"this one is damaged: KeyError 'graph'"),
        (lambda data: data["graph"].pop("calls"), r"damaged: KeyError 'calls'"),
        (lambda data: data["graph"].update(layers=3), r"damaged: TypeError"),
        (lambda data: data["graph"]["calls"][2]["inputs"].append(999), r"damaged: IndexError"),
        (lambda data: data.update(choices=[]), r"damaged: TypeError"),
        (lambda data: data.update(growth="two"), r"damaged: TypeError"),
        (lambda data: data["choices"].pop("biases"), r"damaged: KeyError 'biases'"),
        (lambda data: data["choices"]["widths"].update(dense="64"), r"damaged: TypeError Expected a whole number"),
        (lambda data: data["choices"]["widths"].update(dense=0), r"Expected a width of 'dense' from 1 to 80, got 0"),
        (lambda data: data["choices"]["widths"].update(nobody=4), r"Expected a layer with a width.*got 'nobody'"),
        (lambda data: data["choices"]["activations"].update(dense="rellu"), r"Did you mean 'relu'"),
        (lambda data: data["choices"]["initializers"].update(dense=7), r"Expected an initializer.*got 7"),
        (lambda data: data["choices"]["biases"].update(dense=1), r"damaged: TypeError Expected True or False"),
        (lambda data: data.update(version=2), r"in version 1, got version 2; a newer release may read it"),
        (lambda data: data.update(format="other"), r"got other JSON"),
    ],
)
def test_damaged_json_is_refused(space: sw.StructureSpace, change: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sw.Structure.from_json(damaged(space.baseline.to_json(), change))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"Expected the JSON text that Structure\.to_json\(\) writes, got text that is not JSON"),
        ("{", r"not JSON"),
        ("[1, 2]", r"got other JSON: '\[1, 2\]'"),
        ('{"a": 1}', r"got other JSON"),
        (None, r"not JSON"),
        (5, r"not JSON"),
    ],
)
def test_other_text_is_refused(text: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sw.Structure.from_json(text)
