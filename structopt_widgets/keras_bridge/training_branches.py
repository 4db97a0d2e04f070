"""Does a layer compute something else in training, other than by layers that are made for it?"""

from __future__ import annotations

import inspect
from collections.abc import Hashable
from typing import Any

import keras
import numpy as np

from .found import Trace
from .masks import CarriesMask
from .nodes import has_own_graph
from .trace import Run


def takes_training(run: Run, found: Trace) -> bool:
    """Whether any code of a user's own was told if it is training."""
    functions = [run.call, *(call.layer.call for call in found.opened)]
    return any(map(is_told, functions))


def is_told(function: Any) -> bool:
    """Whether a function takes the argument that says if it is training."""
    return "training" in inspect.signature(function).parameters


def unlike_in_training(found: Trace, trained: Trace, model: Any) -> dict[int, str]:
    """The innermost opened layers whose operations differ between the two, by ``id``, with the reason.

    What differs in the ``call()`` of ``model`` itself leaves nothing to be opened.
    """
    reason = "computes otherwise in training"
    failed = {key: reason for key in trained.closed if key not in found.closed}
    if failed:
        return failed
    if found.losses != trained.losses:
        adding = set(found.losses).symmetric_difference(trained.losses) or {*found.losses}
        told = {id(call.layer): reason for call in found.opened if call.path in adding}
        if told:
            return told
    ours, theirs = _by_path(found), _by_path(trained)
    unlike = {id(call.layer): reason for call in found.opened if ours.get(call.path, []) != theirs.get(call.path, [])}
    is_like = has_own_graph(model) or ours.get((), []) == theirs.get((), [])
    return unlike if unlike or is_like else {id(model): reason}


def _by_path(found: Trace) -> dict[tuple[str, ...], list[Hashable]]:
    result: dict[tuple[str, ...], list[Hashable]] = {}
    for node in found.nodes:
        result.setdefault(found.paths.get(id(node), ()), []).append(_signature(node))
    return result


def _signature(node: Any) -> Hashable:
    operation = node.operation
    if isinstance(operation, CarriesMask):
        what: Hashable = CarriesMask  # one of its own each time
    elif isinstance(operation, keras.Layer):
        what = id(operation)
    else:
        what = (
            type(operation),
            repr(sorted((key, repr(value)) for key, value in vars(operation).items() if _is_setting(key))),
        )
    kwargs = {key: value for key, value in node.arguments.kwargs.items() if key != "training"}
    return what, repr(keras.tree.map_structure(_shown, (node.arguments.args, kwargs)))


def _is_setting(key: str) -> bool:
    return not key.startswith("_") and key != "name"


def _shown(leaf: Any) -> str:
    if isinstance(leaf, keras.KerasTensor):
        return f"{leaf.shape} {leaf.dtype}"
    if keras.ops.is_tensor(leaf) or isinstance(leaf, np.ndarray):
        return np.asarray(leaf).tobytes().hex()
    return repr(leaf)
