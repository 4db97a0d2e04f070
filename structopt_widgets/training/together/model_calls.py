"""Following a model's calls from its samples to its outputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras

from ...graph import TensorRef
from ...graph.model_graph import map_structure
from ...layer_rules import Role
from ...layer_rules.connect import ConnectedCall
from ...structure import Structure

Compute = Callable[[int, ConnectedCall, Any, Any, dict[str, Any]], Any]


def follow_calls(structure: Structure, operations: Mapping[str, Any], x: Any, training: bool, compute: Compute) -> Any:
    """The outputs of a model for ``x``, where ``compute`` says what each call makes.

    ``compute`` gets the position of the call among all, the call, its layer out of ``operations``, and what
    it is called with: positional and keyword arguments. Tensors are whatever
    ``x`` holds, one or a tuple or dictionary, and ``compute`` returns.
    """
    connected, aliases = structure.space.connected, structure.aliases
    tensors: dict[int, Any] = {}
    inputs = connected.graph.input_tensors
    given = _by_tensor(connected.graph.inputs, x) if isinstance(x, (tuple, dict)) else {inputs[0]: x}
    for position, each in enumerate(connected.calls):
        operation = operations.get(each.call.layer)
        if operation is None:  # in a block that is left out
            results = [tensors.get(aliases.get(tensor, -1)) for tensor in each.call.outputs]
        elif each.rule is not None and each.rule.role is Role.INPUT:
            results = [given[each.call.outputs[0]]]
        else:
            args, kwargs = _filled(each.call.args, tensors), dict(_filled(each.call.kwargs or {}, tensors))
            if _takes_training(operation):
                kwargs["training"] = training
            results = keras.tree.flatten(compute(position, each, operation, args, kwargs))
        tensors.update(zip(each.call.outputs, results, strict=True))
    return tensors[connected.graph.output_tensors[0]]


def _by_tensor(inputs: Any, x: Any) -> dict[int, Any]:
    """What each input tensor is; ``x`` holds them as ``inputs`` holds the references to them."""
    if isinstance(inputs, TensorRef):
        return {inputs.index: x}
    keys = inputs if isinstance(inputs, Mapping) else range(len(inputs))
    return {tensor: value for key in keys for tensor, value in _by_tensor(inputs[key], x[key]).items()}


def _filled(structure: Any, tensors: Mapping[int, Any]) -> Any:
    return map_structure(lambda leaf: tensors[leaf.index] if isinstance(leaf, TensorRef) else leaf, structure)


def _takes_training(operation: Any) -> bool:
    return isinstance(operation, keras.Layer) and "training" in inspect.signature(operation.call).parameters
