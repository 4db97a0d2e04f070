"""Weights that two layers of a model hold, as a wrapper and what it wraps do where both are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras


def held_twice(operations: Mapping[str, Any]) -> dict[str, str]:
    """Layers that hold a weight that one before them holds, with what becomes of it.

    Layers that are opened read one tensor. A layer with a rule is made again from its own configuration, which says
    nothing of others.
    """
    holders: dict[int, str] = {}
    found: dict[str, str] = {}
    for name, operation in operations.items():
        for weight in operation.weights if isinstance(operation, keras.Layer) else ():
            first = holders.setdefault(id(weight), name)
            if first != name:
                found[name] = f"holds weights of {first!r} too: here and in copies each has its own, counted twice"
    return found
