"""Views: tensors that have no memory of their own, because they are others seen in another shape or order.

A reshape moves nothing. Axes in another order are read so by the operation that reads them: ``einsum``
names the axes and takes them in any order, and XLA makes one product of it and of the same written
with transposes.
"""

from __future__ import annotations

from dataclasses import replace

from ..graph import TensorRef
from ..layer_rules import ConnectedGraph


def storage(connected: ConnectedGraph, own: frozenset[int] = frozenset()) -> list[int]:
    """For each tensor the one whose memory it is in, itself mostly; those in ``own`` are seen by no view.

    What a block that can be left out reads and makes stays a tensor: it stands in for another one.
    """
    tensors = connected.graph.tensors
    lies_in = list(range(len(tensors)))
    named = {index for block in connected.blocks for index in (block.source, block.result)}
    for each in connected.calls:
        if each.rule is None or not each.rule.is_view or len(each.call.inputs) != 1:
            continue
        (source,), (made,) = each.call.inputs, each.call.outputs
        if source not in own and made not in named and tensors[source].dtype == tensors[made].dtype:
            lies_in[made] = lies_in[source]
    return lies_in


def seen_through(connected: ConnectedGraph, lies_in: list[int]) -> ConnectedGraph:
    """The same calls, reading the tensors that their inputs lie in."""
    calls = tuple(
        replace(each, call=replace(each.call, inputs=tuple(lies_in[index] for index in each.call.inputs)))
        for each in connected.calls
    )
    outputs = [TensorRef(index) for index in dict.fromkeys(lies_in[index] for index in connected.graph.output_tensors)]
    graph = replace(connected.graph, calls=tuple(each.call for each in calls), outputs=outputs)
    return replace(connected, graph=graph, calls=calls)
