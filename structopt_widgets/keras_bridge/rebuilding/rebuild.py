"""Building a new Keras model from a structure."""

from __future__ import annotations

import contextlib
import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any

import keras
import psutil
from keras.src.backend import compute_output_spec
from keras.src.backend.common.stateless_scope import in_stateless_scope

from ...graph import Layer, TensorRef
from ...graph.checks import short, whole
from ...graph.model_graph import map_structure
from ...graph.open_lengths import OpenLengths, tensors_in
from ...layer_rules import find_layer_rule
from ...metrics.formatting import format_bytes
from ...structure import Structure
from ..drawing import Drawn
from ..inheriting.examples import Examples
from ..inheriting.importance import Importance, chosen_importance
from ..inheriting.inherit import inherit_weights
from ..inheriting.normalization_statistics import recompute_statistics
from ..modes import InOneMode
from ..nodes import has_own_cell, taken_as_dense
from ..opening.tensorflow_calls import lengths_told
from ..reading.shapes import say_lengths
from ..replayed import BatchSized, OwnWeight, Unsized, WeightOf
from .fixed_batch import fixed_batch
from .making import arguments_of, make_operations
from .names import accepted_names, built_names
from .own_classes import Copy, OwnLayers, with_own_classes
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
    open_lengths: bool = False,
    own_classes: bool = False,
) -> keras.Model:
    """See :meth:`Structure.build`; ``examples`` are its data, in the form the model reads.

    The result is a functional model of the same calls: nesting and subclasses are flattened. With ``open_lengths`` it
    takes samples of any length where the model does, else of those that were measured. With ``own_classes`` layers of
    the user's are of those where their configuration takes the widths, else the operations inside of them. It is
    compiled as the original was, unless ``compiled`` is false. ``seed`` decides initial weights and
    dropout masks wherever the model leaves them to chance; ``None`` leaves them to Keras.
    """
    if not isinstance(weights, str) or weights not in WEIGHTS:
        raise ValueError(f"Expected weights to be one of {', '.join(WEIGHTS)}; got {short(weights)}.")
    if seed is not None:
        seed = whole(seed, "a seed", least=0)
    chosen_importance(importance, weights == "fresh" or examples is not None)
    graph, source = structure.space.graph, structure.space.source
    if weights == "inherit" and not isinstance(source, KerasSource):
        raise ValueError(
            "Expected a structure of a model at hand to inherit weights from, got one read from a file. "
            "Use build(weights='fresh'), or choose the same structure in StructureSpace.from_keras(model)."
        )
    layers = [graph.layers[name] for name in structure.layers]
    places = {name: place for place, name in enumerate(graph.layers)}
    names = built_names(graph)
    _refuse_what_no_memory_holds(structure)
    batch = fixed_batch(structure)
    seeds = None if seed is None else Seeds(seed)
    lengths = _open_lengths(structure) if open_lengths else None
    with contextlib.nullcontext() if seeds is None else seeds.of_unseen_layers(layers):
        operations = make_operations(structure, layers, places, names, seeds, batch, lengths, weights == "fresh")
        with lengths_told():
            tensors = _called(structure, operations, names, lengths)
    if seeds is not None:
        for name, operation in operations.items():
            seeds.separate(operation, places[name])

    def ended(tensors: dict[int, Any]) -> keras.Model:
        ends = (_filled(each, tensors) for each in (graph.inputs, graph.outputs))
        return keras.Model(*ends, name=accepted_names([graph.name])[graph.name])

    def again(own: OwnLayers) -> Copy:
        tensors = _called(structure, operations, names, lengths, own)
        return Copy(ended(tensors), operations, tensors)

    model = ended(tensors)
    for layer in layers:
        _freeze_as(structure, layer.name, operations[layer.name])
    if isinstance(source, KerasSource):
        if weights == "inherit":
            inherit_weights(structure, source, operations, _copy, importance, seed, examples)
            if examples is not None and structure.function_changes():
                recompute_statistics(model, examples)
        if own_classes and source.opened and batch is None:
            model = with_own_classes(structure, Copy(model, operations, tensors), seed, again)
        if compiled:
            _compile_as(source.model, model)
    return model


def _open_lengths(structure: Structure) -> OpenLengths | None:
    """What keeps lengths open; where only building finds out that nothing does, it warns."""
    graph, source = structure.space.whole_graph, structure.space.source
    if graph.open_lengths is not None or not isinstance(source, KerasSource) or source.at_any_length is None:
        return graph.open_lengths
    if source.whole_graph is not None:
        return None  # and function_changes() says why
    found = source.at_any_length()
    for name in found.differences.keys() - graph.differences.keys():
        warnings.warn(f"Input {name!r} {found.differences[name]}", stacklevel=4)
    return found.open_lengths


