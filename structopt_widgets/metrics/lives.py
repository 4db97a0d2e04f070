"""How long tensors live, and which of them exist, while parts of a model are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..graph import ModelGraph, product
from ..layer_rules import Block, ConnectedGraph, Setting

Number = Any


class Lives:
    """The tensors between calls over time.

    Where a block is left out, what it reads and what it makes are one tensor, counted once, under the
    name of the latest that is there.
    """

    def __init__(self, connected: ConnectedGraph, at: Setting) -> None:
        self.last = _last_readers(connected.graph)
        self._maker = {tensor: place for place, each in enumerate(connected.calls) for tensor in each.call.outputs}
        self._kept = at.blocks
        self._blocks = [block for block in connected.blocks if block.name in at.blocks]
        self._by_result = {block.result: block for block in self._blocks}
        self._made: dict[int, Number] = {}
        self._chains: dict[int, Mapping[int, None]] = {}
        self._same: dict[tuple[int, int], Number] = {}

    def made(self, tensor: int) -> Number:
        """1 where ``tensor`` is made, or what stands in for it is there; 0 inside a block that is left out."""
        if tensor not in self._made:
            self._made[tensor] = self._around(self._maker[tensor], self._by_result.get(tensor))
        return self._made[tensor]

    def held(self, alive: Sequence[int], position: int) -> list[tuple[int, Number]]:
        """The tensors there while a call runs, each with 1 or 0.

        ``alive`` are those that would be if nothing was left out.
        """
        here = [(tensor, self.made(tensor)) for tensor in alive]
        for block in self._blocks:  # what later stands in for the result of a block that is left out
            if block.source not in alive and self._waits(block, position):
                kept = self._around(max(block.calls), block)
                here.append((block.source, (1 - self._kept[block.name]) * kept))
        # One minus the product, so that the usual case, no two that could be one, stays the plain number 1.
        found = []
        of_blocks: list[tuple[int, Number]] = []
        for place, (tensor, is_there) in enumerate(here):
            # Of two tensors that may be one, one is what a block makes; most tensors are not.
            made_by_block = tensor in self._by_result
            for other, is_other_there in here[:place] if made_by_block else of_blocks:
                is_there = without(is_there, self.same(tensor, other) * is_other_there)
            if made_by_block:
                of_blocks.append(here[place])
            found.append((tensor, is_there))
        return found

    def same(self, one: int, other: int) -> Number:
        """1 where two tensors are one and the same, because of blocks left out between them."""
        # A stand-in comes before what it stands for: of two tensors the later one may be the other, never this one it.
        earlier, later = sorted((one, other))
        walked: list[tuple[int, int]] = []
        while (earlier, later) not in self._same and earlier != later and later in self._by_result:
            walked.append((earlier, later))
            earlier, later = sorted((earlier, self._by_result[later].source))
        found: Number = self._same.get((earlier, later), int(earlier == later))
        for pair in reversed(walked):
            found = 0 if is_zero(found) else found * self.left_out(pair[1])
            self._same[pair] = found
        return found

    def left_out(self, tensor: int) -> Number:
        """1 where the block that makes ``tensor`` is left out."""
        return 1 - self._kept[self._by_result[tensor].name]

    def root(self, tensor: int) -> int:
        """What stands in for ``tensor`` where all blocks before it are left out."""
        while tensor in self._by_result:
            tensor = self._by_result[tensor].source
        return tensor

    def chain(self, tensor: int) -> Mapping[int, None]:
        """``tensor``, what stands in for it where its block is left out, and so on, in this order."""
        if tensor not in self._chains:
            found, at = {tensor: None}, tensor
            while at in self._by_result:
                at = self._by_result[at].source
                found[at] = None
            self._chains[tensor] = found
        return self._chains[tensor]

    def block_after(self, tensor: int, position: int) -> Block | None:
        """The block that reads ``tensor`` and holds the call at ``position``."""
        return next((each for each in self._blocks if each.source == tensor and position in each.calls), None)

    def _waits(self, block: Block, position: int) -> bool:
        return (
            self.last[block.source] <= position < max(block.calls)
            and position not in block.calls
            and (self._maker[block.source] < position)
        )

    def _around(self, position: int, block: Block | None) -> Number:
        return product(self._kept[each.name] for each in self._blocks if position in each.calls and each is not block)


class Saved:
    """Bytes kept from the forward to the backward pass, as one call after another adds what it needs."""

    def __init__(self, lives: Lives, sizes: list[Number]) -> None:
        self.total: Number = 0
        self._lives = lives
        self._sizes = sizes
        self._need: dict[int, Number] = {}
        self._counted: dict[int, Number] = {}
        # By tensor: that it is needed, what may be one with it, and whether it is counted of its own.
        self._known: dict[int, tuple[Number, list[tuple[int, Number]], Number]] = {}
        # By tensor: that it is needed, that its stand-in is held, and what follows for it.
        self._holds: dict[int, tuple[Number, Number, Number]] = {}
        self._related: dict[int, list[int]] = {}  # those that may be one tensor, by what stands in for all of them
        self._only_in: dict[int, Block | None] = {}  # the block from each tensor that holds all that need it

    def add(self, tensor: int, factor: Number, position: int) -> None:
        """The derivative of the call at ``position`` reads ``tensor`` where ``factor`` is 1."""
        before = self._need.get(tensor, 0)
        self._need[tensor] = either(before, factor)
        block = self._lives.block_after(tensor, position)
        was, self._only_in[tensor] = self._only_in.get(tensor, block), block
        if was is not block:
            self._only_in[tensor] = None
        if self._need[tensor] is before and was is self._only_in[tensor]:
            return
        related = self._related.setdefault(self._lives.root(tensor), [])
        if tensor not in related:
            related.append(tensor)
        for each in related:
            if each == tensor or self._may_be_one(each, tensor):
                self._recount(each)

    def add_bytes(self, number: Number) -> None:
        """A call keeps something of its own."""
        self.total = self.total + number

    def holds(self, tensor: int) -> Number:
        """1 where ``tensor``, or what it is where a block is left out, is kept, else 0."""
        held: Number = 0
        for each in reversed(list(self._lives.chain(tensor))):
            need = self._need.get(each, 0)
            known = self._holds.get(each)
            # What is needed of the past is the same from one call to the next, and a chain may be long.
            if known is None or known[0] is not need or known[1] is not held:
                here = need if is_zero(held) else either(self._lives.left_out(each) * held, need)
                self._holds[each] = known = (need, held, here)
            held = known[2]
        return held

    def copy(self) -> Saved:
        """The same, to go on from twice."""
        other = Saved(self._lives, self._sizes)
        other.total, other._need, other._counted = self.total, dict(self._need), dict(self._counted)
        other._only_in = dict(self._only_in)
        other._related = {root: list(tensors) for root, tensors in self._related.items()}
        return other

    def _recount(self, tensor: int) -> None:
        need = self._need.get(tensor, 0)
        related = self._related[self._lives.root(tensor)]
        others = [(other, self._need[other]) for other in related if self._may_be_one(tensor, other)]
        before, known, there = self._known.get(tensor, (None, [], 0))
        # Most often one that comes later is all that is new.
        if before is not need or not _begins_with(others, known):
            known, there = [], self._lives.made(tensor) * need
        for other, is_needed in others[len(known) :]:
            there = without(there, self._lives.same(tensor, other) * is_needed)
        self._known[tensor] = (need, others, there)
        now, counted = there * self._sizes[tensor], self._counted.get(tensor, 0)
        self._counted[tensor] = now
        self.total = self.total + (now if is_zero(counted) else now - counted)

    def _may_be_one(self, tensor: int, later: int) -> bool:
        """Whether ``tensor`` is needed where it is one with a ``later`` one: not if only by what is left out then."""
        block = self._only_in[tensor]
        return later > tensor and (block is None or block.result not in self._lives.chain(later))


def _begins_with(others: list[tuple[int, Number]], known: list[tuple[int, Number]]) -> bool:
    # Recorded numbers cannot be compared; one that has not changed is the same object.
    pairs = zip(known, others, strict=False)
    return len(known) <= len(others) and all(was[0] == now[0] and was[1] is now[1] for was, now in pairs)


def without(is_there: Number, other: Number) -> Number:
    """``is_there`` where ``other`` is 0, else 0."""
    return is_there if is_zero(other) else is_there * (1 - other)


def either(one: Number, other: Number) -> Number:
    """1 where one of two numbers that are 0 or 1 is 1."""
    if is_zero(other) or one is other or (isinstance(one, int) and one == 1):
        return one
    if is_zero(one) or (isinstance(other, int) and other == 1):
        return other
    return 1 - (1 - one) * (1 - other)


def is_zero(value: Number) -> bool:
    """Whether a number is a plain 0, whatever is chosen."""
    return isinstance(value, int) and value == 0


def _last_readers(graph: ModelGraph) -> list[int]:
    last = [-1] * len(graph.tensors)
    for position, call in enumerate(graph.calls):
        for index in (*call.inputs, *call.outputs):
            last[index] = position
    for index in graph.output_tensors:
        last[index] = len(graph.calls)
    return last
