"""How much of what could be had the trials have: the hypervolume of their front, as it grew from trial to trial."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..graph.wording import say
from .pareto import non_dominated

STALLED = 0.01  # of the hypervolume, that the last trials have added less than
LAST, LEAST = 4, 8  # the last quarter of the trials, and as many at least: fewer say nothing


def hypervolume(costs: np.ndarray, reference: np.ndarray) -> float:
    """The volume of what is worse than some row of ``costs`` and better than ``reference``, less being better.

    Args:
        costs: of shape (n, d).
        reference: of shape (d,); rows that are not below it in every column count nothing.

    Source: L. While, L. Bradstreet and L. Barone, "A fast way of calculating exact hypervolumes", IEEE Transactions on
    Evolutionary Computation 16 (2012).
    """
    inside = costs[(costs < reference).all(axis=1)]
    if not len(inside):
        return 0.0
    front = np.unique(inside[non_dominated(inside)], axis=0)
    return float(sum(_exclusive(row, front[place + 1 :], reference) for place, row in enumerate(front)))


def _exclusive(row: np.ndarray, others: np.ndarray, reference: np.ndarray) -> float:
    """What ``row`` alone adds to ``others``: its own box, without the parts of it that they have."""
    own = float(np.prod(reference - row))
    return own - hypervolume(np.maximum(others, row), reference) if len(others) else own


def hypervolume_history(trials: pd.DataFrame, maximize: str, minimize: Sequence[str]) -> pd.Series:
    """By trial, the share of the box between the worst and the best of each column that trials up to it dominate.

    Costs stand on a logarithmic scale, as structures are drawn; the score does not. Trials without a number are left
    out. Where all are alike in some column there is no box, and every share is 0.

    Args:
        trials: a row a trial, in the order in which they were finished.
        maximize: the column of the score.
        minimize: columns of costs.
    """
    box = _in_the_box(trials, maximize, minimize)
    reference = np.ones(box.shape[1])
    front, volume, volumes = np.empty((0, box.shape[1])), 0.0, []
    for row in box.to_numpy():
        if not (front <= row).all(axis=1).any():
            volume += _exclusive(row, front, reference)
            front = np.vstack([front[~(row <= front).all(axis=1)], row])
        volumes.append(volume)
    return pd.Series(volumes, index=box.index)


def hypervolume_parts(trials: pd.DataFrame, maximize: str, minimize: Sequence[str]) -> pd.Series:
    """By trial of the front, from the best score on, what it adds to those before it: they sum to the hypervolume.

    See :func:`hypervolume_history` for the arguments, and for the box that these are shares of.
    """
    box = _in_the_box(trials, maximize, minimize).drop_duplicates()
    front = box[non_dominated(box.to_numpy())].sort_values(maximize)
    rows, reference = front.to_numpy(), np.ones(box.shape[1])
    return pd.Series(
        [_exclusive(row, rows[:at], reference) for at, row in enumerate(rows)], index=front.index, dtype=float
    )


def _in_the_box(trials: pd.DataFrame, maximize: str, minimize: Sequence[str]) -> pd.DataFrame:
    """The numbers of the trials from 0, the best of each column, to 1, the worst; all 1 where one is constant."""
    rows = trials[[maximize, *minimize]].astype(float)
    rows[list(minimize)] = np.log(rows[list(minimize)].clip(lower=1))
    rows[maximize] = -rows[maximize]
    rows = rows[np.isfinite(rows).all(axis=1)]
    if rows.empty or not (span := np.ptp(rows.to_numpy(), axis=0)).all():
        return rows * 0 + 1.0
    return (rows - rows.min()) / span


def stall_note(history: pd.Series) -> str:
    """A word where the last trials have added next to nothing; empty where they have, or are too few to tell."""
    last = max(LEAST, len(history) // LAST)
    if len(history) < 2 * LEAST or history.iloc[-1] <= 0:
        return ""
    gained = (history.iloc[-1] - history.iloc[-1 - last]) / history.iloc[-1]
    if gained >= STALLED:
        return ""
    if gained <= 0:
        return say("The last {n} added nothing to the hypervolume: more of the same will hardly find better.", n=last)
    return say(
        "The last {n} added {gained} % to the hypervolume: more of the same will hardly find better.",
        n=last,
        gained=f"{100 * gained:.1f}",
    )
