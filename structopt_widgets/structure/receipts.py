"""Receipts of a structure: the rules run on symbols, at the structure's own switches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..graph.checks import known
from ..metrics import METRICS, CostReport, Receipt, model_metrics
from ..metrics.formulas import Estimate, layer_formulas, model_formula

if TYPE_CHECKING:
    from .structure import Structure


def receipt_of(structure: Structure, report: CostReport, metric: str) -> Receipt:
    """The receipt of one number of ``report``, which ``structure.measure()`` gave."""
    import sympy

    known(metric, model_metrics(), "a metric with a formula")
    space = structure.space
    free = [name for name, group in space.width_groups.items() if not group.fixed]
    symbols = {name: sympy.Symbol(f"u_{name}", integer=True, positive=True) for name in free}
    at = structure.setting_at({name: symbols.get(name, width) for name, width in structure.widths.items()})
    # Parts of a batch whose gradients are added up take one more array a weight, as a slot does.
    accumulates = report.accumulate > 1 and METRICS[metric].scope == "step"
    batch_size = report.batch_size // report.accumulate if accumulates else report.batch_size
    estimate = Estimate(batch_size, report.slots + accumulates, report.precision, report.recompute)
    widths = {symbol: structure.widths[name] for name, symbol in symbols.items()}
    what = (space.connected, at, metric, estimate, widths)
    layers = layer_formulas(*what)
    return Receipt(
        metric=metric,
        value=getattr(report, metric),
        formula=model_formula(*what, layers),
        layers=layers,
        widths=widths,
        symbol_names={symbol: name for name, symbol in symbols.items()},
        batch_size=report.batch_size if METRICS[metric].scope in ("batch", "step") else 1,
        optimizer=report.optimizer if METRICS[metric].scope == "step" else None,
        uncounted=report.uncounted,
    )
