"""Which inputs of a model hold text, where only its layers say so."""

from __future__ import annotations

from typing import Any

import keras

from ..found import Trace

_READ_TEXT = (keras.layers.StringLookup, keras.layers.TextVectorization)
# What passes values on as they are.
_MOVES = ("Cast", "Reshape", "ExpandDims", "Squeeze", "GetItem", "ConvertToTensor", "Transpose")


def may_read_text(model: Any) -> bool:
    """Whether a model has a layer that takes text."""
    return any(isinstance(each, _READ_TEXT) for each in model._flatten_layers())


def dtypes_with_text(found: Trace) -> Any:
    """The dtypes of the inputs of a trace, ``string`` for those that are read as text; ``None`` where none is."""
    texts: set[int] = set()
    for node in found.nodes:
        if isinstance(node.operation, _READ_TEXT):
            texts |= {id(_source(each)) for each in node.input_tensors}
    dtypes = keras.tree.map_structure(lambda each: "string" if id(each) in texts else each.dtype, found.inputs)
    is_new = any(id(each) in texts and each.dtype != "string" for each in keras.tree.flatten(found.inputs))
    return dtypes if is_new else None


def _source(tensor: Any) -> Any:
    history = tensor._keras_history
    while type(history.operation).__name__ in _MOVES:
        (tensor, *_) = history.operation._inbound_nodes[history.node_index].input_tensors
        history = tensor._keras_history
    return tensor
