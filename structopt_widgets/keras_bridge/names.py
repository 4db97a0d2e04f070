"""Names of layers that TensorFlow takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import keras

from ..structure import Structure

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


def operations_of(structure: Structure, model: keras.Model) -> dict[str, Any]:
    """The layers and bare operations of a model built from ``structure``, by their names in the graph."""
    given = {made: name for name, made in accepted_names(structure.space.graph.layers).items()}
    return {given[each.name]: each for each in model.operations}
