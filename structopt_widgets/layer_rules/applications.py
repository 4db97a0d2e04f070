"""Rules of the layers that only networks of ``keras.applications`` use."""

from __future__ import annotations

from typing import Any

from .merging import Merging
from .registry import register_layer_rule
from .rule import Connection, Cost, Elementwise, LayerRule, Setting, Site, WeightAxes, passes_places


class LayerScale(LayerRule):
    """ConvNeXt's learned factor a channel."""

    def connect(self, site: Site) -> Connection:
        return Connection((site.inputs[0],), (WeightAxes("gamma", (site.inputs[0][-1],)),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(other=at.elements(site.outputs[0]), span=1, passes=passes_places(site))

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"projection_dim": at.size(site.outputs[0][-1])}


class ScaledSum(Merging):
    """InceptionResNet's residual: the first input plus a constant times the second."""

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(other=2 * at.elements(site.outputs[0]), span=2, saves="nothing")


register_layer_rule("LayerScale", LayerScale())
register_layer_rule("StochasticDepth", Elementwise(kept=0))
register_layer_rule("CustomScaleLayer", ScaledSum("adds them"))
