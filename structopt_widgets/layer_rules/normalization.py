"""Rules of normalization and preprocessing layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import Shape, baseline_size, ceil_log2
from ..graph.wording import say
from .meaning import Role
from .registry import register_layer_rule
from .rule import Connection, Cost, Elementwise, LayerRule, Mixing, Setting, Site, WeightAxes, passes_places


def axes_of(site: Site, shape: Shape) -> list[int]:
    """The configured axes, counted from the end: Keras counts the batch axis, shapes here have none."""
    axis = site.config["axis"]
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    return [each if each < 0 else each - 1 - len(shape) for each in axes]


class BatchNormalization(LayerRule):
    """At inference a scale and a shift a channel: two operations, whatever the statistics."""

    role = Role.BATCH_NORMALIZATION
    ignores_padding = True

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        channels = (shape[axes_of(site, shape)[0]],)
        learned = [*(["gamma"] if site.config["scale"] else []), *(["beta"] if site.config["center"] else [])]
        weights = [WeightAxes(name, channels, is_scale=name == "gamma") for name in learned]
        averaged = [WeightAxes(name, channels, is_moving=True) for name in ("moving_mean", "moving_variance")]
        return Connection((shape,), (*weights, *averaged))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(other=2 * at.elements(site.outputs[0]), span=2, passes=passes_places(site))


def layer_normalization_cost(at: Setting, shape: Shape, axes: Sequence[int], affine: int) -> Cost:
    """Mean and variance over ``axes``, counted from the end; ``affine`` is 1 for a scale or a shift, 2 for both."""
    normalized = set(axes)
    over = at.elements(tuple(shape[axis] for axis in sorted(normalized)))
    rows = at.elements(tuple(dim for i, dim in enumerate(shape) if i - len(shape) not in normalized))
    return Cost(
        # An element: add into the mean, subtract it, square, add into the variance, divide, scale, shift;
        # a row: epsilon and a square root (the two divisions by n make up for the two sums' n-1 additions).
        other=(5 + affine) * at.elements(shape) + 2 * rows,
        span=2 * (ceil_log2(over) + 1) + 5 + affine,
        work=2 * rows,  # means and deviations
        passes=-len(shape) not in normalized,
    )


def rms_normalization_cost(at: Setting, shape: Shape, axes: Sequence[int], scales: int) -> Cost:
    """The root of the mean square over ``axes``, counted from the end; ``scales`` is 1 where there is a scale."""
    normalized = set(axes)
    rows = at.elements(tuple(dim for i, dim in enumerate(shape) if i - len(shape) not in normalized))
    over = at.elements(tuple(shape[axis] for axis in sorted(normalized)))
    # An element: square, add into the mean, multiply, scale; a row: epsilon and a reciprocal square root.
    return Cost(
        other=(3 + scales) * at.elements(shape) + 2 * rows,
        span=ceil_log2(over) + 5 + scales,
        work=rows,
        passes=-len(shape) not in normalized,
    )


class LayerNormalization(LayerRule):
    """Mean and variance over the configured axes, then divide, scale and shift."""

    role = Role.LAYER_NORMALIZATION

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        axes = tuple(shape[axis] for axis in axes_of(site, shape))
        names = [*(["gamma"] if site.config["scale"] else []), *(["beta"] if site.config["center"] else [])]
        return Connection((shape,), tuple(WeightAxes(name, axes) for name in names))

    def cost(self, site: Site, at: Setting) -> Cost:
        shape = site.outputs[0]
        affine = int(site.config["scale"]) + int(site.config["center"])
        return layer_normalization_cost(at, shape, axes_of(site, shape), affine)

    def mixing(self, site: Site) -> Mixing:
        return Mixing(averaged=tuple(site.inputs[0][axis] for axis in axes_of(site, site.inputs[0])))


class RMSNormalization(LayerRule):
    """Divide by the root of the mean square, then scale."""

    role = Role.RMS_NORMALIZATION

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        return Connection((shape,), (WeightAxes("scale", tuple(shape[axis] for axis in axes_of(site, shape))),))

    def cost(self, site: Site, at: Setting) -> Cost:
        shape = site.outputs[0]
        return rms_normalization_cost(at, shape, axes_of(site, shape), 1)

    def mixing(self, site: Site) -> Mixing:
        return Mixing(averaged=tuple(site.inputs[0][axis] for axis in axes_of(site, site.inputs[0])))


class GroupNormalization(LayerRule):
    """Layer normalization over space and one group of channels at a time."""

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        channels = shape[axes_of(site, shape)[0]]
        groups = site.config["groups"]
        if not self._is_a_group_a_channel(site):
            site.divide(channels, groups, say("normalizes them in {n} groups", n=groups))
        names = [*(["gamma"] if site.config["scale"] else []), *(["beta"] if site.config["center"] else [])]
        return Connection((shape,), tuple(WeightAxes(name, (channels,)) for name in names))

    def cost(self, site: Site, at: Setting) -> Cost:
        shape = site.outputs[0]
        axis = axes_of(site, shape)[0]
        groups = at.size(shape[axis]) if self._is_a_group_a_channel(site) else site.config["groups"]
        elements = at.elements(shape)
        affine = int(site.config["scale"]) + int(site.config["center"])
        return Cost(
            other=(5 + affine) * elements + 2 * groups,
            span=2 * (ceil_log2(elements // groups) + 1) + 5 + affine,
            work=2 * groups,
        )

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        shape = site.outputs[0]
        return {"groups": at.size(shape[axes_of(site, shape)[0]])} if self._is_a_group_a_channel(site) else {}

    def mixing(self, site: Site) -> Mixing:
        shape = site.inputs[0]
        channels = axes_of(site, shape)[0] + len(shape)
        alone = self._is_a_group_a_channel(site)
        return Mixing(averaged=tuple(dim for axis, dim in enumerate(shape) if axis != channels or not alone))

    def _is_a_group_a_channel(self, site: Site) -> bool:
        """Instance normalization: its groups follow its input, as Keras writes them down when it is built."""
        shape = site.inputs[0]
        return site.config["groups"] in (-1, baseline_size(shape[axes_of(site, shape)[0]]))


class UnitNormalization(LayerRule):
    """Divide by the L2 norm: square, add into the sum and divide an element; a bound and a square root a row.

    The n - 1 additions of a sum leave room for one of the two in the count, not in the span.
    """

    ignores_padding = True

    def cost(self, site: Site, at: Setting) -> Cost:
        shape = site.outputs[0]
        normalized = set(axes_of(site, shape))
        rows = at.elements(tuple(dim for i, dim in enumerate(shape) if i - len(shape) not in normalized))
        over = at.elements(tuple(shape[axis] for axis in sorted(normalized)))
        return Cost(
            other=3 * at.elements(shape) + rows,
            span=ceil_log2(over) + 4,
            work=rows,
            passes=-len(shape) not in normalized,
        )

    def mixing(self, site: Site) -> Mixing:
        return Mixing(summed=tuple(site.inputs[0][axis] for axis in axes_of(site, site.inputs[0])))


class Normalization(LayerRule):
    """Subtract a mean and divide by a deviation, both given or adapted from data."""

    role = Role.ADAPTED_NORMALIZATION

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        axes = tuple(shape[axis] for axis in sorted(axes_of(site, shape))) if site.config["axis"] is not None else ()
        site.fix(axes, "holds the statistics of the data's own channels")
        if site.config.get("mean") is not None:
            return Connection((shape,))
        # The third weight counts how often the layer was adapted.
        return Connection((shape,), (WeightAxes("mean", axes), WeightAxes("variance", axes), WeightAxes("count", ())))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(other=2 * at.elements(site.outputs[0]), span=2, saves="nothing", passes=passes_places(site))


class Rescaling(Elementwise):
    """A factor and an offset, for all elements or one a channel."""

    def connect(self, site: Site) -> Connection:
        if any(isinstance(site.config[key], (list, tuple)) for key in ("scale", "offset")):
            site.fix((site.inputs[0][-1],), "has a number of its own for each channel")
        return super().connect(site)


register_layer_rule("BatchNormalization", BatchNormalization())
register_layer_rule("LayerNormalization", LayerNormalization())
register_layer_rule("Normalization", Normalization())
register_layer_rule("Rescaling", Rescaling(flops=2, span=2, saves="nothing"))
register_layer_rule("RMSNormalization", RMSNormalization())
register_layer_rule("GroupNormalization", GroupNormalization())
register_layer_rule("UnitNormalization", UnitNormalization())
