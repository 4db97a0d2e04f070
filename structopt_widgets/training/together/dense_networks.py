"""Which models can be trained side by side: those of dense layers, and of what works channel by channel."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import keras

from ...layer_rules.connect import ConnectedCall
from ...structure import Structure
from .calls import follow_calls
from .joint import NotStackableError

# Layers that move or scale what they read, without weights.
_OF_SAMPLES = frozenset({"Flatten", "Reshape", "Permute", "Rescaling", "Identity"})
# What these make of an element depends on the elements in its place alone.
_ELEMENTWISE = frozenset(
    {
        *("Activation", "ReLU", "LeakyReLU", "ELU", "Identity"),
        *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "ops.Add", "ops.Subtract", "ops.Multiply"),
    }
)
_OF_CHANNELS = _ELEMENTWISE | {"Dense", "BatchNormalization", "Dropout"}


class _Holds(enum.Enum):
    """What a tensor holds: something of the samples alone, or channels that weights have made."""

    SAMPLES = enum.auto()
    CHANNELS = enum.auto()


@dataclass(frozen=True)
class DenseLayers:
    """The dense layers that read samples which no weights have touched, and those that read channels."""

    first: frozenset[str]
    later: frozenset[str]


def dense_layers(structure: Structure) -> DenseLayers:
    """The dense layers of a model that can be trained side by side with others.

    Raises :class:`NotStackableError` for a model of other layers than dense ones, and those that work
    channel by channel.
    """
    graph = structure.space.graph
    if len(graph.input_tensors) > 1:
        raise NotStackableError("the model has several inputs")
    reads: dict[str, set[_Holds]] = {}

    def follow(_: int, each: ConnectedCall, layer: Any, args: Any, kwargs: Any) -> Any:
        given = {leaf for leaf in keras.tree.flatten((args, kwargs)) if isinstance(leaf, _Holds)}
        is_first = given == {_Holds.SAMPLES}
        if is_first and layer.kind in _OF_SAMPLES:
            return [_Holds.SAMPLES] * len(each.call.outputs)
        is_flat = all(len(shape) == 1 for shape in each.site.inputs)
        if not is_flat or layer.kind not in (("Dense",) if is_first else _OF_CHANNELS) or len(given) > 1:
            raise NotStackableError(f"{layer.name} ({layer.kind}) does not work channel by channel")
        if layer.kind == "Dense":
            reads.setdefault(layer.name, set()).update(given)
        return [_Holds.CHANNELS] * len(each.call.outputs)

    layers = {name: graph.layers[name] for name in structure.layers}
    if follow_calls(structure, layers, _Holds.SAMPLES, False, follow) is not _Holds.CHANNELS:
        raise NotStackableError("the model has no dense layer")
    if any(len(each) > 1 for each in reads.values()):
        raise NotStackableError("a dense layer reads samples and channels")
    first = {name for name, each in reads.items() if each == {_Holds.SAMPLES}}
    return DenseLayers(frozenset(first), frozenset(set(reads) - first))
