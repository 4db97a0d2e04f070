"""M: memory, in three numbers: weights, peak activations, training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..graph import ModelGraph, maximum
from ..layer_rules import ConnectedGraph, Setting
from .parameters import bytes_of

# Extra arrays of a trainable weight's size that an optimizer keeps, in Keras's implementations.
OPTIMIZER_SLOTS: Mapping[str, int] = {
    "sgd": 0,  # with momentum: 1
    "adam": 2,
    "adamw": 2,
    "nadam": 2,
    "adamax": 2,
    "rmsprop": 1,  # with momentum or centered: one more each
    "adagrad": 1,
    "adadelta": 2,
    "lion": 1,
    "ftrl": 2,
}


def optimizer_slots(name: str) -> int:
    """Arrays an optimizer keeps for each trainable weight.

    Raises ``ValueError`` for an optimizer that is not in :data:`OPTIMIZER_SLOTS`.
    """
    if name.lower() not in OPTIMIZER_SLOTS:
        raise ValueError(f"Expected an optimizer among {', '.join(OPTIMIZER_SLOTS)}; got {name!r}.")
    return OPTIMIZER_SLOTS[name.lower()]


def tensor_bytes(connected: ConnectedGraph, at: Setting) -> list[Any]:
    """Bytes of every tensor of the graph, for one sample."""
    return [
        at.elements(shape) * bytes_of(tensor.dtype)
        for shape, tensor in zip(connected.shapes, connected.graph.tensors, strict=True)
    ]


def live_bytes(connected: ConnectedGraph, sizes: list[Any]) -> list[Any]:
    """Bytes alive while each call runs: its inputs, its outputs and whatever a later call still reads."""
    last = _last_readers(connected.graph)
    alive: list[int] = []
    result = []
    for position, call in enumerate(connected.graph.calls):
        alive.extend(call.outputs)
        result.append(sum((sizes[index] for index in alive[1:]), sizes[alive[0]]) if alive else 0)
        alive = [index for index in alive if last[index] > position]
    return result


def peak(live: list[Any]) -> Any:
    """The largest of :func:`live_bytes`."""
    return maximum(*live)


def _last_readers(graph: ModelGraph) -> list[int]:
    last = [-1] * len(graph.tensors)
    for position, call in enumerate(graph.calls):
        for index in (*call.inputs, *call.outputs):
            last[index] = position
    for index in graph.output_tensors:
        last[index] = len(graph.calls)
    return last
