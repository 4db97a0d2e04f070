"""A layer of a user's own trains together like a built-in one, by what its rule says."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from test_together import assert_alike, both

import structopt_widgets as sw
from structopt_widgets.training.together.joint_training import NotStackableError
from structopt_widgets.training.together.side_by_side.dense_training import SideBySide
from structopt_widgets.training.together.stacked.stack import Stack


class Bent(keras.layers.Layer):
    """``x + cos(x)``: not zero at zero."""

    def call(self, x: Any) -> Any:
        return x + keras.ops.cos(x)


class Root(keras.layers.Layer):
    """Its slope at zero is infinite."""

    def call(self, x: Any) -> Any:
        return keras.ops.sqrt(keras.ops.relu(x))


class Gated(keras.layers.Layer):
    """``x * sigmoid(s)``, with a number ``s`` for each channel."""

    def build(self, shape: Any) -> None:
        self.gate = self.add_weight(shape=(shape[-1],), name="gate")

    def call(self, x: Any) -> Any:
        return x * keras.ops.sigmoid(self.gate)


class GatedRule(sw.LayerRule):
    ignores_padding = True

    def connect(self, site: Any) -> Any:
        (shape,) = site.inputs
        return sw.Connection((shape,), (sw.WeightAxes("gate", shape[-1:]),))

    def cost(self, site: Any, at: Any) -> Any:
        return sw.Cost(other=5 * at.elements(site.outputs[0]), span=5)


class SilentRule(GatedRule):
    ignores_padding = False


RNG = np.random.default_rng(0)
DATA = sw.Data(RNG.random((64, 6)), np.arange(64) % 3, RNG.random((32, 6)), np.arange(32) % 3)
BUDGET = sw.Budget(epochs=2, batch_size=16)


def structures(layer: type[keras.Layer]) -> list[sw.Structure]:
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, name="one")(inputs)
    outputs = keras.layers.Dense(3)(layer()(x))
    space = sw.StructureSpace.from_keras(keras.Model(inputs, outputs))
    return [space.baseline.with_width("one", width) for width in (5, 8)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer", "rule", "kind"),
    [
        (Bent, sw.Elementwise(flops=2, span=2), Stack),
        (Bent, sw.Elementwise(flops=2, span=2), SideBySide),
        (Gated, GatedRule(), Stack),
    ],
)
def test_each_member_is_what_it_would_be_alone(layer: type[keras.Layer], rule: sw.LayerRule, kind: Any) -> None:
    sw.register_layer_rule(layer, rule)
    assert_alike(*both(structures(layer), DATA, BUDGET, kind))


@pytest.mark.slow
@pytest.mark.parametrize(("layer", "rule"), [(Gated, SilentRule()), (Root, sw.Elementwise(flops=2, span=2))])
def test_what_padding_may_spoil_is_refused(layer: type[keras.Layer], rule: sw.LayerRule) -> None:
    sw.register_layer_rule(layer, rule)
    with pytest.raises(NotStackableError, match="computes otherwise among padded channels"):
        both(structures(layer), DATA, BUDGET)
