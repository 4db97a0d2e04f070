"""A formula as plain data, from which the page typesets it: with the names of widths, or with their numbers put in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..metrics.logarithms import of_logarithm

if TYPE_CHECKING:
    import sympy

Tree = list[Any]
_SIGNS = {"+": " + ", "-": " - "}


def formula_tree(formula: sympy.Expr, names: Mapping[sympy.Symbol, str], widths: Mapping[sympy.Symbol, int]) -> Tree:
    """The formula as nested lists, each an operation before what it works on.

    ``["n", "144"]`` is a number, ``["u", "dense", 16]`` a width with its name and value; the operations are ``"+"``
    (whose parts may be ``["-", part]``, which are taken away), ``"*"``, ``"/"``, ``"^"``, ``"max"``, ``"min"``,
    ``"ceil"``, ``"floor"``, ``"log2"``, and of any other function its name. Terms stand in SymPy's order, none
    gathered: two widths may be equal by chance.
    """
    return _Reader(names, widths).tree(formula)


def formula_text(tree: Tree, with_numbers: bool = False) -> str:
    """The same in one line, such as ``⌈log2(9 · [dense])⌉ + 2``; a width's name stands in brackets."""
    kind, *parts = tree
    if kind == "n":
        return str(parts[0])
    if kind == "u":
        return str(parts[1]) if with_numbers else f"[{parts[0]}]"
    texts = [formula_text(part, with_numbers) for part in parts]
    if kind == "+":
        return "".join(
            _SIGNS["-"] + _closed(part[1], with_numbers) if part[0] == "-" else (_SIGNS["+"] if at else "") + text
            for at, (part, text) in enumerate(zip(parts, texts, strict=True))
        ).removeprefix(" ")
    if kind == "-":
        return f"-{_closed(parts[0], with_numbers)}"
    if kind in ("*", "/", "^"):
        return {"*": " · ", "/": " / ", "^": "^"}[kind].join(_closed(part, with_numbers, kind) for part in parts)
    if kind in ("ceil", "floor"):
        return {"ceil": "⌈{}⌉", "floor": "⌊{}⌋"}[kind].format(texts[0])
    return f"{kind}({', '.join(texts)})"


def _closed(part: Tree, with_numbers: bool, within: str = "*") -> str:
    """What stands beside a stronger sign, in parentheses where it needs them."""
    text = formula_text(part, with_numbers)
    weak = {"*": ("+", "-"), "/": ("+", "-", "*", "/"), "^": ("+", "-", "*", "/", "^")}[within]
    return f"({text})" if part[0] in weak else text


class _Reader:
    def __init__(self, names: Mapping[sympy.Symbol, str], widths: Mapping[sympy.Symbol, int]) -> None:
        self._names, self._widths = names, widths

    def tree(self, expr: sympy.Expr) -> Tree:
        import sympy

        if expr.is_Symbol:
            return ["u", self._names[expr], self._widths[expr]]
        if expr.is_Number:
            return self._number(expr)
        product = of_logarithm(expr)
        if product is not None:
            return ["log2", self.tree(product)]
        if expr.is_Add:
            return ["+", *(self._term(term) for term in expr.as_ordered_terms())]
        above, below = sympy.fraction(expr)
        if below != 1:
            return ["/", self.tree(above), self.tree(below)]
        if expr.is_Mul:
            return ["*", *(self.tree(factor) for factor in expr.as_ordered_factors())]
        if expr.is_Pow:
            return ["^", *(self.tree(part) for part in expr.args)]
        name = {"ceiling": "ceil", "Max": "max", "Min": "min"}.get(expr.func.__name__, expr.func.__name__)
        # The parts of a maximum have no order of their own: SymPy's may differ from run to run.
        parts = sorted(expr.args, key=sympy.default_sort_key) if name in ("max", "min") else expr.args
        return [name, *(self.tree(part) for part in parts)]

    def _term(self, term: sympy.Expr) -> Tree:
        return ["-", self.tree(-term)] if term.could_extract_minus_sign() else self.tree(term)

    def _number(self, number: sympy.Number) -> Tree:
        if number < 0:
            return ["-", self._number(-number)]
        if number.is_Rational and not number.is_Integer:
            return ["/", ["n", str(number.p)], ["n", str(number.q)]]
        return ["n", str(number)]
