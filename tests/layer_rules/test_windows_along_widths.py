"""A window that leaves an axis as long as it is may slide along a width, which then still moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw

RNG = np.random.default_rng(0)


class ByOnesOwnWindow(kl.Layer):
    """A convolution along its last axis, by a weight."""

    def build(self, _: Any) -> None:
        self.window = self.add_weight(shape=(3, 1, 1), name="window")

    def call(self, x: Any) -> Any:
        return ops.conv(x, self.window, padding="same")


WINDOWS: dict[str, tuple[Callable[[], kl.Layer], bool, bool]] = {  # is the width free, does one place see others
    "as channel attention has it": (lambda: kl.Conv1D(1, 5, padding="same"), True, True),
    "causal, with gaps": (lambda: kl.Conv1D(1, 3, padding="causal", dilation_rate=2), True, True),
    "each place by itself": (lambda: kl.Conv1D(4, 1), True, False),
    "depthwise": (lambda: kl.DepthwiseConv1D(3, padding="same"), True, True),
    "separable": (lambda: kl.SeparableConv1D(2, 3, padding="same"), True, True),
    "the largest of three": (lambda: kl.MaxPooling1D(3, 1, "same"), True, True),
    "a weight of one's own": (ByOnesOwnWindow, True, True),
    "without what is beside": (lambda: kl.Conv1D(1, 5), False, True),
    "every second": (lambda: kl.Conv1D(1, 3, strides=2, padding="same"), False, True),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_fixes_only_what_it_shortens(name: str) -> None:
    layer, is_free, sees_others = WINDOWS[name]
    inputs = keras.Input((4,))
    x = layer()(kl.Reshape((-1, 1))(kl.Dense(12, name="before")(inputs)))
    model = keras.Model(inputs, kl.Dense(2)(kl.Flatten()(x)))
    for each in model.weights:
        each.assign(RNG.normal(size=each.shape))
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert cost.n_params == model.count_params()
    assert space.width_groups["before"].fixed != is_free
    batch = RNG.normal(size=(3, 4)).astype("float32")
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-6)
    for width in (5, 17) if is_free else ():
        other = space.baseline.with_width("before", width)
        copy = other.build()
        assert copy.count_params() == other.measure().n_params
        # Copies of a unit change what their neighbours are.
        keeps = "widths.before" not in other.function_changes()
        assert keeps == (width > 12 and not sees_others)
        if keeps:
            np.testing.assert_allclose(copy(batch), model(batch), atol=1e-5)


class Blur(kl.Layer):
    """The same window for each channel, or another."""

    def __init__(self, same: bool) -> None:
        super().__init__()
        self.same = same

    def call(self, x: Any) -> Any:
        window = np.ones((3, 3, x.shape[-1], 1), "float32") / 9
        return ops.depthwise_conv(x, window if self.same else window.cumsum(-2), 2, "same")


@pytest.mark.parametrize("same", [True, False])
def test_a_constant_window_that_is_the_same_for_each_channel_goes_with_them(same: bool, tmp_path: Any) -> None:
    inputs = keras.Input((6, 6, 3))
    model = keras.Model(inputs, kl.Conv2D(2, 1)(Blur(same)(kl.Conv2D(7, 1, name="before")(inputs))))
    space = sw.StructureSpace.from_keras(model)
    assert space.width_groups["before"].fixed != same
    assert space.baseline.measure().macs == 36 * 3 * 7 + 9 * (9 * 7 + 7 * 2)
    batch = RNG.normal(size=(2, 6, 6, 3)).astype("float32")
    copy = space.baseline.build()
    copy.save(tmp_path / "copy.keras")
    for each in (copy, keras.saving.load_model(tmp_path / "copy.keras")):
        np.testing.assert_allclose(each(batch), model(batch), atol=1e-6)
    if same:
        narrow = space.baseline.with_width("before", 3)
        assert narrow.build()(batch).shape == (2, 3, 3, 2)
        assert narrow.measure().macs == 36 * 3 * 3 + 9 * (9 * 3 + 3 * 2)


@pytest.mark.parametrize("kind", [lambda: kl.Conv1D(2, 3, padding="same"), lambda: kl.MaxPooling1D(3, 1, "same")])
@pytest.mark.parametrize("in_steps", [False, True])
@pytest.mark.parametrize("width", [1, 12])
def test_zeros_beside_a_width_reach_its_neighbours_through_a_window(width: int, in_steps: bool, kind: Any) -> None:
    inputs, window = keras.Input((12, 4)), kind()
    # Along the twelve units of a layer, or along the twelve places of the input.
    turned = kl.Permute((2, 1))(kl.Dense(width, name="before")(inputs)) if width > 1 else kl.Dense(5)(inputs)
    x = (
        kl.TimeDistributed(window, name="time_distributed")(kl.Reshape((1, *turned.shape[1:]))(turned))
        if in_steps
        else window(turned)
    )
    space = sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2)(kl.Flatten()(x))))
    (call,) = [each for each in space.connected.calls if each.call.layer in (window.name, "time_distributed")]
    assert call.rule is not None
    assert call.rule.ignores_padding_at(call.site) == (width == 1)
