"""The few functions cost rules need besides ``+ - * // /``, on every kind of number a rule may meet.

A rule is written once and runs on an ``int`` (one structure), a NumPy array (many structures), a
SymPy symbol (the formula) and a recorded :class:`~structopt_widgets.graph.Expression` (the program
a browser evaluates). Operators dispatch by themselves; only these functions have to be told how.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import numpy as np

from .checks import typed, whole
from .recording import Expression

# An int, an array, a SymPy expression or a recorded one: what they share is arithmetic, which the
# type system cannot say without naming (and importing) SymPy.
Number = Any


def product(values: Iterable[Number]) -> Number:
    """Product of ``values``; 1 for none."""
    return functools.reduce(lambda left, right: left * right, values, 1)


def maximum(*values: Number) -> Number:
    """Largest of ``values``, element by element for arrays."""
    recorded = next((value for value in values if isinstance(value, Expression)), None)
    if recorded is not None:
        return recorded.recorder.largest(values)
    return functools.reduce(_maximum_of_two, values)


def ceil_log2(n: Number) -> Number:
    """``ceil(log2(n))`` for an integer ``n >= 1``: the depth of a tree that combines ``n`` terms in pairs.

    >>> sw.ceil_log2(5)
    3
    """
    if isinstance(n, (int, np.integer)):
        return (whole(n, "terms that are combined", least=1) - 1).bit_length()
    if isinstance(n, Expression):
        return n.ceil_log2()
    if isinstance(n, np.ndarray):
        # frexp's exponent of an integer is its bit length, exactly; a float log2 would be off by one at powers of two.
        return np.frexp(n - 1)[1].astype(np.int64)
    if not hasattr(n, "is_Number"):
        raise TypeError(
            f"Expected a whole number of at least 1, an array of them or a SymPy expression, got {typed(n)}."
        )
    import sympy

    return sympy.ceiling(sympy.log(n, 2))


def sum_depth(n: Number) -> Number:
    """Operations in a row of a sum over ``n`` terms that is counted as ``n`` operations, its start from zero included.

    So is a product's, of which each term is a multiplication and an addition, and a softmax's: even of one term it
    takes one operation.
    """
    return maximum(1, ceil_log2(n))


def _maximum_of_two(left: Number, right: Number) -> Number:
    plain = (int, float, np.number)
    if isinstance(left, plain) and isinstance(right, plain):
        return max(left, right)
    # A recorded number, or one that remembers what it is made of.
    if hasattr(left, "maximum"):
        return left.maximum(right)
    if hasattr(right, "maximum"):
        return right.maximum(left)
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return np.maximum(left, right)
    import sympy

    return sympy.Max(left, right)
