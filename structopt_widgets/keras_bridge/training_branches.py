"""Does a layer compute something else in training, other than by layers that are made for it?"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Hashable
from typing import Any

import keras
import numpy as np

from .found import Trace
from .masks import CarriesMask
from .modes import depends_on_mode, passes_on
from .trace import Run


def depends_on_training(run: Run, found: Trace) -> bool:
    """Whether any code of a user's own was told if it is training, or tells a layer."""
    functions = [run.call, *(call.layer.call for call in found.opened)]
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
    ours, theirs = _by_path(found), _by_path(trained)
    unlike = {id(call.layer): reason for call in found.opened if ours.get(call.path, []) != theirs.get(call.path, [])}
    opened = {id(call.layer) for call in found.opened}
    added = Counter(found.losses), Counter(trained.losses)
    unlike |= {key: "adds a loss in training" for key in opened if added[0][key] != added[1][key]}
    return unlike


def is_unlike_itself(found: Trace, trained: Trace) -> bool:
    """Whether the model's own ``call()`` does something else in training."""
    opened = {id(call.layer) for call in found.opened}
    own = [Counter(key for key in each.losses if key not in opened) for each in (found, trained)]
    return _by_path(found).get((), []) != _by_path(trained).get((), []) or own[0] != own[1]


def with_all_calls(found: Trace, trained: Trace) -> Trace:
    """The trace of the two that has every call: layers such as dropout may be called in training only."""
    return trained if len(trained.nodes) > len(found.nodes) else found


def _by_path(found: Trace) -> dict[tuple[str, ...], list[Hashable]]:
    result: dict[tuple[str, ...], list[Hashable]] = {}
    for node in found.nodes:
        if not passes_on(node):
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
