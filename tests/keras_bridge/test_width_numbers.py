"""Numbers that a user's own code takes from its widths follow them: a copy computes what that code does so wide."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw
from structopt_widgets.graph import ModelGraph


class Own(kl.Layer):
    """What a function of a user's own makes."""

    def __init__(self, function: Callable[[Any], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function = function

    def call(self, x: Any) -> Any:
        return self.function(x)


def around(function: Callable[[Any], Any], width: int) -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(
        inputs, kl.Dense(3, name="out")(Own(function, name="own")(kl.Dense(width, name="before")(inputs)))
    )


def agree_at(width: int, given: keras.Model, written: keras.Model, batch: Any) -> sw.Structure:
    """Of ``given`` at half its widths a copy is the model that is ``written`` so, with the same weights."""
    structure = sw.StructureSpace.from_keras(given).scaled(0.5)
    assert set(structure.widths.values()) >= {width}
    copy = structure.build("fresh")
    weights = {"/".join(each.path.split("/")[-2:]): each for each in copy.weights}
    for each in written.weights:
        each.assign(weights["/".join(each.path.split("/")[-2:])])
    np.testing.assert_allclose(copy(batch), written(batch), atol=1e-6)
    return structure


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ops.sum(x, -1, keepdims=True) / x.shape[-1] * x,
        lambda x: x * x.shape[-1] ** -0.5,
        lambda x: x / ops.sqrt(ops.cast(ops.shape(x)[-1], "float32")),
        lambda x: x / tf.math.sqrt(tf.cast(tf.shape(x)[-1], tf.float32)),
        lambda x: x * (2 / x.shape[-1]) ** 0.5,
        lambda x: x / np.log(x.shape[-1]),
        lambda x: x / math.sqrt(x.shape[-1]),
        lambda x: x * (x.shape[-1] // 5),
        lambda x: x * (3 * x.shape[-1] - 1),
    ],
)
def test_a_number_follows_the_width_it_was_taken_from(function: Callable[[Any], Any]) -> None:
    batch = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    structure = agree_at(10, around(function, 20), around(function, 10), batch)
    assert [*structure.function_changes()] == ["widths.before"]
    space = structure.space
    np.testing.assert_array_equal(space.baseline.build()(batch), space.source.model(batch))  # to the bit
    stored = ModelGraph.from_json(json.loads(json.dumps(structure.space.graph.to_json())))
    assert stored.width_numbers == structure.space.graph.width_numbers


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda x: x * math.sin(x.shape[-1]), "computes with 0.912945, which at other widths"),
        (lambda x: ops.relu(x) * 2 if x.shape[-1] > 22 else 3 * x, "takes other operations at other widths"),
    ],
)
def test_what_follows_from_a_width_in_no_known_way_is_told_where_the_width_moves(
    function: Callable[[Any], Any], told: str
) -> None:
    space = sw.StructureSpace.from_keras(around(function, 20))
    assert space.baseline.function_changes() == {}
    assert told in space.scaled(0.5).function_changes()["own"]


class Attention(kl.Layer):
    """As TensorFlow's tutorial of the transformer writes it: scores by the root of a head's size."""

    def build(self, shape: Any) -> None:
        self.parts = [kl.Dense(shape[-1], name=f"part_{place}") for place in range(4)]
        for part in self.parts:
            part.build(shape)

    def call(self, x: Any) -> Any:
        _, length, width = x.shape
        query, key, value = (
            tf.transpose(tf.reshape(part(x), (-1, length, 4, width // 4)), [0, 2, 1, 3]) for part in self.parts[:3]
        )
        size = tf.cast(tf.shape(key)[-1], tf.float32)
        weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) / tf.math.sqrt(size), -1)
        made = tf.reshape(tf.transpose(tf.matmul(weights, value), [0, 2, 1, 3]), (-1, length, width))
        return self.parts[3](made)


def test_the_scores_of_an_attention_follow_the_size_of_its_heads() -> None:
    def network(width: int) -> keras.Model:
        inputs = keras.Input((7,))
        return keras.Model(
            inputs, kl.Dense(2, name="out")(Attention()(kl.Embedding(30, width, "normal", name="table")(inputs)))
        )

    structure = agree_at(8, network(16), network(8), np.random.default_rng(0).integers(0, 30, (3, 7)))
    space = structure.space
    assert not space.baseline.measure().uncounted
    # A query of 2 numbers and a value of 8 on each head: the root is the query's.
    apart = space.baseline.with_width(space.group_of("part_0").name, 8).with_width(space.group_of("part_2").name, 32)
    (line,) = (line for line in apart.code().split("\n") if "divide" in line)
    assert f"{math.sqrt(2):.4f}" in line
    compile(structure.code(), "a copy", "exec")


class Rows(kl.Layer):
    """Space as rows, by numbers that its class keeps."""

    def __init__(self, places: int, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.places, self.filters = places, filters
        self.conv = kl.Conv2D(filters, 1, name="conv")

    def build(self, shape: Any) -> None:
        self.conv.build(shape)

    def call(self, x: Any) -> Any:
        return ops.reshape(self.conv(x), (-1, self.places, self.filters)) / ops.shape(x)[-1]


class Corner(kl.Layer):
    """A range of a weight that is written down."""

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(4, 3))

    def call(self, x: Any) -> Any:
        return x * ops.sum(self.w[:2, :2])


@pytest.mark.parametrize("own", [lambda: Rows(16, 8, name="own"), lambda: Corner(name="own")], ids=["rows", "corner"])
def test_a_number_that_no_width_changes_gives_way_where_its_operation_follows_one(own: Callable[[], kl.Layer]) -> None:
    inputs = keras.Input((4, 4, 3))
    made = own()(kl.Conv2D(6, 1, name="before")(inputs))
    model = keras.Model(inputs, kl.Dense(2)(kl.Flatten()(made)))
    space = sw.StructureSpace.from_keras(model)
    for structure in (space.scaled(0.5), space.scaled(1.5)):
        copy = structure.build("fresh")
        assert copy(np.ones((2, 4, 4, 3), "float32")).shape == (2, 2)
        again = sw.StructureSpace.from_keras(copy).baseline.measure()
        assert (again.flops, again.n_params) == (structure.measure().flops, structure.measure().n_params)
