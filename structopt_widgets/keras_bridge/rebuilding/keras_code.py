"""A structure as stand-alone Keras code: a functional model that needs nothing of this package."""

from __future__ import annotations

import inspect
import math
import operator
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np

from ...graph import Layer, TensorRef
from ...graph.model_graph import map_structure
from ...structure import Structure
from ..nodes import fresh_names
from ..reading.holders import all_inside
from ..replayed import Add
from ..without_weights import unallocated
from .made_again import holds_own
from .making import arguments_of
from .names import accepted_names, operations_of
from .rebuild import build_model

_OF_EVERY_LAYER = ("name", "trainable", "dtype")
LARGEST = 10_000  # numbers of a constant that are written out


class _Source(str):
    """Text that is code already."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def write_code(structure: Structure) -> str:
    """See :meth:`Structure.code`."""
    graph = structure.space.whole_graph
    lengths = graph.open_lengths
    # Of a tensor whose length is open Keras cannot say it in an expression: only a layer can ask for it.
    is_open = lengths is not None and not any(
        graph.layers[call.layer].kind.startswith("ops.") for call in graph.calls if call.outputs[0] in lengths.entries
    )
    with fresh_names(), unallocated():
        model = build_model(structure, "fresh", compiled=False, open_lengths=is_open)
        operations = operations_of(structure, model)
        shapes = [tuple(each.shape) for each in model.outputs]
    calls = [each for each in structure.space.connected.calls if each.call.layer in operations]
    uses = Counter(each.call.layer for each in calls)
    taken = {_snake(type(each).__name__) for each in operations.values() if not isinstance(each, keras.Layer)}
    lines: list[str] = []
    made: dict[int, _Source] = {}
    variables: dict[str, str] = {}
    for each in calls:
        call, layer = each.call, graph.layers[each.call.layer]
        operation = operations[call.layer]
        if isinstance(operation, keras.layers.InputLayer):
            made[call.outputs[0]] = _Source(f"x{call.outputs[0]}")
            config = operation.get_config()
            name = _beside(config["name"], taken)
            given = {"batch_shape": tuple(config["batch_shape"]), "dtype": config["dtype"], "name": name}
            lines.append(f"x{call.outputs[0]} = keras.Input({_keywords(given)})")
            continue
        for result, source in structure.aliases.items():
            if source in made:
                made.setdefault(result, made[source])
        given_args = arguments_of(structure, each)
        args, kwargs = (
            map_structure(lambda leaf: made[leaf.index] if isinstance(leaf, TensorRef) else _written(leaf), part)
            for part in given_args
        )
        function = variables.get(call.layer) or _function(layer, operation, taken)
        if isinstance(operation, keras.Layer):
            if uses[call.layer] > 1 and call.layer not in variables:
                variables[call.layer] = f"layer{len(variables)}"
                lines.append(f"{variables[call.layer]} = {function}")
                function = variables[call.layer]
        else:
            args, kwargs = _arguments(layer, operation, function, args, kwargs)
        if type(operation) is Add:  # Keras takes what is added for a bias where it is subtracted as it is
            function, args = "keras.ops.subtract", [args[0], _Source(f"keras.ops.negative({args[1]!r})")]
        results = ", ".join(f"x{index}" for index in call.outputs)
        made.update({index: _Source(f"x{index}") for index in call.outputs})
        keywords = [_keywords(kwargs)] if kwargs else []
        lines.append(f"{results} = {function}({', '.join([*map(repr, args), *keywords])})")
    for result, source in structure.aliases.items():
        if source in made:
            made.setdefault(result, made[source])
    inputs, outputs = (
        map_structure(lambda leaf: made[leaf.index] if isinstance(leaf, TensorRef) else leaf, each)
        for each in (graph.inputs, graph.outputs)
    )
    name = accepted_names([graph.name])[graph.name]
    return "\n".join(
        [
            "import keras",
            *(["import numpy"] if any("numpy." in line for line in lines) else []),
            "",
            *(
                ["# For samples as long as those measured: structure.build() takes any."]
                if lengths and not is_open
                else []
            ),
            *lines,
            f"model = keras.Model({inputs!r}, {outputs!r}, name={name!r})",
            "",
            "# As it was measured.",
            f"assert model.count_params() == {structure.measure().n_params}",
            f"assert [tuple(each.shape) for each in model.outputs] == {shapes!r}",
            "",
        ]
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _beside(name: str, taken: Iterable[str]) -> str:
    """``name``, unless an operation of that code gets it from Keras."""
    return f"{name}_layer" if re.sub(r"_\d+$", "", name) in taken else name


def _function(layer: Layer, operation: Any, taken: Iterable[str]) -> str:
    """What is called: a new layer, or an operation of ``keras.ops`` by its public name."""
    kind = type(operation)
    if layer.elsewhere:
        raise ValueError(
            f"Expected layers with weights of their own, to write them as code that stands alone; got {layer.name!r}, "
            f"which has those of {layer.elsewhere!r}. Use structure.build(), whose model has them once."
        )
    if isinstance(operation, keras.Layer):
        inside = all_inside(operation)
        if getattr(keras.layers, kind.__name__, None) is not kind or any(map(holds_own, inside)):
            raise _not_alone(layer)
        settings = _settings(kind, operation.get_config())
        settings["name"] = _beside(settings["name"], taken)
        return f"keras.layers.{kind.__name__}({_keywords(settings)})"
    function = _snake(kind.__name__)
    if not layer.kind.startswith("ops."):
        raise _not_alone(layer)
    for home, prefix in ((keras.ops, ""), (keras.ops.image, "image.")):
        if hasattr(home, function):
            return f"keras.ops.{prefix}{function}"
    raise _not_alone(layer)


def _not_alone(layer: Layer) -> ValueError:
    return ValueError(
        f"Expected layers and operations that Keras itself has, to write them as code that stands alone; got "
        f"{layer.name!r}, a {layer.kind}, whose code is yours. "
        "Save the model instead: structure.build().save('model.keras')."
    )


def _arguments(
    layer: Layer, operation: Any, function: str, args: Iterable[Any], kwargs: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """What the function of an operation takes: what the operation was made with, and what it was called on."""
    parameters = inspect.signature(operator.attrgetter(function.removeprefix("keras."))(keras)).parameters
    named = {key: _written(value) for key, value in operation.get_config().items() if key != "name"} | dict(kwargs)
    if not set(named) <= set(parameters):
        raise _not_alone(layer)
    placed, rest = [], list(args)
    for key, parameter in parameters.items():
        if not rest or parameter.kind is parameter.VAR_POSITIONAL:
            break
        placed.append(named.pop(key) if key in named else rest.pop(0))
    return [*placed, *rest], named


def _settings(kind: type, config: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a configuration that differ from what the class takes by default."""
    parameters = inspect.signature(kind.__init__).parameters  # type: ignore[misc]  # of a class as it is
    found = {}
    for key, value in config.items():
        if key not in parameters and key not in _OF_EVERY_LAYER:
            continue
        default = parameters[key].default if key in parameters else None
        written = _written(value)
        if key == "trainable" and value is True:
            continue
        if key == "dtype" and written in (None, keras.config.dtype_policy().name):
            continue
        if key == "activation" and written == "linear" and default is None:
            continue
        if written != default and not _is_default(value, default):
            found[key] = written
    return found


