"""Building a new Keras model from a structure."""

from __future__ import annotations

import contextlib
import copy
import types
import warnings
from collections.abc import Mapping
from typing import Any

import keras
from keras.src.saving import serialization_lib

from ..graph import Layer, TensorRef
from ..graph.model_graph import map_structure
from ..layer_rules import Setting
from ..structure import Structure
from ..structure.setting import setting_at
from .examples import Examples
from .importance import Importance, chosen_importance
from .inherit import inherit_weights
from .names import accepted_names
from .normalization_statistics import recompute_statistics
from .seeding import Seeds
from .source import KerasSource

WEIGHTS = ("inherit", "fresh")


def build_model(
    structure: Structure,
    weights: str = "inherit",
    compiled: bool = True,
    importance: Importance | None = None,
    seed: int | None = None,
    examples: Examples | None = None,
) -> keras.Model:
    """See :meth:`Structure.build`; ``examples`` are its data, in the form the model reads.

    The result is a functional model of the same calls: nesting and subclasses are flattened. It is
    compiled as the original was, unless ``compiled`` is false. ``seed`` decides initial weights and
    dropout masks wherever the model leaves them to chance; ``None`` leaves them to Keras.
    """
    if weights not in WEIGHTS:
        raise ValueError(f"Expected weights to be one of {', '.join(WEIGHTS)}; got {weights!r}.")
    chosen_importance(importance, weights == "fresh" or examples is not None)
    graph, source = structure.space.graph, structure.space.source
    if weights == "inherit" and not isinstance(source, KerasSource):
        raise ValueError(
            "Expected a structure of a model at hand to inherit weights from, got one read from a file. "
            "Use build(weights='fresh'), or choose the same structure in StructureSpace.from_keras(model)."
        )
    layers = [graph.layers[name] for name in structure.layers]
    places = {name: place for place, name in enumerate(graph.layers)}
    names = accepted_names(graph.layers)
    seeds = None if seed is None else Seeds(seed)
    with contextlib.nullcontext() if seeds is None else seeds.of_unseen_layers(layers):
        operations = {
            layer.name: _operation(structure, layer, places[layer.name], source, seeds, names[layer.name])
            for layer in layers
        }
        tensors = _called(structure, operations)
    if seeds is not None:
        for name, operation in operations.items():
            seeds.separate(operation, places[name])
    model = keras.Model(
        _filled(graph.inputs, tensors), _filled(graph.outputs, tensors), name=accepted_names([graph.name])[graph.name]
    )
    if isinstance(source, KerasSource):
        if weights == "inherit":
            inherit_weights(structure, source, operations, importance, seed, examples)
            if examples is not None and structure.function_changes():
                recompute_statistics(model, examples)
        if compiled:
            _compile_as(source.model, model)
    return model


def _called(structure: Structure, operations: Mapping[str, Any]) -> dict[int, Any]:
    """The calls of a structure made again; its tensors by index."""
    tensors: dict[int, Any] = {}
    aliases = structure.aliases
    for call in structure.space.graph.calls:
        operation = operations.get(call.layer)
        if operation is None:
            # A block left out gives what it reads; inside another one left out there is nothing to give.
            results = [tensors.get(aliases.get(tensor, -1)) for tensor in call.outputs]
        elif isinstance(operation, keras.layers.InputLayer):
            results = [operation.output]
        else:
            args, kwargs = _filled(call.args, tensors), _filled(call.kwargs or {}, tensors)
            results = keras.tree.flatten(operation(*args, **kwargs))
        tensors.update(zip(call.outputs, results, strict=True))
    return tensors


def setting_of(structure: Structure) -> Setting:
    """The structure in numbers, at its own widths."""
    return setting_at(structure, structure.widths)


def _operation(structure: Structure, layer: Layer, place: int, source: Any, seeds: Seeds | None, name: str) -> Any:
    if "error" in layer.serialized:
        raise ValueError(
            f"Expected a layer that can be made again from its configuration, "
            f"but {layer.name!r} ({layer.kind}) cannot: {layer.serialized['error']}. Define get_config() in its class."
        )
    config = copy.deepcopy(dict(layer.config)) | _changes(structure, layer) | {"name": name}
    if seeds is not None:
        config = seeds.config(config, place)
    original = source.operations[layer.name] if isinstance(source, KerasSource) else None
    if original is not None:
        # The model is at hand, so is its own code: nothing is loaded that the user has not run already.
        with keras.saving.custom_object_scope(_own_objects(original)), serialization_lib.SafeModeScope(False):
            return type(original).from_config(config)
    return keras.saving.deserialize_keras_object({**layer.serialized, "config": config}, safe_mode=True)


def _changes(structure: Structure, layer: Layer) -> dict[str, Any]:
    """Configuration entries that differ from the model as read, or that carry sizes."""
    first = structure.space.connected.first_call(layer.name)
    if first.rule is None:
        return {}
    changes = first.rule.config(first.site, setting_of(structure))
    base = structure.space.baseline
    for key, mine, theirs in (
        (first.rule.activation_key, structure.activations, base.activations),
        (first.rule.bias_key, structure.biases, base.biases),
        (first.rule.initializer_key, structure.initializers, base.initializers),
    ):
        # Unchanged entries stay as they were: they may hold arguments that a name alone would lose.
        if key is not None and mine.get(layer.name) != theirs.get(layer.name):
            changes[key] = mine[layer.name]
    return changes


def _own_objects(operation: Any) -> dict[str, Any]:
    """Functions and classes of the user's own that a layer's configuration names, by name."""
    inner = operation._flatten_layers() if isinstance(operation, keras.Layer) else []
    found = [each for layer in inner for each in (type(layer), *vars(layer).values(), *map(type, vars(layer).values()))]
    return {
        each.__name__: each
        for each in found
        if isinstance(each, (type, types.FunctionType)) and not each.__module__.startswith(("keras.", "builtins"))
    }


def _filled(structure: Any, tensors: dict[int, Any]) -> Any:
    return map_structure(lambda leaf: tensors[leaf.index] if isinstance(leaf, TensorRef) else leaf, structure)


def _compile_as(original: keras.Model, model: keras.Model) -> None:
    if not getattr(original, "compiled", False):
        return
    try:
        with warnings.catch_warnings():
            # About files with a lambda in them: nothing is saved here.
            warnings.filterwarnings("ignore", message="The object being serialized includes a `lambda`")
            config = original.get_compile_config()
        model.compile_from_config(config)
    # Losses and metrics of a user's own may not be serializable; the model itself is fine.
    except Exception as error:
        warnings.warn(
            f"The new model is not compiled, because the compile settings of {original.name!r} cannot be repeated: "
            f"{type(error).__name__}: {error}. Call compile() on it.",
            stacklevel=4,
        )
