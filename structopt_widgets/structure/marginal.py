"""What one more unit costs, by measuring it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..metrics import CostReport, model_metrics

if TYPE_CHECKING:
    import pandas as pd

    from .structure import Structure


def marginal_costs(structure: Structure, report: CostReport) -> pd.DataFrame:
    """See :meth:`CostReport.marginal`."""
    import pandas as pd

    program, metrics = structure.space.program, model_metrics()

    def measured(widths: Mapping[str, int]) -> dict[str, float]:
        # The program takes any width: its arithmetic does not end at a slider's bounds.
        inputs = program.inputs(
            widths, structure.biases, structure.activations, structure.blocks, report.batch_size, report.slots
        )
        return program.totals(inputs)

    now = measured(structure.widths)
    rows = {}
    for name, group in structure.space.width_groups.items():
        if not group.fixed:
            width = structure.widths[name]
            after = measured({**structure.widths, name: width + group.divisor})
            rows[name] = [width, group.divisor, *(after[metric] - now[metric] for metric in metrics)]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["width", "step", *metrics]).rename_axis("group")
