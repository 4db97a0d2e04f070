"""Names of layers that TensorFlow takes."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras

from ...graph import ModelGraph
from ...layer_rules.effects import ADDS_LOSS
from ...structure import Structure

_ACCEPTED = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.-]*")


def accepted_names(names: Iterable[str]) -> dict[str, str]:
    """What layers of these names are called in a model that is built.

    Keras takes any name without a slash; TensorFlow takes letters from A to z, digits and ``_.-``, and
    refuses a model with others as soon as a function of it is compiled. Others become ``_``, and names
    that would be the same then get a number.
    """
    listed = list(names)
    taken = {name for name in listed if _ACCEPTED.fullmatch(name)}
    found: dict[str, str] = {}
    for name in listed:
        made = name
        if name not in taken:
            plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
            made = plain = plain if _ACCEPTED.match(plain) else f"layer{plain}"
            number = 2
            while made in taken:
                made, number = f"{plain}_{number}", number + 1
            taken.add(made)
        found[name] = made
    return found


def built_names(graph: ModelGraph) -> dict[str, str]:
    """What the layers of a graph are called in a model that is built.

    The last operation of an opened layer that makes an output of the model alone has that layer's name, as the output
    had: losses and targets are told apart by it.
    """
    names = accepted_names(graph.layers)
    outputs, taken = graph.output_tensors, set(names.values())
    makers = [call.layer for call in graph.calls for each in call.outputs if each in outputs]
    opened = [graph.layers[each].path[0] for each in makers if graph.layers[each].path]
    calls = Counter(call.layer for call in graph.calls)
    for maker in makers:
        path = graph.layers[maker].path
        is_alone = path and opened.count(path[0]) == 1 and calls[maker] == 1 and path[0] not in taken
        if is_alone and _ACCEPTED.fullmatch(path[0]):
            names[maker] = path[0]
    return names | _of_losses(graph, makers, names)


def _of_losses(graph: ModelGraph, makers: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
    """What adds losses to an output has the output's name, and the layer behind it another."""
    changed: dict[str, str] = {}
    by_output = {index: call.layer for call in graph.calls for index in call.outputs}
    for call in graph.calls:
        if call.layer in makers and ADDS_LOSS in graph.layers[call.layer].kinds and call.inputs[0] in by_output:
            passed = by_output[call.inputs[0]]
            taken = {*names.values(), *changed.values()}
            free = (f"{names[passed]}_{number}" for number in itertools.count(1))
            changed[passed], changed[call.layer] = next(name for name in free if name not in taken), names[passed]
    return changed


def operations_of(structure: Structure, model: keras.Model) -> dict[str, Any]:
    """The layers and bare operations of a model built from ``structure``, by their names in the graph."""
    given = {made: name for name, made in built_names(structure.space.graph).items()}
    return {given[each.name]: each for each in model.operations}
