"""Weights that operations read: whose they are, and which of their axes are summed over."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..graph import WEIGHT, Call, Dim, ModelGraph, Symbol
from ..graph.dimensions import factors, resolve, unify
from ..graph.wording import say
from .connected import ConnectedCall
from .registry import find_layer_rule
from .rule import Connection, Cost, LayerRule, Setting, Site, WeightAxes


class Borrowed:
    """Weights that belong to a layer of the graph and are read outside it, as a tied output does.

    A call that reads one names its owner (``of``) and the weight's ``place`` among the owner's; both
    then have the same axes, and the owner counts it.
    """

    def __init__(self, graph: ModelGraph) -> None:
        self._graph = graph
        self._axes: list[tuple[str, int, tuple[Dim, ...]]] = []

    def connection(self, site: Site) -> Connection | None:
        """The axes of a weight that another layer owns, to be tied to that layer's; ``None`` for any other call."""
        if "of" not in site.config:
            return None
        owner, place = site.config["of"], site.config["place"]
        shape = self._graph.layers[owner].weights[place].shape
        axes = tuple(length if length == 1 else Symbol(length, [owner]) for length in shape)
        self._axes.append((owner, place, axes))
        return Connection((axes,))

    def tie(self, weights: Mapping[str, Sequence[WeightAxes]]) -> None:
        """Make each borrowed weight's axes its owner's."""
        for owner, place, axes in self._axes:
            for mine, theirs in zip(axes, _present(self._graph, owner, weights[owner])[place].axes, strict=True):
                unify(theirs, mine, say("the weight of {layer} is read elsewhere too", layer=owner))

    def tie_holders(self, weights: dict[str, tuple[WeightAxes, ...]]) -> None:
        """The same for layers all of whose weights are another's, which then have none of their own."""
        for name, layer in self._graph.layers.items():
            if layer.elsewhere:
                both = (_present(self._graph, each, weights[each]) for each in (layer.elsewhere, name))
                for theirs, mine in zip(*both, strict=True):
                    for one, other in zip(theirs.axes, mine.axes, strict=True):
                        unify(
                            one, other, say("{layer} holds the weights of {other}", layer=name, other=layer.elsewhere)
                        )
                weights[name] = ()


class WeightUses:
    """Follows weights through the operations that only they go into, to those that meet them with something else."""

    def __init__(self, graph: ModelGraph) -> None:
        self._graph = graph
        self._made_of: dict[int, frozenset[str]] = {}

    def of(self, call: Call) -> tuple[frozenset[str], ...]:
        """For each input of a call the weights that it is made of and nothing else, if it is."""
        inputs = tuple(self._made_of.get(index, frozenset()) for index in call.inputs)
        is_weight = WEIGHT in self._graph.layers[call.layer].kinds
        if is_weight or (inputs and all(inputs)):
            made = frozenset({call.layer}) if is_weight else frozenset().union(*inputs)
            self._made_of.update(dict.fromkeys(call.outputs, made))
        return inputs

    def summed(
        self, calls: Sequence[ConnectedCall], weights: Mapping[str, tuple[WeightAxes, ...]]
    ) -> dict[str, tuple[WeightAxes, ...]]:
        """The weights of the graph's own with the axes that are not summed over marked as produced.

        Where readers of one weight differ in that, those that sum over an axis have it in ``shared``.
        """
        readers: dict[str, list[tuple[Site, set[int]]]] = {}
        every: dict[str, set[int]] = {}
        for each in calls:
            site, ends = each.site, not all(index in self._made_of for index in each.call.outputs)
            for name in frozenset().union(*site.of_weights):
                widths = {id(resolve(axis)) for axis in self._axes_of(name, weights)}
                over = {id(part) for of, dim in site.contracted if of == name for part in factors(dim)} & widths
                every.setdefault(name, set()).update(over)
                if ends:
                    readers.setdefault(self._identity(name), []).append((site, over))
        for name, uses in readers.items():
            sets = [over for _, over in uses] + self._by_owner(name, weights)
            unlike = set().union(*sets) - functools.reduce(operator.and_, sets)
            for site, _ in uses:
                site.shared.extend(dim for _, dim in site.contracted if unlike & {id(part) for part in factors(dim)})
        found: dict[str, tuple[WeightAxes, ...]] = {}
        for name, over in every.items():
            if over and "of" not in self._graph.layers[name].config:
                (axes,) = weights[name]
                kept = tuple(place for place, axis in enumerate(axes.axes) if id(resolve(axis)) not in over)
                found[name] = (replace(axes, incoming=kept),)
        return found

    def _axes_of(self, name: str, weights: Mapping[str, Sequence[WeightAxes]]) -> Sequence[Dim]:
        config = self._graph.layers[name].config
        if "of" in config:
            return _present(self._graph, config["of"], weights[config["of"]])[config["place"]].axes
        return weights[name][0].axes

    def _identity(self, name: str) -> str:
        """The same for all calls that read one weight."""
        config = self._graph.layers[name].config
        return f"{config['of']}/{config['place']}" if "of" in config else name

    def _by_owner(self, name: str, weights: Mapping[str, Sequence[WeightAxes]]) -> list[set[int]]:
        """What a weight's owner sums over, where it is read by operations too."""
        owner, _, place = name.rpartition("/")
        if name in self._graph.layers or owner not in weights:
            return []
        axes = _present(self._graph, owner, weights[owner])[int(place)]
        return [{id(resolve(axes.axes[axis])) for axis in axes.summed}]


class Places:
    """Follows whole numbers that are places of an axis, as of the largest value along it, to those that read them."""

    def __init__(self) -> None:
        self._axes: dict[int, Dim] = {}

    def of(self, call: Call) -> tuple[Dim | None, ...]:
        """For each input of a call the axis whose places it holds, if it does."""
        return tuple(self._axes.get(index) for index in call.inputs)

    def follow(self, site: Site, rule: LayerRule) -> None:
        """Note what a call makes of them, or chooses itself."""
        passed = site.places[0] if rule.keeps_values and len(site.places) == 1 else None
        axis = passed if site.chosen is None else site.chosen
        if axis is not None:
            self._axes.update(dict.fromkeys(site.call.outputs, axis))


class Unread(LayerRule):
    """Weights that nothing reads, as running the model without them showed: they are there, and do nothing."""

    sees_batch = True
    keeps_values = True
    is_view = True

    def connect(self, site: Site) -> Connection:
        return Connection((site.inputs[0],), tuple(WeightAxes(each.name, each.shape) for each in site.layer.weights))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(kept=0)


def _present(graph: ModelGraph, owner: str, axes: Sequence[WeightAxes]) -> list[WeightAxes]:
    """The declared weights that are there: a bias that is off is not."""
    layer = graph.layers[owner]
    rule = find_layer_rule(layer.kinds)
    has_bias = rule is None or rule.bias_key is None or bool(layer.config.get(rule.bias_key))
    return [each for each in axes if has_bias or not each.is_bias]
