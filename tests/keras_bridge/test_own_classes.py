"""An opened layer is of its own class again where its configuration takes the widths."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw
from structopt_widgets.keras_bridge import build_model

RNG = np.random.default_rng(0)


@keras.saving.register_keras_serializable("test_own_classes")
class Block(kl.Layer):
    """An attention and a feed-forward part, as keras.io's; its heads are as wide as the layer."""

    def __init__(self, embed_dim: int, num_heads: int, ff_dim: int, rate: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embed_dim, self.num_heads, self.ff_dim, self.rate = embed_dim, num_heads, ff_dim, rate
        self.att = kl.MultiHeadAttention(num_heads, embed_dim)
        self.ffn = keras.Sequential([kl.Dense(ff_dim, activation="relu"), kl.Dense(embed_dim)])
        self.norm, self.dropout = kl.LayerNormalization(), kl.Dropout(rate)

    def build(self, shape: Any) -> None:
        self.att.build(shape, shape)
        self.ffn.build(shape)
        self.norm.build(shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        x = inputs + self.dropout(self.att(inputs, inputs), training=training)
        return self.norm(x + self.ffn(x))

    def get_config(self) -> dict[str, Any]:
        names = ("embed_dim", "num_heads", "ff_dim", "rate")
        return super().get_config() | {name: getattr(self, name) for name in names}


@keras.saving.register_keras_serializable("test_own_classes")
class Scaled(kl.Layer):
    """Its outputs are scaled by a number of its own class, which another width makes another."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.scale = units, units**-0.5

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.kernel) * self.scale

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


def of_blocks() -> keras.Model:
    inputs = keras.Input((5, 6))
    x = kl.Dense(8, name="stem")(inputs)
    for name in ("one", "two"):
        x = Block(8, 2, 12, name=name)(x)
    return keras.Model(inputs, kl.Dense(3)(x))


def kinds(model: keras.Model) -> list[str]:
    return [type(each).__name__ for each in model.layers]


@pytest.mark.slow
def test_a_narrower_copy_has_the_user_s_own_layers(tmp_path: Any) -> None:
    model = of_blocks()
    space = sw.StructureSpace.from_keras(model)
    structure = space.scaled(0.5)
    copy = structure.build(seed=1)
    assert kinds(copy) == kinds(model)
    assert [(each.embed_dim, each.num_heads, each.ff_dim) for each in copy.layers if isinstance(each, Block)] == [
        (4, 1, 6)
    ] * 2
    assert copy.count_params() == structure.measure().n_params
    batch = RNG.normal(size=(3, 5, 6)).astype("float32")
    np.testing.assert_allclose(copy(batch), build_model(structure, seed=1)(batch), atol=1e-5)
    again = structure.build(seed=1)
    np.testing.assert_array_equal(copy(batch), again(batch))
    copy.save(tmp_path / "copy.keras")
    np.testing.assert_allclose(keras.saving.load_model(tmp_path / "copy.keras")(batch), copy(batch), atol=1e-6)
    # Any tensor inside is one of the copy's own graph.
    assert keras.Model(copy.input, copy.get_layer("one").output)(batch).shape == (3, 5, 4)


@pytest.mark.exhaustive
def test_one_of_several_widths_that_are_one_entry_leaves_the_operations() -> None:
    space = sw.StructureSpace.from_keras(of_blocks())
    inside = {name for name, each in space.graph.layers.items() if each.path[:1] == ("one",)}
    groups = {name: each for name, each in space.width_groups.items() if inside.issuperset(each.layers)}
    assert sorted(each.width for each in groups.values()) == [2, 8, 12]
    for name, blocks in {2: 2, 12: 2, 8: 1}.items():
        (group,) = [key for key, each in groups.items() if each.width == name]
        structure = space.baseline.with_width(group, 1)
        copy = structure.build()
        assert kinds(copy).count("Block") == blocks
        assert copy.count_params() == structure.measure().n_params


@pytest.mark.slow
def test_what_another_width_makes_compute_otherwise_stays_operations() -> None:
    model = keras.Sequential([keras.Input((6,)), Scaled(8, name="scaled"), kl.Dense(2)])
    space = sw.StructureSpace.from_keras(model)
    assert "Scaled" in kinds(space.baseline.build())
    narrow = space.scaled(0.5)
    assert "Scaled" not in kinds(narrow.build())
    batch = RNG.normal(size=(3, 6)).astype("float32")
    np.testing.assert_allclose(narrow.build()(batch), build_model(narrow)(batch), atol=1e-6)


@pytest.mark.exhaustive
def test_a_choice_inside_that_is_no_width_leaves_the_operations() -> None:
    space = sw.StructureSpace.from_keras(of_blocks())
    inner = next(name for name, each in space.baseline.activations.items() if each == "relu")
    copy = space.baseline.with_activation(inner, "tanh").build()
    assert kinds(copy).count("Block") == 1


def test_a_class_that_keras_loads_from_no_file_is_not_used() -> None:
    class Unregistered(kl.Layer):
        def build(self, shape: Any) -> None:
            self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")

        def call(self, x: Any) -> Any:
            return x * self.scale

    model = keras.Sequential([keras.Input((6,)), kl.Dense(8), Unregistered(), kl.Dense(2)])
    assert "Unregistered" not in kinds(sw.StructureSpace.from_keras(model).scaled(0.5).build())
