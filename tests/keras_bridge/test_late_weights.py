"""Weights that a layer makes late, functions that TensorFlow compiles, and modes that Keras's layers bring along."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw

RNG = np.random.default_rng(0)


class Normed(kl.Layer):
    """A cell that holds another and makes its weights when it is called (Geron 2022, chapter 15)."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units
        self.cell, self.norm = kl.SimpleRNNCell(units, activation=None), kl.LayerNormalization()

    def call(self, inputs: Any, states: Any) -> Any:
        made = ops.tanh(self.norm(self.cell(inputs, states)[0]))
        return made, [made]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


@pytest.mark.slow
@pytest.mark.parametrize("is_called", [False, True])
@pytest.mark.filterwarnings("ignore:`build.*` was called on layer")
def test_a_cell_that_makes_its_weights_when_it_is_called(is_called: bool) -> None:
    model = keras.Sequential([keras.Input((6, 5)), kl.RNN(Normed(20)), kl.Dense(3)])
    batch = RNG.normal(size=(4, 6, 5)).astype("float32")
    if is_called:
        model(batch)
    space = sw.StructureSpace.from_keras(model)
    copy = space.baseline.build("inherit")

    def expected(units: int) -> int:
        return 5 * units + units * units + units + 2 * units + units * 3 + 3

    assert space.baseline.measure().n_params == copy.count_params() == model.count_params() == expected(20)
    assert np.allclose(copy(batch), model(batch), atol=1e-6)
    (units,) = (name for name, group in space.width_groups.items() if not group.fixed)
    narrow = space.baseline.with_width(units, 7)
    assert narrow.measure().n_params == narrow.build("fresh").count_params() == expected(7)


class Compiled(kl.Layer):
    def __init__(self, units: int) -> None:
        super().__init__()
        self.inner = kl.Dense(units, name="inner")

    @tf.function
    def call(self, x: Any) -> Any:
        return tf.nn.relu(self.inner(x))


def test_a_call_that_tensorflow_compiles_is_read_as_it_is_written() -> None:
    model = keras.Sequential([keras.Input((8,)), Compiled(12), kl.Dense(2)])
    batch = RNG.normal(size=(4, 8)).astype("float32")
    expected = model(batch)
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    assert np.allclose(space.baseline.build("inherit")(batch), expected, atol=1e-6)
    assert [each.width for each in space.width_groups.values() if not each.fixed] == [12]


class Resized(kl.Layer):
    """Keras's Resizing says that it is training, unless told otherwise, and so do then all that follow."""

    def build(self, _: Any) -> None:
        self.norm = kl.BatchNormalization()
        self.norm.build((None, 4, 4, 3))

    def call(self, x: Any) -> Any:
        return self.norm(kl.Resizing(4, 4)(x))


def test_a_mode_that_nobody_chose_is_inference() -> None:
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, Resized()(inputs))
    for weight in model.weights:
        weight.assign(RNG.uniform(0.5, 1.5, size=weight.shape))
    baseline = sw.StructureSpace.from_keras(model).baseline
    assert not baseline.measure().uncounted
    copy, batch = baseline.build("inherit"), RNG.normal(size=(2, 4, 4, 3)).astype("float32")
    for training in (False, True):
        assert np.allclose(copy(batch, training=training), model(batch, training=training), atol=1e-5)


class Auxiliary(keras.Model):
    """A second output in training, as GoogLeNet has."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head, self.aux = kl.Dense(12), kl.Dense(3), kl.Dense(5)

    def call(self, x: Any, training: bool = False) -> Any:
        x = self.stem(x)
        return (self.head(x), self.aux(x)) if training else self.head(x)


def test_a_model_that_returns_more_in_training_is_read_as_it_is_used() -> None:
    model, batch = Auxiliary(), RNG.normal(size=(4, 8)).astype("float32")
    model(batch, training=True)
    space = sw.StructureSpace.from_keras(model)
    copy = space.baseline.build("inherit")
    assert space.baseline.measure().n_params == model.count_params() == copy.count_params()
    assert "training" in str(space.baseline.function_changes())
    assert np.allclose(copy(batch), model(batch), atol=1e-6)
    assert [each.width for each in space.width_groups.values() if not each.fixed] == [12]


class Computed(keras.Model):
    """Computes what it then throws away."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head, self.lost = kl.Dense(12), kl.Dense(3), kl.Dense(7, name="lost")

    def call(self, x: Any) -> Any:
        x = self.stem(x)
        self.lost(x)
        return self.head(x)


