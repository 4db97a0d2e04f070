"""How a structure differs from the model as it came, as the page and Python tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..structure import Structure, StructureSpace
from ..structure.choices import CHOICES, choices_of

Changes = dict[str, list[list[Any]]]


def changes(structure: Structure, since: Structure | None = None) -> Changes:
    """For each kind of choice, such as ``"widths"``, pairs of a place in the order of the baseline and a value.

    Kinds without a change are left out: a structure of a large model is a few numbers. ``since``: the structure that
    is changed; by default the model as it came.
    """
    found: Changes = {}
    for choice in CHOICES:
        mine, base = getattr(structure, choice), getattr(since or structure.space.baseline, choice)
        pairs = [[place, mine[key]] for place, key in enumerate(base) if mine[key] != base[key]]
        if pairs:
            found[choice] = pairs
    return found


def changed(space: StructureSpace, given: Mapping[str, Any]) -> Structure:
    """The structure that :func:`changes` describes; raises ``ValueError`` for what is none."""
    base = space.baseline
    choices = choices_of(base)
    for choice, pairs in given.items():
        if choice not in choices:
            raise ValueError(f"Expected changes of {', '.join(CHOICES)}; got {choice!r}.")
        keys = list(choices[choice])
        for place, value in pairs:
            if not 0 <= place < len(keys):
                raise ValueError(f"Expected one of {len(keys)} {choice}, counted from 0; got {place}.")
            choices[choice][keys[place]] = value
    return Structure(space, **choices)
