"""Rules of bare ``keras.ops`` calls that move axes and parts of them: nothing is computed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from ..graph import Dim, Product, baseline_size
from .merging import side_by_side
from .registry import register_layer_rule
from .reshaping import regrouped
from .rule import Connection, Cost, LayerRule, Setting, Site, UnsupportedLayerError


class _View(LayerRule):
    """The same elements seen differently."""

    keeps_values = True
    ignores_padding = True

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(kept=0)


class Reshape(_View):
    """Axes regrouped; a width passes when it comes out whole."""

    def connect(self, site: Site) -> Connection:
        return Connection((regrouped(site, site.inputs[0], self._target(site)),))

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        # The batch is the one axis left open: every other has its length now.
        return {"newshape": (-1, *(at.size(dim) for dim in site.outputs[0]))}

    def _target(self, site: Site) -> list[int]:
        batch, *target = site.config["newshape"]
        if batch not in (-1, None):
            raise UnsupportedLayerError("there is none for reshaping the batch")
        return list(target)


class Transpose(_View):
    """Axes in another order, the batch first."""

    def connect(self, site: Site) -> Connection:
        batch, *axes = site.config["axes"] or [None]
        if batch != 0:
            raise UnsupportedLayerError("there is none for moving the batch axis")
        return Connection((tuple(site.inputs[0][axis - 1] for axis in axes),))


class Exchange(_View):
    """Two axes change places (``swapaxes``), or some move to new ones (``moveaxis``)."""

    def connect(self, site: Site) -> Connection:
        shape, config = site.inputs[0], site.config
        rank = len(shape)
        if "axis1" in config:
            order = list(range(rank))
            one, other = without_batch((config["axis1"], config["axis2"]), rank)
            order[one], order[other] = order[other], order[one]
        else:
            moved, places = without_batch(config["source"], rank), without_batch(config["destination"], rank)
            order = [axis for axis in range(rank) if axis not in moved]
            for place, axis in sorted(zip(places, moved, strict=True)):
                order.insert(place, axis)
        return Connection((tuple(shape[axis] for axis in order),))


class ExpandDims(_View):
    """A new axis of length 1."""

    def connect(self, site: Site) -> Connection:
        shape = list(site.inputs[0])
        axes = site.config["axis"]
        for axis in axes if isinstance(axes, (list, tuple)) else [axes]:
            position = axis - 1 if axis >= 0 else len(shape) + 1 + axis
            shape.insert(position, 1)
        return Connection((tuple(shape),))


class Squeeze(_View):
    """Axes of length 1 taken away."""

    def connect(self, site: Site) -> Connection:
        shape, axis = site.inputs[0], site.config["axis"]
        drop = (
            [position for position, dim in enumerate(shape) if dim == 1]
            if axis is None
            else without_batch(axis, len(shape))
        )
        for position in drop:
            site.freeze((shape[position],), "drops its only channel")
        return Connection((tuple(dim for position, dim in enumerate(shape) if position not in drop),))


class Concatenate(LayerRule):
    """Inputs side by side along one axis."""

    ignores_padding = True

    def connect(self, site: Site) -> Connection:
        return side_by_side(site, without_batch(site.config["axis"], len(site.inputs[0]))[0])

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(saves="nothing")


class Stack(LayerRule):
    """Inputs of one shape along a new axis."""

    ignores_padding = True

    def connect(self, site: Site) -> Connection:
        first, *others = site.inputs
        for shape in others:
            for one, other in zip(first, shape, strict=True):
                site.tie(one, other, "stacks them")
        (place,) = without_batch(site.config["axis"], len(first) + 1)
        return Connection(((*first[:place], len(site.inputs), *first[place:]),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(saves="nothing")


class Split(LayerRule):
    """Parts of one axis: equal ones, of a width that is then a multiple of their number; or each with its own."""

    ignores_padding = True

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        (axis,) = without_batch(site.config["axis"], len(shape))
        parts = self._parts(site, shape[axis])
        return Connection(tuple((*shape[:axis], part, *shape[axis + 1 :]) for part in parts))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(saves="nothing")

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        (axis,) = without_batch(site.config["axis"], len(site.inputs[0]))
        if isinstance(site.config["indices_or_sections"], int):
            return {}
        ends = itertools.accumulate(at.size(shape[axis]) for shape in site.outputs)
        return {"indices_or_sections": list(ends)[:-1]}

    def _parts(self, site: Site, dim: Dim) -> list[Dim]:
        cut = site.config["indices_or_sections"]
        if isinstance(cut, int):
            return [site.split(dim, cut, f"splits it into {cut} parts")] * cut
        ends = [*cut, baseline_size(dim)]
        lengths = [end - start for start, end in itertools.pairwise([0, *ends])]
        return list(lengths) if isinstance(dim, int) else list(site.cut(dim, lengths, "splits it into parts"))


class Repetition(LayerRule):
    """An axis several times over: as a whole (``tile``), or element by element (``repeat``)."""

    def connect(self, site: Site) -> Connection:
        shape, repeats = site.inputs[0], site.config["repeats"]
        if "axis" in site.config:
            if not isinstance(repeats, int) or site.config["axis"] is None:
                raise UnsupportedLayerError("there is none for unequal repetitions, or for those of the batch")
            (axis,) = without_batch(site.config["axis"], len(shape))
            return Connection((tuple(_product(dim, repeats) if at == axis else dim for at, dim in enumerate(shape)),))
        given = [repeats] if isinstance(repeats, int) else list(repeats)
        batch, *times = [1] * (len(shape) + 1 - len(given)) + given
        if batch != 1 or len(times) != len(shape):
            raise UnsupportedLayerError("there is none for repeating the batch")
        return Connection((tuple(_product(count, dim) for count, dim in zip(times, shape, strict=True)),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(saves="nothing")


class GetItem(LayerRule):
    """Part of a tensor. An axis taken whole keeps its width; one that is cut stays as long as it is."""

    def connect(self, site: Site) -> Connection:
        key = site.call.args[1] if len(site.call.args) > 1 else (site.call.kwargs or {})["key"]
        keys = list(key) if isinstance(key, tuple) else [key]
        if Ellipsis in keys:
            dots = keys.index(Ellipsis)
            taken = sum(key is not None for key in keys) - 1
            keys[dots : dots + 1] = [slice(None)] * (len(site.inputs[0]) + 1 - taken)
        batch, *parts = keys
        if batch != slice(None) or any(not isinstance(part, (int, slice, type(None))) for part in parts):
            raise UnsupportedLayerError("there is none for this kind of indexing")
        output: list[Dim] = []
        left = list(site.inputs[0])
        whole = [slice(None)] * (len(left) - sum(part is not None for part in parts))
        for part in [*parts, *whole]:
            if part is None:
                output.append(1)
                continue
            dim = left.pop(0)
            if part == slice(None):
                output.append(dim)
                continue
            site.freeze((dim,), "takes a part of it")
            if isinstance(part, slice):
                output.append(len(range(*part.indices(baseline_size(dim)))))
        return Connection((tuple(output),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(saves="nothing")


def _product(outer: Dim, inner: Dim) -> Dim:
    if isinstance(outer, int) and isinstance(inner, int):
        return outer * inner
    if 1 in (outer, inner):
        return inner if outer == 1 else outer
    return Product(outer, inner)


def without_batch(axis: Any, rank: int) -> list[int]:
    """Axes as Keras counts them, with the batch, as positions in a shape without it."""
    axes = [each if each < 0 else each - 1 - rank for each in (axis if isinstance(axis, (list, tuple)) else [axis])]
    if any(each < -rank for each in axes):
        raise UnsupportedLayerError("there is none for working along the batch")
    return [each + rank for each in axes]


def register_bare(rule: Callable[[], LayerRule] | LayerRule, *names: str) -> None:
    """Register a rule (or one a name) for bare operations, by their class names."""
    for name in names:
        register_layer_rule(f"ops.{name}", rule if isinstance(rule, LayerRule) else rule())


register_bare(Reshape(), "Reshape")
register_bare(Transpose(), "Transpose")
register_bare(Exchange(), "Swapaxes", "Moveaxis")
register_bare(ExpandDims(), "ExpandDims")
register_bare(Squeeze(), "Squeeze")
register_bare(Concatenate(), "Concatenate")
register_bare(Stack(), "Stack")
register_bare(Split(), "Split")
register_bare(Repetition(), "Tile", "Repeat")
register_bare(GetItem(), "GetItem")
