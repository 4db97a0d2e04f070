"""M: memory, in three numbers: weights, peak activations, training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    """Bytes of every tensor of the graph, for one sample; a weight's are counted with the weights."""
    return [
        0 if index in connected.stored else at.elements(shape) * bytes_of(tensor.dtype)
        for index, (shape, tensor) in enumerate(zip(connected.shapes, connected.graph.tensors, strict=True))
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
        here = [(tensor, existing.made(tensor)) for tensor in alive] + existing.waiting(position, last)
        counted = [
            sizes[tensor] * existing.times(tensor, is_there, here[:place])
            for place, (tensor, is_there) in enumerate(here)
        ]
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

    def made(self, tensor: int) -> Any:
        """1 where ``tensor`` is made, or what stands in for it is there; 0 inside a block that is left out."""
        return self._around(self._maker[tensor], self._by_result.get(tensor))

    def times(self, tensor: int, is_there: Any, others: Sequence[tuple[int, Any]]) -> Any:
        """``is_there`` for a tensor that is none of ``others``, 0 for one that is: they are counted already."""
        # One minus the product, so that the usual case, no two that could be one, stays the plain number 1.
        for other, is_other_there in others:
            same = self._same(tensor, other)
            if not isinstance(same, int) or same:
                is_there = is_there * (1 - same * is_other_there)
        return is_there

    def waiting(self, position: int, last: Sequence[int]) -> list[tuple[int, Any]]:
        """Tensors nobody reads at ``position`` but that later stand in for what a left-out block makes."""
        return [
            (block.source, (1 - self._kept[block.name]) * self._around(max(block.calls), block))
            for block in self._blocks
            if last[block.source] < position < max(block.calls) and position not in block.calls
        ]

    def _around(self, position: int, block: Block | None) -> Any:
        return product(self._kept[each.name] for each in self._blocks if position in each.calls and each is not block)

    def _same(self, one: int, other: int) -> Any:
        """1 where two tensors are one and the same, because of blocks left out between them."""
        others = dict(self._stand_ins(other))
        return next((left * others[tensor] for tensor, left in self._stand_ins(one) if tensor in others), 0)

    def _stand_ins(self, tensor: int) -> Iterator[tuple[int, Any]]:
        """``tensor``, what stands in for it where its block is left out, and so on, each with 1 where that is so."""
        left_out: Any = 1
        while True:
            yield tensor, left_out
            block = self._by_result.get(tensor)
            if block is None:
                return
            left_out = left_out * (1 - self._kept[block.name])
            tensor = block.source


def _last_readers(graph: ModelGraph) -> list[int]:
    last = [-1] * len(graph.tensors)
    for position, call in enumerate(graph.calls):
        for index in (*call.inputs, *call.outputs):
            last[index] = position
    for index in graph.output_tensors:
        last[index] = len(graph.calls)
    return last
