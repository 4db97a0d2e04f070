"""Does a layer compute something else in training, other than by layers that are made for it?"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Hashable
from typing import Any, TypeAlias

import keras
import numpy as np

from ..found import Trace
from ..losses import AddsLoss
from ..masks import CarriesMask
from ..modes import depends_on_mode, passes_on
from ..nodes import has_own_graph
from .trace import Run

_ByPath: TypeAlias = dict[tuple[str, ...], list[Any]]


def depends_on_training(run: Run, found: Trace) -> bool:
    """Whether any code of a user's own was told if it is training, or tells a layer."""
    models = [] if has_own_graph(run.model) else [run.model]  # a graph only hands on what it is told
    functions = [each.call for each in (*models, *(call.layer for call in found.opened))]
    return any(map(is_told, functions)) or any(map(depends_on_mode, found.nodes))


def is_told(function: Any) -> bool:
    """Whether a function takes the argument that says if it is training."""
    return "training" in inspect.signature(function).parameters


def unlike_in_training(found: Trace, trained: Trace) -> dict[int, str]:
    """The innermost opened layers that do something else in training, by ``id``, with the reason.

    That it calls a layer such as dropout in training only is no difference: such a one passes on what it reads else.
    """
    reason = "computes otherwise in training"
    failed = {key: reason for key in trained.closed if key not in found.closed}
    if failed:
        return failed
    unlike = _unlike(found, trained)
    return {id(call.layer): reason for call in found.opened if call.path in unlike}


def is_unlike_itself(found: Trace, trained: Trace) -> bool:
    """Whether the model's own ``call()`` does something else in training."""
    return () in _unlike(found, trained)


def with_all_calls(found: Trace, trained: Trace) -> Trace:
    """The trace of the two that has every call: layers such as dropout, and losses, may be there in training only."""
    if len(trained.nodes) <= len(found.nodes):
        return found
    for node in trained.for_losses:
        if isinstance(node.operation, AddsLoss):
            node.operation.in_training = not found.for_losses
    return trained


def _pairs(found: Trace, trained: Trace) -> list[tuple[_ByPath, _ByPath]]:
    """The calls that outputs need, of both traces, and where both add losses those of the losses."""
    pairs = [(_by_path(found, _computing(found)), _by_path(trained, _computing(trained)))]
    if found.for_losses:
        pairs.append((_by_path(found, found.for_losses), _by_path(trained, trained.for_losses)))
    return pairs


def _unlike(found: Trace, trained: Trace) -> set[tuple[str, ...]]:
    """The paths whose calls differ; that of who calls it, where a layer is called in one of the two only."""
    both = {call.path for call in found.opened} & {call.path for call in trained.opened}
    made = set()
    for ours, theirs in _pairs(found, trained):
        for path in ours.keys() | theirs.keys():
            if list(map(_signature, ours.get(path, ()))) != list(map(_signature, theirs.get(path, ()))):
                made.add(next((path[:end] for end in range(len(path), 0, -1) if path[:end] in both), ()))
    return made


def _computing(found: Trace) -> list[Any]:
    losses = set(map(id, found.for_losses))
    return [node for node in found.nodes if id(node) not in losses]


def _by_path(found: Trace, nodes: list[Any]) -> _ByPath:
    made: _ByPath = {}
    for node in nodes:
        if not passes_on(node):
            made.setdefault(found.paths.get(id(node), ()), []).append(node)
    return made


def _signature(node: Any) -> Hashable:
    operation = node.operation
    if isinstance(operation, (CarriesMask, AddsLoss)):
        what: Any = type(operation)  # one of its own each time
    elif isinstance(operation, keras.Layer):
        what = _layer(operation)
    else:
        what = (
            type(operation),
            repr(sorted((key, repr(value)) for key, value in vars(operation).items() if _is_setting(key))),
        )
    kwargs = {key: value for key, value in node.arguments.kwargs.items() if key != "training"}
    return what, repr(keras.tree.map_structure(_shown, (node.arguments.args, kwargs)))


def _layer(layer: keras.Layer) -> Hashable:
    """What a layer is: itself; or what it is made of, as a call() may make layers without weights each time it runs."""
    if isinstance(layer, keras.layers.TimeDistributed):
        return type(layer), _layer(layer.layer)  # one that stands for a layer of all timesteps is made at each run
    if layer.weights:
        return id(layer)
    try:
        return type(layer), repr({key: value for key, value in layer.get_config().items() if key != "name"})
    # A user's own class may have no configuration.
    except Exception:
        return id(layer)


def _is_setting(key: str) -> bool:
    return not key.startswith("_") and key != "name"


def _shown(leaf: Any) -> str:
    if isinstance(leaf, keras.KerasTensor):
        return f"{leaf.shape} {leaf.dtype}"
    if keras.ops.is_tensor(leaf) or isinstance(leaf, np.ndarray):
        value = np.ascontiguousarray(leaf)
        # Masks of a whole batch are large.
        return f"{value.shape} {value.dtype} {hashlib.blake2b(value.data).hexdigest()}"
    return repr(leaf)
