"""How many tokens a sample has, for models that read a sequence of them."""

from __future__ import annotations

from ..layer_rules import ConnectedGraph
from ..layer_rules.core import Embedding


def sequence_length(connected: ConnectedGraph) -> int | None:
    """Length of the integer sequence that is the model's input and that an embedding looks up.

    ``None`` for a model that reads no such input, or several of different lengths.
    """
    graph = connected.graph
    lengths = {
        connected.lengths(index)
        for each in connected.calls
        if isinstance(each.rule, Embedding)
        for index in each.call.inputs
        if index in graph.input_tensors and len(graph.tensors[index].shape) == 1
    }
    return lengths.pop()[0] if len(lengths) == 1 else None
