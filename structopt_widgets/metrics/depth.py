"""Which calls run and which tensors exist, when parts of a model are left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import product
from ..layer_rules import ConnectedGraph, Setting


def presence(connected: ConnectedGraph, at: Setting) -> list[Any]:
    """1 for every call that runs, 0 for one in a block that is left out."""
    inside: list[list[Any]] = [[] for _ in connected.calls]
    for block in connected.blocks:
        if block.name in at.blocks:
            for position in block.calls:
                inside[position].append(at.blocks[block.name])
    return [product(kept) for kept in inside]


def layer_presence(connected: ConnectedGraph, present: Sequence[Any]) -> dict[str, Any]:
    """1 for every layer that is used. All calls of a layer are in the same blocks."""
    return {each.call.layer: is_there for each, is_there in zip(connected.calls, present, strict=True)}
