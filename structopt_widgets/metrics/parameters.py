"""N: how many parameters, and how many bytes they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..graph import WEIGHT
from ..layer_rules import ConnectedGraph, Role, Setting
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


INT8, INT32 = 1, 4  # bytes of a weight and of a bias in 8-bit deployment


def bytes_of(dtype: str) -> int:
    """Bytes of one element of ``dtype``."""
    if dtype not in BYTES_OF:
        raise ValueError(f"Expected a numeric dtype, one of {', '.join(BYTES_OF)}; got {dtype!r}.")
    return BYTES_OF[dtype]


# Bits of a weight, by the dtype it is stored in.
BITS_OF: dict[str, int] = {"float32": 32, "bfloat16": 16, "float16": 16, "int8": 8, "int4": 4}


@dataclass(frozen=True)
class Parameters:
    """Elements and bytes of a layer's weights; a gradient is as large as its trainable weight.

    ``flash_bytes`` are those of :data:`~.catalogue.METRICS`.
    """

    n_params: Any = 0
    n_trainable: Any = 0
    weight_bytes: Any = 0
    trainable_bytes: Any = 0
    flash_bytes: Any = 0


def layer_parameters(connected: ConnectedGraph, at: Setting) -> dict[str, Parameters]:
    """Parameters by layer.

    ``n_params`` counts the elements of all weights, trainable and not, exactly as Keras's
    ``count_params()`` does; a layer that is called twice has them once, one that is left out none.
    """
    used = layer_presence(connected, presence(connected, at))
    added = _added_biases(connected, at)
    folded, biases = _folded(connected, at, set(added)), set(added.values())
    return {
        layer: _of_layer(connected, at, layer, used[layer], folded.get(layer), layer in biases)
        for layer in connected.graph.layers
    }


def _added_biases(connected: ConnectedGraph, at: Setting) -> dict[str, str]:
    """Additions of a weight a channel to a sum of products, by the weight: what a layer calls its bias, written out."""
    makers = {output: each for each in connected.calls for output in each.call.outputs}
    found = {}
    for each in connected.calls:
        if each.rule is None or each.rule.role is not Role.ADDITION or len(each.call.inputs) != 2:
            continue
        made = [makers[tensor] for tensor in each.call.inputs]
        for weight, other in (made, made[::-1]):
            if WEIGHT not in connected.graph.layers[weight.call.layer].kinds or other.rule is None:
                continue
            # One that is borrowed from another layer is counted there.
            axes = next((known.axes for known in connected.weights[weight.call.layer]), ())
            macs = other.rule.cost(other.site, at).macs
            if len(axes) == 1 and not (isinstance(macs, int) and macs == 0):
                found[each.call.layer] = weight.call.layer
    return found


def _folded(connected: ConnectedGraph, at: Setting, adds_bias: set[str]) -> dict[str, Any]:
    """For each batch normalization whether it brings a bias of its own into the layer that it is folded into."""
    makers = {output: each.call.layer for each in connected.calls for output in each.call.outputs}
    found = {}
    for each in connected.calls:
        if each.rule is not None and each.rule.role is Role.BATCH_NORMALIZATION:
            before = makers[each.call.inputs[0]]
            has_bias = any(weight.is_bias for weight in connected.weights[before])
            found[each.call.layer] = 1 - at.biases.get(before, 1) if has_bias else int(before not in adds_bias)
    return found


def _of_layer(connected: ConnectedGraph, at: Setting, layer: str, used: Any, folded: Any, is_added: bool) -> Parameters:
    total, trainable, weight_bytes, trainable_bytes, flash = 0, 0, 0, 0, 0
    for weight in connected.weights[layer]:
        elements = used * at.elements(weight.axes)
        if weight.is_bias:
            elements = elements * at.biases.get(layer, 1)
        in_bytes = elements * bytes_of(weight.dtype)
        total = total + elements
        weight_bytes = weight_bytes + in_bytes
        if folded is None:
            flash = flash + elements * (INT32 if weight.is_bias or is_added else INT8)
        elif weight.name == "moving_mean":  # one number a channel, which every batch normalization has
            flash = flash + elements * folded * INT32
        if weight.trainable:
            trainable = trainable + elements
            trainable_bytes = trainable_bytes + in_bytes
    return Parameters(total, trainable, weight_bytes, trainable_bytes, flash)
