"""P: parallelism, work over span (Brent 1974; Blelloch 1996)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import maximum
from ..layer_rules import ConnectedCall, ConnectedGraph, Cost, Setting
from .depth import presence
from .lives import is_zero
from .readiness import READY, Readiness, after_loop, latest

Number = Any


def critical_path(connected: ConnectedGraph, at: Setting, costs: Sequence[Cost]) -> Number:
    """Span of the whole graph: the longest chain of scalar operations that wait for one another.

    ``costs`` are those of the calls, in execution order.
    """
    finished: list[Readiness] = [READY] * len(connected.graph.tensors)
    results = {block.result: block for block in connected.blocks if block.name in at.blocks}
    for each, cost, present in zip(connected.calls, costs, presence(connected, at), strict=True):
        ready = [finished[index] for index in each.call.inputs]
        for index, done in zip(each.call.outputs, _results(each, cost, ready, present), strict=True):
            block = results.get(index)
            if block is not None and _is_staggered(finished[block.source]):
                kept = at.blocks[block.name]
                done = latest([done.times(kept), finished[block.source].times(1 - kept)])
            finished[index] = done
    return maximum(0, *(finished[index].whole for index in connected.graph.output_tensors))


def parallelism(work: Number, span: Number) -> Number:
    """Operations that could run at once; 1 for a model that computes nothing."""
    return maximum(1, work) / maximum(1, span)


def _results(each: ConnectedCall, cost: Cost, ready: Sequence[Readiness], present: Number) -> list[Readiness]:
    """When each output of a call is ready."""
    count = len(each.call.outputs)
    if not ready:
        return [READY] * count
    if cost.loops:
        return _recurrent(each, cost, ready, present)
    if cost.passes:
        return [latest(ready).later(cost.span)] * count
    if not cost.steps or len(set(each.call.inputs)) == 1:
        return [Readiness(((cost.span + maximum(*(one.whole for one in ready)), 0),))] * count
    # Inputs that come at different times are waited for where they are read.
    finished: list[Number] = [one.whole for one in ready]
    for step in cost.steps:
        finished.append(present * step.span + maximum(0, *(finished[local] for local in step.reads)))
    return [Readiness(((finished[local], 0),)) for local in cost.results]


def _recurrent(each: ConnectedCall, cost: Cost, ready: Sequence[Readiness], present: Number) -> list[Readiness]:
    states = maximum(0, *(one.whole for one in ready[1:])) if len(ready) > 1 else 0
    made: list[Readiness] = []
    for loop in cost.loops:
        made.append(after_loop(made.pop() if loop.follows else ready[0], states, loop))
    whole = Readiness(((maximum(*(one.whole for one in made)), 0),))
    sequence = len(each.site.inputs[0]) == len(each.site.outputs[0])
    both = latest(made) if sequence else whole
    return [both.times(present), *[whole.times(present)] * (len(each.call.outputs) - 1)]


def _is_staggered(ready: Readiness) -> bool:
    return any(not is_zero(slope) for _, slope in ready.lines)
