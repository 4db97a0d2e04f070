"""Binary logarithms as people write them: SymPy has natural ones, and takes those of products apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sympy


def of_logarithm(formula: sympy.Expr) -> sympy.Expr | None:
    """What ``formula`` is the binary logarithm of, 9 u for log(u)/log(2) + 2 log(3)/log(2); else ``None``."""
    import sympy

    product, found = sympy.Integer(1), False
    for term in sympy.Add.make_args(formula):
        count, logarithm = (term * sympy.log(2)).as_coeff_Mul()
        if isinstance(logarithm, sympy.log) and count.is_Integer:
            product *= logarithm.args[0] ** count
            found = True
        elif term.is_Integer:
            product *= sympy.Integer(2) ** term
        else:
            return None
    return product if found else None


def with_log2(formula: sympy.Expr) -> sympy.Expr:
    """``formula`` to be read: with log2(9 u) where it has log(u)/log(2) + 2 log(3)/log(2)."""
    import sympy

    if not formula.has(sympy.log):
        return formula
    product = of_logarithm(formula)
    if product is not None:
        return sympy.Function("log2", real=True)(product)
    return formula.func(*map(with_log2, formula.args))
