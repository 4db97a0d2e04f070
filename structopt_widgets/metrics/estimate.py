"""What the memory of activations is estimated for: a precision, what is computed again, parts of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..graph.checks import short
from .catalogue import METRICS
from .memory import PRECISIONS
from .recomputation import RECOMPUTATIONS


def check_estimate(batch_size: int, precision: str | None, recompute: bool | str, accumulate: int) -> None:
    """Raise ``ValueError`` for a setting that there is none of."""
    if precision is not None and (not isinstance(precision, str) or precision not in PRECISIONS):
        raise ValueError(
            f"Expected a precision among {', '.join(PRECISIONS)}, or None for the model's own; got {precision!r}."
        )
    if not isinstance(recompute, (bool, int, str)) or recompute not in RECOMPUTATIONS:
        raise ValueError(f"Expected False, 'attention' or True as what is computed again, got {short(recompute)}.")
    is_count = isinstance(accumulate, int) and not isinstance(accumulate, bool) and accumulate >= 1
    if not is_count or batch_size % accumulate:
        raise ValueError(
            f"Expected a number of equal parts of a batch of {batch_size} to accumulate gradients of, "
            f"got {accumulate!r}."
        )


def with_parts(
    run: Callable[[Sequence[Any]], dict[str, Any]], whole: Sequence[Any], part: Sequence[Any] | None
) -> dict[str, Any]:
    """What ``run`` gives for a whole batch, with what a training step takes for one part where it is run in parts."""
    values = run(whole)
    if part is not None:
        of_step = {name for name, each in METRICS.items() if each.scope == "step"}
        values |= {name: value for name, value in run(part).items() if name.partition(":")[0] in of_step}
    return values
