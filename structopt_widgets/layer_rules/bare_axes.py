"""Rules of bare ``keras.ops`` calls that move axes and parts of them: nothing is computed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from ..graph import BATCH, BatchSize, Concat, Dim, Product, Shape, Symbol, baseline_size
from ..graph.dimensions import has_batch, of_batch, resolve
from ..graph.wording import say
from .merging import side_by_side
from .registry import register_layer_rule
from .reshaping import flattened, regrouped
from .rule import Connection, Cost, LayerRule, Setting, Site, UnsupportedLayerError


class Bare(LayerRule):
    """A bare operation: it counts the batch among the axes, and costs nothing unless it says so."""

    sees_batch = True

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(saves="nothing")


class _View(Bare):
    """The same elements seen differently."""

    keeps_values = True
    is_view = True
    ignores_padding = True

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(kept=0)


class Reshape(_View):
    """Axes regrouped; a width passes when it comes out whole."""

    def connect(self, site: Site) -> Connection:
        target = site.config["newshape"]
        shape = site.inputs[0]
        made = regrouped(site, shape, lengths_of([target] if isinstance(target, int) else target, shape))
        return Connection((tuple(of_batch(dim) if isinstance(dim, int) else dim for dim in made),))

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"newshape": lengths_at(site.outputs[0], at)}


class Size(Bare):
    """How many elements there are, as a number that follows the widths."""

    reads_no_values = True

    def connect(self, site: Site) -> Connection:
        return Connection(((),))


class Ravel(_View):
    """All elements in a row."""

    def connect(self, site: Site) -> Connection:
        return Connection(((flattened_without_axis(site.inputs[0], "making one row of the whole batch"),),))


class Transpose(_View):
    """Axes in another order."""

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        return Connection((tuple(shape[axis] for axis in site.config["axes"] or reversed(range(len(shape)))),))


class Exchange(_View):
    """Two axes change places (``swapaxes``), or some move to new ones (``moveaxis``)."""

    def connect(self, site: Site) -> Connection:
        shape, config = site.inputs[0], site.config
        rank = len(shape)
        if "axis1" in config:
            order = list(range(rank))
            one, other = positions((config["axis1"], config["axis2"]), rank)
            order[one], order[other] = order[other], order[one]
        else:
            moved, places = positions(config["source"], rank), positions(config["destination"], rank)
            order = [axis for axis in range(rank) if axis not in moved]
            for place, axis in sorted(zip(places, moved, strict=True)):
                order.insert(place, axis)
        return Connection((tuple(shape[axis] for axis in order),))


class ExpandDims(_View):
    """A new axis of length 1, or several."""

    def connect(self, site: Site) -> Connection:
        shape, axes = list(site.inputs[0]), site.config["axis"]
        many = axes if isinstance(axes, (list, tuple)) else [axes]
        for position in sorted(positions(many, len(shape) + len(many))):
            shape.insert(position, 1)
        return Connection((tuple(shape),))


class Squeeze(_View):
    """Axes of length 1 taken away."""

    def connect(self, site: Site) -> Connection:
        shape, drop = site.inputs[0], self._dropped(site)
        for position in drop:
            site.fix((shape[position],), "drops its only channel")
        return Connection((tuple(dim for position, dim in enumerate(shape) if position not in drop),))

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        # Which axes are of length 1 Keras cannot always tell of symbolic tensors.
        return {"axis": self._dropped(site)} if site.config["axis"] is None else {}

    def _dropped(self, site: Site) -> list[int]:
        shape, axis = site.inputs[0], site.config["axis"]
        if axis is not None:
            return positions(axis, len(shape))
        return [position for position, dim in enumerate(shape) if not has_batch(dim) and baseline_size(dim) == 1]


class Concatenate(Bare):
    """Tensors, and constants, side by side along one axis."""

    ignores_padding = True

    def connect(self, site: Site) -> Connection:
        shapes = _listed(site, "xs")
        return side_by_side(site, positions(site.config["axis"], len(shapes[0]))[0], shapes)


class Stack(Bare):
    """Tensors, and constants, of one shape along a new axis."""

    ignores_padding = True

    def connect(self, site: Site) -> Connection:
        first, *others = shapes = _listed(site, "x")
        for shape in others:
            for one, other in zip(first, shape, strict=True):
                site.tie(one, other, "stacks them")
        (place,) = positions(site.config["axis"], len(first) + 1)
        return Connection(((*first[:place], len(shapes), *first[place:]),))


def _listed(site: Site, name: str) -> list[Shape]:
    """The shapes of what an operation is given as a list."""
    given = site.call.args[0] if site.call.args else (site.call.kwargs or {})[name]
    return [site.shape_of(each) for each in given]


class Split(Bare):
    """Parts of one axis: equal ones, of a width that is then a multiple of their number; or each with its own."""

    ignores_padding = True

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        (axis,) = positions(site.config["axis"], len(shape))
        parts = self._parts(site, shape[axis])
        return Connection(tuple((*shape[:axis], part, *shape[axis + 1 :]) for part in parts))

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        (axis,) = positions(site.config["axis"], len(site.inputs[0]))
        if isinstance(site.config["indices_or_sections"], int):
            return {}
        ends = itertools.accumulate(at.size(shape[axis]) for shape in site.outputs)
        return {"indices_or_sections": list(ends)[:-1]}

    def _parts(self, site: Site, dim: Dim) -> list[Dim]:
        cut = site.config["indices_or_sections"]
        if isinstance(cut, int):
            parts = parts_of(dim)
            if len(parts) == cut and len({baseline_size(part) for part in parts}) == 1:
                return parts  # what was laid side by side before
            return [site.split(dim, cut, say("splits it into {n} parts", n=cut))] * cut
        ends = [*cut, baseline_size(dim)]
        lengths = [end - start for start, end in itertools.pairwise([0, *ends])]
        return list(lengths) if isinstance(dim, int) else list(site.cut(dim, lengths, "splits it into parts"))


class Repetition(Bare):
    """An axis several times over: as a whole (``tile``), or element by element (``repeat``)."""

    def connect(self, site: Site) -> Connection:
        shape, repeats = site.inputs[0], site.config["repeats"]
        if "axis" in site.config:
            shape = self._shape(site)
            (axis,) = self._axis(site, shape)
            if not isinstance(repeats, (int, BatchSize)):
                return self._unequal(site, axis)
            if isinstance(repeats, BatchSize):
                site.fix((shape[axis],), "repeats it for each sample")
                many = of_batch(baseline_length(repeats) * baseline_size(shape[axis]))
                return Connection(((*shape[:axis], many, *shape[axis + 1 :]),))
            return Connection(((*shape[:axis], _times(shape[axis], repeats, is_tile=False), *shape[axis + 1 :]),))
        given = [repeats] if isinstance(repeats, (int, BatchSize)) else list(repeats)
        rank = max(len(given), len(shape))
        times = [*[1] * (rank - len(given)), *map(baseline_length, given)]
        padded = (*(1,) * (rank - len(shape)), *shape)
        if any(has_batch(dim) and has_batch(of_batch(count)) for count, dim in zip(times, padded, strict=True)):
            raise UnsupportedLayerError("there is none for repeating the batch for each sample")
        return Connection((tuple(_times(dim, count, is_tile=True) for count, dim in zip(times, padded, strict=True)),))

    def _shape(self, site: Site) -> Shape:
        """What is repeated: without an axis all elements in a row."""
        shape = site.inputs[0]
        is_flat = site.config["axis"] is None and len(shape) != 1
        return (flattened_without_axis(shape, "repeating a flattened array"),) if is_flat else shape

    def _axis(self, site: Site, shape: Shape) -> list[int]:
        return positions(site.config["axis"] or 0, len(shape))

    def _unequal(self, site: Site, axis: int) -> Connection:
        """Each place a number of times of its own."""
        shape, repeats = self._shape(site), site.config["repeats"]
        if has_batch(shape[axis]):
            raise UnsupportedLayerError("there is none for repeating samples unequally")
        site.fix((shape[axis],), "repeats each place so many times")
        times = [*repeats] * (baseline_size(shape[axis]) if len(repeats) == 1 else 1)
        return Connection(((*shape[:axis], sum(times), *shape[axis + 1 :]),))

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        repeats, outputs = site.config["repeats"], site.outputs[0]
        if "axis" in site.config:
            (axis,) = self._axis(site, outputs)
            if not isinstance(repeats, (int, BatchSize)):
                return {}
            return {"repeats": at.size(outputs[axis])} if _is_widened(self._shape(site)[axis], repeats) else {}
        given = [repeats] if isinstance(repeats, (int, BatchSize)) else list(repeats)
        inputs = (*(1,) * (len(outputs) - len(site.inputs[0])), *site.inputs[0])
        times = [*[1] * (len(outputs) - len(given)), *given]
        return {
            "repeats": tuple(
                at.size(made) if _is_widened(dim, count) else count
                for count, dim, made in zip(times, inputs, outputs, strict=True)
            )
        }


def _times(dim: Dim, count: int, is_tile: bool) -> Dim:
    """``dim`` so many times: tiles follow one another, of a repetition each element's do.

    What is the same all along an axis is as long as it is read.
    """
    many = of_batch(count)
    if _is_one(dim) and isinstance(many, int) and many > 1:
        return Symbol(many)
    return _product(many, dim) if is_tile else _product(dim, many)


def _is_widened(dim: Dim, count: Any) -> bool:
    """Whether the repetition makes a width; one for each sample is no width, and stays what it is."""
    return _is_one(dim) and not isinstance(count, BatchSize) and count != 1


def _is_one(dim: Dim) -> bool:
    return isinstance(dim, int) and dim == 1


def parts_of(dim: Dim) -> list[Dim]:
    """What ``dim`` has side by side."""
    dim = resolve(dim)
    return [flat for part in dim.parts for flat in parts_of(part)] if isinstance(dim, Concat) else [dim]


def positions(axis: Any, rank: int) -> list[int]:
    """Axes as Keras counts them, from either end, as positions in a full shape."""
    axes = [axis] if isinstance(axis, int) else list(axis)
    if any(not -rank <= each < rank for each in axes):
        raise UnsupportedLayerError(f"there is none for axes {axes} of {rank}")
    return [each % rank for each in axes]


def flattened_without_axis(shape: Shape, doing: str) -> Dim:
    """All elements of a tensor in a row, as an operation without an axis takes them; of samples there is no rule."""
    if any(map(has_batch, shape)):
        raise UnsupportedLayerError(f"there is none for {doing}")
    return flattened(shape)


def lengths_of(target: Any, shape: Shape) -> list[int]:
    """The lengths that are asked for, in the model as read, of as many elements as ``shape`` has."""
    lengths = [-1 if each is None else baseline_length(each) for each in target]
    if -1 in lengths:
        total, asked = 1, 1
        for dim in shape:
            total *= baseline_size(dim)
        for length in lengths:
            asked *= length if length != -1 else 1
        lengths[lengths.index(-1)] = total // asked
    return lengths


def lengths_at(shape: Shape, at: Setting) -> tuple[int | BatchSize, ...]:
    """The lengths of a shape at a setting, as an argument of an operation."""
    return tuple(BatchSize(at.size(dim)) if has_batch(dim) else at.size(dim) for dim in shape)


def baseline_length(value: int | BatchSize) -> int:
    return value.rows * BATCH.baseline if isinstance(value, BatchSize) else value


def _product(outer: Dim, inner: Dim) -> Dim:
    if isinstance(outer, int) and isinstance(inner, int):
        return outer * inner
    if 1 in (outer, inner):
        return inner if outer == 1 else outer
    return Product(outer, inner)


def register_bare(rule: Callable[[], LayerRule] | LayerRule, *names: str) -> None:
    """Register a rule (or one a name) for bare operations, by their class names."""
    for name in names:
        register_layer_rule(f"ops.{name}", rule if isinstance(rule, LayerRule) else rule())


register_bare(Reshape(), "Reshape")
register_bare(Ravel(), "Ravel")
register_bare(Size(), "Size")
register_bare(Transpose(), "Transpose")
register_bare(Exchange(), "Swapaxes", "Moveaxis")
register_bare(ExpandDims(), "ExpandDims")
register_bare(Squeeze(), "Squeeze")
register_bare(Concatenate(), "Concatenate")
register_bare(Stack(), "Stack")
register_bare(Split(), "Split")
register_bare(Repetition(), "Tile", "Repeat")