def _copy(structure: Structure) -> keras.Model:
    """A model to look into: with the weights of the original, and not compiled."""
    return build_model(structure, compiled=False)


def _freeze_as(structure: Structure, name: str, operation: Any) -> None:
    """Of a layer's weights one alone may be held back from training."""
    made, has_bias = getattr(operation, "weights", []), structure.setting.biases.get(name, 1)
    weights = [each for each in structure.space.connected.weights[name] if has_bias or not each.is_bias]
    for variable, weight in zip(made, weights, strict=False) if len(made) == len(weights) else ():
        if variable.trainable and not weight.trainable:
            variable.trainable = False


def _refuse_what_no_memory_holds(structure: Structure) -> None:
    """Raise ``MemoryError`` before Keras would fail amid allocating; nothing is allocated in a stateless scope."""
    size, there = structure.measure().weight_bytes, psutil.virtual_memory().total
    if size > there and not in_stateless_scope():
        raise MemoryError(
            f"Expected a structure whose weights fit into this machine's memory, {format_bytes(there)}, got one of "
            f"{format_bytes(size)}. Narrow it: space.scaled_to('n_params', {there // 16:,})."
        )


def _called(
    structure: Structure,
    operations: Mapping[str, Any],
    names: Mapping[str, str],
    lengths: OpenLengths | None,
    own: OwnLayers | None = None,
) -> dict[int, Any]:
    """The calls of a structure made again; its tensors by index. Of what ``own`` layers do these are called."""
    tensors: dict[int, Any] = {}
    aliases = structure.aliases
    graph = structure.space.graph
    uses = Counter(each.layer for each in graph.calls)
    for each in structure.space.connected.calls:
        call = each.call
        if own is not None and own.stands_for(call):
            tensors.update(own.outputs(call, tensors))
            continue
        operation = operations.get(call.layer)
        if operation is None:
            # A block left out gives what it reads; inside another one left out there is nothing to give.
            results = [tensors.get(aliases.get(tensor, -1)) for tensor in call.outputs]
        elif isinstance(operation, keras.layers.InputLayer):
            results = [operation.output]
        elif isinstance(operation, (OwnWeight, WeightOf)):
            _build_owner(structure, operation, graph.layers[call.layer])
            results = [operation(tensors[graph.input_tensors[0]])]
        elif isinstance(operation, Drawn):
            results = [operation([tensors[graph.input_tensors[0]], *(tensors[index] for index in call.inputs)])]
        elif isinstance(operation, Unsized):
            entries = lengths.entries.get(call.outputs[0], {}) if lengths is not None else {}
            read = list(dict.fromkeys([*call.inputs, *tensors_in(entries.values())]))
            sized = BatchSized.of(operation, arguments_of(structure, each), read, names[call.layer], entries)
            results = keras.tree.flatten(sized([tensors[index] for index in (graph.input_tensors[0], *read)]))
        else:
            args, kwargs = (_filled(part, tensors) for part in arguments_of(structure, each))
            inside = graph.layers[call.layer].inside
            if inside is not None and len(inside.graphs) > 1 and not operation.built:
                operation(*args, **{**kwargs, "training": True})  # it may have weights that only training makes
            if isinstance(operation, keras.layers.EinsumDense) and uses[call.layer] == 1:
                say_lengths(operation, args[0].shape)
            if isinstance(operation, InOneMode) and not operation.layer.built:
                operation.layer(*args, **kwargs)  # which knows how it is built
            results = keras.tree.flatten(operation(*args, **kwargs))
            _make_late_weights(operation, graph.layers[call.layer], args, kwargs)
        tensors.update(zip(call.outputs, taken_as_dense(results), strict=True))
    return tensors


def _make_late_weights(operation: Any, layer: Layer, args: Any, kwargs: Any) -> None:
    """Some layers make weights only when what they compute runs, as the cells of a user's own in a recurrence."""
    is_own = layer.closed or find_layer_rule(layer.kinds) is None or has_own_cell(operation)
    if is_own and isinstance(operation, keras.Layer):
        if len(operation.weights) < len(layer.weights):
            compute_output_spec(operation.call, *args, **kwargs)
        if len(operation.weights) != len(layer.weights):
            raise ValueError(
                f"Expected {layer.name!r} to make {len(layer.weights)} weights when it is made again from its "
                f"configuration and called, as it did in the model that was read; it makes {len(operation.weights)}. "
                "Let its __init__() or build() make them all."
            )


def _build_owner(structure: Structure, operation: Any, layer: Layer) -> None:
    """A layer whose weight is read before it is called has to have it by then."""
    if isinstance(operation, WeightOf) and not operation.owner.built:
        site, at = structure.space.connected.first_call(layer.config["of"]).site, structure.setting
        operation.owner.build((None, *(at.size(dim) for dim in site.inputs[0])))


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
