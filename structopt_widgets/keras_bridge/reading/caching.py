"""Which keys and values a decoder keeps of its past, where attention is opened to its operations.

A product, a softmax along the last axis and another product are attention. It is causal if, all scores being equal,
nothing weighs what comes later: that is seen by running its masks, on inputs of ones, as padding masks have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from ...graph import WEIGHT, Call, Layer, ModelGraph, TensorRef
from ...graph.model_graph import CACHED
from ...layer_rules import find_layer_rule
from ..proving.rerun import rerun_call

_PRODUCTS = {"ops.Matmul", "ops.Einsum", "ops.Dot", "ops.Tensordot"}
_SOFTMAX = {"ops.Softmax", "Softmax"}
_FUSED = "ops.DotProductAttention"
_COPIES = {"ops.Repeat", "ops.Tile", "ops.BroadcastTo"}
_SMALL = 1 << 16  # parameters that may decide on a mask, as biases for relative positions
_LARGEST = 1 << 27  # elements of a mask that is run


def with_caches(graph: ModelGraph, operations: Mapping[str, Any]) -> ModelGraph:
    """``graph`` in which the calls that mix values say which keys and values they keep."""
    search = _Search(graph, operations)
    found = dict(search.caches())
    if not found:
        return graph
    layers = {
        name: replace(layer, serialized={**layer.serialized, CACHED: found[name]}) if name in found else layer
        for name, layer in graph.layers.items()
    }
    return replace(graph, layers=layers)


class _Search:
    def __init__(self, graph: ModelGraph, operations: Mapping[str, Any]) -> None:
        self._graph, self._operations = graph, operations
        self._maker = {index: call for call in graph.calls for index in call.outputs}
        self._readers: dict[int, list[Call]] = {}
        for call in graph.calls:
            for index in call.inputs:
                self._readers.setdefault(index, []).append(call)

    def caches(self) -> Iterator[tuple[str, list[int]]]:
        """The layer of each call that mixes values, with the tensors of its keys and values."""
        for call in self._graph.calls:
            kind = self._layer(call).kind
            if kind == _FUSED and len(call.inputs) > 2 and self._is_causal_mask(call):
                yield call.layer, [self._first(call.inputs[1]), self._first(call.inputs[2])]
            if kind not in _SOFTMAX or not call.inputs:
                continue
            scores, mixed = self._scores(call.inputs[0]), self._mixed(call.outputs[0])
            if scores is None or mixed is None or len(scores.inputs) != 2:
                continue
            values = [index for index in mixed.inputs if not self._comes_from(index, call.outputs[0])]
            if len(values) == 1 and self._is_causal(scores, call):
                yield mixed.layer, [self._first(self._keys(scores)), self._first(values[0])]

    def _layer(self, call: Call) -> Layer:
        return self._graph.layers[call.layer]

    def _is_passed(self, call: Call) -> bool:
        """Whether a call treats each element by itself, or moves it."""
        rule, layer = find_layer_rule(self._layer(call).kinds), self._layer(call)
        passes = rule is not None and (rule.elementwise or rule.is_view or rule.keeps_values or rule.role is not None)
        return passes and not layer.weights and WEIGHT not in layer.kinds

    def _scores(self, index: int) -> Call | None:
        """The product that ``index`` is made of, element by element."""
        waiting, seen = [index], set()
        while waiting:
            call = self._maker.get(waiting.pop(0))
            if call is None or call.layer in seen:
                continue
            seen.add(call.layer)
            if self._layer(call).kind in _PRODUCTS:
                return call
            if not self._layer(call).weights and WEIGHT not in self._layer(call).kinds:
                waiting.extend(call.inputs)
        return None

    def _mixed(self, index: int) -> Call | None:
        """The product that reads ``index`` first."""
        for _ in range(8):
            readers = self._readers.get(index, [])
            product = next((each for each in readers if self._layer(each).kind in _PRODUCTS), None)
            if product is not None:
                return product
            passing = [each for each in readers if len(each.outputs) == 1 and self._is_passed(each)]
            if len(passing) != 1:
                return None
            index = passing[0].outputs[0]
        return None

    def _comes_from(self, index: int, source: int) -> bool:
        for _ in range(8):
            if index == source:
                return True
            call = self._maker.get(index)
            if call is None or not call.inputs or not self._is_passed(call):
                return False
            index = call.inputs[0]
        return False

    def _keys(self, product: Call) -> int:
        """Of queries and keys those whose places are the last axis of the scores."""
        if self._layer(product).kind == "ops.Einsum":
            operands, _, made = str(self._layer(product).config["subscripts"]).partition("->")
            first = operands.split(",")[0]
            return product.inputs[0 if made[-1:] in first else 1]
        return product.inputs[1]

    def _first(self, index: int) -> int:
        """The tensor that a cache holds: as it was before it was repeated for several heads."""
        best, size = index, self._elements(index)
        while (call := self._maker.get(index)) is not None and call.inputs:
            rule = find_layer_rule(self._layer(call).kinds)
            if self._layer(call).kind not in _COPIES and (rule is None or not (rule.is_view or rule.keeps_values)):
                break
            index = call.inputs[0]
            if self._elements(index) < size:
                best, size = index, self._elements(index)
        return best

    def _elements(self, index: int) -> int:
        return int(np.prod([length or 1 for length in self._graph.tensors[index].shape]))

    def _is_causal(self, scores: Call, softmax: Call) -> bool:
        shape = self._shape(scores.outputs[0])
        if len(shape) < 2 or shape[-1] != shape[-2] or shape[-1] < 2:
            return False
        flat = [1] * (len(shape) - 2) + shape[-2:]
        made = self._weighed(scores, softmax, flat)
        made = self._weighed(scores, softmax, shape) if made is None else made
        return made is not None and _is_lower(made)

    def _weighed(self, scores: Call, softmax: Call, shape: list[int]) -> np.ndarray | None:
        """The softmax of scores that are all equal; ``None`` where that cannot be run."""
        if int(np.prod(shape)) > _LARGEST:
            return None
        try:
            made = self._run(softmax.outputs[0], {scores.outputs[0]: np.zeros(shape, "float32")})
        # What is run are a user's own operations, on shapes that they may not take.
        except Exception:
            return None
        return np.asarray(made, "float32")

    def _is_causal_mask(self, call: Call) -> bool:
        """Whether the mask of fused attention is."""
        named = call.kwargs or {}
        if named.get("is_causal") or self._layer(call).config.get("is_causal"):
            return True
        mask = named.get("mask", call.args[4] if len(call.args) > 4 else None)
        if mask is None:
            return False
        try:
            made = self._run(mask.index, {}) if isinstance(mask, TensorRef) else mask
        except Exception:
            return False
        allowed = np.asarray(made)
        return allowed.ndim > 1 and allowed.shape[-1] == allowed.shape[-2] > 1 and _is_lower(allowed.astype("float32"))

    def _run(self, wanted: int, values: dict[int, Any]) -> Any:
        """The tensor ``wanted``, the graph's inputs being ones."""
        needed: set[int] = set()
        waiting, entered = [wanted], set(values)
        while waiting:
            index = waiting.pop()
            if index in entered:
                continue
            entered.add(index)
            if index in self._graph.input_tensors:
                shape = self._shape(index)
                if int(np.prod(shape)) > _LARGEST:
                    raise ValueError("the input is too large")
                values[index] = keras.ops.ones(shape, self._graph.tensors[index].dtype)
                continue
            call = self._maker[index]
            if sum(int(np.prod(each.shape)) for each in self._layer(call).weights) > _SMALL:
                raise ValueError("large weights decide it")
            needed.add(id(call))
            waiting.extend(call.inputs)
        with keras.StatelessScope():
            for call in self._graph.calls:
                if id(call) in needed:
                    made = rerun_call(self._graph, self._operations, call, values, 1, False)
                    values.update(zip(call.outputs, made, strict=True))
        return values[wanted]

    def _shape(self, index: int) -> list[int]:
        """Of one sample, the batch among the axes."""
        tensor = self._graph.tensors[index]
        lengths = [length or 1 for length in tensor.shape]
        if tensor.batch_axis is not None:
            lengths.insert(tensor.batch_axis, tensor.rows or 1)
        for axis in tensor.others:
            lengths.insert(axis, 1)
        return lengths


def _is_lower(weights: np.ndarray) -> bool:
    """Whether nothing above the diagonal weighs anything, and all on it does."""
    rows = weights.reshape(-1, *weights.shape[-2:])[0]
    return bool(np.all(np.abs(np.triu(rows, 1)) < 1e-6) and np.all(np.diagonal(rows) > 0))
