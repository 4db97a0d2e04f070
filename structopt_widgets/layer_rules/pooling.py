"""Rules of pooling layers: a window of k takes k-1 operations, and one more for a mean."""

from __future__ import annotations

from dataclasses import dataclass

from ..graph import ceil_log2, product
from .convolutional import as_list, join_channels, split_channels, window_positions
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Setting, Site


@dataclass(frozen=True)
class Pooling(LayerRule):
    """A window slides over space; ``mean`` divides its sum."""

    ignores_padding = True

    mean: bool

    def connect(self, site: Site) -> Connection:
        space, channels = split_channels(site, site.inputs[0])
        window = as_list(site.config["pool_size"], len(space))
        strides = as_list(site.config.get("strides") or window, len(space))
        positions = window_positions(space, window, strides, site.config["padding"], [1] * len(space))
        return Connection((join_channels(site, positions, channels),))

    def cost(self, site: Site, at: Setting) -> Cost:
        window = product(as_list(site.config["pool_size"], len(site.inputs[0]) - 1))
        return _pooled(window, self.mean, site, at)


@dataclass(frozen=True)
class GlobalPooling(LayerRule):
    """One value a channel over all of space."""

    ignores_padding = True

    mean: bool

    def connect(self, site: Site) -> Connection:
        space, channels = split_channels(site, site.inputs[0])
        kept = join_channels(site, [1] * len(space), channels) if site.config.get("keepdims") else (channels,)
        return Connection((kept,))

    def cost(self, site: Site, at: Setting) -> Cost:
        space, _ = split_channels(site, site.inputs[0])
        return _pooled(product(space), self.mean, site, at)


def _pooled(window: int, mean: bool, site: Site, at: Setting) -> Cost:
    return Cost(
        other=(window - 1 + mean) * at.elements(site.outputs[0]),
        span=ceil_log2(window) + mean,
        saves="nothing" if mean else "inputs",
    )


for _rank in ("1D", "2D", "3D"):
    register_layer_rule(f"MaxPooling{_rank}", Pooling(mean=False))
    register_layer_rule(f"AveragePooling{_rank}", Pooling(mean=True))
    register_layer_rule(f"GlobalMaxPooling{_rank}", GlobalPooling(mean=False))
    register_layer_rule(f"GlobalAveragePooling{_rank}", GlobalPooling(mean=True))
