"""M: memory, in three numbers: weights, peak activations, training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..graph import maximum
from ..layer_rules import ConnectedGraph, Cost, Setting
from .moments import Memory, Moment, memory
from .parameters import bytes_of
from .views import seen_through, storage

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


# Bytes of an element of an activation, by the precision asked for; variables keep their own.
PRECISIONS: Mapping[str, int] = {"mixed_float16": 2, "mixed_bfloat16": 2}


def optimizer_slots(name: str) -> int:
    """Arrays an optimizer keeps for each trainable weight.

    Raises ``ValueError`` for an optimizer that is not in :data:`OPTIMIZER_SLOTS`.
    """
    if not isinstance(name, str) or name.lower() not in OPTIMIZER_SLOTS:
        raise ValueError(f"Expected an optimizer among {', '.join(OPTIMIZER_SLOTS)}; got {name!r}.")
    return OPTIMIZER_SLOTS[name.lower()]


def activation_bytes_of(dtype: str, precision: str | None) -> int:
    """Bytes of an element of a tensor between operations: where ``precision`` is mixed, half of a float32."""
    return PRECISIONS[precision] if precision is not None and dtype == "float32" else bytes_of(dtype)


def tensor_bytes(connected: ConnectedGraph, at: Setting, precision: str | None = None) -> list[Any]:
    """Bytes of every tensor of the graph, for one sample; a weight's are counted as such.

    The model's inputs come in their own precision.
    """
    given = set(connected.graph.input_tensors)
    return [
        0
        if index in connected.stored
        else at.elements(shape) * activation_bytes_of(tensor.dtype, None if index in given else precision)
        for index, (shape, tensor) in enumerate(zip(connected.shapes, connected.graph.tensors, strict=True))
    ]


def memory_of(
    connected: ConnectedGraph,
    at: Setting,
    costs: Sequence[Cost],
    precision: str | None = None,
    recompute: bool | str = False,
    sizes: list[Any] | None = None,
) -> Memory:
    """What is alive in time, from the cost of each call; ``sizes`` of the tensors, where they are not their own."""
    itemsizes = [
        activation_bytes_of(connected.graph.tensors[call.outputs[0]].dtype, precision) for call in connected.graph.calls
    ]
    sizes = tensor_bytes(connected, at, precision) if sizes is None else sizes
    # In another precision the model's inputs are copied before they are seen differently.
    lies_in = storage(connected, own=frozenset(connected.graph.input_tensors if precision else ()))
    stored = [size if place == index else 0 for index, (size, place) in enumerate(zip(sizes, lies_in, strict=True))]
    return memory(seen_through(connected, lies_in), at, costs, stored, itemsizes, recompute)


def peak(moments: Sequence[Moment]) -> Any:
    """The most bytes alive at inference, for one sample."""
    return maximum(*(moment.alive for moment in moments))
