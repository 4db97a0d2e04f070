"""Making the layers and operations of a structure, each from its configuration at the chosen sizes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from ...graph import UNREAD, WEIGHT, BatchSize, Layer
from ...graph.open_lengths import OpenLengths, Path, map_leaves
from ...graph.width_numbers import WidthNumbers
from ...layer_rules.connected import ConnectedCall
from ...layer_rules.effects import DRAW
from ...structure import Structure
from ..drawing import Drawn
from ..modes import MODE, InOneMode
from ..reading.held_twice import share
from ..replayed import KeepsWeights, OwnWeight, Unsized, WeightOf, counts_samples, operation_class
from .as_given import AsGiven
from .made_again import made_again
from .seeding import Seeds
from .source import KerasSource


def make_operations(
    structure: Structure,
    layers: Sequence[Layer],
    places: Mapping[str, int],
    names: Mapping[str, str],
    seeds: Seeds | None,
    batch: int | None = None,
    lengths: OpenLengths | None = None,
    is_fresh: bool = False,
) -> dict[str, Any]:
    """A layer or operation for each of ``layers``, by name; ``places`` are theirs in the whole graph,
    ``names`` what they are called in the model, ``batch`` its size where the inputs fix it, ``lengths`` what keeps
    those of the inputs open. Of what no class can make again the weights are drawn anew where all ``is_fresh``.
    """
    entries: dict[str, dict[Path, Any]] = {}
    if lengths is not None:
        for call in structure.space.graph.calls:
            entries.setdefault(call.layer, {}).update(lengths.entries.get(call.outputs[0], {}))
    source = structure.space.source
    originals = source.operations if isinstance(source, KerasSource) else {}
    numbers = width_numbers_of(structure)
    made: dict[str, Any] = {}
    for layer in layers:
        if "of" not in layer.config:
            config = copy.deepcopy(dict(layer.config)) | _changes(structure, layer) | {"name": names[layer.name]}
            if batch is not None and "batch_shape" in config:
                config["batch_shape"] = (batch, *config["batch_shape"][1:])
            if lengths is not None and layer.name in lengths.inputs:
                config["batch_shape"] = (config["batch_shape"][0], *lengths.inputs[layer.name])
            config = config if seeds is None else seeds.config(config, places[layer.name])
            of_layer = entries.get(layer.name, {})
            if numbers is not None:
                first = structure.space.connected.first_call(layer.name).call
                config = numbers.filled(first.outputs[0], "config", config, _sizes(structure))
            operation = _operation(structure, layer, config, originals.get(layer.name), of_layer, is_fresh)
            mode = layer.serialized.get(MODE)
            made[layer.name] = operation if mode is None else InOneMode(operation, mode, name=operation.name)
    for layer in layers:
        if "of" in layer.config:
            owner = made[layer.config["of"]]
            made[layer.name] = WeightOf(owner, layer.config["place"], name=names[layer.name], dtype=owner.dtype_policy)
    for layer in layers:
        if layer.elsewhere in made:
            share(made[layer.name], made[layer.elsewhere])
    return {layer.name: made[layer.name] for layer in layers}


def width_numbers_of(structure: Structure) -> WidthNumbers | None:
    """The numbers of own code that follow from widths; they are found when a copy is built."""
    graph, source = structure.space.graph, structure.space.source
    if graph.width_numbers is None and isinstance(source, KerasSource) and source.at_other_widths is not None:
        return source.at_other_widths()
    return graph.width_numbers


def _sizes(structure: Structure) -> Callable[[int, int], tuple[int, int]]:
    """How long an axis of a tensor is, the batch's left out, and how long in the model as read."""
    connected, at = structure.space.connected, structure.setting
    return lambda tensor, axis: (int(at.size(connected.shapes[tensor][axis])), connected.lengths(tensor)[axis])


def arguments_of(structure: Structure, each: ConnectedCall) -> tuple[Any, Any]:
    """What a call is made with at the chosen sizes, with :class:`TensorRef` where tensors go."""
    at, call, numbers = structure.setting, each.call, width_numbers_of(structure)
    args, kwargs = (call.args, call.kwargs or {}) if each.rule is None else each.rule.arguments(each.site, at)
    if numbers is None:
        return args, kwargs
    parts = {"args": args, "kwargs": kwargs}
    filled = {key: numbers.filled(call.outputs[0], key, part, _sizes(structure)) for key, part in parts.items()}
    return filled["args"], filled["kwargs"]


