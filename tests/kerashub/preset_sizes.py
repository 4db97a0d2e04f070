"""The sizes that configurations of presets are written in, in the order papers give them."""

from __future__ import annotations

from typing import Any

# A backbone's class, what its presets have in common, and each configuration with the presets that are of it.
Family = tuple[str, dict[str, Any], list[tuple[str, dict[str, Any]]]]


def sizes(*values: Any, **more: Any) -> dict[str, Any]:
    """Layers, heads, width, width of the feed-forward part."""
    return dict(zip(("num_layers", "num_heads", "hidden_dim", "intermediate_dim"), values, strict=False), **more)


def grouped(*values: Any, **more: Any) -> dict[str, Any]:
    """Layers, query heads, key heads, width, width of the feed-forward part."""
    names = ("num_layers", "num_query_heads", "num_key_value_heads", "hidden_dim", "intermediate_dim")
    return dict(zip(names, values, strict=True), **more)


BASE, LARGE = sizes(12, 12, 768, 3072), sizes(24, 16, 1024, 4096)
