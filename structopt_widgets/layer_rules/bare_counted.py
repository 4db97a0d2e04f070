"""Rules of bare ``keras.ops`` calls whose products are counted, and whose sizes stay as they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph import TensorRef, baseline_size, ceil_log2, sum_depth
from .bare_axes import register_bare
from .kept import Kept
from .rule import Cost, Setting, Site


def _lengths(site: Site, position: int, name: str) -> tuple[int, ...]:
    """The lengths of an operand; a tensor's batch axis is left out, a constant has none."""
    shape = site.argument(position, name)
    if shape is not None:
        return tuple(map(baseline_size, shape))
    args = site.call.args
    value: Any = args[position] if position < len(args) else (site.call.kwargs or {}).get(name)
    return () if isinstance(value, TensorRef) else tuple(np.shape(value))


def _products(over: Callable[[Site], int]) -> Kept:
    """So many products summed into each output."""

    def cost(site: Site, at: Setting) -> Cost:
        summed = over(site)
        return Cost(macs=summed * at.elements(site.outputs[0]), span=1 + sum_depth(summed))

    return Kept("multiplies it by a constant", counted=cost)


def _kernel(site: Site) -> int:
    return math.prod(_lengths(site, 1, "kernel")[:-1])


def _window(site: Site) -> int:
    return math.prod(_lengths(site, 1, "kernel")[:-2])


def _separable(site: Site, at: Setting) -> Cost:
    """A window for each channel, then a product over channels."""
    *window, channels, multiplier = _lengths(site, 1, "depthwise_kernel")
    between, outputs = channels * multiplier, at.elements(site.outputs[0])
    filters = _lengths(site, 2, "pointwise_kernel")[-1]
    taps = math.prod(window)
    macs = outputs // filters * between * taps + outputs * between
    return Cost(macs=macs, span=2 + ceil_log2(taps) + ceil_log2(between))


register_bare(_products(_kernel), "Conv")
register_bare(_products(_window), "DepthwiseConv")
register_bare(Kept("convolves it with constants", counted=_separable), "SeparableConv")
register_bare(Kept("multiplies vectors", makes=3, span=2), "Cross")
register_bare(Kept("normalizes it with constants", makes=2, span=2), "BatchNorm")
register_bare(Kept("normalizes it with constants", makes=7, span=7), "LayerNorm")
register_bare(Kept("normalizes it with constants", makes=4, span=4), "RMSNorm")
