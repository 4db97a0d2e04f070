"""Rules of bare ``keras.ops`` calls that sum up, sort or normalize along axes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..graph import Shape, baseline_size, ceil_log2
from ..graph.dimensions import has_batch
from .augmentation import Resampling
from .bare_axes import flattened_without_axis, positions, register_bare
from .bare_operations import Reduction, Variance
from .convolutional import split_channels
from .kept import Kept
from .pooling import Pooling
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, UnsupportedLayerError


@dataclass(frozen=True)
class Folded(Reduction):
    """A reduction that also does ``before`` operations with each element and ``after`` with each result."""

    before: int = 0
    after: int = 0

    def cost(self, site: Site, at: Setting) -> Cost:
        plain = super().cost(site, at)
        other = self.before * at.elements(site.inputs[0]) + plain.other + self.after * at.elements(site.outputs[0])
        return Cost(other=other, span=self.before + plain.span + self.after)


class Deviation(Variance):
    """The root of the variance."""

    def cost(self, site: Site, at: Setting) -> Cost:
        variance = super().cost(site, at)
        return Cost(other=variance.other + at.elements(site.outputs[0]), span=variance.span + 1)


class Norm(Folded):
    """The Euclidean norm: squares, their sum, its root."""

    def connect(self, site: Site) -> Connection:
        if site.config["ord"] not in (None, 2, "fro"):
            raise UnsupportedLayerError("there is none for other norms than the Euclidean")
        return super().connect(site)


class Moments(Variance):
    """Mean and variance at once."""

    def connect(self, site: Site) -> Connection:
        (shape,) = super().connect(site).outputs
        return Connection((shape, shape))

    def _axes(self, site: Site) -> list[int]:
        return positions(site.config["axes"], len(site.inputs[0]))


class Sorted(Reduction):
    """A median or quantile: what is sorted along the axes, log2 n comparisons an element."""

    def connect(self, site: Site) -> Connection:
        if any(site.shape_of(each) for each in site.call.args[1:]):
            raise UnsupportedLayerError("there is none for several quantiles at once")
        return super().connect(site)

    def cost(self, site: Site, at: Setting) -> Cost:
        comparisons = ceil_log2(at.elements(tuple(site.inputs[0][axis] for axis in self._axes(site))))
        return Cost(other=comparisons * at.elements(site.inputs[0]), span=comparisons)


@dataclass(frozen=True)
class Weighed(Reduction):
    """A sum in which each place along an axis has a number of its own, where numbers are given."""

    argument: str = ""  # which numbers, in the configuration or beside the values

    def connect(self, site: Site) -> Connection:
        if self._is_weighed(site):
            site.fix(tuple(site.inputs[0][axis] for axis in self._axes(site)), "weighs each place along it")
        return super().connect(site)

    def cost(self, site: Site, at: Setting) -> Cost:
        plain, extra = super().cost(site, at), int(self._is_weighed(site) or not self.mean)
        return Cost(other=plain.other + extra * at.elements(site.inputs[0]), span=plain.span + extra)

    def _is_weighed(self, site: Site) -> bool:
        beside = (*site.call.args[1:], (site.call.kwargs or {}).get(self.argument), site.config.get(self.argument))
        return any(each is not None for each in beside)


class Differences(LayerRule):
    """Each place along an axis less the one before it, so many times: one place less each time."""

    sees_batch = True

    def connect(self, site: Site) -> Connection:
        shape = list(site.inputs[0])
        (axis,) = positions(site.config["axis"], len(shape))
        if has_batch(shape[axis]):
            raise UnsupportedLayerError("there is none for differences between samples")
        site.fix((shape[axis],), "takes differences along it")
        shape[axis] = max(baseline_size(shape[axis]) - site.config["n"], 0)
        return Connection((tuple(shape),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(other=site.config["n"] * at.elements(site.outputs[0]), span=site.config["n"])


@dataclass(frozen=True)
class AlongAxis(LayerRule):
    """The same shape, computed along one axis; ``steps`` operations an element, and sorting: ``log2`` of the length."""

    sees_batch = True

    steps: int = 1
    sorts: bool = False

    def cost(self, site: Site, at: Setting) -> Cost:
        length = at.elements(self._along(site))
        # A merge sort compares each element about log2 n times.
        each = self.steps + ceil_log2(length) * int(self.sorts)
        return Cost(other=each * at.elements(site.outputs[0]), span=ceil_log2(length) + each)

    def mixing(self, site: Site) -> Mixing:
        return Mixing(summed=self._along(site))

    def _along(self, site: Site) -> Shape:
        shape, axis = site.outputs[0], site.config.get("axis", -1)
        return tuple(shape[place] for place in positions(-1 if axis is None else axis, len(shape)))


class Rounds(AlongAxis):
    """Along one axis; with none, a tensor is flattened before."""

    def connect(self, site: Site) -> Connection:
        if site.config["axis"] is None:
            return Connection(((flattened_without_axis(site.inputs[0], "going through the whole batch"),),))
        return super().connect(site)


class Moved(Resampling):
    """Images moved and turned, each value made of its neighbours where it comes from."""

    PLACE = 14  # two sums of two products and a number, one more for what both are divided by

    def connect(self, site: Site) -> Connection:
        for transform in site.inputs[1:]:
            site.fix(transform, "moves images by it")
        return super().connect(site)

    def cost(self, site: Site, at: Setting) -> Cost:
        plain = super().cost(site, at)
        space, _ = split_channels(site, site.outputs[0])
        return replace(plain, other=plain.other + self.PLACE * at.elements(tuple(space)), span=plain.span + 4)


register_bare(Folded(chooses=True), "Amax", "Amin")
register_bare(Folded(before=1), "CountNonzero", "Nansum", "Nanprod", "Nanargmax", "Nanargmin")
register_bare(Folded(before=1, chooses=True), "Nanmax", "Nanmin")
register_bare(Folded(before=1, mean=1), "Nanmean")
register_bare(Folded(before=1, after=2), "Ptp")  # two comparisons an element, then a difference
register_bare(Folded(before=3, after=2), "Logsumexp")  # max, subtract, exp; the sum; its logarithm, the max again
register_bare(Norm(before=1, after=1), "Norm")
register_bare(Deviation(), "Std", "Nanstd")
register_bare(Variance(), "Nanvar")
register_bare(Moments(), "Moments")
register_bare(Rounds(), "Cumsum", "Cumprod", "Nancumsum", "Nancumprod")
register_bare(AlongAxis(sorts=True), "Sort", "Argsort")
register_bare(AlongAxis(steps=4, sorts=True), "Sparsemax")
register_bare(AlongAxis(steps=3), "Normalize")  # square, add into the sum, divide
register_bare(Sorted(), "Median", "Nanmedian", "Quantile", "Percentile", "Nanquantile", "Nanpercentile")
register_bare(Weighed(mean=1, argument="weights"), "Average")
register_bare(Weighed(argument="x"), "Trapezoid")
register_bare(Differences(), "Diff")
register_bare(Kept("adds up along it", reads=2, span=2), "Trace")
register_bare(Kept("searches for each value", reads=1, span=1), "Digitize")
register_bare(Pooling(mean=True), "AveragePool")
register_bare(Pooling(mean=False), "MaxPool")
register_bare(Resampling(), "Resize")
register_bare(Moved(), "AffineTransform")
register_bare(Kept("computes with its colors", makes=3, span=3), "RGBToGrayscale")
register_bare(Kept("computes with its colors", makes=8, span=8), "RGBToHSV", "HSVToRGB")
