"""How a number came about, as the page tells it: its formula, and the same with the numbers put in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..metrics import METRICS, Receipt, model_metrics
from ..structure import Structure
from .changes import changes

if TYPE_CHECKING:
    import sympy

LONGEST = 240  # characters of a formula: more cannot be read
MOST_LAYERS = 12


def shown_receipt(structure: Structure, metric: str, layer: str | None, batch_size: int) -> dict[str, Any]:
    """:func:`receipt_text`, or why there is none: a thread has nobody to raise to."""
    try:
        return receipt_text(structure, metric, layer, batch_size)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        return {**_about(structure, metric, layer, batch_size), "error": why}


def receipt_text(structure: Structure, metric: str, layer: str | None, batch_size: int) -> dict[str, Any]:
    """The formula of the model's ``metric`` and those of its largest layers, or of one ``layer``.

    A metric that only layers have is told by the model's of the same kind; where there is none, without a formula.
    """
    known = {"live_bytes": "peak_activation_bytes", "flops_per_token": "flops"}.get(metric, metric)
    told = _about(structure, metric, layer, batch_size)
    if known not in model_metrics():
        return told
    receipt = structure.measure(batch_size=batch_size).receipt(known)
    label = METRICS[known].label
    values = {each: _value(receipt, each) for each in receipt.layers}
    largest = sorted(values, key=lambda each: -values[each])[:MOST_LAYERS]
    shown = [each for each in values if each == layer or (layer is None and each in largest)]
    told["lines"] = [
        *([_line(label, receipt.formula, receipt, receipt.value)] if layer is None else []),
        *(_line(each, receipt.layers[each], receipt, values[each]) for each in shown),
    ]
    told["more"] = len(values) - len(shown) if layer is None else 0
    return told


def _about(structure: Structure, metric: str, layer: str | None, batch_size: int) -> dict[str, Any]:
    """What was asked, so that the page knows what an answer is for, and no line yet."""
    about = {"metric": metric, "layer": layer, "structure": changes(structure), "batch_size": batch_size}
    return {**about, "lines": [], "more": 0}


def _value(receipt: Receipt, layer: str) -> float:
    """What the formula of a layer is at the receipt's widths."""
    import sympy

    value = receipt.layers[layer].xreplace({symbol: sympy.Integer(n) for symbol, n in receipt.widths.items()})
    return int(value) if value.is_Integer else float(value)


def _line(name: str, formula: sympy.Expr, receipt: Receipt, value: float) -> dict[str, Any]:
    import sympy

    groups = {symbol: sympy.Symbol(f"[{name}]") for symbol, name in receipt.symbol_names.items()}
    text = _text(formula.xreplace(groups))
    # Term by term: SymPy would gather the terms of two widths that happen to be equal.
    widths = {f"[{receipt.symbol_names[symbol]}]": str(width) for symbol, width in receipt.widths.items()}
    named = "|".join(re.escape(each) for each in sorted(widths, key=len, reverse=True))
    numbers = re.sub(named, lambda found: widths[found.group()], text) if formula.free_symbols else ""
    return {"name": name, "formula": _short(text), "numbers": _short(numbers), "value": value}


def _text(formula: sympy.Expr) -> str:
    return str(formula).replace("**", "^").replace("*", " · ")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else ""
