"""Which models can be trained side by side: those of dense layers, and of what works channel by channel."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from ....layer_rules import Role
from ....layer_rules.connect import ConnectedCall
from ....structure import Structure
from ..joint_training import NotStackableError
from ..model_calls import follow_calls


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
        if is_first and _is_of_samples(each):
            return [_Holds.SAMPLES] * len(each.call.outputs)
        is_flat = all(len(shape) == 1 for shape in each.site.inputs)
        role = None if each.rule is None else each.rule.role
        is_known = role is Role.DENSE or (not is_first and _is_of_channels(each))
        if not is_flat or not is_known or len(given) > 1:
            raise NotStackableError(f"{layer.name} ({layer.kind}) does not work channel by channel")
        if role is Role.DENSE:
            reads.setdefault(layer.name, set()).update(given)
        return [_Holds.CHANNELS] * len(each.call.outputs)

    layers = {name: graph.layers[name] for name in structure.layers}
    if follow_calls(structure, layers, _Holds.SAMPLES, False, follow) is not _Holds.CHANNELS:
        raise NotStackableError("the model has no dense layer")
    if any(len(each) > 1 for each in reads.values()):
        raise NotStackableError("a dense layer reads samples and channels")
    first = {name for name, each in reads.items() if each == {_Holds.SAMPLES}}
    return DenseLayers(frozenset(first), frozenset(set(reads) - first))


def _is_of_samples(each: ConnectedCall) -> bool:
    """Whether a call only moves or scales samples that no weights have touched."""
    rule, call = each.rule, each.call
    if rule is None or each.site.layer.weights or rule.random or rule.activation_key is not None:
        return False
    is_alone = len(call.args) == 1 and not call.kwargs and len(call.inputs) == 1
    return is_alone and (rule.keeps_values or rule.elementwise)


def _is_of_channels(each: ConnectedCall) -> bool:
    """Whether a call makes of each channel what it would beside any others."""
    rule = each.rule
    if rule is None:
        return False
    if rule.role in (Role.BATCH_NORMALIZATION, Role.DROPOUT):
        return True
    leaves = keras.tree.flatten((each.call.args, dict(each.call.kwargs or {})))
    # A constant with a number for each channel fits one member's.
    has_array = any(isinstance(leaf, (np.ndarray, list, tuple)) and np.ndim(leaf) for leaf in leaves)
    return rule.elementwise and not rule.random and not each.site.layer.weights and not has_array
