"""Rules of Keras's core layers: input, dense, activation, identity."""

from __future__ import annotations

from typing import Any

from ..graph import ceil_log2
from .registry import register_layer_rule
from .rule import Connection, Cost, Elementwise, LayerRule, Setting, Site, WeightAxes, activation_of


class Dense(LayerRule):
    """``y = activation(x W + b)`` over the last axis; every other axis is a position."""

    bias_key = "use_bias"
    activation_key = "activation"
    initializer_key = "kernel_initializer"

    def connect(self, site: Site) -> Connection:
        *positions, fan_in = site.inputs[0]
        units = site.new_width(site.config["units"])
        return Connection(
            outputs=((*positions, units),),
            weights=(
                WeightAxes("kernel", (fan_in, units), incoming=1),
                WeightAxes("bias", (units,), is_bias=True),
            ),
        )

    def cost(self, site: Site, at: Setting) -> Cost:
        fan_in = at.size(site.inputs[0][-1])
        outputs = at.elements(site.outputs[0])
        activation = activation_of(site, at)
        return Cost(
            macs=fan_in * outputs,
            other=at.bias(site) * outputs + activation.other,
            span=1 + ceil_log2(fan_in) + at.bias(site) + activation.span,
            uncounted=activation.uncounted,
        )

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"units": at.size(site.outputs[0][-1])}


class Activation(LayerRule):
    """A layer that only applies an activation."""

    activation_key = "activation"

    def cost(self, site: Site, at: Setting) -> Cost:
        return activation_of(site, at)


register_layer_rule("InputLayer", Elementwise())
register_layer_rule("Identity", Elementwise(kept=0))
register_layer_rule("Dense", Dense())
register_layer_rule("Activation", Activation())
