"""Does a layer compute something else in training, other than by layers that are made for it?"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Hashable
from typing import Any

import keras
import numpy as np

from .found import Trace
from .trace import Run


def takes_training(run: Run, found: Trace) -> bool:
    """Whether any code of a user's own was told if it is training."""
    functions = [run.call, *(call.layer.call for call in found.opened)]
    return any("training" in inspect.signature(each).parameters for each in functions)


def unlike_in_training(found: Trace, trained: Trace) -> dict[int, str]:
    """The innermost opened layers whose operations differ between the two, by ``id``, with the reason."""
    reason = "computes otherwise in training"
    failed = {key: reason for key in trained.closed if key not in found.closed}
    if failed:
        return failed
    ours, theirs = (_by_path(each, _computing(each)) for each in (found, trained))
    own = [_by_path(each, each.for_losses if found.for_losses else []) for each in (found, trained)]
    return {
        id(call.layer): reason
        for call in found.opened
        if any(one.get(call.path) != other.get(call.path) for one, other in ((ours, theirs), own))
    }


def with_losses_of_training(found: Trace, trained: Trace) -> Trace:
    """``found``; or ``trained``, where only training adds losses.

    Both compute the same, and the calls of both are told the same of training.
    """
    if found.for_losses or not trained.for_losses:
        return found
    for mine, node in zip(found.nodes, _computing(trained), strict=True):
        _tell(node, mine.arguments.kwargs.get("training"))
    for node in trained.for_losses:
        _tell(node, None)
    return trained


def _tell(node: Any, training: Any) -> None:
    if "training" in node.arguments.kwargs:
        node.arguments.kwargs = {**node.arguments.kwargs, "training": training}


def _computing(found: Trace) -> list[Any]:
    losses = set(map(id, found.for_losses))
    return [node for node in found.nodes if id(node) not in losses]


def _by_path(found: Trace, nodes: list[Any]) -> dict[tuple[str, ...], Any]:
    result: dict[tuple[str, ...], Any] = {}
    for node in nodes:
        result.setdefault(found.paths.get(id(node), ()), []).append(_signature(node))
    return result


def _signature(node: Any) -> Hashable:
    operation = node.operation
    if isinstance(operation, keras.Layer):
        what: Hashable = id(operation)
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
        value = np.ascontiguousarray(leaf)
        # Masks of a whole batch are large.
        return f"{value.shape} {value.dtype} {hashlib.blake2b(value.data).hexdigest()}"
    return repr(leaf)
