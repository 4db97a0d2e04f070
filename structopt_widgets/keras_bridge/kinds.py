"""Under which names a layer's rule may be registered."""

from __future__ import annotations

from typing import Any

from ..layer_rules.registry import kind_of


def kinds_of(operation: Any) -> tuple[str, ...]:
    """The names of an operation's class and its bases, as far as they compute the same."""
    kinds: list[str] = []
    for each in type(operation).__mro__:
        kinds.append(kind_of(each))
        # What a class computes is in its call(): behind one that defines it, no base's rule can be trusted.
        if "call" in vars(each):
            break
    return tuple(kinds)
