"""Run the rules over a graph once: which axes exist, and which are one and the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..graph import Call, DimensionError, Layer, ModelGraph, Shape, Symbol, baseline_size
from ..graph.dimensions import freeze, resolve, unify
from .activation_costs import ActivationCost
from .blocks import Block, find_blocks
from .changed import rule_of
from .rule import Connection, LayerRule, Setting, Site, UnsupportedLayerError, WeightAxes


@dataclass(frozen=True)
class ConnectedCall:
    """A call with its rule and the dimensions of what goes in and out. No rule: it is uncounted."""

    call: Call
    site: Site
    rule: LayerRule | None


@dataclass(frozen=True)
class ConnectedGraph:
    """A graph whose dimensions are known.

    ``weights`` maps each layer to the axes of its weights, the bias's included when it is off;
    ``uncounted`` maps each layer whose operations cannot be counted to the reason; ``blocks`` are
    the parts that can be left out, in execution order.
    """

    graph: ModelGraph
    calls: tuple[ConnectedCall, ...]
    shapes: tuple[Shape, ...]
    weights: Mapping[str, tuple[WeightAxes, ...]]
    uncounted: Mapping[str, str]
    blocks: tuple[Block, ...]

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
        return next(each for each in self.calls if each.call.layer == layer)

    def lengths(self, tensor: int) -> tuple[int, ...]:
        """Shape of a tensor in the model as read, without the batch axis."""
        return tuple(baseline_size(dim) for dim in self.shapes[tensor])


class _RuleMismatchError(Exception):
    """A rule's answer does not fit the layer as it is."""


def connect(graph: ModelGraph) -> ConnectedGraph:
    """Propagate dimensions through ``graph``, tying widths that must be equal.

    A layer without a rule, or whose rule disagrees with its actual shapes or weights, keeps the
    widths around it as they are and is listed as uncounted.
    """
    shapes: list[Any] = [tensor.shape for tensor in graph.tensors]
    weights: dict[str, tuple[WeightAxes, ...]] = {}
    uncounted: dict[str, str] = {}
    calls: list[ConnectedCall] = []
    for call in graph.calls:
        layer = graph.layers[call.layer]
        found = tuple(graph.tensors[index].shape for index in call.outputs)
        site = Site(layer, [shapes[index] for index in call.inputs], call, found=found)
        rule = rule_of(layer) if layer.name not in uncounted else None
        reason = f"has no layer rule ({layer.kind}); sw.register_layer_rule adds one"
        connection = None
        if rule is None or not call.inputs:
            _require_lengths(graph, call)
        if rule is not None and not call.inputs:
            connection = Connection(tuple(shapes[index] for index in call.outputs))
        elif rule is not None:
            try:
                connection = rule.connect(site)
                _check(graph, call, layer, rule, connection)
            except (_RuleMismatchError, DimensionError, UnsupportedLayerError, KeyError) as error:
                # A KeyError shows a missing key and nothing else.
                what = f"its configuration has no {error}" if isinstance(error, KeyError) else str(error)
                rule, connection, reason = None, None, f"does not fit its layer rule: {what}"
                site.produced.clear()
                _require_lengths(graph, call)
        if connection is None:
            for shape in site.inputs:
                site.freeze(shape, reason)
            connection = Connection(
                tuple(shapes[index] for index in call.outputs),
                tuple(WeightAxes(weight.name, weight.shape) for weight in layer.weights),
            )
            uncounted[layer.name] = reason
        for index, shape in zip(call.outputs, connection.outputs, strict=True):
            shapes[index] = tuple(resolve(dim) for dim in shape)
        site.outputs = list(connection.outputs)
        if rule is not None:
            _share_configuration(calls, layer.name, rule, connection)
        axes = _as_stored(layer, rule, connection.weights)
        _share(layer.name, weights.setdefault(layer.name, axes), axes)
        calls.append(ConnectedCall(call, site, rule))
    maker = {index: call.layer for call in graph.calls for index in call.outputs}
    for index in graph.output_tensors:
        for dim in shapes[index]:
            freeze(dim, f"{maker[index]} makes the model's output, whose size belongs to the task")
    shapes = [tuple(resolve(dim) for dim in shape) for shape in shapes]
    blocks = find_blocks(calls, shapes, [tensor.dtype for tensor in graph.tensors], graph.output_tensors)
    return ConnectedGraph(graph, tuple(calls), tuple(shapes), weights, uncounted, blocks)


def _require_lengths(graph: ModelGraph, call: Call) -> None:
    """Without a rule only Keras knows an output's lengths: it has to know them all."""
    for index in call.outputs:
        shape = graph.tensors[index].shape
        if None in shape:
            raise ValueError(
                f"Expected every axis of {call.layer!r} but the batch to have a length, got {(None, *shape)}: "
                "operations cannot be counted without it. Pass input_shape=..., the shape of one sample, or data=..."
            )


def _check(graph: ModelGraph, call: Call, layer: Layer, rule: LayerRule, connection: Connection) -> None:
    expected = [graph.tensors[index].shape for index in call.outputs]
    got = [tuple(baseline_size(dim) for dim in shape) for shape in connection.outputs]
    # A length Keras leaves open is the rule's to say.
    if not all(_agree(want, have) for want, have in zip(expected, got, strict=True)):
        raise _RuleMismatchError(f"expected output shapes {expected}, the rule gives {got}")
    has_bias = rule.bias_key is None or bool(layer.config.get(rule.bias_key))
    declared = [
        tuple(baseline_size(dim) for dim in weight.axes)
        for weight in connection.weights
        if has_bias or not weight.is_bias
    ]
    actual = [weight.shape for weight in layer.weights]
    if declared != actual:
        raise _RuleMismatchError(f"expected weights of shapes {actual}, the rule gives {declared}")


def _agree(shape: tuple[int | None, ...], lengths: tuple[int, ...]) -> bool:
    return len(shape) == len(lengths) and all(want in (None, have) for want, have in zip(shape, lengths, strict=True))


def _as_stored(layer: Layer, rule: LayerRule | None, axes: tuple[WeightAxes, ...]) -> tuple[WeightAxes, ...]:
    """The declared axes with the dtype and trainability of the weights they declare."""
    has_bias = rule is None or rule.bias_key is None or bool(layer.config.get(rule.bias_key))
    stored = iter(layer.weights)
    result = []
    for each in axes:
        # A bias that is off has no weight to look at: it would be as its kernel is.
        actual = next(stored) if has_bias or not each.is_bias else layer.weights[0]
        result.append(replace(each, dtype=actual.dtype, trainable=actual.trainable))
    return tuple(result)


def _share_configuration(calls: list[ConnectedCall], layer: str, rule: LayerRule, connection: Connection) -> None:
    """A layer without weights that is called again still has one configuration: sizes written there are one."""
    earlier = [each for each in calls if each.call.layer == layer]
    if not earlier or connection.weights or type(rule).config is LayerRule.config:
        return
    for one, other in zip(earlier[0].site.outputs, connection.outputs, strict=True):
        for left, right in zip(one, other, strict=False):
            why = f"{layer} is used several times, with the same sizes in its configuration"
            if len(one) == len(other) and baseline_size(left) == baseline_size(right):
                unify(left, right, why)
            else:
                freeze(left, why)
                freeze(right, why)


def _share(layer: str, first: tuple[WeightAxes, ...], again: tuple[WeightAxes, ...]) -> None:
    """A layer called again has the same weights: their axes are one."""
    for one, other in zip(first, again, strict=True):
        for left, right in zip(one.axes, other.axes, strict=True):
            unify(left, right, f"{layer} is used several times, with the same weights")
