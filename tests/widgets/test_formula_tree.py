"""Formulas as the page typesets them: what is written is what SymPy means."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
import sympy

from structopt_widgets.widgets.formula_tree import formula_text, formula_tree

A, B = sympy.symbols("a b", integer=True, positive=True)
NAMES = {A: "first", B: "second"}

# What each operation does, apart from SymPy.
OPERATIONS = {
    "+": lambda *parts: sum(parts),
    "-": lambda part: -part,
    "*": lambda *parts: math.prod(parts),
    "/": lambda above, below: above / below,
    "^": lambda base, exponent: base**exponent,
    "max": max,
    "min": min,
    "ceil": math.ceil,
    "floor": math.floor,
    "log2": math.log2,
}


def value(tree: list[Any]) -> float:
    kind, *parts = tree
    if kind == "n":
        return float(parts[0])
    if kind == "u":
        return float(parts[1])
    return float(OPERATIONS[kind](*map(value, parts)))  # type: ignore[operator]  # of as many parts as each takes


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (9 * A * B + 10 * A, "9 · [first] · [second] + 10 · [first]"),
        (sympy.ceiling(sympy.log(A, 2) + 2 * sympy.log(3, 2)) + 3, "⌈log2(9 · [first])⌉ + 3"),
        (sympy.ceiling(sympy.log(9 * A, 2)) + 3, "⌈log2(9 · [first])⌉ + 3"),
        (sympy.ceiling(sympy.log(A, 2) + sympy.log(B, 2)), "⌈log2([first] · [second])⌉"),
        (sympy.Max(1, sympy.ceiling(sympy.log(A, 2))), "max(1, ⌈log2([first])⌉)"),
        ((A + 1) * B, "[second] · ([first] + 1)"),
        ((A + 2) / (B + 1), "([first] + 2) / ([second] + 1)"),
        (A**2 - 3 * B, "[first]^2 - 3 · [second]"),
        (sympy.Rational(3, 2) * A, "(3 · [first]) / 2"),
        (sympy.floor(A / 2), "⌊[first] / 2⌋"),
    ],
)
def test_a_formula_reads_as_it_is_written_by_hand(formula: sympy.Expr, text: str) -> None:
    assert formula_text(formula_tree(formula, NAMES, {A: 2, B: 3})) == text


@pytest.mark.slow
def test_a_tree_is_worth_what_the_formula_is() -> None:
    rng = random.Random(0)

    def formula(depth: int) -> sympy.Expr:
        if depth == 0:
            return rng.choice([A, B, sympy.Integer(rng.randint(1, 9))])
        one, two = formula(depth - 1), formula(depth - 1)
        sums = [one + two, one - two, one * two, one**2, one / (two**2 + 1)]
        steps = [sympy.Max(one, two), sympy.floor(one / 3), sympy.ceiling(sympy.log(1 + one**2, 2)) + two]
        return rng.choice([*sums, *steps])

    for _ in range(25):
        widths = {A: rng.randint(1, 40), B: rng.randint(1, 40)}
        made = formula(3)
        expected = float(made.xreplace({symbol: sympy.Integer(n) for symbol, n in widths.items()}))
        assert value(formula_tree(made, NAMES, widths)) == pytest.approx(expected, rel=1e-9), made
