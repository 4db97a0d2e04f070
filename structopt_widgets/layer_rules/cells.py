"""Rules of ``RNN`` over Keras's own cells, alone or stacked: each cell costs what its layer does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..graph import Call, Layer, Shape, maximum
from .cost import Loop, Number
from .registry import find_layer_rule, register_layer_rule
from .rnn import Wrapper, given_states
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, UnsupportedLayerError, WeightAxes
from .steps import Steps

_STEPS = Steps()
_LAYER_OF = {"SimpleRNNCell": "SimpleRNN", "LSTMCell": "LSTM", "GRUCell": "GRU"}


class CellRecurrence(Wrapper):
    """Cells one after another in each timestep; every one has a width of its own."""

    def ignores_padding_at(self, site: Site) -> bool:
        return False  # what is trained together has a switch for the activation of a layer with one cell

    def connect(self, site: Site) -> Connection:
        if site.layer.inside is not None:
            return _STEPS.connect(site)
        sequence = site.inputs[0]
        states: list[Shape] = []
        weights: list[WeightAxes] = []
        cells = self._cells(site)
        for number, (rule, inner) in enumerate(cells, start=1):
            inner.inputs = [sequence]
            connection = rule.connect(inner)
            if len(cells) > 1:
                inner.produced[-1].label = f"cell {number}"
            sequence = connection.outputs[0]
            states += connection.outputs[1:]
            weights += self.weights_of(rule, inner, connection)
        for initial, (units,) in zip(given_states(site), states, strict=False):
            site.tie(initial[-1], units, "starts from that state")
        output = sequence if site.config["return_sequences"] else sequence[-1:]
        return Connection((output, *(states if site.config["return_state"] else ())), tuple(weights))

    def cost(self, site: Site, at: Setting) -> Cost:
        if site.layer.inside is not None:
            return _STEPS.cost(site, at)
        costs = [rule.cost(inner, at) for rule, inner in self._placed(site)]
        loops = tuple(_loops(costs, bool(site.config.get("go_backwards"))))
        if len(costs) == 1:
            return replace(costs[0], loops=loops)
        return Cost(
            macs=sum(each.macs for each in costs),
            other=sum(each.other for each in costs),
            span=_span(loops),
            kept=sum(each.kept for each in costs if each.kept is not None),
            work=sum(each.work for each in costs),
            uncounted=sum(each.uncounted for each in costs),
            loops=loops,
        )

    def mixing(self, site: Site) -> Mixing:
        if site.layer.inside is not None:
            return _STEPS.mixing(site)
        return sum((rule.mixing(inner) for rule, inner in self._placed(site)), Mixing())

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        if site.layer.inside is not None:
            return _STEPS.config(site, at)
        cell = site.config["cell"]
        resized = [
            {**each, "config": {**each["config"], "units": at.size(inner.outputs[0][-1])}}
            for each, (_, inner) in zip(_serialized_cells(site), self._placed(site), strict=True)
        ]
        if "cells" not in cell["config"]:
            return {"cell": resized[0]}
        return {"cell": {**cell, "config": {**cell["config"], "cells": resized}}}

    def _cells(self, site: Site) -> list[tuple[LayerRule, Site]]:
        """The rule and the site of each cell, as of a layer that returns all it can."""
        found: list[tuple[LayerRule, Site]] = []
        for number, cell in enumerate(_serialized_cells(site)):
            kind = _LAYER_OF.get(cell["class_name"])
            rule = find_layer_rule((kind,)) if kind and str(cell.get("module")).startswith("keras") else None
            if rule is None:
                raise UnsupportedLayerError(f"a cell of its, a {cell['class_name']}, has none")
            config = {**cell["config"], "return_sequences": True, "return_state": True}
            path = f"cell.cells.{number}" if "cells" in site.config["cell"]["config"] else "cell"
            serialized, functions = {**cell, "config": config}, site.layer.functions_of(path)
            layer = Layer(site.layer.name, (str(kind),), site.layer.weights, serialized, functions=functions)
            call = Call(site.call.layer, site.call.inputs, site.call.outputs)
            found.append((rule, Site(layer, [], call, produced=site.produced)))
        return found

    def _placed(self, site: Site) -> list[tuple[LayerRule, Site]]:
        """The same, between what each cell reads and makes."""
        sequence, cells = site.inputs[0], self._cells(site)
        for (_, inner), units in zip(cells, site.produced, strict=True):
            inner.inputs, inner.outputs = [sequence], [(sequence[0], units)]
            sequence = inner.outputs[0]
        return cells


def _loops(costs: Sequence[Cost], backwards: bool) -> Iterator[Loop]:
    """A step of each cell needs the one before it in time, and the same step of the cell before it."""
    for number, cost in enumerate(costs):
        (loop,) = cost.loops
        yield replace(loop, backwards=backwards and number == 0, follows=number > 0)


def _span(loops: Sequence[Loop]) -> Number:
    """The longest way through cells and steps, from the first input or from the first state of a cell."""
    ways: list[Number] = []
    for number, loop in enumerate(loops):
        rest = loops[number:]
        through = sum(each.first for each in rest[1:]) + (loop.timesteps - 1) * maximum(*(each.again for each in rest))
        ways.append((maximum(loop.first, loop.again) if number == 0 else loop.again) + through)
    return maximum(*ways)


def _serialized_cells(site: Site) -> Sequence[dict[str, Any]]:
    cell = site.config["cell"]
    cells: Sequence[dict[str, Any]] = cell["config"].get("cells", [cell])
    return cells


register_layer_rule("RNN", CellRecurrence())
