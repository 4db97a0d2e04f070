"""M: memory, in three numbers: weights, peak activations, training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from ..graph import ModelGraph, maximum, product
from ..layer_rules import Block, ConnectedGraph, Setting
from .depth import presence
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


def live_bytes(connected: ConnectedGraph, at: Setting, sizes: list[Any]) -> list[Any]:
    """Bytes alive while each call runs: its inputs, its outputs and whatever a later call still reads.

    ``sizes`` is that of every tensor. Where a block is left out, what it makes is what it reads: one
    tensor, counted once.
    """
    present = presence(connected, at)
    existing = _Existing(connected, at)
    last = _last_readers(connected.graph)
    alive: list[int] = []
    result = []
    for position, call in enumerate(connected.graph.calls):
        alive.extend(call.outputs)
        here = set(alive)
        counted = [sizes[tensor] * existing.times(tensor, here) for tensor in alive]
        counted += [sizes[tensor] * left_out for tensor, left_out in existing.waiting(position, last)]
        result.append(present[position] * sum(counted[1:], counted[0]) if counted else 0)
        alive = [tensor for tensor in alive if last[tensor] > position]
    return result


def peak(live: list[Any]) -> Any:
    """The largest of :func:`live_bytes`."""
    return maximum(*live)


class _Existing:
    """Which tensors exist in their own right while blocks are left out."""

    def __init__(self, connected: ConnectedGraph, at: Setting) -> None:
        self._blocks = [block for block in connected.blocks if block.name in at.blocks]
        self._by_result = {block.result: block for block in self._blocks}
        self._maker = {tensor: place for place, each in enumerate(connected.calls) for tensor in each.call.outputs}
        self._kept = at.blocks

    def times(self, tensor: int, alive: Set[int]) -> Any:
        """1 for a tensor that exists beside those ``alive``, 0 for one that is not made or is another's alias."""
        block = self._by_result.get(tensor)
        around = self._around(self._maker[tensor], block)
        if block is None:
            return around
        # One minus the product, so that the usual case, a source that is gone, stays the plain number 1.
        return around * (1 - (1 - self._kept[block.name]) * self._covered(block.source, alive))

    def waiting(self, position: int, last: Sequence[int]) -> list[tuple[int, Any]]:
        """Tensors nobody reads at ``position`` but that later stand in for what a left-out block makes."""
        return [
            (block.source, (1 - self._kept[block.name]) * self._around(max(block.calls), block))
            for block in self._blocks
            if last[block.source] < position < max(block.calls) and position not in block.calls
        ]

    def _around(self, position: int, block: Block | None) -> Any:
        return product(self._kept[each.name] for each in self._blocks if position in each.calls and each is not block)

    def _covered(self, tensor: int, alive: Set[int]) -> Any:
        if tensor in alive:
            return 1
        block = self._by_result.get(tensor)
        return (1 - self._kept[block.name]) * self._covered(block.source, alive) if block else 0


def _last_readers(graph: ModelGraph) -> list[int]:
    last = [-1] * len(graph.tensors)
    for position, call in enumerate(graph.calls):
        for index in (*call.inputs, *call.outputs):
            last[index] = position
    for index in graph.output_tensors:
        last[index] = len(graph.calls)
    return last
