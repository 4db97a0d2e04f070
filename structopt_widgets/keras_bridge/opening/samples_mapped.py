"""A function of one sample, mapped over the samples of a batch: its operations, each on all samples at once.

As JAX's ``vmap`` does: the function is run once on symbolic tensors without the batch, and each operation that it shows
is done again with the batch as its first axis.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
from keras import ops, tree

from ...layer_rules import find_layer_rule
from .symbolic_weight import ClosedError

# Over an axis, or several, that they name; without one over all of them.
_OVER_AXES = set(
    "Sum Prod Max Min Any All Mean Var Std Amax Amin CountNonzero Logsumexp Norm Nansum Nanmean Nanmax Nanmin "  # noqa: SIM905  # as in the rules
    "Softmax LogSoftmax Flip Normalize Median Ptp".split()
)
_ALONG_ONE = set("Argmax Argmin Cumsum Cumprod Sort Argsort Sparsemax Split Unstack".split())  # noqa: SIM905  # as above


def mapped_over_samples(function: Callable[..., Any], tensors: Any, samples: int) -> Any:
    """What ``function`` makes of each sample of ``tensors``, one after the other along a new first axis.

    Raises :class:`ClosedError` for an operation that is not known to be done on all samples at once.
    """
    each = tree.map_structure(lambda tensor: keras.KerasTensor(tensor.shape[1:], dtype=tensor.dtype), tensors)
    made = function(each)
    pairs = zip(tree.flatten(each), tree.flatten(tensors), strict=True)
    lifted = _Lifted({id(one): every for one, every in pairs}, samples)
    return tree.map_structure(lambda leaf: lifted.all_of(leaf) if isinstance(leaf, keras.KerasTensor) else leaf, made)


class _Lifted:
    def __init__(self, known: dict[int, Any], samples: int) -> None:
        self._known, self._samples = known, samples  # the tensor of all samples, by the id of that of one
        self._kept_alive: list[Any] = []

    def all_of(self, tensor: Any) -> Any:
        """A tensor for all samples; one that is the same for each is repeated."""
        self._make(tensor)
        if id(tensor) in self._known:
            return self._known[id(tensor)]
        return ops.broadcast_to(tensor, (self._samples, *tensor.shape))

    def _make(self, tensor: Any) -> None:
        """Do what makes ``tensor``, where a sample goes into it."""
        pending = [tensor]
        done: set[int] = set()
        while pending:
            history = getattr(pending[-1], "_keras_history", None)
            if history is None or history.operation is None or id(pending[-1]) in self._known:
                pending.pop()
                continue
            node = history.operation._inbound_nodes[history.node_index]
            if id(node) not in done:
                done.add(id(node))
                pending += node.input_tensors
                continue
            pending.pop()
            if any(id(each) in self._known for each in node.input_tensors):
                made = tree.flatten(self._done(node))
                self._known.update((id(one), every) for one, every in zip(node.outputs, made, strict=True))
                self._kept_alive.append(node)

    def _is_of_samples(self, value: Any) -> bool:
        return isinstance(value, keras.KerasTensor) and id(value) in self._known

    def _filled(self, structure: Any) -> Any:
        return tree.map_structure(lambda leaf: self._known[id(leaf)] if self._is_of_samples(leaf) else leaf, structure)

    def _done(self, node: Any) -> Any:
        operation, args, kwargs = node.operation, node.arguments.args, node.arguments.kwargs
        name, rank = type(operation).__name__, len(node.input_tensors[0].shape)
        made = tuple(node.outputs[0].shape)
        if isinstance(operation, keras.Layer):
            return self._layer(operation, args, kwargs)
        rule = find_layer_rule((f"ops.{name}",))
        if rule is not None and rule.elementwise:
            aligned = tree.map_structure(lambda leaf: self._aligned(leaf, len(made)), (args, kwargs))
            return _again(operation)(*aligned[0], **aligned[1])
        changes = self._changes(operation, name, rank, made, node)
        if name == "BroadcastTo":
            return ops.broadcast_to(self._aligned(args[0], len(made)), (self._samples, *made))
        if name in ("Matmul", "Dot"):
            return self._product(*args)
        if name == "GetItem" and self._is_of_samples(args[0]) and not self._has_samples(args[1:]):
            key = args[1] if len(args) > 1 else kwargs["key"]
            return self._known[id(args[0])][(slice(None), *(key if isinstance(key, tuple) else (key,)))]
        if name in ("Concatenate", "Stack"):
            args = [tree.map_structure(self.all_of, args[0]), *args[1:]]
        elif name == "Take" and not self._is_of_samples(args[0]):
            if operation.axis not in (0, None) or (operation.axis is None and len(args[0].shape) != 1):
                raise _unknown(name)
            changes = {}
        elif name == "Take" and self._has_samples(args[1:]):
            raise _unknown(name)
        if changes is None:
            raise _unknown(name)
        return _again(operation, **changes)(*self._filled(args), **self._filled(kwargs))

    def _has_samples(self, structure: Any) -> bool:
        return any(map(self._is_of_samples, tree.flatten(structure)))

    def _changes(
        self, operation: Any, name: str, rank: int, made: Sequence[int], node: Any
    ) -> Mapping[str, Any] | None:
        """What an operation is made with where the batch is a further first axis; ``None`` where that is not known."""
        axis = getattr(operation, "axis", None)
        if name in _OVER_AXES:
            return {"axis": tuple(range(1, rank + 1)) if axis is None else _later(axis)}
        if name in _ALONG_ONE or name == "Take":
            return {"axis": 1} if axis is None and rank == 1 else {"axis": _later(axis)} if axis is not None else None
        if name == "Reshape":
            return {"newshape": (self._samples, *made)}
        if name == "Transpose":
            return {"axes": (0, *(_later(operation.axes) if operation.axes else range(rank, 0, -1)))}
        if name == "Swapaxes":
            return {key: _later(getattr(operation, key)) for key in ("axis1", "axis2")}
        if name == "Moveaxis":
            return {key: _later(getattr(operation, key)) for key in ("source", "destination")}
        if name in ("ExpandDims", "Concatenate", "Stack"):
            return {"axis": _later(axis)}
        if name == "Squeeze":
            ones = [place for place, length in enumerate(node.input_tensors[0].shape) if length == 1]
            return {"axis": tuple(each + 1 for each in ones) if axis is None else _later(axis)}
        if name == "Tile" and not isinstance(operation.repeats, int) and len(operation.repeats) <= rank:
            return {"repeats": (1,) * (rank + 1 - len(operation.repeats)) + tuple(operation.repeats)}
        if name == "TopK" or (name == "OneHot" and operation.axis == -1):
            return {}  # along the last axis
        if name == "Einsum":
            return {"subscripts": self._subscripts(operation.subscripts, node.arguments.args)}
        return None

    def _aligned(self, leaf: Any, rank: int) -> Any:
        """A tensor of all samples with as many axes as what is made of one; Keras aligns the last ones."""
        if not self._is_of_samples(leaf):
            return leaf
        every, missing = self._known[id(leaf)], rank - len(leaf.shape)
        return ops.expand_dims(every, tuple(range(1, missing + 1))) if missing > 0 else every

    def _product(self, one: Any, other: Any) -> Any:
        ranks = [len(each.shape) for each in (one, other)]
        first, second = self._filled([one, other])
        if 0 in ranks or (max(ranks) > 2 and ranks[0] != ranks[1]):
            raise _unknown("product")
        if not self._is_of_samples(other) and ranks[0] == 1:
            return ops.matmul(first, second)  # each sample is a row
        drop = []
        if ranks[1] == 1:
            second, drop = ops.expand_dims(second, -1), [-1]
        if ranks[0] == 1:
            first, drop = ops.expand_dims(first, -2), [*drop, -1 if drop else -2]
        made = ops.matmul(first, second)
        for axis in drop:
            made = ops.squeeze(made, axis)
        return made

    def _subscripts(self, subscripts: str, operands: Sequence[Any]) -> str:
        taken, _, made = subscripts.partition("->")
        letter = next(each for each in "zyxwvutsrqponmlkjihgfedcba" if each not in subscripts)
        if "." in subscripts or not made:
            raise _unknown("Einsum")
        parts = zip(taken.split(","), operands, strict=True)
        marked = [f"{letter}{part}" if self._is_of_samples(operand) else part for part, operand in parts]
        return f"{','.join(marked)}->{letter}{made}"

    def _layer(self, layer: Any, args: Any, kwargs: Any) -> Any:
        """A layer takes a batch: what it takes of one sample, as a batch of few, it takes of all."""
        given = [each for each in tree.flatten((args, kwargs)) if isinstance(each, keras.KerasTensor)]
        rows = {int(each.shape[0] or 0) if each.shape else 0 for each in given}
        if not all(map(self._is_of_samples, given)) or len(rows) != 1 or 0 in rows:
            raise _unknown(type(layer).__name__)
        (count,) = rows

        def folded(leaf: Any) -> Any:
            if not self._is_of_samples(leaf):
                return leaf
            return ops.reshape(self._known[id(leaf)], (self._samples * count, *leaf.shape[1:]))

        args, kwargs = tree.map_structure(folded, (args, kwargs))
        made = layer(*args, **kwargs)
        return tree.map_structure(lambda each: ops.reshape(each, (self._samples, count, *each.shape[1:])), made)


def _later(axes: Any) -> Any:
    """Axes counted from the first, after one more."""
    if isinstance(axes, (list, tuple)):
        return tuple(map(_later, axes))
    return axes + 1 if axes >= 0 else axes


def _again(operation: Any, **changes: Any) -> Any:
    """The same operation for another call."""
    made = copy.copy(operation)
    made._inbound_nodes, made._outbound_nodes = [], []
    made._auto_config = copy.deepcopy(operation._auto_config)
    for key, value in changes.items():
        setattr(made, key, value)
        if made._auto_config is not None and key in made._auto_config.config:
            made._auto_config.config[key] = value
    return made


def _unknown(name: str) -> ClosedError:
    return ClosedError(f"maps over the samples of a batch what is not known for all of them at once: {name}")
