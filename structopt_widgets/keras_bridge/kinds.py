"""The names of a layer's classes that a rule may be registered under, and what its rule says it is."""

from __future__ import annotations

from typing import Any

from ..layer_rules import LayerRule, Role, find_layer_rule
from ..layer_rules.registry import kind_of


def kinds_of(operation: Any) -> tuple[str, ...]:
    """The kinds of a layer or a bare operation, most special first, as :attr:`Layer.kinds` has them."""
    kinds: list[str] = []
    for each in type(operation).__mro__:
        kinds.append(kind_of(each))
        # What a class computes is in its call(): behind one that defines it, no base's rule can be trusted.
        if "call" in vars(each):
            break
    return tuple(kinds)


def rule_of(operation: Any) -> LayerRule | None:
    """The rule of a layer or a bare operation, if there is one."""
    return find_layer_rule(kinds_of(operation))


def role_of(operation: Any) -> Role | None:
    """The role that the rule of a layer's own class declares; a subclass may do more than its base."""
    rule = find_layer_rule((kind_of(type(operation)),))
    return None if rule is None else rule.role
