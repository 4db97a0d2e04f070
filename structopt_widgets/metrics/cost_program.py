"""The costs of one model as a program of its knobs, recorded once and run at every slider move."""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..graph import ModelGraph, Program, Recorder, Symbol
from ..graph.model_graph import map_structure
from ..layer_rules import ActivationCost, ConnectedGraph, layer_activation
from ..layer_rules.activation_costs import SWITCHES
from ..layer_rules.registry import rules_registered
from .catalogue import UNCOUNTED, layer_metrics, model_metrics
from .totals import Costs, costs

_LATEST: OrderedDict[Any, Program] = OrderedDict()
_MOST = 4  # that are kept: a cell is run again with the models it was run with
_MOST_CONSTANTS = 1 << 14  # numbers in the constants of a graph that is told by them


def _known(key: Any, record: Callable[[], Program]) -> Program:
    """The program of ``key``, which recording takes long for a model of hundreds of layers; without a key a new one."""
    if key is None:
        return record()
    if key not in _LATEST:
        _LATEST[key] = record()
    _LATEST.move_to_end(key)
    while len(_LATEST) > _MOST:
        _LATEST.popitem(last=False)
    return _LATEST[key]


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Recording makes objects by the hundred thousand, all of which are kept; looking for garbage meanwhile walks
    through whatever Keras holds, which takes a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _n_constants(graph: ModelGraph) -> int:
    """How many numbers there are in the constants that calls are given, those inside of layers included."""
    count = 0

    def add(leaf: Any) -> None:
        nonlocal count
        count += leaf.size if isinstance(leaf, np.ndarray) else 0

    for call in graph.calls:
        map_structure(add, [call.args, call.kwargs or {}])
    inside = (each for layer in graph.layers.values() if layer.inside is not None for each in layer.inside.graphs)
    return count + sum(map(_n_constants, inside))


class CostProgram:
    """Costs of ``connected`` as a function of its knobs.

    Inputs are named ``width:GROUP``, ``bias:LAYER``, ``FIELD:LAYER`` for each field of an
    :class:`ActivationCost`, ``block:BLOCK``, ``batch_size`` and ``slots``.
    ``precision`` and ``recompute`` are those of :func:`.totals.costs`.
    """

    def __init__(
        self,
        connected: ConnectedGraph,
        widths: Mapping[str, Symbol],
        bias_layers: tuple[str, ...],
        activation_layers: tuple[str, ...],
        precision: str | None = None,
        recompute: bool | str = False,
    ) -> None:
        self._estimate = (precision, recompute)
        self._connected = connected
        self._widths = widths
        self._bias_layers = bias_layers
        self._activation_layers = activation_layers
        self._activations: dict[tuple[str, str], ActivationCost] = {}  # by layer and name

    @functools.cached_property
    def totals(self) -> Program:
        """Every metric of a whole model, and ``uncounted``."""
        # Not recorded by itself: of many blocks that may be left out there is much to record.
        return self.layers.only((*model_metrics(), UNCOUNTED))

    @functools.cached_property
    def layers(self) -> Program:
        """The same, and the metrics of the layers, with ``uncounted``, as ``METRIC:LAYER``."""
        return _known(self._key, self._recorded)

    def _recorded(self) -> Program:
        with _collector_paused():
            recorder, result = self._record()
        outputs = {metric: result.totals[metric] for metric in (*model_metrics(), UNCOUNTED)}
        for layer, row in result.layers.items():
            outputs |= {f"{metric}:{layer}": row[metric] for metric in (*layer_metrics(), UNCOUNTED)}
        return recorder.program(outputs)

    @property
    def _key(self) -> Any:
        """What makes a program what it is: the graph, the rules and metrics there are, and what is free in it.

        ``None`` for a graph that cannot be written down, or not soon: a long sequence's mask is millions of numbers.
        """
        if _n_constants(self._connected.graph) > _MOST_CONSTANTS:
            return None
        try:
            graph = json.dumps({**self._connected.graph.to_json(), "name": ""}, sort_keys=True)  # costs have no name
        except (TypeError, ValueError):
            return None
        there = rules_registered(), tuple(model_metrics()), tuple(layer_metrics())
        return hashlib.sha256(graph.encode()).digest(), there, tuple(self._widths), *self._estimate

    @functools.cached_property
    def uncounted(self) -> Program:
        """``uncounted`` of each layer alone, as ``uncounted:LAYER``."""
        return self.layers.only(name for name in self.layers.outputs if name.startswith(f"{UNCOUNTED}:"))

    def inputs(
        self,
        widths: Mapping[str, int],
        biases: Mapping[str, bool],
        activations: Mapping[str, str],
        blocks: Mapping[str, bool],
        batch_size: int,
        slots: int,
    ) -> list[Any]:
        """Values of the programs' inputs, in their order: widths by group, switches by layer, blocks by name."""
        values: list[Any] = [widths[name] for name in self._widths]
        values += [int(biases[layer]) for layer in self._bias_layers]
        for layer in self._activation_layers:
            values += self._activation(layer, activations[layer])
        values += [int(blocks[block.name]) for block in self._connected.blocks]
        return [*values, batch_size, slots]

    def _activation(self, layer: str, name: str) -> ActivationCost:
        found = self._activations.get((layer, name))
        if found is None:
            found = self._activations[layer, name] = layer_activation(self._connected.graph.layers[layer], name=name)
        return found

    def _record(self) -> tuple[Recorder, Costs]:
        recorder = Recorder(never_negative=True)
        at = self._connected.setting(
            {symbol: recorder.input(f"width:{name}") for name, symbol in self._widths.items()},
            {layer: recorder.input(f"bias:{layer}", is_switch=True) for layer in self._bias_layers},
            {
                layer: ActivationCost(
                    *(recorder.input(f"{field}:{layer}", field in SWITCHES) for field in ActivationCost._fields)
                )
                for layer in self._activation_layers
            },
            {block.name: recorder.input(f"block:{block.name}", is_switch=True) for block in self._connected.blocks},
        )
        return recorder, costs(
            self._connected, at, recorder.input("batch_size"), recorder.input("slots"), *self._estimate
        )
