"""What the page shows of an explorer, chosen from a cell as a hand does in the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..graph.checks import flag, known, mapping, number, whole
from ..metrics import trial_metrics
from ..metrics.parameters import BITS_OF

FLASH = "flash_bytes"  # no trial keeps it: it follows from the structure
SECONDS = "seconds"  # latency: no cost, and no formula knows it
COLUMNS = ("number", "score", "interval", "cost", "change", "structure", "verdict")  # of the table


def checked_looks(given: dict[str, Any], metrics: Iterable[str], trials: Iterable[int]) -> dict[str, Any]:
    """``given``, if the page can show it; raises ``TypeError`` and ``ValueError``.

    Args:
        given: see :meth:`Explorer.look`.
        metrics: that the bars can show.
        trials: numbers of those that there are.
    """
    numbers = list(trials)

    def trial(value: Any) -> int | None:
        if value is not None and whole(value, "a trial's number") not in numbers:
            raise ValueError(f"Expected the number of a trial, of {len(numbers)} that there are, or None; got {value}.")
        return value

    def limits(value: Any) -> dict[str, float]:
        found = mapping(value, "limits", '{"n_params": 50_000}')
        return {
            known(name, [*trial_metrics(), FLASH, SECONDS], "a cost"): number(found[name], f"the limit of {name}", 0)
            for name in found
        }

    def one_of(*names: Any) -> Callable[[Any], Any]:
        return lambda value: known(value, names, "one of these")

    checks: dict[str, Callable[[Any], Any]] = {
        "metric": one_of(*metrics),
        "against": one_of(*trial_metrics(), FLASH),
        "log": lambda value: flag(value, "log"),
        "near": lambda value: flag(value, "near"),
        "order": one_of("size", "place"),
        "by": one_of("layers", "blocks"),
        "sort": lambda value: [known(value[0], COLUMNS, "a column"), -1 if value[1] < 0 else 1],
        "dtype": lambda value: None if value is None else known(value, [*BITS_OF, "flash"], "a dtype"),
        "limits": limits,
        "chosen": trial,
        "against_trial": trial,
    }
    for name in given:
        known(name, checks, "something that the page shows")
    looks = {name: checks[name](value) for name, value in given.items()}
    # As a click on a cost does: the plot shows it too, where trials have it.
    if looks.get("metric") in trial_metrics():
        looks.setdefault("against", looks["metric"])
    return looks
