"""A structure in a few words."""

from __future__ import annotations

from ..structure import Structure


def describe(structure: Structure) -> str:
    """How a structure differs from its baseline, such as ``"dense 128→64, tanh; dense_1 no bias; add_3 left out"``."""
    changes: dict[str, list[str]] = {}
    for key, (before, after) in structure.space.baseline.diff(structure).items():
        choice, _, name = key.partition(".")
        if choice == "widths":
            text = f"{before}→{after}"
        elif choice == "biases":
            text = "bias" if after else "no bias"
        elif choice == "initializers":
            text = f"initializer {after}"
        elif choice == "blocks":
            text = "kept" if after else "left out"
        else:
            text = str(after)
        changes.setdefault(name, []).append(text)
    return "; ".join(f"{name} {', '.join(texts)}" for name, texts in changes.items()) or "baseline"
