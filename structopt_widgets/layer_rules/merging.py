"""Rules of merging layers: elementwise ones tie their sides, concatenation sums its widths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..graph import Concat, Dim, Shape, baseline_size, ceil_log2, sum_depth
from ..graph.wording import say
from .meaning import Role
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, UnsupportedLayerError, passes_places


def broadcast(site: Site, left: Shape, right: Shape, because: str) -> Shape:
    """The shape of two tensors combined element by element; axes of size 1 are repeated to fit the other's."""
    rank = max(len(left), len(right))
    padded = zip((1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right, strict=True)
    return tuple(_one_axis(site, one, other, because) for one, other in padded)


def _one_axis(site: Site, one: Dim, other: Dim, because: str) -> Dim:
    # Only a fixed 1 is broadcast: a width that happens to be 1 may grow, and must then fit.
    if baseline_size(one) == 1 and baseline_size(other) != 1:
        site.fix((one,), say("repeats its single channel over {n}", n=baseline_size(other)))
        return other
    if baseline_size(other) == 1 and baseline_size(one) != 1:
        site.fix((other,), say("repeats its single channel over {n}", n=baseline_size(one)))
        return one
    site.tie(one, other, because)
    return one


@dataclass(frozen=True)
class Merging(LayerRule):
    """Combine inputs element by element; axes of size 1 are repeated to fit the others."""

    elementwise = True

    verb: str
    mean: bool = False
    role: Role | None = None
    nonlinear: bool = False

    def connect(self, site: Site) -> Connection:
        rank = len(site.found[0])
        # Of weights one row may stand in the batch's place.
        result, *others = (shape[1:] if len(shape) > rank else shape for shape in site.inputs)
        for shape in others:
            result = broadcast(site, result, shape, self.verb)
        return Connection((result,))

    def cost(self, site: Site, at: Setting) -> Cost:
        count = len(site.inputs)
        return Cost(
            other=(count - 1 + self.mean) * at.elements(site.outputs[0]),
            span=ceil_log2(count) + self.mean,
            saves="inputs" if self.nonlinear else "nothing",
            passes=passes_places(site),
        )


def side_by_side(site: Site, axis: int, shapes: Sequence[Shape] | None = None) -> Connection:
    """The inputs, or what has such ``shapes``, laid side by side along ``axis`` of them."""
    output: list[Dim] = []
    for position, dims in enumerate(zip(*(shapes or site.inputs), strict=True)):
        lengths = [dim for dim in dims if isinstance(dim, int)]
        if position == axis:
            output.append(sum(lengths) if len(lengths) == len(dims) else Concat(dims))
            continue
        for dim in dims[1:]:
            site.tie(dims[0], dim, "lays them side by side along another axis")
        output.append(dims[0])
    return Connection((tuple(output),))


class Concatenate(LayerRule):
    """Lay inputs side by side along one axis; every other axis must agree."""

    ignores_padding = True

    def connect(self, site: Site) -> Connection:
        axis = site.config["axis"]
        return side_by_side(site, axis - 1 if axis >= 0 else axis + len(site.inputs[0]))

    def cost(self, site: Site, at: Setting) -> Cost:
        axis = site.config["axis"]
        return Cost(saves="nothing", passes=passes_places(site) and axis not in (1, -len(site.inputs[0])))


class Dot(LayerRule):
    """Products of two inputs summed over one axis of each; normalized, they are cosines."""

    def connect(self, site: Site) -> Connection:
        left, right = site.inputs
        one, other = self._axes(site)
        site.tie(left[one], right[other], "multiplies them")
        rest = (*left[:one], *left[one + 1 :], *right[:other], *right[other + 1 :])
        return Connection((rest or (1,),))

    def cost(self, site: Site, at: Setting) -> Cost:
        over = at.size(site.inputs[0][self._axes(site)[0]])
        # Square, add into the norm, divide an element.
        norms = 3 * sum(at.elements(shape) for shape in site.inputs) if site.config["normalize"] else 0
        return Cost(
            macs=over * at.elements(site.outputs[0]),
            other=norms,
            span=1 + sum_depth(over) + int(site.config["normalize"]) * (ceil_log2(over) + 3),
        )

    def mixing(self, site: Site) -> Mixing:
        # Of cosines too: a unit with three copies weighs more than one with two.
        return Mixing(summed=(site.inputs[0][self._axes(site)[0]],))

    def _axes(self, site: Site) -> tuple[int, int]:
        axes = site.config["axes"]
        pair = (axes, axes) if isinstance(axes, int) else axes
        one, other = (
            axis + len(shape) if axis < 0 else axis - 1 for axis, shape in zip(pair, site.inputs, strict=True)
        )
        if max(map(len, site.inputs)) > 2:
            raise UnsupportedLayerError("there is none for products of more than two axes")
        return one, other


register_layer_rule("Add", Merging("adds them", role=Role.ADDITION))
register_layer_rule("Subtract", Merging("subtracts them"))
register_layer_rule("Multiply", Merging("multiplies them", role=Role.PRODUCT, nonlinear=True))
register_layer_rule("Maximum", Merging("takes the maximum of them", nonlinear=True))
register_layer_rule("Minimum", Merging("takes the minimum of them", nonlinear=True))
register_layer_rule("Average", Merging("averages them", mean=True))
register_layer_rule("Dot", Dot())
register_layer_rule("Concatenate", Concatenate())
