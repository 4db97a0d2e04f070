"""The rule of a layer that stays one call, as it does more than operations can say: it costs what is inside of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..graph import WHOLE, Inside, Shape, Symbol, maximum
from ..graph.dimensions import fix, has_batch, symbols, unify
from ..graph.wording import say
from .connect import ConnectedInside, connect_inside
from .connected import ConnectedCall
from .cost import Step
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, UnsupportedLayerError, WeightAxes

_KEPT = say("is written for this size")


class Whole(LayerRule):
    """A layer of a user's own that assigns, keeps metrics or computes otherwise in training.

    Its operations at inference say what is tied to what and what it costs; in a copy it is made again by its own
    configuration, whose ``entries`` hold its widths.
    """

    sees_batch = True
    random = True
    assigns = True

    def connect(self, site: Site) -> Connection:
        inside = self.inside(site)
        inputs, parts, weights = connected_inside(inside, site.layer.weights)
        if len(inputs) != len(site.inputs):
            raise UnsupportedLayerError("there is none for being called in several ways")
        self.check(parts[0])
        widths = list(widths_of(inputs, weights))
        outside = set(widths_of(inputs, ()))
        self.name(site, inside, widths, outside)
        self.settle(site, inside, widths)
        for mine, given in zip(inputs, site.inputs, strict=True):
            if len(mine) != len(given):
                raise UnsupportedLayerError("there is none for being called in several ways")
            for one, other in zip(mine, given, strict=True):
                if not has_batch(one):
                    unify(other, one, say("{layer} reads it", layer=site.layer.name))
        site.parts = [parts[0], widths]
        return Connection(parts[0].outputs, weights)

    def cost(self, site: Site, at: Setting) -> Cost:
        return self.composed(site, at)

    def mixing(self, site: Site) -> Mixing:
        calls: Sequence[ConnectedCall] = site.parts[0].calls
        return sum((each.rule.mixing(each.site) for each in calls if each.rule is not None), Mixing())

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        widths = zip(site.parts[1], self.inside(site).entries, strict=True)
        return changed(site.config, {entry: at.size(width) for width, entries in widths for entry in entries or ()})

    def composed(self, site: Site, at: Setting) -> Cost:
        """The cost of what is inside, once."""
        part: ConnectedInside = site.parts[0]
        inside = self.inside(site)
        return _Composed(inside, part.calls, len(inside.graphs[0].input_tensors), at).cost()

    def check(self, part: ConnectedInside) -> None:
        """Raise :class:`UnsupportedLayerError` where something inside is not counted."""
        if part.uncounted:
            name, reason = next(iter(part.uncounted.items()))
            raise UnsupportedLayerError(f"inside it, {name} {reason}")

    def inside(self, site: Site) -> Inside:
        """What is known of the inside."""
        if site.layer.inside is None:
            raise UnsupportedLayerError("what is inside it is not known")
        return site.layer.inside

    def settle(self, site: Site, inside: Inside, widths: Sequence[Symbol]) -> None:
        """What the layer's own code says of its widths: which are one, and which cannot move."""
        for places in inside.ties:
            for place in places[1:]:
                unify(widths[places[0]], widths[place], say("{layer} makes them alike", layer=site.layer.name))
        for width, entries in zip(widths, inside.entries, strict=True):
            if entries is None:
                fix(width, say("{layer} {does}", layer=site.layer.name, does=_KEPT))

    def name(self, site: Site, inside: Inside, widths: Sequence[Symbol], outside: set[Symbol]) -> None:
        """What is inside has no name outside: a width there is the layer's, told apart by what it is in there."""
        names = {name for graph in inside.graphs for name in graph.layers}
        own = [width for width in widths if width.layers and width not in outside]
        site.produced.extend(own)
        for width in widths:
            within = [name for name in width.layers if name in names]
            width.label = " ".join(filter(None, [*within[:1], width.label])) if len(own) > 1 else None
            width.layers[:] = dict.fromkeys(site.layer.name if name in names else name for name in width.layers)


