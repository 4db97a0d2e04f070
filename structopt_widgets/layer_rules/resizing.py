"""Rules of layers that add, cut or repeat positions in space: Keras keeps them with the reshaping layers."""

from __future__ import annotations

from typing import Any

from .convolutional import as_list, join_channels, split_channels
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Setting, Site


def _sides(value: Any, rank: int) -> list[tuple[int, int]]:
    """A padding or cropping entry as (before, after) for each axis of space."""
    if rank == 1:
        return [tuple(as_list(value, 2))]  # type: ignore[list-item]  # Keras stores exactly two
    pairs = [value] * rank if isinstance(value, int) else list(value)
    return [tuple(as_list(pair, 2)) for pair in pairs]  # type: ignore[misc]  # as above


class _Resizing(LayerRule):
    """Values are copied, not computed."""

    ignores_padding = True

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(saves="nothing")


class ZeroPadding(_Resizing):
    """Zeros around space."""

    def connect(self, site: Site) -> Connection:
        space, channels = split_channels(site, site.inputs[0])
        sides = _sides(site.config["padding"], len(space))
        padded = [n + before + after for n, (before, after) in zip(space, sides, strict=True)]
        return Connection((join_channels(site, padded, channels),))


class Cropping(_Resizing):
    """Space without its margins."""

    def connect(self, site: Site) -> Connection:
        space, channels = split_channels(site, site.inputs[0])
        sides = _sides(site.config["cropping"], len(space))
        cropped = [n - before - after for n, (before, after) in zip(space, sides, strict=True)]
        return Connection((join_channels(site, cropped, channels),))


class UpSampling(_Resizing):
    """Space repeated. Interpolation other than nearest computes, by a formula of its own: 4 products bilinear."""

    def connect(self, site: Site) -> Connection:
        space, channels = split_channels(site, site.inputs[0])
        factors = as_list(site.config["size"], len(space))
        return Connection((join_channels(site, [n * f for n, f in zip(space, factors, strict=True)], channels),))

    def cost(self, site: Site, at: Setting) -> Cost:
        kind = site.config.get("interpolation", "nearest")
        # Bilinear: 4 multiplications and 3 additions an output; anything finer is not counted.
        flops = {"nearest": 0, "bilinear": 7}.get(kind)
        return Cost(
            other=(flops or 0) * at.elements(site.outputs[0]),
            span=3 if flops else 0,
            uncounted=int(flops is None),
            saves="nothing",
        )


for _rank in ("1D", "2D", "3D"):
    register_layer_rule(f"ZeroPadding{_rank}", ZeroPadding())
    register_layer_rule(f"Cropping{_rank}", Cropping())
    register_layer_rule(f"UpSampling{_rank}", UpSampling())
