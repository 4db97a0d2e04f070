"""Rules of pooling layers: a window of k takes k-1 operations, and one more for a mean."""

from __future__ import annotations

from dataclasses import dataclass

from ..graph import Shape, ceil_log2, product
from ..graph.dimensions import symbols
from .convolutional import as_list, channels_aside, join_channels, slid, slides_along
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Mixing, Number, Setting, Site


@dataclass(frozen=True)
class Pooling(LayerRule):
    """A window slides over space; ``mean`` divides its sum."""

    ignores_padding = True

    mean: bool

    def ignores_padding_at(self, site: Site) -> bool:
        return super().ignores_padding_at(site) and not slides_along(site, *_window(site))

    def connect(self, site: Site) -> Connection:
        _, channels = channels_aside(site, site.inputs[0])
        window, strides = _window(site)
        return Connection((join_channels(site, slid(site, window, strides, [1] * len(window)), channels),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return _pooled(product(_window(site)[0]), self.mean, site, at)

    def mixing(self, site: Site) -> Mixing:
        return Mixing(summed=slides_along(site, *_window(site)))


def _window(site: Site) -> tuple[list[int], list[int]]:
    rank = len(site.inputs[0]) - 1
    window = as_list(site.config["pool_size"], rank)
    return window, as_list(site.config.get("strides") or window, rank)


@dataclass(frozen=True)
class GlobalPooling(LayerRule):
    """One value a channel over all of space, whose lengths may be widths: so many queries, patterns, clusters."""

    mean: bool

    def ignores_padding_at(self, site: Site) -> bool:
        return not self._widths(site)

    def connect(self, site: Site) -> Connection:
        space, channels = channels_aside(site, site.inputs[0])
        kept = join_channels(site, [1] * len(space), channels) if site.config.get("keepdims") else (channels,)
        return Connection((kept,))

    def cost(self, site: Site, at: Setting) -> Cost:
        space, _ = channels_aside(site, site.inputs[0])
        return _pooled(at.elements(tuple(space)), self.mean, site, at)

    def mixing(self, site: Site) -> Mixing:
        return Mixing(averaged=self._widths(site)) if self.mean else Mixing()  # of equal ones one is the largest

    def _widths(self, site: Site) -> Shape:
        space, _ = channels_aside(site, site.inputs[0])
        return tuple(dim for dim in space if any(each.fixed is None for each in symbols(dim)))


def _pooled(window: Number, mean: bool, site: Site, at: Setting) -> Cost:
    # Of a symbol, a whole number may be taken, but no truth.
    divided = int(mean)
    return Cost(
        other=(window - 1 + divided) * at.elements(site.outputs[0]),
        span=ceil_log2(window) + divided,
        saves="nothing" if mean else "inputs",
    )


for _rank in ("1D", "2D", "3D"):
    register_layer_rule(f"MaxPooling{_rank}", Pooling(mean=False))
    register_layer_rule(f"AveragePooling{_rank}", Pooling(mean=True))
    register_layer_rule(f"GlobalMaxPooling{_rank}", GlobalPooling(mean=False))
    register_layer_rule(f"GlobalAveragePooling{_rank}", GlobalPooling(mean=True))
