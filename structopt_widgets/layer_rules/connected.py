"""A graph whose dimensions are known: what the metrics, the knobs and the builder stand on."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..graph import Call, ModelGraph, Shape, Symbol, baseline_size
from ..graph.model_graph import CACHED
from .activation_costs import ActivationCost
from .blocks import Block
from .rule import Cost, LayerRule, Setting, Site, WeightAxes


@dataclass(frozen=True)
class ConnectedCall:
    """A call with its rule and the dimensions of what goes in and out. No rule: it is uncounted.

    ``rows`` are how many times a sample is there along the first axis, for a layer that takes that for
    the batch: none for a sample that is there once.
    """

    call: Call
    site: Site
    rule: LayerRule | None
    rows: Shape = ()

    def cost(self, at: Setting) -> Cost:
        """Cost of the call on one sample, at a setting."""
        if self.rule is None:
            return Cost()
        cost = self.rule.cost(self.site, at)
        return cost.repeated(at.elements(self.rows)) if self.rows else cost


@dataclass(frozen=True)
class ConnectedGraph:
    """A graph whose dimensions are known.

    ``weights`` maps each layer to the axes of its weights, the bias's included when it is off;
    ``uncounted`` maps each layer whose operations cannot be counted to the reason; ``blocks`` are
    the parts that can be left out, in execution order. ``shapes`` are what a sample has in each tensor:
    without the batch. ``stored`` are the tensors that are weights, which take no memory of their own.
    """

    graph: ModelGraph
    calls: tuple[ConnectedCall, ...]
    shapes: tuple[Shape, ...]
    weights: Mapping[str, tuple[WeightAxes, ...]]
    uncounted: Mapping[str, str]
    blocks: tuple[Block, ...]
    stored: frozenset[int] = frozenset()

    def cached(self, call: Call, at: Setting) -> Any:
        """Elements of the keys and values of one sample that a decoder keeps for a call, where that is said of it."""
        kept = self.graph.layers[call.layer].serialized.get(CACHED, ())
        return sum((at.elements(self.shapes[index]) for index in kept), 0)

    def setting(
        self,
        widths: Mapping[Symbol, Any],
        biases: Mapping[str, Any],
        activations: Mapping[str, ActivationCost],
        blocks: Mapping[str, Any],
    ) -> Setting:
        """A choice of every knob, in any kind of number; ``blocks`` maps those that can be left out to 1 or 0.

        Where a hidden layer is left out, what reads it gets the width that the layer would have read.
        """
        effective = dict(widths)
        at = Setting(effective, biases, activations, blocks)
        for block in self.blocks:
            kept = blocks.get(block.name, 1)
            if block.width is not None and not (isinstance(kept, int) and kept):
                axis = self.shapes[block.result].index(block.width)
                read = at.size(self.shapes[block.source][axis])
                effective[block.width] = kept * at.size(block.width) + (1 - kept) * read
        return at

    def first_call(self, layer: str) -> ConnectedCall:
        """The first use of ``layer``."""
        return self._first_calls[layer]

    @functools.cached_property
    def _first_calls(self) -> dict[str, ConnectedCall]:
        return {each.call.layer: each for each in reversed(self.calls)}

    def lengths(self, tensor: int) -> tuple[int, ...]:
        """Shape of a tensor in the model as read, without the batch axis."""
        return tuple(baseline_size(dim) for dim in self.shapes[tensor])
