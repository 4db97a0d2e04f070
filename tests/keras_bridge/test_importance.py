"""Which units a narrowed width keeps, by each importance."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as kl
from zoo.specimen import randomize

import structopt_widgets as sw
from structopt_widgets.keras_bridge.inheriting.importance import IMPORTANCES

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


@pytest.mark.slow
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


@pytest.mark.parametrize("importance", [each for each in IMPORTANCES if each != "taylor"])
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


def gated(normalized: bool) -> tuple[keras.Model, sw.Data]:
    """Four units, of which only 1 and 3 say anything of the class; the others have the larger weights."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(256, 4)).astype("float32")
    norm = [kl.BatchNormalization(name="norm")] if normalized else []
    dense = kl.Dense(4, name="wide", use_bias=False)
    model = keras.Sequential([keras.Input((4,)), dense, *norm, kl.Activation("tanh"), kl.Dense(2, name="out")])
    model.get_layer("wide").kernel.assign(np.diag([3.0, 1.0, 3.0, 1.0]))
    model.get_layer("out").kernel.assign([[0.2, 0.2], [1, -1], [-0.2, -0.2], [1, -1]])
    return model, sw.Data(x, x[:, 1] + x[:, 3] < 0)


@pytest.mark.parametrize("normalized", [False, True])
def test_taylor_keeps_what_the_loss_goes_by(normalized: bool) -> None:
    model, data = gated(normalized)
    before = [np.array(keras.ops.convert_to_numpy(each)) for each in model.weights]
    narrow = read(model).baseline.with_width("wide", 2)

    def kept(**choice: object) -> list[int]:
        return np.flatnonzero(np.asarray(narrow.build(**choice).get_layer("wide").kernel).any(axis=1)).tolist()

    assert kept(data=data) == kept(importance="taylor", data=data) == [1, 3]
    assert kept() == kept(importance="l2", data=data) == [0, 2]
    for each, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(each, value)
    with pytest.raises(ValueError, match="Expected data with importance='taylor'"):
        narrow.build(importance="taylor")
    with pytest.raises(TypeError, match="Expected a Data to choose units by, got ndarray"):
        narrow.build(data=data.x)


def test_statistics_are_those_of_the_samples_after_a_cut_and_as_they_were_without_one() -> None:
    model, data = gated(normalized=True)
    structure = read(model).baseline
    same = structure.build(data=data)
    np.testing.assert_array_equal(same.get_layer("norm").moving_variance, np.ones(4))
    narrow = structure.with_width("wide", 2).build(data=data)
    # 204 training samples make one batch of 128 with these numbers; the rest is no whole batch.
    rows = np.random.default_rng(0).permutation(len(data.y))[:128]
    seen = data.x[rows] @ np.asarray(narrow.get_layer("wide").kernel)
    norm = narrow.get_layer("norm")
    np.testing.assert_allclose(norm.moving_mean, seen.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(norm.moving_variance, seen.var(axis=0), rtol=1e-4)
    assert (norm.momentum, norm.trainable) == (0.99, True)


@pytest.mark.slow
def test_a_recurrence_over_normalized_timesteps_is_cut_by_the_loss_and_has_the_mean_of_all_steps() -> None:
    inner = keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization(), keras.layers.Dense(4)])
    model = keras.Sequential(
        [
            keras.Input((5, 3)),
            keras.layers.TimeDistributed(inner),
            keras.layers.LSTM(4, dropout=0.5),
            keras.layers.Dense(2),
        ]
    )
    x = np.random.default_rng(0).normal(2, 1, (120, 5, 3)).astype("float32")
    data = sw.Data(x, (x[:, :, 0].mean(1) > 2).astype(int))
    copy = sw.StructureSpace.from_keras(model).scaled(0.5).build(data=data)
    mean = next(each for each in copy.non_trainable_variables if each.name == "moving_mean")
    np.testing.assert_allclose(mean, data.x.mean((0, 1)), rtol=1e-4)


def test_an_importance_of_ones_own() -> None:
    model = convolution()
    seen = []

    def last(group: sw.WidthGroup, weights: list) -> np.ndarray:
        seen.append((group.name, {(each.layer, each.name, each.role, each.values.shape) for each in weights}))
        return np.arange(group.width)

    assert kept(model, 1, importance=last) == [2]
    (name, found), *others = seen
    assert (name, others) == ("conv", [])
    assert ("conv", "kernel", "incoming", (3, 1, 1, 4)) in found
    assert ("norm", "gamma", "each", (3,)) in found
    # Flattened, each channel is four places of the dense kernel.
    assert any(role == "outgoing" and shape == (3, 4, 2) for _, _, role, shape in found)
    with pytest.raises(ValueError, match=r"Expected 3 finite numbers from importance\(group, weights\).*shape \(2,\)"):
        kept(model, 1, importance=lambda *_: [1, 2])
