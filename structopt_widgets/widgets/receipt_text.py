"""How a number came about, as the page tells it: its formula, and the same with the numbers put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..graph.wording import say
from ..graph.wording import told as told_error
from ..metrics import METRICS, Receipt, model_metrics
from ..structure import Structure
from ..training import Trial
from ..training.score_receipt import ScoreReceipt, score_receipt
from .changes import changes
from .formula_tree import Tree, formula_text, formula_tree

if TYPE_CHECKING:
    import sympy

LONGEST = 400  # characters of a formula: more cannot be read
MOST_LAYERS = 12
SCORE = "score"  # what the page calls a trial's, whatever its metric


def shown_receipt(
    structure: Structure,
    metric: str,
    layer: str | None,
    batch_size: int,
    layers: Sequence[str] = (),
    margin: str | None = None,
    of: Mapping[str, Any] | None = None,
    trial: Trial | None = None,
) -> dict[str, Any]:
    """What the page shows of a number, or why there is nothing: a thread has nobody to raise to.

    ``of``: what the page calls the structure where it is not the one at the sliders; it comes back as it was.
    ``trial``: whose score it is, or with whose optimizer a step of training is counted.
    """
    try:
        if margin is not None:
            told = margin_text(structure, metric, margin, batch_size)
        elif trial is not None and metric == SCORE:
            told = score_text(trial)
        else:
            optimizer = None if trial is None else trial.budget.optimizer
            told = receipt_text(structure, metric, layer, batch_size, layers, optimizer)
    except Exception as error:
        told = _about(structure, metric, layer, batch_size)
        told |= {"margin": margin, "error": told_error(error)}
    return told if of is None else {**told, "of": dict(of)}


def score_text(trial: Trial) -> dict[str, Any]:
    """From which samples and seeds the score of a trial is, and what its interval covers."""
    receipt = score_receipt(trial)
    tree = _score_tree(receipt)
    name = say("accuracy") if receipt.metric == "accuracy" else receipt.metric
    line = {"name": name, "tree": tree, "formula": formula_text(tree), "numbers": "", "value": receipt.score}
    about = _about(trial.structure, SCORE, None, trial.budget.batch_size)
    return {**about, "lines": [line], "notes": receipt.notes()}


def _score_tree(receipt: ScoreReceipt) -> Tree:
    parts: list[Tree] = [["n", each] for each in receipt.parts]
    above: Tree = parts[0] if len(parts) == 1 else ["+", *parts]
    if len(parts) > MOST_LAYERS:
        above = ["n", f"{sum(receipt.right or receipt.by_seed):.6g}"]
    below = [["n", str(each)] for each in (len(parts), receipt.samples or 1) if each != 1]
    return ["/", above, below[0] if len(below) == 1 else ["*", *below]] if below else above


def margin_text(structure: Structure, metric: str, group: str, batch_size: int) -> dict[str, Any]:
    """The formula of what one step more of a width costs: the whole model's at u + d less that at u."""
    import sympy

    told = {**_about(structure, metric, None, batch_size), "margin": group}
    if metric not in model_metrics():
        return told
    receipt = structure.measure(batch_size=batch_size).receipt(metric)
    step = structure.space.width_groups[group].divisor
    symbol = next((symbol for symbol, name in receipt.symbol_names.items() if name == group), None)
    more = sympy.Integer(0) if symbol is None else receipt.formula.xreplace({symbol: symbol + step}) - receipt.formula
    # Of products and sums only what the width is in is left; a maximum would come apart into cases.
    difference = sympy.expand(more) if more.is_polynomial() else more
    value = difference.xreplace({each: sympy.Integer(width) for each, width in receipt.widths.items()})
    told["lines"] = [_line(f"{group} + {step}", difference, receipt, _plain(value))]
    return told


def receipt_text(
    structure: Structure,
    metric: str,
    layer: str | None,
    batch_size: int,
    layers: Sequence[str] = (),
    optimizer: str | None = None,
) -> dict[str, Any]:
    """The formula of the model's ``metric`` and those of its largest layers, or of one ``layer`` with ``layers``.

    A metric that only layers have is told by the model's of the same kind; where there is none, without a formula.
    """
    known = {"live_bytes": "peak_activation_bytes", "flops_per_token": "flops"}.get(metric, metric)
    told = _about(structure, metric, layer, batch_size)
    if known not in model_metrics():
        return told
    receipt = structure.measure(batch_size=batch_size, optimizer=optimizer).receipt(known)
    label = METRICS[known].label
    values = {each: _value(receipt, each) for each in receipt.layers}
    largest = sorted(values, key=lambda each: -values[each])[:MOST_LAYERS]
    shown = [each for each in values if each in (layer, *layers) or (layer is None and each in largest)]
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

    return _plain(receipt.layers[layer].xreplace({symbol: sympy.Integer(n) for symbol, n in receipt.widths.items()}))


def _plain(value: sympy.Expr) -> float:
    return int(value) if value.is_Integer else float(value)


def _line(name: str, formula: sympy.Expr, receipt: Receipt, value: float) -> dict[str, Any]:
    """A formula for the page to typeset, and in one line; neither where it is too long to be read."""
    tree = formula_tree(formula, receipt.symbol_names, receipt.widths)
    text, numbers = formula_text(tree), formula_text(tree, with_numbers=True)
    is_short = len(text) <= LONGEST
    return {
        "name": name,
        "tree": tree if is_short else None,
        "formula": text if is_short else "",
        "numbers": numbers if is_short and formula.free_symbols else "",
        "value": value,
    }