def test_weights_that_the_proof_did_without_are_there_and_cost_nothing() -> None:
    model, batch = Computed(), RNG.normal(size=(4, 8)).astype("float32")
    model(batch)
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert (cost.n_params, cost.macs) == (8 * 12 + 12 + 12 * 3 + 3 + 12 * 7 + 7, 8 * 12 + 12 * 3)
    assert not cost.uncounted
    assert space.baseline.build("inherit").count_params() == cost.n_params
    assert "lost" in space.graph.layers["not_read"].closed


class Audited(keras.Model):
    """Notes in a metric how well it reconstructs, in training (Geron 2022, chapter 12)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head, self.mean = kl.Dense(12), kl.Dense(3), keras.metrics.Mean()

    def call(self, x: Any, training: bool = False) -> Any:
        made = self.stem(x)
        if training:
            self.mean(tf.reduce_mean(made))
        return self.head(made)


class Steady(kl.BatchNormalization):
    """A batch normalization that keeps its statistics, as detectors have."""

    def call(self, inputs: Any) -> Any:
        return super().call(inputs, training=False)


class Always(kl.Dropout):
    """Drops at inference too (Gal and Ghahramani 2016)."""

    def call(self, inputs: Any) -> Any:
        return super().call(inputs, training=True)


class Indexed(kl.Layer):
    """What TensorFlow's code asks of shapes and of indices."""

    def build(self, shape: Any) -> None:
        self.shift = self.add_weight(shape=(shape[-1],))
        self.kernel = self.add_weight(shape=(shape[-1], 6))

    def call(self, x: Any) -> Any:
        assert x.get_shape().as_list()[-1] == x.shape[-1]
        assert x.shape.rank == 2
        shifted = tf.reduce_sum([x, x + tf.zeros_like(x) + self.shift[None]], axis=0)
        best = tf.math.top_k(tf.tensordot(shifted, self.kernel, axes=(-1, 0)), k=2).values
        return tf.cumsum(best, axis=1, exclusive=True, reverse=True)


def test_a_model_that_cannot_be_traced_in_training_is_read_as_it_is_used() -> None:
    model, batch = Audited(), RNG.normal(size=(4, 8)).astype("float32")
    model(batch)
    space = sw.StructureSpace.from_keras(model)
    assert "training" in str(space.baseline.function_changes())
    assert np.allclose(space.baseline.build("inherit")(batch), model(batch), atol=1e-6)


@pytest.mark.parametrize("layer", [Steady(), Always(0.5)])
def test_a_subclass_that_fixes_the_mode(layer: kl.Layer) -> None:
    inputs = keras.Input((8,))
    model = keras.Model(inputs, kl.Dense(3)(layer(kl.Dense(12)(inputs))))
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    assert [each.width for each in space.width_groups.values() if not each.fixed] == [12]
    batch = RNG.normal(size=(64, 8)).astype("float32")
    copy = space.baseline.build("inherit")
    if isinstance(layer, Steady):
        assert np.allclose(copy(batch, training=True), model(batch, training=True), atol=1e-6)
    else:
        assert not np.allclose(copy(batch), copy(batch))
    assert space.scaled(0.5).build()(batch).shape == (64, 3)


@pytest.mark.filterwarnings("ignore:NotImplemented should not be used")  # Keras's tensordot over an open batch
def test_what_the_code_of_others_asks_of_shapes_and_indices() -> None:
    inputs = keras.Input((8,))
    model = keras.Model(inputs, kl.Dense(3)(Indexed()(kl.Dense(12)(inputs))))
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    batch = RNG.normal(size=(5, 8)).astype("float32")
    assert np.allclose(space.baseline.build("inherit")(batch), model(batch), atol=1e-5)
    assert 12 in [each.width for each in space.width_groups.values() if not each.fixed]


