"""P: parallelism, work over span (Brent 1974; Blelloch 1996)."""

from __future__ import annotations

from typing import Any

from ..graph import maximum
from ..layer_rules import ConnectedGraph


def critical_path(connected: ConnectedGraph, spans: list[Any]) -> Any:
    """Span of the whole graph: the heaviest chain of calls, each as long as its own span.

    At least 1, so that a model that computes nothing still has a parallelism.
    """
    finished: list[Any] = [0] * len(connected.graph.tensors)
    for each, span in zip(connected.calls, spans, strict=True):
        ready = [finished[index] for index in each.call.inputs]
        done = span + (maximum(*ready) if ready else 0)
        for index in each.call.outputs:
            finished[index] = done
    return maximum(1, *(finished[index] for index in connected.graph.output_tensors))
