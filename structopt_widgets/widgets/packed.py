"""What a page needs of a model, small: a cost program of thousands of operations in some ten kilobytes."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from ..graph import Program

# One letter an operation; program.js reads them.
LETTERS = {"input": "i", "constant": "c", "+": "+", "-": "-", "*": "*", "//": "d", "/": "/", "max": "m", "log2": "l"}


def packed(data: Any) -> str:
    """``data`` as JSON, compressed, in letters that any page may hold."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def columns(program: Program) -> dict[str, Any]:
    """The operations by column: their kinds, and how far back their operands are, which compresses well.

    ``first`` of an input is its place among the inputs, of a constant its value.
    """
    first: list[Any] = []
    second: list[int] = []
    for slot, (kind, *operands) in enumerate(program.operations):
        plain = kind in ("input", "constant")
        first.append(operands[0] if plain else slot - operands[0])
        second.append(slot - operands[1] if len(operands) > 1 else 0)
    return {
        "kinds": "".join(LETTERS[kind] for kind, *_ in program.operations),
        "first": first,
        "second": second,
    }