class LooksUp(keras.Model):
    """Looks its input up in a table of its own: on floats it raises."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.head = self.add_weight(shape=(9, 12)), kl.Dense(3)

    def call(self, tokens: Any) -> Any:
        return self.head(tf.gather(self.table, tokens))


def test_a_model_that_raises_on_floats_is_read_on_whole_numbers() -> None:
    model, batch = LooksUp(), RNG.integers(0, 9, size=(4, 7)).astype("int32")
    model(batch)
    space = sw.StructureSpace.from_keras(model, input_shape=(7,))
    assert not space.source.unproven
    assert np.allclose(space.baseline.build("inherit")(batch), model(batch), atol=1e-6)


class Kernel(kl.Layer):
    """A convolution by a weight of its own, standardized (Qiao et al. 2019) or as it is."""

    def __init__(self, filters: int, kind: str) -> None:
        super().__init__()
        self.filters, self.kind = filters, kind

    def build(self, shape: Any) -> None:
        last = 1 if self.kind == "depthwise" else self.filters
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], last))

    def call(self, x: Any) -> Any:
        if self.kind == "depthwise":
            return ops.depthwise_conv(x, self.kernel, padding="same")
        if self.kind == "tensorflow":
            return tf.nn.conv2d(x, self.kernel, strides=1, padding="SAME")
        return ops.conv(x, self.kernel - ops.mean(self.kernel, (0, 1, 2), keepdims=True), padding="same")


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "made"), [("depthwise", 5), ("tensorflow", 7), ("standardized", 7)])
def test_a_convolution_by_a_weight_of_ones_own_has_widths(kind: str, made: int) -> None:
    inputs = keras.Input((6, 6, 2))
    model = keras.Model(inputs, kl.Conv2D(3, 1)(Kernel(7, kind)(kl.Conv2D(5, 1)(inputs))))
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    taps = 9 if kind == "depthwise" else 9 * 5
    assert cost.macs == 36 * (2 * 5 + taps * made + made * 3)
    assert not cost.uncounted
    free = {each.width for each in space.width_groups.values() if not each.fixed}
    assert free == {5, made}
    batch = RNG.normal(size=(2, 6, 6, 2)).astype("float32")
    assert np.allclose(space.baseline.build("inherit")(batch), model(batch), atol=1e-5)
    narrow = space.scaled(0.6)
    assert narrow.measure().n_params == narrow.build().count_params()


class Deeper(kl.Layer):
    """A second projection in training only, which Keras builds when it is first trained."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.first, self.second = units, kl.Dense(units), kl.Dense(units)

    def call(self, x: Any, training: bool = False) -> Any:
        made = self.first(x)
        return made + self.second(x) if training else made

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


@pytest.mark.filterwarnings("ignore:`build.*` was called on layer")
def test_reading_builds_nothing_that_only_training_makes() -> None:
    inputs = keras.Input((6,))
    layer = Deeper(9)
    model = keras.Model(inputs, kl.Dense(2)(layer(kl.Dense(5)(inputs))))
    batch = RNG.normal(size=(4, 6)).astype("float32")
    expected = model(batch)
    before, attributes = model.count_params(), {id(each): set(vars(each)) for each in model._flatten_layers()}
    space = sw.StructureSpace.from_keras(model)
    assert model.count_params() == before == space.baseline.measure().n_params
    assert {id(each): set(vars(each)) for each in model._flatten_layers()} == attributes
    assert not layer.second.built
    copy = space.baseline.build("inherit")
    assert copy.count_params() == before
    assert np.allclose(copy(batch), expected, atol=1e-6)
    assert [each.width for each in space.width_groups.values() if not each.fixed] == [5, 9]
    model(batch, training=True)  # and it can still be built
    assert model.count_params() == before + 5 * 9 + 9


def test_a_call_that_someone_put_into_a_layer_is_its_own() -> None:
    layer = kl.Dense(12)
    plain = layer.call
    layer.call = lambda x, **mode: ops.relu(plain(x, **mode)) + 1.0
    inputs = keras.Input((6,))
    model, batch = keras.Model(inputs, kl.Dense(2)(layer(inputs))), RNG.normal(size=(4, 6)).astype("float32")
    baseline = sw.StructureSpace.from_keras(model).baseline
    assert np.allclose(baseline.build("inherit")(batch), model(batch), atol=1e-6)
    assert "call" in vars(layer)


def test_one_weight_alone_held_back_from_training() -> None:
    inputs, layer = keras.Input((6,)), kl.Dense(12)
    model = keras.Model(inputs, kl.Dense(2)(layer(inputs)))
    layer.kernel.trainable = False
    baseline = sw.StructureSpace.from_keras(model).baseline
    for weights in ("inherit", "fresh"):
        assert len(baseline.build(weights).trainable_weights) == len(model.trainable_weights) == 3
    assert baseline.measure().n_trainable == 12 + 12 * 2 + 2
    plain = baseline.with_bias(layer.name, False)
    assert len(plain.build().trainable_weights) == 2
    assert plain.measure().n_trainable == 12 * 2 + 2


