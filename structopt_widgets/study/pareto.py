"""The trials that no other trial beats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..graph.checks import names as checked_names
from ..graph.checks import table

if TYPE_CHECKING:
    import pandas as pd


def pareto_front(
    trials: pd.DataFrame,
    maximize: str | Sequence[str] = "accuracy",
    minimize: str | Sequence[str] = "n_params",
) -> pd.DataFrame:
    """The non-dominated rows of a table of trials, by the minimized columns in ascending order.

    A row is dominated when another is at least as good in every column and better in one; equal
    rows do not dominate each other. Rows with NaN in one of the columns, or with a ``state`` other
    than ``"complete"``, are left out.

    Args:
        trials: one row a trial, as :attr:`Study.trials`.
        maximize, minimize: a column or several; either may be empty, not both.

    >>> import pandas as pd
    >>> trials = pd.DataFrame({"accuracy": [0.7, 0.8, 0.6], "n_params": [100, 200, 300]})
    >>> sw.pareto_front(trials).index.tolist()
    [0, 1]
    """
    table(trials, "trials")
    larger, smaller = _columns(trials, maximize), _columns(trials, minimize)
    if not larger + smaller:
        raise ValueError("Expected at least one column to maximize or to minimize, got none. Pass minimize='n_params'.")
    rows = trials[trials["state"] == "complete"] if "state" in trials.columns else trials
    rows = rows.dropna(subset=larger + smaller)
    if rows.empty:
        return rows
    costs = np.column_stack(
        [-rows[name].to_numpy(dtype=float) for name in larger] + [rows[name].to_numpy(dtype=float) for name in smaller]
    )
    front = rows[non_dominated(costs)]
    if smaller:
        return front.sort_values(smaller, kind="stable")
    return front.sort_values(larger, ascending=False, kind="stable")


def non_dominated(costs: np.ndarray) -> np.ndarray:
    """Which rows no other row is below or equal to in every column and below in one; equal rows do not count.

    Two columns take one sort: a row of the sorted ones is dominated unless it is below all before it.

    Source: H. T. Kung, F. Luccio and F. P. Preparata, "On finding the maxima of a set of vectors", 1975.
    """
    order = np.lexsort(costs.T[::-1])
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (np.diff(costs[order], axis=0) != 0).any(axis=1)
    rows = costs[order][is_new]
    place = np.empty(len(order), dtype=int)
    place[order] = np.cumsum(is_new) - 1  # of each row among the different ones
    on_front = np.zeros(len(rows), dtype=bool)
    if costs.shape[1] == 2:
        on_front[0] = True
        on_front[1:] = rows[1:, 1] < np.minimum.accumulate(rows[:-1, 1])
        return on_front[place]
    rest = np.arange(len(rows))
    while len(rest):
        # Nothing before it is left, so nothing dominates it.
        on_front[rest[0]] = True
        rest = rest[(rows[rest] < rows[rest[0]]).any(axis=1)]
    return on_front[place]


def _columns(trials: pd.DataFrame, names: str | Sequence[str]) -> list[str]:
    listed = checked_names(names, "a column to maximize or to minimize")
    for name in listed:
        if name not in trials.columns:
            known = ", ".join(str(column) for column in trials.columns)
            raise ValueError(f"Expected a column of the trials, one of: {known}; got {name!r}.")
        if len(trials) and trials[name].dtype.kind not in "biuf":
            raise ValueError(
                f"Expected a column of numbers to compare, got {name!r}, which holds {trials[name].dtype}."
            )
    return listed