def connected_inside(
    inside: Inside, stored: Sequence[Any]
) -> tuple[list[Shape], list[ConnectedInside], tuple[WeightAxes, ...]]:
    """What goes in, with widths of its own; what is inside, one for each graph; and the layer's ``stored`` weights.

    The axes of one that no operation reads, which it only assigns to, are widths of their own too.
    """
    first = inside.graphs[0]
    inputs = [_free(first.tensors[index].full_shape) for index in first.input_tensors]
    parts = [connect_inside(graph, inputs) for graph in inside.graphs]
    for part in parts[1:]:
        for ours, theirs in zip(parts[0].outputs, part.outputs, strict=True):
            for one, other in zip(ours, theirs, strict=True):
                unify(one, other, say("makes the same in training"))
    weights = []
    for weight, places in zip(stored, inside.places, strict=True):
        found = [part.weights[at[0]][at[1]] for part, at in zip(parts, places, strict=True) if at is not None]
        if not found:
            found = [WeightAxes(weight.name, _free(tuple(weight.shape)))]
        for again in found[1:]:
            for mine, same in zip(found[0].axes, again.axes, strict=True):
                unify(mine, same, say("is one weight"))
        weights.append(replace(found[0], is_bias=False))
    return inputs, parts, tuple(weights)


def widths_of(inputs: Sequence[Shape], weights: Sequence[WeightAxes]) -> Iterator[Symbol]:
    """The free widths of what goes into a layer and of its weights, each once, in this order."""
    dims = [dim for shape in (*inputs, *(each.axes for each in weights)) for dim in shape if not has_batch(dim)]
    yield from dict.fromkeys(symbol for dim in dims for symbol in symbols(dim))


def changed(config: Mapping[str, Any], entries: Mapping[str, Any]) -> dict[str, Any]:
    """What of a configuration is another where ``entries``, by the keys that lead there with ``/`` between, are."""
    result: dict[str, Any] = {}
    for path, value in entries.items():
        first, *rest = path.split("/")
        result[first] = _put({**config, **result}[first], rest, value)
    return result


def _put(inner: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value
    first, *rest = path
    if isinstance(inner, (list, tuple)):
        return [_put(each, rest, value) if place == int(first) else each for place, each in enumerate(inner)]
    return {**inner, first: _put(inner[first], rest, value)}


def _free(shape: Shape) -> Shape:
    return tuple(Symbol(dim) if isinstance(dim, int) and dim > 1 else dim for dim in shape)


class _Composed:
    """The operations of several calls as those of one."""

    def __init__(self, inside: Inside, calls: Sequence[ConnectedCall], given: int, at: Setting) -> None:
        self._graph, self._calls, self._at = inside.graphs[0], calls, at
        self._given = given
        self._steps: list[Step] = []
        self._local = {index: place for place, index in enumerate(self._graph.input_tensors)}

    def cost(self) -> Cost:
        costs = [each.cost(self._at) for each in self._calls]
        for each, cost in zip(self._calls, costs, strict=True):
            self._add(each, cost)
        results = tuple(self._local[index] for index in self._graph.output_tensors)
        ready: list[Any] = [0] * self._given
        for step in self._steps:
            ready.append(step.span + maximum(0, *(ready[each] for each in step.reads)))
        return Cost(
            macs=sum(each.macs for each in costs),
            other=sum(each.other for each in costs),
            span=maximum(0, *(ready[each] for each in results)),
            uncounted=sum(each.uncounted for each in costs),
            cached=sum(each.cached for each in costs),
            steps=tuple(self._steps),
            results=results,
        )

    def _add(self, each: ConnectedCall, cost: Cost) -> None:
        reads = [self._local[index] for index in each.call.inputs]
        if cost.steps:
            places = dict(enumerate(reads))
            for number, step in enumerate(cost.steps, start=len(reads)):
                saves = tuple((places.get(of, self._next()), factor) for of, factor in step.saves)
                self._steps.append(replace(step, reads=tuple(places[of] for of in step.reads), saves=saves))
                places[number] = self._given + len(self._steps) - 1
            self._local.update(zip(each.call.outputs, (places[of] for of in cost.results), strict=True))
            return
        if all(index in self._local for index in each.call.outputs):
            return  # what goes in
        is_weight = not each.call.inputs and bool(each.site.layer.weights)
        for place, index in enumerate(each.call.outputs):
            makes = 0 if is_weight else self._at.elements(each.site.outputs[place])
            first = int(place == 0)
            saved = {"inputs": reads, "outputs": [self._next()], "nothing": []}[cost.saved]
            self._steps.append(
                Step(
                    makes,
                    tuple(reads),
                    first * cost.macs,
                    first * cost.other,
                    cost.span,
                    tuple((of, 1) for of in saved),
                    masks=first * cost.masks,
                )
            )
            self._local[index] = self._given + len(self._steps) - 1

    def _next(self) -> int:
        return self._given + len(self._steps)


register_layer_rule(WHOLE, Whole())
