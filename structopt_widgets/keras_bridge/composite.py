"""Opening layers made of layers: a subclassed model inside a model, a block of a user's own."""

from __future__ import annotations

from typing import Any

import keras

from .trace import fresh_names, graph_of, nodes_restored


def open_composite(operation: Any, node: Any) -> tuple[keras.Model, list[Any]] | None:
    """The calls behind one call of a composite, and the outer tensors that its inputs stand for.

    ``call()`` is run once on symbolic inputs like those of ``node``. ``None`` for what is no composite
    (Keras's own layers; a layer with weights or random numbers of its own beside its layers'), and for
    one whose ``call()`` cannot be traced: that one stays a single layer.
    """
    if not _is_composite(operation):
        return None
    outside: list[Any] = []
    inside: list[Any] = []

    def stand_in(leaf: Any) -> Any:
        if not isinstance(leaf, keras.KerasTensor):
            return leaf
        if not any(each is leaf for each in outside):
            outside.append(leaf)
            inside.append(keras.Input(batch_shape=leaf.shape, dtype=leaf.dtype))
        return _as_cast(operation, next(new for new, old in zip(inside, outside, strict=True) if old is leaf))

    with nodes_restored(operation), fresh_names():
        try:
            args, kwargs = keras.tree.map_structure(stand_in, (node.arguments.args, node.arguments.kwargs))
            functional = keras.Model(inside, operation.call(*args, **kwargs))
        # call() is the user's own code, and may look at values.
        except Exception:
            return None
    made = [(tensor.shape, tensor.dtype) for tensor in functional.outputs]
    is_whole = made == [(tensor.shape, tensor.dtype) for tensor in node.outputs]
    return (functional, outside) if is_whole else None


def _is_composite(operation: Any) -> bool:
    if not isinstance(operation, keras.Layer) or type(operation).__module__.startswith("keras."):
        return False
    own = [*operation._trainable_variables, *operation._non_trainable_variables, *operation._seed_generators]
    return graph_of(operation) is None and bool(operation._layers) and not own


def _as_cast(operation: Any, tensor: Any) -> Any:
    """What a layer sees of a tensor: it casts floating-point inputs to the type it computes in."""
    is_float = keras.backend.is_float_dtype(tensor.dtype)
    casts = operation.autocast and is_float and tensor.dtype != operation.input_dtype
    return keras.ops.cast(tensor, operation.input_dtype) if casts else tensor
