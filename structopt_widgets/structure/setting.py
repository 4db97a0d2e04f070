"""A structure as the rules of the layers see it: every knob in the number it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..layer_rules import Setting, activation_cost

if TYPE_CHECKING:
    from .structure import Structure


def setting_at(structure: Structure, widths: Mapping[str, Any]) -> Setting:
    """The setting of ``structure`` at ``widths``, by group: its own, arrays of many, or symbols."""
    space = structure.space
    return space.connected.setting(
        {space.symbols[name]: width for name, width in widths.items()},
        {layer: int(used) for layer, used in structure.biases.items()},
        {layer: activation_cost(name) for layer, name in structure.activations.items()},
        {block: int(kept) for block, kept in structure.blocks.items()},
    )
