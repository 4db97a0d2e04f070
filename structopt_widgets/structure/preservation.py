"""Does a structure, with inherited weights, still compute what the model as read does? If not, why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..graph import Dim, Symbol
from ..graph.dimensions import symbols
from ..graph.selection import copied, origins
from .choices import effective_choices

if TYPE_CHECKING:
    from .structure import Structure


def function_changes(structure: Structure) -> dict[str, str]:
    """See :meth:`Structure.function_changes`."""
    space = structure.space
    reasons = {}
    counts = effective_choices(structure)
    grown: dict[Symbol, np.ndarray] = {}
    for key, (old, new) in space.baseline.diff(structure).items():
        choice, _, name = key.partition(".")
        if name not in counts[choice]:
            continue  # of what is left out
        if choice == "widths" and new > old:
            symbol = space.symbols[name]
            grown[symbol] = copied(symbol.baseline, new // symbol.divisor)
        elif choice == "widths":
            reasons[key] = f"is narrowed from {old} to {new}"
        elif choice == "biases" and new:
            continue  # it comes in as zero
        elif choice == "blocks":
            reasons[key] = "is left out"
        elif choice != "initializers":  # which only make fresh weights
            reasons[key] = f"is {new}, was {old}"
    numbers = space.whole_graph.width_numbers
    if numbers is not None and any(key.startswith("widths.") for key in reasons) | bool(grown):
        reasons = {**numbers.kept, **reasons}
    return {**space.whole_graph.differences, **reasons, **_mixed(structure, grown)}


def _mixed(structure: Structure, grown: Mapping[Symbol, np.ndarray]) -> dict[str, str]:
    """The grown widths along which some layer computes across channels."""
    names = {symbol: name for name, symbol in structure.space.symbols.items()}
    reasons: dict[str, str] = {}

    def note(dim: Dim, reason: str) -> None:
        reasons.update({f"widths.{names[symbol]}": reason for symbol in symbols(dim) if symbol in grown})

    present = set(structure.layers)
    for each in structure.space.connected.calls if grown else ():
        if each.rule is None or each.call.layer not in present:
            continue  # the widths around a layer without a rule are as they were
        mixing = each.rule.mixing(each.site)
        for dim in mixing.summed:
            note(dim, f"{each.call.layer} combines all its units, so that a copy counts as one more")
        for dim in mixing.averaged:
            if not grown.keys() & set(symbols(dim)):
                continue  # nor does it make the places of a whole batch
            copies = np.bincount(origins(dim, grown))
            if copies.min() != copies.max():
                note(dim, f"{each.call.layer} averages over its units, which have unequal numbers of copies")
    return reasons
