"""Rules of bare ``keras.ops`` calls whose products are counted, and whose sizes stay as they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..graph import Product, Shape, TensorRef, baseline_size, sum_depth
from ..graph.wording import say
from .bare_axes import register_bare
from .convolutional import as_list, slid, slides_along
from .kept import Kept, as_keras_has_them
from .meaning import Role
from .normalization import axes_of, layer_normalization_cost, rms_normalization_cost
from .operations import Operations
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, UnsupportedLayerError


def _lengths(site: Site, position: int, name: str) -> tuple[int, ...]:
    """The lengths of an operand; a tensor's batch axis is left out, a constant has none."""
    shape = site.argument(position, name)
    if shape is not None:
        return tuple(map(baseline_size, shape))
    args = site.call.args
    value: Any = args[position] if position < len(args) else (site.call.kwargs or {}).get(name)
    return () if isinstance(value, TensorRef) else tuple(np.shape(value))


class Normalized(LayerRule):
    """A normalization over axes, with what scales and shifts it: it costs what the layer does."""

    def __init__(self, role: Role, factors: tuple[str, ...], counted: Callable[..., Cost]) -> None:
        self.role, self.factors, self.counted = role, factors, counted

    def connect(self, site: Site) -> Connection:
        if site.config.get("rms_scaling"):
            raise UnsupportedLayerError("there is none for layer_normalization(rms_scaling=True)")
        shape = site.inputs[0]
        over = tuple(shape[axis] for axis in axes_of(site, shape))
        for position, name in enumerate(self.factors, 1):
            factor = site.argument(position, name)
            if factor is None:  # a constant, if anything, which has one length for each place
                if _lengths(site, position, name):
                    for dim in over:
                        site.fix((dim,), "normalizes it with constants")
            else:
                for mine, its in zip(over, factor, strict=True):
                    site.tie(mine, its, "normalizes and scales them")
        return Connection((shape,))

    def cost(self, site: Site, at: Setting) -> Cost:
        shape = site.outputs[0]
        given = sum(self._is_given(site, position, name) for position, name in enumerate(self.factors, 1))
        return self.counted(at, shape, axes_of(site, shape), given)

    def mixing(self, site: Site) -> Mixing:
        return Mixing(averaged=tuple(site.inputs[0][axis] for axis in axes_of(site, site.inputs[0])))

    def _is_given(self, site: Site, position: int, name: str) -> bool:
        args, kwargs = site.call.args, site.call.kwargs or {}
        return (args[position] if position < len(args) else kwargs.get(name)) is not None


class NormalizedByStatistics(LayerRule):
    """``batch_normalization``: one axis, with a mean, a variance, a shift and a scale for each place of it."""

    sees_batch = True  # of a constant that it normalizes there is none
    ignores_padding = True

    def connect(self, site: Site) -> Connection:
        shape = site.operand(0, "x")
        dim = shape[site.config["axis"]]
        for position, name in enumerate(("mean", "variance", "offset", "scale"), 1):
            factor = site.argument(position, name)
            if factor is not None:
                site.tie(dim, factor[0], "normalizes and scales them")
            elif _lengths(site, position, name):
                site.fix((dim,), "normalizes it with constants")
        return Connection((shape,))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(other=2 * at.elements(site.outputs[0]), span=2)


_KEPT = Kept("multiplies it by a constant")


