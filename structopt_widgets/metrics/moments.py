"""Memory in time: what is alive while each operation runs, at inference and over both passes of training.

On the way back the gradients that are alive are those of the tensors that were on the way forward: the
gradient of a tensor is begun by its last reader and used by its maker. So at each operation training
holds what all operations up to it have saved, and once more what is alive there at inference, as
gradients; a tensor that has none is alive on the way forward. Gradients that meet are added up in place.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..layer_rules import ConnectedCall, ConnectedGraph, Cost, Setting, Step
from .depth import presence
from .lives import Lives, Saved, either, is_zero, without
from .recomputation import segments

Number = Any


@dataclass(frozen=True)
class Moment:
    """One operation, with bytes of one sample: alive at inference, and in training besides the weights' share.

    ``position`` is that of its call; that of the loss is the number of calls.
    """

    position: int
    alive: Number
    training: Number


@dataclass(frozen=True)
class Memory:
    """``moments`` in execution order; ``saved``: bytes that each call adds to what is kept for the backward pass."""

    moments: list[Moment]
    saved: list[Number]


class _Walk:
    """One walk through the calls, in execution order."""

    def __init__(
        self,
        connected: ConnectedGraph,
        at: Setting,
        costs: Sequence[Cost],
        sizes: list[Number],
        itemsizes: Sequence[int],
        recompute: bool | str,
    ) -> None:
        self.connected, self.costs, self.sizes, self.itemsizes = connected, costs, sizes, itemsizes
        self.lives = Lives(connected, at)
        self.present = presence(connected, at)
        self.gradients = gradients(connected, at)
        self.saved = Saved(self.lives, sizes)
        self.selective = recompute == "attention"
        self.segments = segments(connected) if recompute is True else {}
        self.alive: list[int] = []  # between calls, if nothing is left out

    def run(self) -> Memory:
        moments: list[Moment] = []
        added: list[Number] = []
        waiting: tuple[int, Saved] | None = None  # where the part that is computed again ends, and what is kept of it
        for position, each in enumerate(self.connected.calls):
            before = self.saved.total
            if position in self.segments:
                source, end = self.segments[position]
                self.saved.add(source, self.present[position], position)
                waiting = end, self.saved.copy()
                added.append(self.saved.total - before)
            moments.extend(self.call(position, each))
            if len(added) == position:
                added.append(0 if waiting else self.saved.total - before)
            self.alive.extend(each.call.outputs)
            self.alive = [tensor for tensor in self.alive if self.lives.last[tensor] > position]
            if waiting and position == waiting[0]:
                self.saved, waiting = waiting[1], None
        moments.append(self.loss())
        return Memory(moments, added)

    def loss(self) -> Moment:
        """Its derivative reads the outputs, and makes their gradients."""
        end, outputs = len(self.connected.calls), self.connected.graph.output_tensors
        for tensor in outputs:
            self.saved.add(tensor, 1, end)
        held = self.lives.held(self.alive, end)
        return Moment(end, self._bytes(held), self.saved.total + self._bytes(held, training=True))

    def call(self, position: int, each: ConnectedCall) -> Iterator[Moment]:
        """A moment for each operation of a call."""
        cost, call, itemsize, present = (
            self.costs[position],
            each.call,
            self.itemsizes[position],
            self.present[position],
        )
        trains = functools.reduce(either, (self.gradients[tensor] for tensor in call.outputs))
        if not call.inputs:
            for tensor in call.outputs:
                self.saved.add(tensor, present, position)  # the data, which are there throughout
        steps, results = _operations(each, cost)
        graph_tensor = dict(enumerate(call.inputs)) | dict(zip(results, call.outputs, strict=False))
        lasts = {local: at for at, step in enumerate(steps) for local in step.reads}
        lasts |= {local: len(steps) for local in results}
        outliving = [tensor for tensor in self.alive if self.lives.last[tensor] > position or tensor not in call.inputs]
        inner: dict[int, Number] = {}
        need: dict[int, Number] = {}
        again: Number = 0
        remade = {len(call.inputs) + at for at, step in enumerate(steps) if step.again}
        for at, step in enumerate(steps):
            made = len(call.inputs) + at
            # What the call has read or made so far and what of it is read again.
            here = [local for local in range(made) if lasts.get(local, -1) >= at]
            tensors = {graph_tensor[local] for local in here if local in graph_tensor}.union(outliving)
            size = step.makes * itemsize if made not in graph_tensor else None
            extra = sum((inner[local] for local in here if local in inner), cost.work * itemsize)
            if size is None:
                outputs = call.outputs if not cost.steps else (graph_tensor[made],)
                if isinstance(step.runs, int) and step.runs == 1:
                    tensors.update(outputs)
                else:
                    extra = extra + step.runs * self.sizes[graph_tensor[made]]
            else:
                inner[made] = size
                extra = extra + step.runs * size
            if not is_zero(trains):
                again = again + self._save(position, step, graph_tensor, inner, need, remade, trains)
            ordered = [tensor for tensor in (*self.alive, *call.outputs) if tensor in tensors]
            held = self.lives.held(ordered, position)
            alive = self._bytes(held, extra)
            training = self._bytes(held, extra, training=True)
            yield Moment(position, present * alive, self.saved.total + present * (training + again))
        if not cost.steps:
            own = cost.masks if cost.kept is None else cost.kept * itemsize + cost.masks
            self.saved.add_bytes(present * trains * own)

    def _save(
        self,
        position: int,
        step: Step,
        graph_tensor: dict[int, int],
        inner: dict[int, Number],
        need: dict[int, Number],
        remade: set[int],
        trains: Number,
    ) -> Number:
        """Keep what a step's derivative reads; the bytes that are computed again instead are returned."""
        again: Number = 0
        present = self.present[position] * trains
        for local, factor in step.saves:
            if local in graph_tensor:
                self.saved.add(graph_tensor[local], present * factor, position)
                continue
            before = need.get(local, 0)
            need[local] = either(before, factor)
            more = (need[local] - before) * inner[local]
            if self.selective and local in remade:
                again = again + more
            else:
                self.saved.add_bytes(present * more)
        if self.selective and step.again:
            return again + step.masks
        self.saved.add_bytes(present * step.masks)
        return again

    def _bytes(self, held: Sequence[tuple[int, Number]], extra: Number = 0, training: bool = False) -> Number:
        """Bytes of the tensors between calls, and ``extra``; in training of their gradients, if they have any."""
        total: Number = 0
        for tensor, factor in held:
            if training:
                factor = without(factor, (1 - self.gradients[tensor]) * self.saved.holds(tensor))
            total = total + self.sizes[tensor] * factor
        return total + extra


