"""Rules of bare ``keras.ops`` calls that sum up, sort or normalize along axes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..graph import Shape, baseline_size, ceil_log2
from .augmentation import Resampling
from .bare_axes import positions, register_bare
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
        shape, axis = site.inputs[0], site.config.get("axis", -1)
        return tuple(shape[place] for place in positions(-1 if axis is None else axis, len(shape)))


class Rounds(AlongAxis):
    """Along one axis; with none, a tensor is flattened before."""

    def connect(self, site: Site) -> Connection:
        if site.config["axis"] is None:
            raise UnsupportedLayerError("there is none for going through the whole batch")
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


def _sorted(site: Site, at: Setting) -> Cost:
    """Everything sorted along the axes that are summed up: log2 n comparisons an element."""
    elements = at.elements(site.inputs[0])
    length = max(1, baseline_size(site.inputs[0][-1]))
    return Cost(other=ceil_log2(length) * elements, span=ceil_log2(length))


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
register_bare(Kept("sorts its values", counted=_sorted), "Median", "Nanmedian", "Quantile", "Percentile")
register_bare(Kept("sorts its values", counted=_sorted), "Nanquantile", "Nanpercentile")
register_bare(Kept("adds up along it", reads=2, span=2), "Average", "Trapezoid", "Diff", "Trace")
register_bare(Kept("searches for each value", reads=1, span=1), "Digitize")
register_bare(Pooling(mean=True), "AveragePool")
register_bare(Pooling(mean=False), "MaxPool")
register_bare(Resampling(), "Resize")
register_bare(Moved(), "AffineTransform")
register_bare(Kept("computes with its colors", makes=3, span=3), "RGBToGrayscale")
register_bare(Kept("computes with its colors", makes=8, span=8), "RGBToHSV", "HSVToRGB")
