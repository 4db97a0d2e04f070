"""The names of a layer's classes that a rule may be registered under, and what its rule says it is."""

from __future__ import annotations

import inspect
from typing import Any

import keras

from ..layer_rules import LayerRule, Role, find_layer_rule
from ..layer_rules.registry import kind_of


def kinds_of(operation: Any) -> tuple[str, ...]:
    """The kinds of a layer or a bare operation, most special first, as :attr:`Layer.kinds` has them."""
    if "call" in getattr(operation, "__dict__", ()):
        return (f"{kind_of(type(operation))} with a call of its own",)
    kinds: list[str] = []
    for each in type(operation).__mro__:
        kinds.append(kind_of(each))
        if _computes(each):
            break
    return tuple(kinds)


# What a class may redefine without computing something else.
_HARMLESS = {"build", "from_config", "compute_output_shape", "compute_output_spec", "compute_mask", "compute_dtype"}


def _computes(layer_class: type) -> bool:
    """Whether what a class computes is its own: behind such a one, no base's rule can be trusted.

    It is if it defines ``call()``, or a method of one of Keras's layers that ``call()`` may be made of.
    """
    if "call" in vars(layer_class):
        return True
    if not issubclass(layer_class, keras.Layer) or layer_class.__module__.startswith("keras."):
        return False
    bases = [each for each in layer_class.__mro__[1:] if each.__module__.startswith("keras.src.layers.")]
    inherited = set().union(*(vars(each) for each in bases if each is not keras.Layer)) - set(vars(keras.Layer))
    own = {name for name, value in vars(layer_class).items() if inspect.isfunction(value)}
    return bool((own & inherited) - _HARMLESS)


def rule_of(operation: Any) -> LayerRule | None:
    """The rule of a layer or a bare operation, if there is one."""
    return find_layer_rule(kinds_of(operation))


def role_of(operation: Any) -> Role | None:
    """The role that the rule of a layer's own class declares; a subclass may do more than its base."""
    rule = find_layer_rule((kind_of(type(operation)),))
    return None if rule is None else rule.role
