"""Floor 2: what a structure costs, from the rules of its layers."""

from .cost_program import LAYER_COLUMNS, TOTALS, CostProgram
from .cost_report import CostReport
from .formatting import format_bytes, format_count, format_metric
from .memory import OPTIMIZER_SLOTS, optimizer_slots
from .receipt import Receipt
from .totals import Costs, costs
from .verification import Comparison, Verification

__all__ = [
    "LAYER_COLUMNS",
    "OPTIMIZER_SLOTS",
    "TOTALS",
    "Comparison",
    "CostProgram",
    "CostReport",
    "Costs",
    "Receipt",
    "Verification",
    "costs",
    "format_bytes",
    "format_count",
    "format_metric",
    "optimizer_slots",
]