def made_with(structure: Structure, each: ConnectedCall) -> dict[str, Any]:
    """What a call's operation is made with, and what it is called with, as a copy's is."""
    args, kwargs = arguments_of(structure, each)
    config = dict(structure.space.graph.layers[each.call.layer].config)
    changed = {} if each.rule is None else each.rule.config(each.site, structure.setting)
    return {"config": config | changed, "args": args, "kwargs": kwargs}


def _operation(
    structure: Structure,
    layer: Layer,
    config: dict[str, Any],
    original: Any,
    entries: Mapping[Path, Any],
    is_fresh: bool,
) -> Any:
    if UNREAD in layer.kinds:
        return KeepsWeights(**config)
    if WEIGHT in layer.kinds:
        at, (axes,) = structure.setting, structure.space.connected.weights[layer.name]
        return OwnWeight(tuple(at.size(dim) for dim in axes.axes), trainable=axes.trainable, **config)
    if layer.kind == DRAW:
        return Drawn.of(config)
    if not layer.weights and layer.kind.startswith("ops."):
        return _bare_operation(structure, layer, config, original, bool(entries))
    config = map_leaves(lambda path, leaf: entries.get(("config", *path), leaf), config) if entries else config
    if "error" in layer.serialized and original is not None:
        return AsGiven(original, is_fresh, name=config["name"])
    if "error" in layer.serialized:
        raise ValueError(
            f"Expected a layer that can be made again from its configuration, "
            f"but {layer.name!r} ({layer.kind}) cannot: {layer.serialized['error']}. Define get_config() in its class."
        )
    if original is not None:
        return made_again(original, config)
    return keras.saving.deserialize_keras_object({**layer.serialized, "config": config}, safe_mode=True)


def _bare_operation(structure: Structure, layer: Layer, config: dict[str, Any], original: Any, is_open: bool) -> Any:
    """An operation of ``keras.ops``, or what stands for one until its sizes are known; ``is_open`` of some length."""
    calls = [call for call in structure.space.graph.calls if call.layer == layer.name]
    for key in ("strides", "dilation_rate"):  # a file makes lists of them, to which TensorFlow cannot add tuples
        if isinstance(config.get(key), (list, tuple)):
            config[key] = config[key][0] if len(set(config[key])) == 1 else tuple(config[key])
    for key in ("axis", "axes"):  # and takes several axes as a tuple alone
        config |= {key: tuple(config[key])} if isinstance(config.get(key), list) else {}
    shape = config.get("newshape")
    if not is_open and isinstance(shape, (list, tuple)) and sum(isinstance(length, BatchSize) for length in shape) == 1:
        # Of a reshape Keras finds out one length by itself.
        config["newshape"] = tuple(-1 if isinstance(length, BatchSize) else length for length in shape)
    is_sized = counts_samples(config) or any(counts_samples((call.args, call.kwargs)) for call in calls)
    if is_open or is_sized or not any(call.inputs for call in calls) or _has_name_of_a_layer(structure, original):
        if "error" in layer.serialized:
            raise ValueError(
                f"Expected an operation that can be made again from its configuration, but {layer.name!r} "
                f"({layer.kind}) cannot: {layer.serialized['error']}."
            )
        return Unsized({**layer.serialized, "config": config})
    if original is None:
        return operation_class(layer.serialized).from_config(config)
    if "error" not in layer.serialized:
        return type(original).from_config(config)
    # It cannot be made from what it keeps; but it has no state, so that a copy is as good.
    copied = copy.copy(original)
    copied._inbound_nodes, copied._outbound_nodes = [], []
    for key, value in _changes(structure, layer).items():
        setattr(copied, key, value)
    return copied


def _has_name_of_a_layer(structure: Structure, operation: Any) -> bool:
    """Whether a class of the user's own has an operation's name, by which a file with both could not be read."""
    source = structure.space.source
    if operation is None or not isinstance(source, KerasSource):
        return False
    own = {type(each) for each in source.model._flatten_layers() if not type(each).__module__.startswith("keras.")}
    return type(operation).__name__ in {each.__name__ for each in own}


def _changes(structure: Structure, layer: Layer) -> dict[str, Any]:
    """Configuration entries that differ from the model as read, or that carry sizes."""
    first = structure.space.connected.first_call(layer.name)
    if first.rule is None:
        return {}
    changes = first.rule.config(first.site, structure.setting)
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
