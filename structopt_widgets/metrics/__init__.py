"""Floor 2: what a structure costs, from the rules of its layers."""

from .catalogue import METRICS, Metric, layer_metrics, limit_metrics, model_metrics, trial_metrics
from .cost_program import CostProgram
from .cost_report import CostReport
from .formatting import format_bytes, format_count, format_exact, format_metric
from .memory import OPTIMIZER_SLOTS, optimizer_slots
from .receipt import Receipt
from .totals import Costs, costs
from .verification import Recount, Verification

Comparison = Recount  # as it was called before studies had comparisons

__all__ = [
    "METRICS",
    "OPTIMIZER_SLOTS",
    "Comparison",
    "CostProgram",
    "CostReport",
    "Costs",
    "Metric",
    "Receipt",
    "Recount",
    "Verification",
    "costs",
    "format_bytes",
    "format_count",
    "format_exact",
    "format_metric",
    "layer_metrics",
    "limit_metrics",
    "model_metrics",
    "optimizer_slots",
    "trial_metrics",
]
