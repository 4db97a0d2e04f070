"""A structure as one line of Python, read back without running it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ..graph.checks import known, short, typed
from .choices import CHOICES

if TYPE_CHECKING:
    from .space import StructureSpace
    from .structure import Structure

METHODS = dict(
    zip(("with_width", "with_activation", "with_bias", "with_initializer", "with_block"), CHOICES, strict=True)
)
BASELINE = "space.baseline"
_EXPECTED = f"Expected a line as Structure.to_python() writes it, such as \"{BASELINE}.with_width('dense', 64)\""


def to_python(structure: Structure) -> str:
    """See :meth:`Structure.to_python`."""
    methods = {choice: method for method, choice in METHODS.items()}
    text = BASELINE
    for key, (_, value) in structure.space.baseline.diff(structure).items():
        choice, _, name = key.partition(".")
        text += f".{methods[choice]}({name!r}, {value!r})"
    return text


def from_python(space: StructureSpace, line: Any) -> Structure:
    """See :meth:`StructureSpace.from_python`."""
    if not isinstance(line, str):
        raise TypeError(f"{_EXPECTED}; got {typed(line)}.")
    try:
        node: ast.AST = ast.parse(line.strip(), mode="eval").body
    # Python reads a line recursively, and lines may be of anybody.
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{_EXPECTED}; got {short(line)}, which is no Python: {error}.") from None
    steps: list[tuple[str, list[Any]]] = []
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.keywords or not all(isinstance(each, ast.Constant) for each in node.args) or len(node.args) != 2:
            raise ValueError(
                f"{_EXPECTED}; got .{node.func.attr}(...) with other than a name and a value, as constants."
            )
        values = [each.value for each in node.args if isinstance(each, ast.Constant)]
        steps.append((known(node.func.attr, METHODS, "a step"), values))
        node = node.func.value
    if ast.unparse(node) != BASELINE:
        raise ValueError(f"{_EXPECTED}; got {short(line)}, which does not begin with {BASELINE}.")
    structure = space.baseline
    for method, (name, value) in reversed(steps):
        structure = getattr(structure, method)(name, value)
    return structure
