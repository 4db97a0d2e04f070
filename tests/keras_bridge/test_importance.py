"""Which units a narrowed width keeps, by each importance."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as kl
from zoo.specimen import randomize

import structopt_widgets as sw
from structopt_widgets.keras_bridge.importance import IMPORTANCES

read = sw.StructureSpace.from_keras


def convolution() -> keras.Model:
    """Three channels: the L2 norm ranks them 0 1 2, the L1 norm 1 2 0, the batch norm 2 0 1."""
    model = keras.Sequential(
        [
            keras.Input((2, 2, 4)),
            kl.Conv2D(3, 1, name="conv", use_bias=False),
            kl.BatchNormalization(name="norm"),
            kl.Flatten(),
            kl.Dense(2),
        ]
    )
    randomize(model)
    kernel = np.array([[5, 0, 0, 0], [-3, 3, -2, 0], [2, 2, 2, -1]], "float32").T
    model.get_layer("conv").kernel.assign(kernel[None, None])
    model.get_layer("norm").gamma.assign([0.5, 0.1, -2])
    return model


def kept(model: keras.Model, width: int, **choice: object) -> list[int]:
    """The channels of ``conv`` that are left, recognised by their kernels."""
    built = read(model).baseline.with_width("conv", width).build(**choice)
    old, new = (np.asarray(each.get_layer("conv").kernel)[0, 0].T.tolist() for each in (model, built))
    return [old.index(channel) for channel in new]


@pytest.mark.parametrize(
    ("importance", "one", "two"),
    [("l2", [0], [0, 1]), ("l1", [1], [1, 2]), ("batch_norm_scale", [2], [0, 2]), ("first", [0], [0, 1])],
)
def test_the_most_important_stay(importance: str, one: list[int], two: list[int]) -> None:
    assert kept(convolution(), 1, importance=importance) == one
    assert kept(convolution(), 2, importance=importance) == two


def test_random_ones_follow_their_seed() -> None:
    found = {seed: kept(convolution(), 1, importance="random", seed=seed) for seed in range(8)}
    assert {0, 1, 2} == {channel for channels in found.values() for channel in channels}
    assert found == {seed: kept(convolution(), 1, importance="random", seed=seed) for seed in range(8)}
    assert kept(convolution(), 1, importance="random") == found[0]


def test_a_width_without_a_batch_norm_falls_back_to_l2() -> None:
    model = keras.Sequential(
        [keras.Input((2, 2, 4)), kl.Conv2D(3, 1, name="conv"), kl.BatchNormalization(scale=False), kl.Dense(2)]
    )
    randomize(model)
    model.get_layer("conv").kernel.assign(np.eye(4, 3)[None, None] * [1, 3, 2])
    assert kept(model, 2, importance="batch_norm_scale") == [1, 2]
    assert kept(model, 2, importance="batch_norm_scale") == kept(model, 2, importance="l2")


@pytest.mark.parametrize("importance", IMPORTANCES)
def test_one_call_takes_an_importance(importance: str) -> None:
    model = convolution()
    built = sw.optimize_model(model, widths={"conv": 2}, importance=importance, seed=3)
    by_hand = read(model).baseline.with_width("conv", 2).build(importance=importance, seed=3)
    np.testing.assert_array_equal(built.get_layer("conv").kernel, by_hand.get_layer("conv").kernel)


def test_an_unknown_importance_is_answered_with_the_nearest() -> None:
    structure = read(convolution()).baseline
    for weights in ("inherit", "fresh"):
        with pytest.raises(ValueError, match=r"one of: l2, l1, .*; got 'frist'. Did you mean 'first'"):
            structure.build(weights, importance="frist")


def test_what_is_left_out_has_no_say_in_what_stays() -> None:
    inputs = keras.Input((2,))
    stem = kl.Dense(2, name="stem", use_bias=False)(inputs)
    branch = kl.Dense(2, name="branch", use_bias=False)(stem)
    model = keras.Model(inputs, kl.Dense(1, name="head")(kl.Add(name="add")([stem, branch])))
    # By the stem alone the second unit counts more, by stem and branch the first.
    model.get_layer("stem").kernel.assign([[1.0, 2.0], [0.0, 0.0]])
    model.get_layer("branch").kernel.assign([[9.0, 0.0], [0.0, 0.0]])
    narrow = read(model).baseline.with_width("stem", 1)
    assert np.asarray(narrow.build().get_layer("stem").kernel)[0].tolist() == [1.0]
    assert np.asarray(narrow.with_block("add", False).build().get_layer("stem").kernel)[0].tolist() == [2.0]