def memory(
    connected: ConnectedGraph,
    at: Setting,
    costs: Sequence[Cost],
    sizes: list[Number],
    itemsizes: Sequence[int],
    recompute: bool | str = False,
) -> Memory:
    """What is alive at every operation.

    Args:
        connected: the model's graph with its dimensions.
        at: the choice of every knob.
        costs: of each call, in execution order.
        sizes: bytes of every tensor between calls.
        itemsizes: bytes of an element inside each call.
        recompute: what is computed again on the way back, see :mod:`.recomputation`.
    """
    return _Walk(connected, at, costs, sizes, itemsizes, recompute).run()


def gradients(connected: ConnectedGraph, at: Setting) -> list[Number]:
    """1 for each tensor that gets a gradient: it is no integer, and depends on a weight that trains; else 0."""
    graph = connected.graph
    results = {block.result: block for block in connected.blocks if block.name in at.blocks}
    found: list[Number] = [0] * len(graph.tensors)
    for call in graph.calls:
        depends: Number = int(any(weight.trainable for weight in graph.layers[call.layer].weights))
        for index in call.inputs:
            depends = either(depends, found[index])
        for index in call.outputs:
            found[index] = depends if "float" in graph.tensors[index].dtype else 0
            block = results.get(index)
            if block is not None and found[block.source] is not found[index]:
                kept = at.blocks[block.name]
                found[index] = kept * found[index] + (1 - kept) * found[block.source]
    return found


def _operations(each: ConnectedCall, cost: Cost) -> tuple[tuple[Step, ...], tuple[int, ...]]:
    """The steps of a call and which of their tensors are its outputs; a call without steps is one step itself."""
    if cost.steps:
        return cost.steps, cost.results
    inputs = tuple(range(len(each.call.inputs)))
    results = tuple(range(len(inputs), len(inputs) + len(each.call.outputs)))
    saves = {"inputs": inputs, "outputs": results, "nothing": ()}[cost.saved]
    return (Step(0, inputs, saves=tuple((local, 1) for local in saves)),), results
