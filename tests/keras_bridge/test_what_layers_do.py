"""Layers that do more in ``call()`` than compute: each kind is read whole, counted, resized, and stays what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import keras.layers as kl
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import structopt_widgets as sw

BATCH = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")


class Sampled(kl.Layer):
    """Draws at inference too, and adds a loss."""

    def call(self, x: Any) -> Any:
        mean, log_variance = ops.split(x, 2, axis=-1)
        self.add_loss(ops.mean(ops.square(mean)))
        return mean + ops.exp(log_variance) * keras.random.normal(ops.shape(mean))


class MovingMean(kl.Layer):
    """Assigns to a weight, in training alone."""

    def build(self, shape: Any) -> None:
        self.mean = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False)

    def call(self, x: Any, training: bool = False) -> Any:
        if training:
            self.mean.assign(0.5 * self.mean + 0.5 * ops.mean(x, axis=0))
        return x - self.mean


class TwoWidths(kl.Layer):
    """One entry of its configuration makes two widths; a branch on training adds a loss."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first, self.second = kl.Dense(units), kl.Dense(units)

    def call(self, x: Any, training: bool = False) -> Any:
        made = self.second(self.first(x))
        if training:
            self.add_loss(ops.mean(made))
        return x + made


class OfTensorFlow(kl.Layer):
    """Calls TensorFlow on a weight of its own."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], shape[-1]))

    def call(self, x: Any) -> Any:
        return tf.nn.relu(tf.matmul(x, self.kernel))


def model_of(layer: kl.Layer) -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, kl.Dense(2)(layer(kl.Dense(8, name="before")(inputs))))


@pytest.mark.parametrize("make", [Sampled, MovingMean, lambda: TwoWidths(8), OfTensorFlow])
def test_it_is_counted_and_the_width_before_it_moves(make: Callable[[], kl.Layer]) -> None:
    model = model_of(make())
    for weight in model.weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert cost.n_params == model.count_params()
    narrow = space.baseline.with_width("before", 6)
    built = narrow.build()
    assert narrow.measure().n_params == built.count_params() < model.count_params()
    built.compile("sgd", loss="mse", run_eagerly=True)
    built.fit(BATCH, np.zeros((4, 2)), verbose=0)
    if make is not Sampled:
        copy = space.baseline.build()
        for training in (False, True, False):
            np.testing.assert_allclose(copy(BATCH, training=training), model(BATCH, training=training), atol=1e-5)


def test_a_loss_is_added_by_the_copy_too() -> None:
    model = model_of(TwoWidths(8))
    copy = sw.StructureSpace.from_keras(model).baseline.build()
    for training, count in ((False, 0), (True, 1)):
        losses = []
        for each in (model, copy):
            each(BATCH, training=training)
            losses.append([float(loss) for loss in each.losses])
        assert len(losses[0]) == count
        np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


class CalledInOneMode(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.norm, self.drop, self.out = kl.Dense(8), kl.BatchNormalization(), kl.Dropout(0.5), kl.Dense(2)

    def call(self, x: Any, training: bool = False) -> Any:
        x = self.norm(self.hidden(x), training=False)
        if training:
            x = self.drop(x, training=False)
        return self.out(x)


def test_a_layer_that_is_called_in_one_mode_always_is_so_in_the_copy(tmp_path: Any) -> None:
    model = CalledInOneMode()
    model(BATCH)
    model.norm.moving_mean.assign(np.arange(8.0))
    copy = sw.StructureSpace.from_keras(model).baseline.build()
    path = tmp_path / "copy.keras"
    copy.save(path)
    for each in (copy, keras.models.load_model(path)):
        np.testing.assert_allclose(each(BATCH, training=True), model(BATCH, training=True), atol=1e-5)


class Blend(kl.Layer):
    """A cell of one's own."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

    def call(self, x: Any, states: Any) -> Any:
        made = 0.5 * states[0] + ops.matmul(x, self.kernel)
        return made, [made]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


def test_a_recurrence_over_a_cell_of_ones_own_costs_a_step_as_often_as_there_are_steps() -> None:
    inputs = keras.Input((5, 3))
    model = keras.Model(inputs, kl.Dense(2)(kl.RNN(Blend(7), name="own")(inputs)))
    space = sw.StructureSpace.from_keras(model)
    for width in (7, 4):
        structure = space.baseline.with_width("own", width)
        row = structure.measure().by_layer.loc["own"]
        assert row["macs"] == 5 * 3 * width
        assert row["flops"] == 5 * (2 * 3 * width + 2 * width)  # times 0.5, and the sum
        assert structure.measure().n_params == structure.build().count_params()


