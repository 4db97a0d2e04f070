"""A layer, a weight and an optimizer as plain data."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras.src.saving.serialization_lib import serialize_with_public_class

from ...graph import UNREAD, WEIGHT, Layer, Weight
from ...metrics import OPTIMIZER_SLOTS
from ..kinds import kinds_of
from ..nodes import class_of, has_own_cell, is_made_again
from .adapted import adapted_entries
from .holders import Path, is_of_keras, with_entries
from .own_functions import functions_of
from .whose_functions import KEYS, has_only_functions_of_keras, own_functions_aside, shown_as_own
from .whose_objects import own_objects, shown_as_unwritten, unwritten_aside

_NAMED = 3
_LOOKED_AT = 4096  # values of a weight, to draw others like them


def layer_of(operation: Any, name: str, path: tuple[str, ...] = (), closed: str = "") -> Layer:
    """A layer or bare operation under ``name``; ``closed`` is why a layer without a rule could not be opened."""
    weights = tuple(map(weight_of, getattr(operation, "weights", [])))
    is_keras = _is_keras_throughout(operation)
    serialized = _serialized(operation, name, is_keras)
    has_functions = not is_keras or any(key in serialized["config"] for key in KEYS)
    functions = functions_of(operation, serialized["config"]) if has_functions else {}
    return Layer(name, kinds_of(operation), weights, serialized, path, closed, functions=functions)


def weight_layer(variable: Any, name: str, path: tuple[str, ...], owner: tuple[str, int] | None, dtype: str) -> Layer:
    """A weight that operations read, under ``name``; ``owner`` is the layer in the graph it belongs to, and its place.

    ``dtype`` is the policy of the layer whose weight it is.
    """
    if owner is not None:
        return Layer(name, (WEIGHT,), (), {"config": {"name": name, "of": owner[0], "place": owner[1]}}, path)
    config = {"name": name, "dtype": dtype, **_made_by(variable)}
    return Layer(name, (WEIGHT,), (weight_of(variable),), {"config": config}, path)


def unread_layer(variables: list[Any], name: str) -> Layer:
    """Weights that are the model's, and that nothing reads, as one layer."""
    weights = [
        {**_made_by(each), "name": each.name, "shape": tuple(each.shape), "trainable": bool(each.trainable)}
        for each in variables
    ]
    some = ", ".join(each.path for each in variables[:_NAMED]) + (", ..." if len(variables) > _NAMED else "")
    reason = f"holds weights that are not read when the model is called: {some}"
    return Layer(
        name, (UNREAD,), tuple(map(weight_of, variables)), {"config": {"name": name, "weights": weights}}, (), reason
    )


def _made_by(variable: Any) -> dict[str, Any]:
    """What a weight like ``variable`` is made by."""
    return {
        "weight_dtype": str(variable.dtype),
        "initializer": keras.saving.serialize_keras_object(initializer_of(variable)),
        "regularizer": keras.saving.serialize_keras_object(variable.regularizer),
        "constraint": keras.saving.serialize_keras_object(variable.constraint),
    }


def weight_of(variable: Any) -> Weight:
    """A variable as plain data."""
    return Weight(variable.name, tuple(variable.shape), str(variable.dtype), bool(variable.trainable))


def optimizer_of(model: keras.Model) -> tuple[str | None, int | None]:
    """The compiled optimizer's name, and the arrays it keeps for each trainable weight where that is known."""
    optimizer = getattr(model, "optimizer", None)
    # Mixed precision wraps the optimizer to scale the loss.
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if optimizer is None:
        return None, None
    name = type(optimizer).__name__
    slots = OPTIMIZER_SLOTS.get(name.lower())
    if slots is not None:
        # Keras allocates these only when they are asked for.
        optional = {
            "sgd": ("momentum",),
            "rmsprop": ("momentum", "centered"),
            "adam": ("amsgrad",),
            "adamw": ("amsgrad",),
        }
        slots += sum(bool(getattr(optimizer, option, False)) for option in optional.get(name.lower(), ()))
    return name, slots


def initializer_of(variable: Any) -> Any:
    """What draws values like a variable's: Keras forgets the initializer of one that has values."""
    if variable._initializer is not None and not isinstance(variable._initializer, str):
        return variable._initializer
    some = keras.ops.convert_to_numpy(keras.ops.reshape(variable.value, (-1,))[:_LOOKED_AT]).astype("float64")
    if some.size == 0 or np.ptp(some) == 0:
        return keras.initializers.Constant(float(some[0]) if some.size else 0.0)
    if not keras.backend.is_float_dtype(variable.dtype):
        # Places, or an order: not what is drawn.
        return keras.initializers.Constant(keras.ops.convert_to_numpy(variable).tolist())
    return keras.initializers.RandomNormal(float(some.mean()), float(some.std()))


def _serialized(operation: Any, name: str, is_keras: bool) -> dict[str, Any]:
    try:
        if is_keras:
            serialized = _written(operation)
        else:
            with own_functions_aside(operation), unwritten_aside(operation):
                serialized = _written(operation)
            serialized["config"] = with_entries(operation, serialized["config"], _shown)
        serialized["config"] |= adapted_entries(operation)
    # get_config may be a user's own code; measuring works without it, and build() says what is missing.
    except Exception as error:
        if type(operation) is keras.layers.Identity:
            # Made with a DTypePolicy object, it has no configuration; there is nothing else that it is made with.
            dtype = keras.saving.serialize_keras_object(operation.dtype_policy)
            config = {"name": name, "trainable": operation.trainable, "dtype": dtype}
            return {"module": "keras.layers", "class_name": "Identity", "config": config, "registered_name": None}
        config = {"name": name} if isinstance(operation, keras.Layer) else _arguments(operation)
        return {"config": config, "error": f"{type(error).__name__}: {error}"}
    serialized["config"]["name"] = name
    return serialized


def _is_keras_throughout(operation: Any) -> bool:
    """Whether nothing that an operation is made of is a user's own: most are so, and are written as Keras does."""
    if not isinstance(operation, keras.Layer):
        return True
    is_single = is_of_keras(operation) and not operation._layers
    return is_single and has_only_functions_of_keras(operation) and not own_objects(operation)


def _shown(layer: Any, config: Mapping[str, Any], _: Path) -> dict[str, Any]:
    """What stands in a layer's configuration for things of a user's own."""
    return shown_as_own(layer, config) | shown_as_unwritten(layer, config)


def _arguments(operation: Any) -> dict[str, Any]:
    """What a bare operation was made with, where Keras cannot say: its attributes of that name."""
    parameters = inspect.signature(type(operation).__init__).parameters
    return {key: value for key, value in vars(operation).items() if key in parameters}


def _written(operation: Any) -> dict[str, Any]:
    """What ``keras.saving.serialize_keras_object`` makes of an operation, sooner."""
    own = class_of(operation)
    if has_own_cell(operation) and not is_made_again(operation.cell):
        raise TypeError(f"{type(operation.cell).__name__} cannot be made again from what its get_config() returns")
    config = None if hasattr(operation, "get_compile_config") else own.get_config(operation)
    named = serialize_with_public_class(own, config)
    if not isinstance(config, dict) or named is None:
        named = keras.saving.serialize_keras_object(operation)
    written: dict[str, Any] = _plain(named)
    return written


def _plain(value: Any) -> Any:
    """``value`` as Keras writes it, without the shapes layers were built on: in wrapped layers they hold old widths."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if key != "build_config"}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    written = keras.saving.serialize_keras_object(value)
    return value if written is value else _plain(written)
