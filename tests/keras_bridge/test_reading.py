"""What can be read, and in which words the rest is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from zoo import ZOO
from zoo.composites import OfBlocks, Residual
from zoo.vectors import Article

import structopt_widgets as sw
from structopt_widgets.layer_rules import registry

read = sw.StructureSpace.from_keras


def small() -> keras.Model:
    return keras.Sequential([keras.Input((6,)), kl.Dense(5, activation="relu", name="a"), kl.Dense(2, name="b")])


@pytest.mark.parametrize("thing", [3, None, object(), [1, 2], np.zeros(3), keras.layers.Dense(3), keras.Model])
def test_not_a_keras_model(thing: Any) -> None:
    with pytest.raises(TypeError, match=r"Expected a keras\.Model or the path of a \.keras file, got \S+\.\w+"):
        read(thing)


@pytest.mark.parametrize("make", [Article, lambda: keras.Sequential([kl.Dense(3)])], ids=["subclassed", "sequential"])
def test_an_unbuilt_model_needs_its_shape(make: Any) -> None:
    model = make()
    with pytest.raises(
        ValueError, match=r"Expected a built model or its input shape: .* has no weights yet\. Pass input_shape="
    ):
        read(model)
    assert not model.built
    assert read(model, input_shape=(7,)).baseline.measure().n_params > 0
    assert not model.built


@pytest.mark.parametrize("shape", [(7,), [7], 7])
def test_a_shape_may_be_written_in_several_ways(shape: Any) -> None:
    first = (7 + 1) * 12
    assert read(Article(), input_shape=shape).baseline.measure().by_layer["n_params"]["first"] == first


def test_data_gives_an_unbuilt_model_its_shape() -> None:
    class Given:
        input_shape = (7,)
        x = np.zeros((3, 7), "float32")

    assert read(Article(), data=Given()).baseline.measure().by_layer["n_params"]["first"] == (7 + 1) * 12


@pytest.mark.parametrize("data", ["fashion", (np.zeros((3, 7)), [0, 1, 0])])
def test_other_things_than_data_give_no_shape(data: Any) -> None:
    with pytest.raises(TypeError, match=r"Expected a Data to take the shape .* got (str|tuple)\. Wrap arrays in it"):
        read(Article(), data=data)


class BranchesOnValues(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = kl.Dense(3)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs) if keras.ops.sum(inputs) > 0 else inputs


class UsesNumpy(BranchesOnValues):
    def call(self, inputs: Any) -> Any:
        return self.dense(np.tanh(np.asarray(inputs)))


@pytest.mark.parametrize("kind", [BranchesOnValues, UsesNumpy])
def test_a_model_that_cannot_be_traced(kind: type[keras.Model]) -> None:
    with pytest.raises(
        ValueError,
        match=r"Expected a model whose call\(\) can be traced on a symbolic input of shape \(4,\), got \w+: .*ops",
    ):
        read(kind(), input_shape=(4,))


def test_a_shape_that_does_not_fit_a_built_model() -> None:
    model = Article()
    model(np.zeros((1, 9), "float32"))
    with pytest.raises(ValueError, match=r"traced on a symbolic input of shape \(5,\)"):
        read(model, input_shape=(5,))


def test_a_constructor_whose_arguments_are_not_kept() -> None:
    class Sized(keras.Model):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.dense = kl.Dense(units)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

        def get_config(self) -> dict[str, Any]:
            raise NotImplementedError

    model = Sized(4)
    with pytest.raises(ValueError, match=r"Expected an unbuilt model that can be made again.*Build it first"):
        read(model, input_shape=(3,))
    model(np.zeros((1, 3), "float32"))
    assert read(model).baseline.measure().n_params == (3 + 1) * 4


def test_layers_changed_after_construction_are_noticed() -> None:
    model = Article()
    model.first = kl.Dense(99, name="first")
    with pytest.raises(
        ValueError, match=r"as its constructor makes them, but they were changed afterwards.*Build it first"
    ):
        read(model, input_shape=(7,))


def test_an_axis_of_unknown_length() -> None:
    model = ZOO["free_axes"].make()
    with pytest.raises(
        ValueError,
        match=r"every axis of '.*' but the batch to have a length, got \(None, None, None, 3\).*input_shape=",
    ):
        read(model)
    at_8, at_16 = (read(model, input_shape=(side, side, 3)).baseline.measure() for side in (8, 16))
    assert at_8.n_params == at_16.n_params == model.count_params()
    conv = 3 * 3 * (3 + 4) * 4
    assert [at_8.macs, at_16.macs] == [side * side * conv + 4 * 2 for side in (8, 16)]


def test_a_shape_that_does_not_fit_a_graph() -> None:
    with pytest.raises(ValueError, match=r"Expected an input_shape that .* can be called on, got \(8, 8, 5\)"):
        read(ZOO["free_axes"].make(), input_shape=(8, 8, 5))
    with pytest.raises(ValueError, match=r"Expected an input_shape for each of 1 inputs, got \[\(8, 8, 3\), \(4,\)\]"):
        read(ZOO["free_axes"].make(), input_shape=[(8, 8, 3), (4,)])


# Keras says so when an optimizer that never trained is loaded; the model is complete all the same.
@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer:UserWarning")
@pytest.mark.slow
def test_a_keras_file(tmp_path: Path) -> None:
    model = ZOO["residual_cnn"].make()
    model.compile("adam", "mse")
    path = tmp_path / "model.keras"
    model.save(path)
    for way in (path, str(path)):
        space = read(way)
        assert space.baseline.measure() == sw.measure(model)
        batch = ZOO["residual_cnn"].batch()
        np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-6)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"got '.*nothing\.keras': there is no such file"):
        read(tmp_path / "nothing.keras")


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(b"anything")
    with pytest.raises(ValueError, match=r"Expected a \.keras file, got 'model\.h5'\. Save the model again"):
        read(path)


@pytest.mark.parametrize(
    ("damaged", "what"),
    [
        (lambda whole: whole[:0], "is no zip archive: it is damaged, or cut off"),
        (lambda _: b"not a zip", "is no zip archive: it is damaged, or cut off"),
        (lambda whole: whole[:-200], "is no zip archive: it is damaged, or cut off"),
        (lambda whole: whole[:400] + bytes(100) + whole[500:], r"BadZipFile.*Save it again"),
    ],
    ids=["empty", "text", "cut", "overwritten"],
)
def test_a_damaged_file(tmp_path: Path, damaged: Callable[[bytes], bytes], what: str) -> None:
    path = tmp_path / "model.keras"
    small().save(path)
    path.write_bytes(damaged(path.read_bytes()))
    with pytest.raises(
        ValueError, match=rf"Expected a \.keras file that Keras can read in safe mode, got 'model\.keras'.*{what}"
    ):
        read(path)


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((3,)), kl.Lambda(lambda x: x * 2), kl.Dense(2)]).save(path)
    with pytest.raises(ValueError, match=r"safe mode.*[Ll]ambda"):
        read(path)


def test_weights_and_compilation_make_no_difference() -> None:
    model = small()
    before = sw.measure(model)
    model.compile("sgd", "mse")
    model.fit(np.zeros((4, 6)), np.zeros((4, 2)), verbose=0)
    assert sw.measure(model, optimizer="adam") == before


class Scaled(kl.Layer):
    """A weight an input channel, and a factor."""

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(shape[-1],), name="scale")

    def call(self, inputs: Any) -> Any:
        return inputs * self.scale


class Halved(kl.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs / 2.0


class Unseen(kl.Layer):
    """A function that symbolic tensors cannot enter, and whose operations nobody has counted."""

    def call(self, inputs: Any) -> Any:
        return tf.math.bessel_i0(inputs)


@pytest.fixture
def registered() -> Any:
    """The registry, put back afterwards."""
    before = dict(registry._RULES)
    yield
    registry._RULES.clear()
    registry._RULES.update(before)


def with_own(layer: kl.Layer) -> keras.Model:
    return keras.Sequential([keras.Input((6,)), kl.Dense(5, name="a"), layer, kl.Dense(2, name="b")])


@pytest.mark.usefixtures("registered")
def test_one_line_makes_a_layer_counted() -> None:
    model = with_own(Unseen(name="own"))
    space = read(model)
    assert set(space.baseline.measure().uncounted) == {"own"}
    assert space.width_groups["a"].fixed
    assert "own has no layer rule" in space.width_groups["a"].why

    sw.register_layer_rule(Unseen, sw.Elementwise(flops=1, span=1))

    counted = read(model)
    assert not counted.baseline.measure().uncounted
    assert not counted.width_groups["a"].fixed
    assert counted.baseline.measure().by_layer["flops"]["own"] == 5
    assert counted.baseline.with_width("a", 9).build().count_params() == 7 * 9 + 10 * 2


@pytest.mark.usefixtures("registered")
def test_a_rule_of_ones_own_with_weights() -> None:
    class ScaledRule(sw.LayerRule):
        def connect(self, site: Any) -> sw.Connection:
            return sw.Connection((site.inputs[0],), (sw.WeightAxes("scale", (site.inputs[0][-1],)),))

        def cost(self, site: Any, at: Any) -> sw.Cost:
            return sw.Cost(other=at.elements(site.outputs[0]), span=1)

    sw.register_layer_rule(f"{__name__}.Scaled", ScaledRule())
    structure = read(with_own(Scaled(name="own"))).baseline.with_width("a", 3)
    assert structure.measure().by_layer["n_params"]["own"] == 3
    assert structure.build().count_params() == structure.measure().n_params


@pytest.mark.usefixtures("registered")
def test_a_bias_that_cannot_be_switched_counts() -> None:
    class Always(sw.LayerRule):
        def connect(self, site: Any) -> sw.Connection:
            return sw.Connection((site.inputs[0],), (sw.WeightAxes("scale", (site.inputs[0][-1],), is_bias=True),))

        def cost(self, site: Any, at: Any) -> sw.Cost:
            return sw.Cost()

    sw.register_layer_rule(Scaled, Always())
    model = with_own(Scaled(name="own"))
    assert sw.measure(model).n_params == model.count_params()


@pytest.mark.usefixtures("registered")
def test_a_rule_that_does_not_fit_is_reported_and_freezes() -> None:
    sw.register_layer_rule(Scaled, sw.Elementwise(flops=1))
    space = read(with_own(Scaled(name="own")))
    why = space.baseline.measure().uncounted["own"]
    assert why == "does not fit its layer rule: expected weights of shapes [(5,)], the rule gives []"
    assert space.width_groups["a"].fixed
    assert space.baseline.measure().n_params == 7 * 5 + 5 + 6 * 2


def test_a_rule_must_be_a_rule() -> None:
    with pytest.raises(TypeError, match=r"Expected an instance of a LayerRule, got <class .*not a class"):
        sw.register_layer_rule(Halved, sw.Elementwise)  # type: ignore[arg-type]


def test_a_dense_layer_of_ones_own_that_does_more_is_not_taken_for_dense() -> None:
    class Doubled(kl.Dense):
        def call(self, inputs: Any, training: Any = None) -> Any:
            return 2 * super().call(inputs)

    class Weighted(kl.Dense):
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.extra = self.add_weight(shape=(3,), name="extra")

    doubled = sw.measure(with_own(Doubled(4, name="own")))
    assert not doubled.uncounted
    assert doubled.flops == sw.measure(with_own(kl.Dense(4, name="own"))).flops + 4
    space = read(with_own(Weighted(4, name="own")))
    assert "expected weights of shapes" in space.baseline.measure().uncounted["own"]
    assert "own" not in space.width_groups
    assert space.baseline.measure().n_params == space.source.model.count_params()


def test_blocks_of_ones_own_are_read_layer_by_layer() -> None:
    model = OfBlocks()
    model(np.zeros((1, 5), "float32"))
    space = read(model)
    # The stream, and the inside of each block.
    assert [group.width for group in space.width_groups.values() if not group.fixed] == [6, 12, 12]
    assert [block.layers for block in space.blocks.values()] == [
        (block.inside.name, block.back.name, block.norm.name, added)
        for block, added in zip(model.blocks, space.blocks, strict=True)
    ]
    assert space.baseline.measure().macs == 5 * 6 + 2 * (2 * 6 * 12) + 6 * 2


class Unwritten(kl.Layer):
    """A block that cannot be written down, which is no matter: its layers can."""

    def __init__(self, width: int, again: bool = True) -> None:
        super().__init__()
        self.dense = kl.Dense(width)
        self.inner = Unwritten(width, again=False) if again else None

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs) if self.inner is None else self.inner(self.dense(inputs))


class HoldsUnwritten(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.block = Unwritten(5)

    def call(self, inputs: Any) -> Any:
        return self.block(inputs)


def test_a_block_without_a_configuration_is_rebuilt_from_its_layers() -> None:
    for model in (HoldsUnwritten(), keras.Sequential([keras.Input((4,)), Unwritten(5)])):
        space = read(model, input_shape=(4,))
        assert space.scaled(0.5).build("fresh").count_params() == space.scaled(0.5).measure().n_params


def test_a_rule_comes_before_looking_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = keras.Input((5,))
    model = keras.Model(inputs, kl.Dense(2)(Residual(5, name="whole")(inputs)))
    assert "whole" not in read(model).graph.layers
    monkeypatch.setitem(registry._RULES, registry.kind_of(Residual), sw.Elementwise(flops=1))
    assert "whole" in read(model).graph.layers


@pytest.mark.slow
def test_a_model_read_again_is_the_same_model() -> None:
    model = OfBlocks()
    model(np.zeros((1, 5), "float32"))
    once = read(model)
    keras.ops.add(keras.Input((2,)), 1)  # takes a name
    again = read(model)
    assert again.fingerprint == once.fingerprint
    assert again.baseline == once.baseline


class Shifted(keras.Model):
    """Made of a graph, and called otherwise."""

    def call(self, x: Any) -> Any:
        return 2 * super().call(x)


def test_a_call_of_its_own_around_a_graph_is_read_at_the_shape_of_the_graph() -> None:
    inputs = keras.Input((4,))
    model = Shifted(inputs, kl.Dense(2)(kl.Dense(7, name="hidden")(inputs)))
    space = sw.StructureSpace.from_keras(model)
    assert [group.width for group in space.width_groups.values() if not group.fixed] == [7]
    batch = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    copy = space.baseline.build()
    np.testing.assert_allclose(copy(batch), model(batch), atol=1e-6)