def test_a_function_of_tensorflow_that_keras_has_is_keras_s_in_a_file(tmp_path: Any) -> None:
    inputs = keras.Input((6,))
    model = keras.Model(inputs, kl.Dense(2)(kl.Dense(12, activation=tf.nn.silu)(inputs)))
    batch = RNG.normal(size=(4, 6)).astype("float32")
    copy = sw.StructureSpace.from_keras(model).baseline.build("inherit")
    copy.save(tmp_path / "copy.keras")
    assert np.allclose(keras.saving.load_model(tmp_path / "copy.keras")(batch), model(batch), atol=1e-6)


class Minimal(kl.Layer):
    """The cell of Keras's own example of a recurrence."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")
        self.recurrent = self.add_weight(shape=(self.units, self.units), name="recurrent")

    def call(self, x: Any, states: Any) -> Any:
        made = ops.matmul(x, self.kernel) + ops.matmul(states[0], self.recurrent)
        return made, [made]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


@pytest.mark.slow
@pytest.mark.parametrize(("first", "n_params"), [(Minimal, 5 * 12 + 12 * 12), (kl.LSTMCell, 4 * 12 * (5 + 12 + 1))])
def test_cells_of_ones_own_one_after_another(first: Any, n_params: int) -> None:
    inputs = keras.Input((6, 5))
    made = kl.RNN([first(12), Minimal(9)], return_state=True)(inputs)
    model = keras.Model(inputs, kl.Dense(2)(made[0]))
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert cost.n_params == n_params + 12 * 9 + 9 * 9 + 9 * 2 + 2
    assert sorted(each.width for each in space.width_groups.values() if not each.fixed) == [9, 12]
    batch = RNG.normal(size=(3, 6, 5)).astype("float32")
    assert np.allclose(space.baseline.build("inherit")(batch), model(batch), atol=1e-6)
    narrow = space.scaled(0.5)
    assert narrow.build("fresh").count_params() == narrow.measure().n_params


class AddsItsBias(kl.Layer):
    """Reads the weights of a layer that is called elsewhere."""

    def __init__(self, of: kl.Layer, name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.of, self.named = of, name

    def call(self, x: Any) -> Any:
        return x + ops.sum(getattr(self.of, self.named))


@pytest.mark.parametrize(("read", "has_switch"), [("kernel", True), ("bias", False)])
def test_a_bias_that_is_read_elsewhere_cannot_be_switched_off(read: str, has_switch: bool) -> None:
    inputs, layer = keras.Input((8,)), kl.Dense(12, name="owner")
    model = keras.Model(inputs, kl.Dense(2)(AddsItsBias(layer, read)(layer(inputs))))
    baseline = sw.StructureSpace.from_keras(model).baseline
    assert ("owner" in baseline.biases) == has_switch
    if has_switch:
        assert baseline.with_bias("owner", False).build("fresh").count_params() == 8 * 12 + 12 * 2 + 2


class RunningMean(kl.Layer):
    """Follows the mean of each channel in training, and counts the batches; nothing reads the number."""

    def build(self, shape: Any) -> None:
        self.count = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)
        self.last = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False)
        self.mean = self.add_weight(shape=(shape[-1],), initializer="ones", trainable=False)

    def call(self, x: Any, training: bool = False) -> Any:
        if training:
            self.count.assign_add(1)
            self.last.assign(x[0])
            self.mean.assign(0.9 * self.mean + 0.1 * ops.mean(x, 0))
        return x - self.mean


def test_a_layer_that_only_its_input_gives_a_width_follows_it() -> None:
    inputs = keras.Input((8,))
    model = keras.Model(inputs, kl.Dense(2)(RunningMean()(kl.Dense(12, name="before")(inputs))))
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    batch = RNG.normal(size=(4, 8)).astype("float32")
    assert np.allclose(space.baseline.build("inherit")(batch), model(batch), atol=1e-6)
    narrow = space.baseline.with_width("before", 5)
    copy = narrow.build()
    assert copy.count_params() == narrow.measure().n_params == 9 * 5 + 1 + 5 + 5 + 6 * 2
    copy(batch, training=True)
    assert [int(each) for each in copy.non_trainable_weights[:1]] == [1]


class Turned(kl.Layer):
    """Adds a tensor to itself turned round, and is made anew whenever it is needed."""

    def call(self, x: Any) -> Any:
        return x + ops.flip(x, axis=1)


class Makes(kl.Layer):
    def call(self, x: Any) -> Any:
        return Turned()(x) * 2.0


def test_a_layer_that_a_call_makes_is_opened() -> None:
    model = keras.Sequential([keras.Input((5, 4)), kl.Dense(12, name="before"), Makes(), kl.Dense(2)])
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    batch = RNG.normal(size=(3, 5, 4)).astype("float32")
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-6)
    assert space.baseline.with_width("before", 7).build("fresh")(batch).shape == (3, 5, 2)


class Placed(kl.Layer):
    """Keeps the places that it looks up as a weight of whole numbers (Dosovitskiy et al. 2021, in several ports)."""

    def build(self, shape: Any) -> None:
        self.table = kl.Embedding(shape[1], shape[2])
        self.table.build((1, shape[1]))
        self.places = self.add_weight(shape=(1, shape[1]), dtype="int64", initializer="zeros", trainable=False)
        self.places.assign(np.arange(shape[1])[None])

    def call(self, x: Any) -> Any:
        return x + self.table(self.places)


def test_whole_numbers_that_a_layer_keeps_are_kept_in_every_copy() -> None:
    model = keras.Sequential([keras.Input((5, 4)), kl.Dense(12, name="before"), Placed(), kl.Dense(2)])
    narrow = sw.StructureSpace.from_keras(model).baseline.with_width("before", 7)
    for weights in ("inherit", "fresh"):
        (places,) = [each for each in narrow.build(weights).weights if each.dtype == "int64"]
        assert np.array_equal(places, np.arange(5)[None])


class Codebook(kl.Layer):
    """The nearest of ``codes`` vectors, which move as averages do (van den Oord et al. 2017, appendix A)."""

    def __init__(self, codes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.codes = codes

    def build(self, shape: Any) -> None:
        def weight(name: str, *axes: int) -> Any:
            return self.add_weight(shape=axes, initializer="uniform", trainable=False, name=name)

        self.table, self.sums = (weight(name, shape[-1], self.codes) for name in ("table", "sums"))
        self.sizes = weight("sizes", self.codes)

    def call(self, x: Any, training: bool = False) -> Any:
        far = ops.sum(self.table**2, 0, keepdims=True) - 2 * ops.matmul(x, self.table)
        chosen = ops.one_hot(ops.argmin(far, axis=1), self.codes)
        if training:
            self.sizes.assign(0.9 * self.sizes + ops.sum(chosen, 0))
            self.sums.assign(0.9 * self.sums + ops.matmul(ops.transpose(x), chosen))
            self.table.assign(self.sums / (self.sizes + 1e-5)[None])
        return ops.matmul(chosen, ops.transpose(self.table))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"codes": self.codes}


@pytest.mark.slow
def test_what_training_assigns_is_as_large_as_the_weight() -> None:
    model = keras.Sequential([keras.Input((8,)), kl.Dense(12, name="before"), Codebook(7), kl.Dense(2)])
    for weight in model.weights:
        weight.assign(RNG.uniform(0.1, 1.0, size=weight.shape))
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    batch, copy = RNG.normal(size=(4, 8)).astype("float32"), space.baseline.build()
    for training in (False, True, False):
        np.testing.assert_allclose(copy(batch, training=training), model(batch, training=training), atol=1e-4)
    narrow = space.baseline.with_width("before", 7)
    assert narrow.build("fresh").count_params() == narrow.measure().n_params


class Keeps(kl.Layer):
    """Has weights that it does not read, one held back before one that is not."""

    def build(self, _: Any) -> None:
        self.back = self.add_weight(shape=(3,), trainable=False, name="back")
        self.front = self.add_weight(shape=(4, 2), name="front")

    def call(self, x: Any) -> Any:
        return x * 2.0


def test_weights_that_nothing_reads_keep_their_order() -> None:
    model = keras.Sequential([keras.Input((8,)), Keeps(), kl.Dense(2)])
    copy = sw.StructureSpace.from_keras(model).baseline.build()
    assert {tuple(each.shape) for each in copy.weights} == {(3,), (4, 2), (8, 2), (2,)}
    batch = RNG.normal(size=(3, 8)).astype("float32")
    np.testing.assert_allclose(copy(batch), model(batch), atol=1e-6)
