"""The table from layer kinds to rules."""

from __future__ import annotations

from ..graph.checks import typed
from .rule import LayerRule

_RULES: dict[str, LayerRule] = {}


def kind_of(layer_class: type) -> str:
    """The name a class's rule is registered under.

    Keras's own layers go by class name (``Dense``), its bare operations by ``ops.Add``, and any
    other class by module and name, so that a user's ``Dense`` is never taken for Keras's.
    """
    module = layer_class.__module__
    if not module.startswith("keras."):
        return f"{module}.{layer_class.__qualname__}"
    return f"ops.{layer_class.__name__}" if ".ops." in module else layer_class.__name__


def register_layer_rule(kind: str | type, rule: LayerRule) -> None:
    """Say how a kind of layer is treated.

    Args:
        kind: the layer class, or its name (``"Dense"``, ``"ops.Add"``, ``"my_module.MyLayer"``).
        rule: a :class:`LayerRule`. For a layer without weights that keeps its input's shape,
            ``sw.Elementwise(flops=2, span=1)`` is enough.

    Models read afterwards use it. Registering a kind again replaces its rule.

    >>> sw.register_layer_rule("my_module.Clipped", sw.Elementwise(flops=2, span=2, saves="outputs"))
    """
    if not isinstance(rule, LayerRule):
        raise TypeError(
            f"Expected an instance of a LayerRule, got {rule!r}. "
            "Pass an object such as sw.Elementwise(flops=1), not a class."
        )
    if not isinstance(kind, type) and not (isinstance(kind, str) and kind):
        raise TypeError(f"Expected a layer class or its name, such as 'my_module.MyLayer', got {typed(kind)}.")
    _RULES[kind if isinstance(kind, str) else kind_of(kind)] = rule


def rules_registered() -> frozenset[tuple[str, int]]:
    """The rules there are, to tell whether any was registered or replaced since."""
    return frozenset((kind, id(rule)) for kind, rule in _RULES.items())


def find_layer_rule(kinds: tuple[str, ...]) -> LayerRule | None:
    """The rule of the first of ``kinds`` that has one: a class's own before its bases'."""
    return next((_RULES[kind] for kind in kinds if kind in _RULES), None)
