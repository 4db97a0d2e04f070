"""The choices of a structure as plain values: what files hold, and what is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .structure import Structure

CHOICES = ("widths", "activations", "biases", "initializers", "blocks")


def choices_of(structure: Structure) -> dict[str, dict[str, Any]]:
    """The choices of a structure, by kind and by knob, as values of standard JSON."""
    return {choice: dict(getattr(structure, choice)) for choice in CHOICES}


def effective_choices(structure: Structure) -> dict[str, dict[str, Any]]:
    """:func:`choices_of` without those of what is left out, which change nothing: equal ones make equal models."""
    space, present = structure.space, set(structure.layers)
    out = [space.blocks[name] for name, kept in structure.blocks.items() if not kept]
    counts = {
        "widths": lambda group: not present.isdisjoint(space.width_groups[group].layers),
        "blocks": lambda block: not any(space.blocks[block].calls < each.calls for each in out),
    }
    return {
        choice: {name: value for name, value in values.items() if counts.get(choice, present.__contains__)(name)}
        for choice, values in choices_of(structure).items()
    }
