"""Is a layer of a user's own still itself when its configuration makes it again? What that leaves out, a copy lost."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras

from ...graph import Call, ModelGraph
from ..nodes import fresh_names
from ..reading.holders import all_inside, is_of_keras
from ..rebuilding.made_again import made_again
from .rerun import rerun_call


def made_otherwise(
    graph: ModelGraph,
    operations: Mapping[str, Any],
    values: Mapping[int, Any],
    samples: int,
    differ: Callable[[Any, Any], str],
) -> dict[str, str]:
    """Why a copy of a layer that stays one call is not what it is, by the layer's name in the graph.

    ``values`` are what the graph's tensors are, by index; ``differ`` says by how much two are apart. Each such layer is
    made again as for a copy, given the weights it has, and called on what it reads, at inference and in training mode.
    """

    def run(call: Call, operation: Any, training: bool) -> list[Any]:
        with keras.StatelessScope():
            return rerun_call(graph, {call.layer: operation}, call, values, samples, training)

    found = {}
    for call in _first_calls(graph, operations):
        layer, original, made = graph.layers[call.layer], operations[call.layer], None
        # The user's own code may raise: building a copy will say what is the matter, with its weights as well.
        with contextlib.suppress(Exception), fresh_names(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = made_again(original, dict(layer.config))
            rerun_call(graph, {call.layer: made}, call, values, samples, training=False)
        if made is None or [each.shape for each in made.weights] != [each.shape for each in original.weights]:
            continue
        for mine, theirs in zip(made.weights, original.weights, strict=True):
            mine.assign(theirs.value)
        for mode, training in (("inference", False), ("training", True)):
            theirs, again, ours = (run(call, each, training) for each in (original, original, made))
            # What is never twice the same cannot be compared.
            apart = "" if any(map(differ, theirs, again)) else next(filter(None, map(differ, theirs, ours)), "")
            if apart:
                found[call.layer] = f"is another when its configuration makes it again, {mode}, {apart}"
                break
    return found


def _first_calls(graph: ModelGraph, operations: Mapping[str, Any]) -> Iterator[Call]:
    seen: set[str] = set()
    for call in graph.calls:
        operation, layer = operations.get(call.layer), graph.layers[call.layer]
        if call.layer in seen or "error" in layer.serialized or not call.inputs:
            continue
        seen.add(call.layer)
        if not all(map(is_of_keras, all_inside(operation))):
            yield call