@pytest.mark.parametrize(
    ("function", "is_free"),
    [
        (lambda x: tf.raw_ops.MirrorPad(input=x, paddings=[[0, 0], [1, 1], [0, 0]], mode="SYMMETRIC"), True),
        (lambda x: tf.raw_ops.Cumsum(x=x, axis=-1), False),
        (tf.math.lgamma, True),
        # A sign tells little of a number, and one channel by little of its neighbours'.
        (lambda x: tf.custom_gradient(lambda each: (tf.sign(each), lambda change: change))(x), True),
        (lambda x: tf.nn.local_response_normalization(x[:, None], 2)[:, 0], True),
    ],
)
def test_a_layer_that_only_runs_is_tried_out(function: Callable[[Any], Any], is_free: bool) -> None:
    inputs = keras.Input((5, 3))
    hidden = kl.Dense(4, name="before")(inputs)
    model = keras.Model(inputs, kl.Dense(2)(kl.Lambda(function, name="own")(hidden)))
    space = sw.StructureSpace.from_keras(model)
    assert space.width_groups["before"].fixed is not is_free
    assert bool(space.baseline.measure().uncounted) is not is_free
    batch = np.ones((2, 5, 3), "float32")
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-6)
    if is_free:
        assert space.baseline.with_width("before", 6).build().count_params() == 6 * 4 + 2 * 7


def test_an_input_that_steers_keeps_its_size_and_the_width_beside_it_is_free() -> None:
    def crops(given: Any) -> Any:
        image, box = given
        return tf.image.crop_and_resize(image, box, tf.range(tf.shape(image)[0]), (3, 2))

    image, box = keras.Input((6, 5, 3)), keras.Input((4,))
    own = kl.Lambda(crops, output_shape=(3, 2, 8), name="own")([kl.Conv2D(8, 1, name="before")(image), box])
    model = keras.Model([image, box], kl.Dense(2)(own))
    space = sw.StructureSpace.from_keras(model)
    assert [name for name, group in space.width_groups.items() if not group.fixed] == ["before"]
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert cost.by_layer.loc["own", "flops"] == 7 * 3 * 2 * 8  # bilinear: 4 products and 3 sums an element


@pytest.mark.parametrize("taken", [lambda x: x[..., :3] * x[..., 3:6], lambda x: x[..., ::2] - x[..., 1::2]])
def test_ranges_of_a_width_follow_it(taken: Callable[[Any], Any]) -> None:
    inputs = keras.Input((6,))
    model = keras.Model(inputs, kl.Dense(2)(taken(kl.Dense(6, name="before")(inputs))))
    space = sw.StructureSpace.from_keras(model)
    np.testing.assert_allclose(space.baseline.build()(BATCH), model(BATCH), atol=1e-6)
    (group,) = (group for name, group in space.width_groups.items() if name.split()[0] == "before")
    assert not group.fixed
    for width in (group.lower, group.width + group.divisor):
        structure = space.baseline.with_width(group.name, width)
        assert structure.measure().n_params == structure.build("fresh").count_params() != model.count_params()


class OfNodes(keras.Model):
    """A network of a graph whose nodes' features it holds, as keras.io classifies citations: asked by node."""

    def __init__(self, features: np.ndarray) -> None:
        super().__init__()
        self.features = keras.ops.convert_to_tensor(features)
        self.prepare = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(9, "gelu")])
        self.norm, self.out = keras.layers.BatchNormalization(), keras.layers.Dense(3)

    def call(self, nodes: Any) -> Any:
        return self.out(keras.ops.take(self.norm(self.prepare(self.features)), nodes, axis=0))


def test_batch_norm_of_a_constant_stays_one_layer() -> None:
    features = np.random.default_rng(0).normal(2, 3, (12, 5)).astype("float32")
    model, nodes = OfNodes(features), np.array([3, 0, 11], "int32")
    model(nodes)
    space = sw.StructureSpace.from_keras(model, input_shape=())
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert not space.source.unproven
    assert cost.n_params == model.count_params()
    assert [group.width for group in space.width_groups.values() if not group.fixed] == [9]
    copy = space.baseline.build()
    for training in (False, True, False):
        np.testing.assert_allclose(copy(nodes, training=training), model(nodes, training=training), atol=1e-5)
    assert space.scaled(0.5).build("fresh").count_params() == space.scaled(0.5).measure().n_params


