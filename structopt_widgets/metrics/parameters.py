"""N: how many parameters, and how many bytes they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..layer_rules import ConnectedGraph, Setting
from .depth import layer_presence, presence

# Bytes of an element, by dtype name.
BYTES_OF: dict[str, int] = {
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "float8_e4m3fn": 1,
    "float8_e5m2": 1,
    "int16": 2,
    "uint16": 2,
    "float16": 2,
    "bfloat16": 2,
    "int32": 4,
    "uint32": 4,
    "float32": 4,
    "int64": 8,
    "uint64": 8,
    "float64": 8,
    "string": 24,  # TensorFlow's handle of a text, which holds up to 22 bytes of it
}


def bytes_of(dtype: str) -> int:
    """Bytes of one element of ``dtype``."""
    if dtype not in BYTES_OF:
        raise ValueError(f"Expected a numeric dtype, one of {', '.join(BYTES_OF)}; got {dtype!r}.")
    return BYTES_OF[dtype]


@dataclass(frozen=True)
class Parameters:
    """Elements and bytes of a layer's weights; a gradient is as large as its trainable weight."""

    n_params: Any = 0
    n_trainable: Any = 0
    weight_bytes: Any = 0
    trainable_bytes: Any = 0


def layer_parameters(connected: ConnectedGraph, at: Setting) -> dict[str, Parameters]:
    """Parameters by layer.

    ``n_params`` counts the elements of all weights, trainable and not, exactly as Keras's
    ``count_params()`` does; a layer that is called twice has them once, one that is left out none.
    """
    used = layer_presence(connected, presence(connected, at))
    return {layer: _of_layer(connected, at, layer, used[layer]) for layer in connected.graph.layers}


def _of_layer(connected: ConnectedGraph, at: Setting, layer: str, used: Any) -> Parameters:
    total, trainable, weight_bytes, trainable_bytes = 0, 0, 0, 0
    for weight in connected.weights[layer]:
        elements = used * at.elements(weight.axes)
        if weight.is_bias:
            elements = elements * at.biases.get(layer, 1)
        in_bytes = elements * bytes_of(weight.dtype)
        total = total + elements
        weight_bytes = weight_bytes + in_bytes
        if weight.trainable:
            trainable = trainable + elements
            trainable_bytes = trainable_bytes + in_bytes
    return Parameters(total, trainable, weight_bytes, trainable_bytes)
