"""An axis cut into parts by a reshape: whichever part can move does, the last one first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw


def phases(x: Any) -> Any:
    """Amplitude and phase side by side within each channel (WaveMLP)."""
    real, cosine, sine = ops.unstack(kl.Reshape((4, 8, 3))(kl.Dense(24, name="a")(x)), axis=-1)
    return kl.Dense(8, name="p")(x) * real + cosine * sine


def windows(x: Any) -> Any:
    """Windows whose places lie beside their channels in one axis (DaViT, SwinV2)."""
    made = ops.reshape(kl.Dense(8, name="a")(x), (-1, 2, 2 * 8))
    return kl.Reshape((4, 8))(ops.flip(made, axis=1))


def fields(x: Any) -> Any:
    """Vectors of several fields, joined and laid below one another (DLRM)."""
    joined = kl.Concatenate()([kl.Dense(6, name=name)(x) for name in "abc"])
    made = kl.Reshape((12, 6))(joined)
    return ops.matmul(made, ops.transpose(made, (0, 2, 1)))


class Rotated(kl.Layer):
    """Attention whose positions are angles in a table that fits one size of a head: its heads move."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = [kl.Dense(16, name=name) for name in "qkvo"]

    def call(self, x: Any) -> Any:
        angles = np.outer(np.arange(4), 100.0 ** -np.arange(2.0)).astype("float32")[:, None]

        def turned(part: Any) -> Any:
            one, other = part[..., :2], part[..., 2:]
            made = [one * np.cos(angles) - other * np.sin(angles), one * np.sin(angles) + other * np.cos(angles)]
            return ops.concatenate(made, -1)

        query, key, value = (ops.reshape(part(x), (-1, 4, 4, 4)) for part in self.parts[:3])
        scores = ops.softmax(ops.einsum("bqhd,bkhd->bhqk", turned(query), turned(key)) / 2.0)
        return self.parts[3](ops.reshape(ops.einsum("bhqk,bkhd->bqhd", scores, value), (-1, 4, 16)))


@pytest.mark.parametrize(("block", "free"), [(phases, 1), (windows, 1), (fields, 1), (lambda x: Rotated()(x), 2)])
def test_the_part_that_can_move_does(block: Callable[[Any], Any], free: int) -> None:
    inputs = keras.Input((4, 5))
    model = keras.Model(inputs, kl.Dense(2, name="out")(block(inputs)))
    space = sw.StructureSpace.from_keras(model)
    groups = [each for each in space.width_groups.values() if not each.fixed]
    assert len(groups) == free
    assert not space.baseline.measure().uncounted
    half = space.scaled(0.5)
    assert len(space.baseline.diff(half)) == free
    assert half.build("fresh").count_params() == half.measure().n_params
    again = sw.StructureSpace.from_keras(half.build()).baseline.measure()
    assert (again.n_params, again.macs, again.flops) == tuple(
        getattr(half.measure(), each) for each in ("n_params", "macs", "flops")
    )
    batch = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("float32")
    wide = space.scaled(2.0)
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-5)
    if not wide.function_changes():
        np.testing.assert_allclose(wide.build()(batch), model(batch), atol=1e-5)


def test_ones_are_ones_at_any_length() -> None:
    class Sinc(kl.Layer):
        """A filter is even: half of it is computed, its middle is one (SincNet)."""

        def build(self, shape: Any) -> None:
            self.cutoff = self.add_weight(shape=(8, 1), initializer="random_uniform")

        def call(self, x: Any) -> Any:
            half = ops.sin(ops.matmul(self.cutoff, ops.reshape(ops.arange(1.0, 6.0), (1, 5))))
            kernel = ops.concatenate([half, ops.ones((8, 1)), ops.flip(half, axis=1)], axis=1)
            return ops.conv(x, ops.reshape(ops.transpose(kernel), (11, 1, 8)), 2) + ops.full((8,), -0.5)

    inputs = keras.Input((32, 1))
    model = keras.Model(inputs, kl.Dense(2)(Sinc()(inputs)))
    space = sw.StructureSpace.from_keras(model)
    (group,) = (each for each in space.width_groups.values() if not each.fixed)
    assert group.width == 8
    assert not space.baseline.measure().uncounted
    batch = np.random.default_rng(0).normal(size=(3, 32, 1)).astype("float32")
    for width in (3, 8, 16):
        structure = space.baseline.with_width(group.name, width)
        assert structure.build("fresh").count_params() == structure.measure().n_params
        if width >= 8:
            np.testing.assert_allclose(structure.build()(batch), model(batch), atol=1e-5)


@pytest.mark.parametrize("sizes", [(8, 16), (4, 4, 8)])
def test_groups_of_what_is_joined_leave_each_part_in_steps(sizes: tuple[int, ...]) -> None:
    inputs = keras.Input((6, 6, 3))
    parts = [keras.layers.Conv2D(each, 1, name=f"c{place}")(inputs) for place, each in enumerate(sizes)]
    joined = keras.layers.Concatenate()(parts)
    model = keras.Model(inputs, keras.layers.Conv2D(2, 1)(keras.layers.GroupNormalization(4)(joined)))
    space = sw.StructureSpace.from_keras(model)
    groups = [space.width_groups[f"c{place}"] for place in range(len(sizes))]
    assert [(each.fixed, each.divisor) for each in groups] == [(False, 4)] * len(sizes)
    half = space.scaled(0.5)
    assert half.build("fresh").count_params() == half.measure().n_params


def test_a_part_that_no_group_divides_stays() -> None:
    inputs = keras.Input((6, 6, 3))
    parts = [keras.layers.Conv2D(each, 1, name=f"c{each}")(inputs) for each in (6, 10)]
    joined = keras.layers.GroupNormalization(4)(keras.layers.Concatenate()(parts))
    space = sw.StructureSpace.from_keras(keras.Model(inputs, keras.layers.Conv2D(2, 1)(joined)))
    assert space.width_groups["c6"].fixed
    assert space.width_groups["c10"].fixed