def _is_default(value: Any, default: Any) -> bool:
    """Whether a serialized object is what its default names: a ``GlorotUniform`` is ``"glorot_uniform"``."""
    if not isinstance(value, Mapping) or "class_name" not in value or not isinstance(default, str):
        return False
    return _snake(value["class_name"]) == default and not any(value.get("config", {}).values())


def _written(value: Any) -> Any:
    """A value of a configuration, objects as the code that makes them."""
    if isinstance(value, Mapping) and "class_name" in value and "config" in value:
        config = value["config"]
        if value["class_name"] == "DTypePolicy":
            return config["name"]
        if value["class_name"] == "function":
            raise ValueError(
                f"Expected settings that Keras itself has, to write them as code that stands alone; got the function "
                f"{config!r}, whose code is yours. Save the model instead: structure.build().save('model.keras')."
            )
        module, name = str(value.get("module")), str(value["class_name"])
        made = getattr(getattr(keras, module.removeprefix("keras."), None), name, None)
        if value.get("registered_name") or not isinstance(made, type):
            raise ValueError(
                f"Expected settings that Keras itself has, to write them as code that stands alone; got {name}, whose "
                "code is yours. Save the model instead: structure.build().save('model.keras')."
            )
        return _Source(f"{module}.{name}({_keywords(_settings(made, config))})")
    if isinstance(value, Mapping):
        return {key: _written(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_written(each) for each in value]
    if isinstance(value, tuple):
        return tuple(_written(each) for each in value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.size > LARGEST:
            raise ValueError(
                f"Expected constants of at most {LARGEST:,} numbers, to write them into code; got one of shape "
                f"{value.shape}. Save the model instead: structure.build().save('model.keras')."
            )
        return _Source(f"numpy.array({value.tolist()!r}, dtype={value.dtype.name!r})")
    if isinstance(value, float) and not math.isfinite(value):
        return _Source(f"float({str(value)!r})")  # Python writes a name that there is not
    return value


def _keywords(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in values.items())
