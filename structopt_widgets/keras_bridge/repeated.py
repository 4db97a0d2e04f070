"""A constant that is there once for each sample, as a graph has it."""

from __future__ import annotations

from typing import Any

from ..graph import Layer

REPEATED = "broadcast_to"


def repeated_layer(name: str, shape: tuple[Any, ...], path: tuple[str, ...]) -> Layer:
    """The operation that repeats a constant to ``shape``, which has the batch in it."""
    serialized = {
        "module": "keras.src.ops.numpy",
        "class_name": "BroadcastTo",
        "config": {"name": name, "shape": shape},
        "registered_name": "BroadcastTo",
    }
    return Layer(name, ("ops.BroadcastTo",), (), serialized, path)
