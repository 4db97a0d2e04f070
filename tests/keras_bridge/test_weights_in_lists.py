"""Weights that a user's own code finds elsewhere than in its attributes: the same tensors, or the layer stays whole.

A copy is compared after both models' weights have moved: a constant in a weight's place would stay behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw
from structopt_widgets.keras_bridge.proving import proof


def moved_apart(model: keras.Model, batch: Any) -> tuple[sw.StructureSpace, float, float]:
    """The space of a model, and how far a copy is from it once both's weights have moved: outputs, and losses."""
    space = sw.StructureSpace.from_keras(model)
    copy = space.baseline.build()
    assert space.baseline.measure().n_params == model.count_params() == copy.count_params()
    for each in (model, copy):
        for weight in each.weights:
            weight.assign(1.5 * weight + 0.1)
    apart = np.abs(np.asarray(model(batch)) - np.asarray(copy(batch))).max()
    losses = [float(sum(each.losses)) if each.losses else 0.0 for each in (model, copy)]
    return space, float(apart), abs(losses[0] - losses[1])


class Found(kl.Layer):
    """A product with a weight, and what else is done with it."""

    def __init__(self, find: Callable[[Any], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.find, self.inner = find, kl.Dense(3)

    def build(self, shape: Any) -> None:
        self.inner.build(shape)
        self.kernel = self.add_weight(shape=(shape[-1], 6), name="kernel")

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.kernel) + self.find(self)


class Unnamed(kl.Layer):
    def build(self, shape: Any) -> None:
        self.add_weight(shape=(shape[-1], 6))

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.trainable_weights[0])


FINDS: dict[str, Callable[[Any], Any]] = {
    "the first": lambda layer: tf.reduce_sum(layer.weights[0]),
    "its value": lambda layer: ops.sum(layer.trainable_variables[0].value),
    "by its name": lambda layer: ops.sum(next(each for each in layer.weights if "kernel" in each.name)),
    "of a layer inside": lambda layer: ops.sum(layer.inner.weights[0] ** 2),
    "all of them": lambda layer: sum(ops.sum(ops.square(each)) for each in layer.trainable_variables),
    "as TensorFlow adds them": lambda layer: tf.add_n([tf.nn.l2_loss(each) for each in layer.trainable_weights]),
}


@pytest.mark.parametrize("find", FINDS.values(), ids=FINDS)
def test_weights_found_in_lists_are_those_of_the_copy(find: Callable[[Any], Any]) -> None:
    inputs = keras.Input((5,))
    model = keras.Model(inputs, kl.Dense(2)(Found(find, name="own")(kl.Dense(8, name="a")(inputs))))
    space, apart, _ = moved_apart(model, np.ones((2, 5), "float32"))
    assert apart < 1e-4
    assert not space.baseline.measure().uncounted
    assert not space.width_groups["a"].fixed


def test_a_weight_without_a_name_has_a_width() -> None:
    inputs = keras.Input((5,))
    model = keras.Model(inputs, kl.Dense(2)(Unnamed(name="own")(kl.Dense(8, name="a")(inputs))))
    space, apart, _ = moved_apart(model, np.ones((2, 5), "float32"))
    assert apart < 1e-4
    assert sum(not group.fixed for group in space.width_groups.values()) == 2
    half = space.scaled(0.5)
    assert half.build("fresh").count_params() == half.measure().n_params


def test_outputs_tied_by_a_place_in_a_list_are_tied_in_the_copy() -> None:
    class Tied(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.hidden = kl.Embedding(20, 8), kl.Dense(8, "tanh")

        def call(self, x: Any) -> Any:
            return tf.matmul(self.hidden(self.table(x)), self.table.weights[0], transpose_b=True)

    model, tokens = Tied(), np.array([[1, 2, 3]])
    model(tokens)
    space, apart, _ = moved_apart(model, tokens)
    assert apart < 1e-3
    assert len(space.baseline.build().weights) == 3


def test_a_penalty_on_all_weights_of_a_model_is_one_in_the_copy() -> None:
    class Penalized(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.out = kl.Dense(4), kl.Dense(2)

        def call(self, x: Any) -> Any:
            made = self.out(self.hidden(x))
            self.add_loss(1e-2 * tf.add_n([tf.nn.l2_loss(each) for each in self.trainable_variables]))
            return made

    model, batch = Penalized(), np.ones((2, 5), "float32")
    model(batch)
    _, apart, losses = moved_apart(model, batch)
    assert apart < 1e-4
    assert losses < 1e-5
    assert model.losses


class Box:
    k: Any = None


class Boxed(kl.Layer):
    def build(self, shape: Any) -> None:
        self.box = Box()
        self.box.k = self.add_weight(shape=(shape[-1], 6))

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.box.k)


class Enclosed(kl.Layer):
    def build(self, shape: Any) -> None:
        k = self.add_weight(shape=(shape[-1], 6))
        self.multiply = lambda x: ops.matmul(x, k)

    def call(self, x: Any) -> Any:
        return self.multiply(x)


class Private(kl.Layer):
    def build(self, shape: Any) -> None:
        self.add_weight(shape=(shape[-1], 6))

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self._trainable_variables[0])


@pytest.mark.parametrize("own", [Boxed, Enclosed, Private])
def test_a_layer_whose_weights_are_out_of_sight_stays_whole_and_says_so(own: type[kl.Layer]) -> None:
    inputs = keras.Input((5,))
    model = keras.Model(inputs, kl.Dense(2)(own(name="own")(kl.Dense(8, name="a")(inputs))))
    space, apart, _ = moved_apart(model, np.ones((2, 5), "float32"))
    assert apart < 1e-4
    assert "computes something else" in space.baseline.measure().uncounted["own"]


def test_what_is_done_with_one_sample_alone_is_said() -> None:
    class OfSeveral(kl.Layer):
        def call(self, x: Any) -> Any:
            return tf.cond(tf.shape(x)[0] > 1, lambda: x * 2, lambda: x)

    inputs = keras.Input((5,))
    model = keras.Model(inputs, kl.Dense(2)(OfSeveral(name="own")(kl.Dense(8, name="a")(inputs))))
    space, apart, _ = moved_apart(model, np.ones((2, 5), "float32"))
    assert apart < 1e-4
    assert not space.width_groups["a"].fixed
    assert "with one sample" in space.baseline.function_changes()["own"]


def test_a_copy_for_which_one_sample_is_too_few_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = proof.rerun

    def rerun(graph: Any, operations: Any, inputs: Any, samples: int, *more: Any) -> Any:
        if samples == 1:
            raise ValueError("one is too few")
        return real(graph, operations, inputs, samples, *more)

    monkeypatch.setattr(proof, "rerun", rerun)
    inputs = keras.Input((5,))
    model = keras.Model(inputs, kl.Dense(2)(Unnamed(name="own")(inputs)), name="given")
    space = sw.StructureSpace.from_keras(model)
    assert not space.source.unproven
    assert "one sample" in space.baseline.function_changes()["given"]