class Convolved(LayerRule):
    """A convolution whose kernel is a tensor, as a weight of one's own: its channels are those of what it meets.

    With a constant as its kernel or with channels first all sizes stay; but one window that is the same for each
    channel goes with them. ``by_channel``: a window for each channel by itself (depthwise). A kernel of fewer channels
    is of groups, each of which sees its share.
    """

    def __init__(self, by_channel: bool = False) -> None:
        self._by_channel = by_channel

    def connect(self, site: Site) -> Connection:
        place, shape = site.place(1, "kernel"), site.inputs[0]
        kernel: Shape = () if place is None else site.inputs[place]
        fits = len(kernel) == len(shape) + 1
        window = self._repeated(site)
        if window is not None:
            space = slid(site, *self._window(site), as_list(site.config["dilation_rate"], window.ndim - 2))
            return Connection(((*space, shape[-1]),))
        if place is None or not fits or site.config.get("data_format") == "channels_first":
            return _KEPT.connect(site)
        site.fix(kernel[:-2], "slides a window of that size")
        groups = 1 if self._by_channel else baseline_size(shape[-1]) // baseline_size(kernel[-2])
        convolved = say("convolves them in {n} groups", n=groups) if groups > 1 else "convolves them"
        site.tie(site.split(shape[-1], groups, convolved) if groups > 1 else shape[-1], kernel[-2], convolved)
        space = slid(site, *self._window(site), as_list(site.config["dilation_rate"], len(kernel) - 2))
        if not self._by_channel:
            site.contract(place, kernel[-2])
            if groups == 1:
                return Connection(((*space, kernel[-1]),))
            made = site.split(kernel[-1], groups, say("makes them in {n} groups", n=groups))
            return Connection(((*space, Product(groups, made)),))
        site.fix(kernel[-1:], "makes so many of each channel")
        many = baseline_size(kernel[-1])
        return Connection(((*space, shape[-1] if many == 1 else Product(shape[-1], many)),))

    def cost(self, site: Site, at: Setting) -> Cost:
        kernel, own = site.argument(1, "kernel"), -2 if self._by_channel else -1
        summed = math.prod(_lengths(site, 1, "kernel")[:own]) if kernel is None else at.elements(kernel[:own])
        return Cost(macs=summed * at.elements(site.outputs[0]), span=1 + sum_depth(summed))

    def mixing(self, site: Site) -> Mixing:
        is_kept = site.argument(1, "kernel") is None and self._repeated(site) is None
        return Mixing(summed=(*site.shared, *(() if is_kept else slides_along(site, *self._window(site)))))

    def arguments(self, site: Site, at: Setting) -> tuple[Any, Mapping[str, Any]]:
        args, kwargs, window = site.call.args, site.call.kwargs or {}, self._repeated(site)
        if window is None:
            return args, kwargs
        return (*args[:1], np.repeat(window, at.size(site.inputs[0][-1]), axis=-2)), kwargs

    def _repeated(self, site: Site) -> np.ndarray | None:
        """The window of a constant that has the same one for each channel."""
        args = site.call.args
        if not self._by_channel or len(args) < 2 or isinstance(args[1], TensorRef):
            return None
        kernel = np.asarray(args[1])
        fits = kernel.ndim == len(site.inputs[0]) + 1 and kernel.shape[-1] == 1
        is_last = site.config.get("data_format") != "channels_first"
        return kernel[..., :1, :] if fits and is_last and (kernel == kernel[..., :1, :]).all() else None

    def _window(self, site: Site) -> tuple[list[int], list[int]]:
        window = [baseline_size(dim) for dim in site.operand(1, "kernel")[:-2]]
        return window, as_list(site.config["strides"], len(window))


class ConvolvedBack(LayerRule):
    """``conv_transpose``, whose kernel has the channels it makes before those it reads; with the layer's costs."""

    def connect(self, site: Site) -> Connection:
        place, shape = site.place(1, "kernel"), site.inputs[0]
        kernel: Shape = () if place is None else site.inputs[place]
        if place is None or len(kernel) != len(shape) + 1 or site.config.get("data_format") == "channels_first":
            return _KEPT.connect(site)
        site.fix(kernel[:-2], "slides a window of that size")
        site.fix(shape[:-1], "slides a window along it")
        site.tie(shape[-1], kernel[-1], "convolves them")
        site.contract(place, kernel[-1])
        ((*space, _),) = as_keras_has_them(site)
        return Connection(((*space, kernel[-2]),))

    def cost(self, site: Site, at: Setting) -> Cost:
        window = _lengths(site, 1, "kernel")[:-2]
        strides = as_list(site.config["strides"], len(window))
        is_first = site.config.get("data_format") == "channels_first"
        channels, *space = site.inputs[0] if is_first else (site.inputs[0][-1], *site.inputs[0][:-1])
        width = site.outputs[0][0 if is_first else -1]
        fan_in, meeting = at.size(channels), math.prod(-(-k // step) for k, step in zip(window, strides, strict=True))
        macs = at.elements(tuple(space)) * math.prod(window) * fan_in * at.size(width)
        return Cost(macs=macs, span=1 + sum_depth(meeting * fan_in))

    def mixing(self, site: Site) -> Mixing:
        return Mixing(summed=tuple(site.shared))


def _separable(site: Site, at: Setting) -> Cost:
    """A window for each channel, then a product over channels."""
    *window, channels, multiplier = _lengths(site, 1, "depthwise_kernel")
    between, outputs = channels * multiplier, at.elements(site.outputs[0])
    filters = _lengths(site, 2, "pointwise_kernel")[-1]
    operations = Operations(site)
    made = operations.weighted(0, outputs // filters * between, over=math.prod(window))
    operations.weighted(made, outputs, over=between)
    return operations.cost()


register_bare(Convolved(), "Conv")
register_bare(Convolved(by_channel=True), "DepthwiseConv")
register_bare(ConvolvedBack(), "ConvTranspose")
register_bare(Kept("convolves it with constants", counted=_separable), "SeparableConv")
register_bare(Kept("multiplies vectors", makes=3, span=2), "Cross")
register_bare(NormalizedByStatistics(), "BatchNorm")
register_bare(Normalized(Role.LAYER_NORMALIZATION, ("gamma", "beta"), layer_normalization_cost), "LayerNorm")
register_bare(Normalized(Role.RMS_NORMALIZATION, ("scale",), rms_normalization_cost), "RMSNorm")
