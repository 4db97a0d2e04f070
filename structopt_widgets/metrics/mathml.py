"""Formulas for pages that have no network: browsers draw MathML by themselves, LaTeX needs a script."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import sympy
from sympy.printing.mathml import MathMLPresentationPrinter


def mathml(formula: sympy.Expr, names: Mapping[sympy.Symbol, str], display: str = "inline") -> str:
    """``formula`` as a MathML element, its widths as a ``u`` with the name of their group as the index.

    Args:
        display: ``"inline"``, or ``"block"`` for a line of its own.
    """
    return f'<math display="{display}">{_Printer(names).doprint(formula)}</math>'


class _Printer(MathMLPresentationPrinter):
    def __init__(self, names: Mapping[sympy.Symbol, str]) -> None:
        # 24 times a width is not a number of three digits.
        super().__init__({"mul_symbol": "&#xB7;", "mul_symbol_mathml_numbers": "&#xB7;"})
        self._names = names

    def _print_Symbol(self, sym: sympy.Symbol, style: str = "plain") -> Any:  # noqa: N802 - SymPy looks for it
        """A width; the name is text, whatever is in it."""
        width, letter, name = (self.dom.createElement(tag) for tag in ("msub", "mi", "mtext"))
        letter.appendChild(self.dom.createTextNode("u"))
        # SymPy writes text as it is, for the entities in it.
        name.appendChild(self.dom.createTextNode(html.escape(self._names[sym])))
        width.appendChild(letter)
        width.appendChild(name)
        return width
