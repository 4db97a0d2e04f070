"""Rules of what a layer's own code does beside computing its output: it draws random numbers, it adds losses."""

from __future__ import annotations

from typing import Any

from ..graph import Dim, Symbol
from ..graph.dimensions import has_batch, of_batch
from .bare_axes import baseline_length, lengths_at
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Setting, Site

DRAW = "structopt_widgets.keras_bridge.drawing.Draw"
CARRIES_MASK = "structopt_widgets.keras_bridge.masks.CarriesMask"
ADDS_LOSS = "structopt_widgets.keras_bridge.losses.AddsLoss"


class Draw(LayerRule):
    """Random numbers of any shape, which is as what they meet has it; or a tensor with some of it dropped at random.

    To draw is counted as no operation, as everywhere.
    """

    sees_batch = True
    random = True

    def connect(self, site: Site) -> Connection:
        if site.inputs:
            return Connection((site.inputs[0],))
        shape = (_axis(of_batch(baseline_length(each))) for each in site.config["arguments"]["shape"])
        return Connection((tuple(shape),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(saves="nothing", masks=at.elements(site.outputs[0]) if site.inputs else 0)

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        arguments = site.config["arguments"]
        if "shape" not in arguments:
            return {}
        return {"arguments": {**arguments, "shape": lengths_at(site.outputs[0], at)}}


def _axis(dim: Dim) -> Dim:
    return dim if has_batch(dim) or not isinstance(dim, int) or dim == 1 else Symbol(dim)


class AddsLoss(LayerRule):
    """Passes the first tensor on; the others are losses, or its mask."""

    sees_batch = True
    keeps_values = True
    is_view = True

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(kept=0)


register_layer_rule(DRAW, Draw())
register_layer_rule(ADDS_LOSS, AddsLoss())
register_layer_rule(CARRIES_MASK, AddsLoss())
