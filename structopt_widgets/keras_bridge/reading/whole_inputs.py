"""Which inputs of a model hold whole numbers, where only the operations that look things up by them say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from ..found import Trace

# The operands that are places: by position, and by name.
_PLACES = {
    "Take": (1, "indices"),
    "TakeAlongAxis": (1, "indices"),
    "OneHot": (0, "inputs"),
    "MultiHot": (0, "inputs"),
    "SegmentSum": (1, "segment_ids"),
    "SegmentMax": (1, "segment_ids"),
}


def dtypes_of_places(found: Trace) -> Any:
    """The dtypes of a trace's inputs, ``int32`` for those that are read as places; ``None`` where none is."""
    inputs = {id(each) for each in keras.tree.flatten(found.inputs)}
    behind = {id(made): node for node in found.nodes for made in node.outputs}
    pending = [each for node in found.nodes for each in _places(node)]
    seen: set[int] = set()
    while pending:
        tensor = pending.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        node = behind.get(id(tensor))
        if node is not None and not _makes_whole(node):
            pending.extend(node.input_tensors)
    whole = seen & inputs
    dtypes = keras.tree.map_structure(lambda each: "int32" if id(each) in whole else each.dtype, found.inputs)
    return dtypes if whole else None


def _places(node: Any) -> Iterator[Any]:
    position, name = _PLACES.get(type(node.operation).__name__, (0, ""))
    args, kwargs = node.arguments.args, node.arguments.kwargs
    if name:
        read = args[position] if len(args) > position else kwargs.get(name)
        if isinstance(read, keras.KerasTensor):
            yield read


def _makes_whole(node: Any) -> bool:
    """Whether what a call makes is whole whatever it reads."""
    return type(node.operation).__name__ in ("Cast", "Argmax", "Argmin", "Argsort", "TopK")
