"""One switch for many layers, as the first row of the page's levers sets it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from ..graph.checks import flag, known, names
from ..structure import Structure


def set_many(
    structure: Structure,
    layers: str | Iterable[str] | None = None,
    activation: str | None = None,
    bias: bool | None = None,
    kept: bool | None = None,
) -> Structure:
    """``structure`` with one switch for all of ``layers``; see :meth:`Explorer.set_many`."""
    space = structure.space
    switched = {*structure.activations, *structure.biases}
    chosen = set(space.graph.layers) | switched if layers is None else set(names(layers, "the layers to set"))
    for name in chosen:
        known(name, [*space.graph.layers, *switched], "a layer")
    found = structure
    if activation is not None:
        every = {option for each in space.switches.values() for option in each.activation_options}
        known(activation, sorted(every), "an activation of some layer")
        values = {
            name: activation
            for name in structure.activations
            if name in chosen and _is_hidden(structure, name) and activation in space.switches[name].activation_options
        }
        found = dataclasses.replace(found, activations={**found.activations, **values})
    if bias is not None:
        value = flag(bias, "bias")
        biases = {name: value if name in chosen else each for name, each in found.biases.items()}
        found = dataclasses.replace(found, biases=biases)
    if kept is not None:
        value = flag(kept, "kept")
        inside = {name for name, block in space.blocks.items() if chosen.issuperset(block.layers)}
        found = dataclasses.replace(
            found, blocks={name: value if name in inside else each for name, each in found.blocks.items()}
        )
    return found


def _is_hidden(structure: Structure, layer: str) -> bool:
    """Whether an activation is one, and no output's."""
    space = structure.space
    group = space.group_at(layer)
    return space.baseline.activations[layer] != "linear" and not (group is not None and group.fixed)
