"""Structures at which a user's own code is looked at once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...structure import Structure, StructureSpace, WidthGroup


def widths_apart(space: StructureSpace) -> tuple[Structure, Structure] | None:
    """Two structures in which all free widths are others than the model's, in unlike proportions."""
    widths: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for place, (name, group) in enumerate(space.width_groups.items()):
        allowed = _allowed(group)
        # The widest first: halves and quarters, rounded down, move there; groups of one width are told apart.
        first = len(allowed) - 1 - place % min(len(allowed), 5)
        second = (first - len(allowed) // 2 - place % 3) % len(allowed)
        # One of the two is odd, so that a half is told from a half that is rounded.
        second = second if (first - second) % 2 else (second - 1) % len(allowed)
        widths[0][name], widths[1][name] = allowed[first], allowed[second]
    return _pair(space, widths)


def widths_alike(space: StructureSpace) -> tuple[Structure, Structure] | None:
    """The same where one width decides all others in the code: all twice as wide, and half as wide again."""

    def times(share: float) -> dict[str, int]:
        groups = space.width_groups.items()
        return {
            name: min(_allowed(group), key=lambda width: abs(width - share * group.width)) for name, group in groups
        }

    return _pair(space, (times(2.0), times(1.5)))


def _allowed(group: WidthGroup) -> list[int]:
    """Other widths than its own, the wider ones where there are two."""
    step = group.divisor
    wider = [*range(group.width + step, group.upper + 1, step)]
    allowed = wider if len(wider) > 1 else [*wider, *range(group.width - step, group.lower - 1, -step)]
    return [group.width] if group.fixed or len(allowed) < 2 else allowed


def _pair(space: StructureSpace, widths: Sequence[Mapping[str, int]]) -> tuple[Structure, Structure] | None:
    base = space.baseline
    choices = {each: getattr(base, each) for each in ("activations", "biases", "initializers", "blocks")}
    one, other = (Structure.of_allowed(space, widths=each, **choices) for each in widths)
    return (one, other) if one.widths != base.widths else None