@keras.saving.register_keras_serializable("test_what_layers_do")
class Mixture(keras.layers.Layer):
    """Makes a layer with a lambda by itself, as Keras's users do for the deviations of a mixture density."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.means, self.deviations = keras.layers.Dense(4), keras.layers.Dense(4, lambda x: keras.ops.elu(x) + 1)

    def build(self, shape: Any) -> None:
        self.means.build(shape)
        self.deviations.build(shape)

    def call(self, x: Any) -> Any:
        return keras.ops.concatenate([self.means(x), self.deviations(x)], -1)


def test_a_lambda_that_a_class_makes_by_itself_is_in_no_file_of_a_copy(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(8, name="before"), Mixture()])
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    x = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    np.testing.assert_allclose(space.baseline.build()(x), model(x), atol=1e-6)
    narrow = space.baseline.with_width("before", 4).build()
    narrow.save(tmp_path / "narrow.keras")
    np.testing.assert_allclose(keras.saving.load_model(tmp_path / "narrow.keras")(x), narrow(x), atol=1e-6)


class PathDropped(kl.Layer):
    """Drops whole samples in training, and asks TensorFlow how many axes there are."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = keras.random.SeedGenerator(3)

    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return x
        shape = (ops.shape(x)[0],) + (1,) * (len(tf.shape(x)) - 1)
        return x * ops.floor(0.7 + keras.random.uniform(shape, seed=self.seed)) / 0.7


class Residual(keras.Model):
    """Its scale is a number, of which Keras says that it is sparse."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.outer, self.drop, self.scale = kl.Dense(9, name="inner"), kl.Dense(6), PathDropped(), 1.0
        self.last = kl.Dense(2)

    def call(self, x: Any) -> Any:
        return self.last(x + self.drop(self.outer(self.inner(x)) * self.scale))


def test_a_path_that_is_dropped_in_training_is_so_in_the_copy() -> None:
    model = Residual()
    expected = model(BATCH)
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    assert not space.source.unproven
    assert not space.baseline.function_changes()
    copy = space.baseline.build()
    np.testing.assert_allclose(copy(BATCH), expected, atol=1e-5)
    made = [np.asarray(copy(BATCH, training=True)) for _ in range(20)]
    assert len(np.unique(np.stack(made), axis=0)) > 1
    assert space.baseline.with_width("inner", 5).build("fresh")(BATCH, training=True).shape == (4, 2)


class Pair(NamedTuple):
    """What a layer hands on together."""

    first: Any
    second: Any


class Transformed(kl.Layer):
    """Stays one call, and is given a pair."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = kl.Dense(8)

    def call(self, x: Any, pair: Any) -> Any:
        return self.dense(tf.signal.dct(x)) + pair.first


class Handing(kl.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Transformed()

    def call(self, x: Any) -> Any:
        return self.inner(x, Pair(x[..., :1], x))


def test_a_layer_that_stays_one_call_takes_a_named_tuple() -> None:
    model = keras.Sequential([keras.Input((6, 5)), Handing(), kl.Dense(2)])
    batch = np.random.default_rng(0).normal(size=(3, 6, 5)).astype("float32")
    np.testing.assert_allclose(sw.StructureSpace.from_keras(model).baseline.build()(batch), model(batch), atol=1e-6)


class StepByStep(kl.Layer):
    """Stays one call, whose length TensorFlow does not tell, and has a configuration that nothing writes."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell

    @tf.function(autograph=False)
    def call(self, x: Any) -> Any:
        x, steps = tf.signal.dct(x), tf.shape(x)[1]
        _, made = tf.while_loop(
            lambda step, _: step < steps,
            lambda step, made: (step + 1, made.write(step, self.cell(x[:, step]))),
            (0, tf.TensorArray(x.dtype, size=steps)),
        )
        return tf.transpose(made.stack(), [1, 0, 2])


def test_how_long_an_output_is_is_tried_where_nothing_tells() -> None:
    model = keras.Sequential([keras.Input((6, 5)), StepByStep(kl.Dense(8)), kl.Dense(2)])
    space = sw.StructureSpace.from_keras(model)
    assert space.baseline.measure().n_params == model.count_params()
    assert len(space.baseline.measure().uncounted) == 1
    assert [tensor.shape for tensor in space.graph.tensors][-1] == (6, 2)
    batch = np.random.default_rng(0).normal(size=(3, 6, 5)).astype("float32")
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-6)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("size", "stride", "rate"), [((3, 3), 1, 1), ((2, 3), 2, 1), ((2, 2), 2, 1), ((3, 2), 1, 2)])
def test_patches_are_moved_and_nothing_is_computed(size: Any, stride: int, rate: int, padding: str) -> None:
    class Patches(kl.Layer):
        def call(self, x: Any) -> Any:
            return tf.image.extract_patches(x, [1, *size, 1], [1, stride, stride, 1], [1, rate, rate, 1], padding)

    inputs = keras.Input((7, 6, 3))
    model = keras.Model(inputs, kl.Dense(2)(Patches()(kl.Conv2D(4, 1, name="before")(inputs))))
    space = sw.StructureSpace.from_keras(model)
    batch = np.random.default_rng(0).normal(size=(2, 7, 6, 3)).astype("float32")
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-6)
    narrow = space.baseline.with_width("before", 3)
    assert narrow.build("fresh").count_params() == narrow.measure().n_params
    assert all(row.agrees is not False for row in space.baseline.measure().verify().rows)
