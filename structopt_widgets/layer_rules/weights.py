"""The rule of weights that operations read: each axis is a width of its own until an operation ties it."""

from __future__ import annotations

from ..graph import WEIGHT, Dim
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Setting, Site, WeightAxes


class StoredWeight(LayerRule):
    """A weight as a tensor, without a batch. That it is there costs parameters, and no operation."""

    sees_batch = True

    def connect(self, site: Site) -> Connection:
        (weight,) = site.layer.weights
        is_matrix = sum(length > 1 for length in weight.shape) > 1
        axes: tuple[Dim, ...] = tuple(
            1 if length <= 1 else site.new_width(length, f"axis {axis}" if is_matrix else None)
            for axis, length in enumerate(weight.shape)
        )
        return Connection((axes,), (WeightAxes(weight.name, axes),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(kept=0)


register_layer_rule(WEIGHT, StoredWeight())
