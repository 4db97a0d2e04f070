"""Rules of adaptive pooling layers: windows as large as it takes to make a given number of places."""

from __future__ import annotations

from dataclasses import dataclass

from ..graph import ceil_log2, product
from .convolutional import as_list, join_channels, split_channels
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Setting, Site


@dataclass(frozen=True)
class AdaptivePooling(LayerRule):
    """Place i of n looks at ``floor(i L / n)`` up to ``ceil((i + 1) L / n)`` of the length L: k takes k - 1."""

    ignores_padding = True

    mean: bool

    def connect(self, site: Site) -> Connection:
        space, channels = split_channels(site, site.inputs[0])
        return Connection((join_channels(site, as_list(site.config["output_size"], len(space)), channels),))

    def cost(self, site: Site, at: Setting) -> Cost:
        space, channels = split_channels(site, site.inputs[0])
        places = as_list(site.config["output_size"], len(space))
        windows = [
            [-(-(place + 1) * length // count) - place * length // count for place in range(count)]
            for length, count in zip(space, places, strict=True)
        ]
        # Every combination of windows along the axes of space: the sum of products is the product of sums.
        read, largest = product(map(sum, windows)), product(map(max, windows))
        made = product(places)
        return Cost(
            other=(read - made + self.mean * made) * at.size(channels), span=ceil_log2(largest) + int(self.mean)
        )


for _rank in ("1D", "2D", "3D"):
    register_layer_rule(f"AdaptiveMaxPooling{_rank}", AdaptivePooling(mean=False))
    register_layer_rule(f"AdaptiveAveragePooling{_rank}", AdaptivePooling(mean=True))
