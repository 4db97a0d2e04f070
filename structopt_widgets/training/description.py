"""A structure in a few words."""

from __future__ import annotations

from ..graph.wording import listed, say
from ..structure import Structure


def describe(structure: Structure) -> str:
    """How a structure differs from its baseline, such as ``"dense 128→64, tanh; dense_1 no bias; add_3 left out"``."""
    changes: dict[str, list[str]] = {}
    for key, (before, after) in structure.space.baseline.diff(structure).items():
        choice, _, name = key.partition(".")
        if choice == "widths":
            text = f"{before}→{after}"
        elif choice == "biases":
            text = say("bias") if after else say("no bias")
        elif choice == "initializers":
            text = say("initializer {name}", name=after)
        elif choice == "blocks":
            text = say("kept") if after else say("left out")
        else:
            text = str(after)
        changes.setdefault(name, []).append(text)
    parts = [say("{name} {changes}", name=name, changes=listed(say(", "), texts)) for name, texts in changes.items()]
    return listed(say("; "), parts) or say("baseline")
