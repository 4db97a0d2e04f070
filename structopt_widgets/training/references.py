"""Scores that cost nothing, to hold a network's against: guessing, and a linear model."""

from __future__ import annotations

import numpy as np

from ..graph.checks import instance
from ..graph.wording import say
from .data import Data
from .inputs import inputs_of
from .statistics import r2_score

LARGEST = (
    20_000_000  # numbers in the samples a linear model is fitted to: a few seconds; beyond, evenly spaced ones are
)
CHANCE, LINEAR_MODEL = say("chance"), say("linear model")
PENALTIES = np.logspace(-4, 4, 17)  # of which the one that predicts left-out samples best is taken


def reference_scores(data: Data) -> dict[str, float]:
    """``{"chance": ..., "linear model": ...}`` on the validation part: accuracies, or R2 for a regression.

    *Chance* answers with the most frequent class of the training part, or its mean. The *linear model* is
    ridge regression on the standardized samples, each in one row, to the one-hot classes or the quantities;
    its penalty has the least squared error over training samples left out one at a time. Equal data, equal
    scores.

    Source: T. Hastie, R. Tibshirani and J. Friedman, "The Elements of Statistical Learning", 2nd edition,
    sections 3.4.1, 4.2 and 7.10.

    >>> scores = sw.reference_scores(data)
    >>> list(scores)
    ['chance', 'linear model']
    """
    instance(data, Data, "a Data, such as Data(x, y),")
    if data.n_classes is not None:
        return {name: float(np.mean(right)) for name, right in reference_answers(data).items()}
    return {CHANCE: data.chance_level, LINEAR_MODEL: r2_score(data.y_val, _linear_model(data))}


def is_hardly_above_chance(score: float, data: Data) -> bool:
    """Whether a validation score is of the kind that untrained networks have: within a tenth of the way up from chance.

    Their features part the classes a little, so that they are not at chance to the point.
    """
    return score <= data.chance_level + 0.1 * (1 - data.chance_level)


def reference_answers(data: Data) -> dict[str, np.ndarray]:
    """Of a classification, whether each validation sample is answered rightly by those of :func:`reference_scores`."""
    if data.n_classes is None:
        return {}
    chance = np.bincount(data.y).argmax()
    return {CHANCE: data.y_val == chance, LINEAR_MODEL: data.y_val == _linear_model(data).argmax(axis=1)}


def _linear_model(data: Data) -> np.ndarray:
    """What it predicts of each validation sample: a number a class, or the quantities."""
    x, x_val = (
        np.concatenate([each.reshape(len(each), -1) for each in inputs_of(part).values()], axis=1)
        for part in (data.x, data.x_val)
    )
    step = -(-x.size // LARGEST)
    x, y = x[::step].astype(np.float64), data.y[::step]
    center, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale == 0] = 1
    targets = np.eye(data.n_classes or 0)[y] if data.n_classes else y.reshape(len(y), -1).astype(np.float64)
    mean = targets.mean(axis=0)
    weights = _ridge((x - center) / scale, targets - mean)
    return np.asarray((x_val - center) / scale @ weights + mean)


def _ridge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights of a ridge regression without intercept, at the penalty with the least leave-one-out error."""
    u, s, vt = _thin_svd(x)
    projected = u.T @ y

    def left_out_error(penalty: float) -> float:
        shrink = s**2 / (s**2 + penalty)
        # What one sample's prediction owes to the sample itself; the mean was fitted to it as well.
        leverage = (u**2 @ shrink + 1 / len(x))[:, None]
        return float(np.mean(((y - u @ (shrink[:, None] * projected)) / np.maximum(1 - leverage, 1e-9)) ** 2))

    penalty = min(PENALTIES * len(x) / 100, key=left_out_error)
    return vt.T @ ((s / (s**2 + penalty))[:, None] * projected)


def _thin_svd(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``u, s, vt`` without the directions in which ``x`` does not vary, by way of the smaller square of ``x``.

    Twenty times as fast as the decomposition of ``x`` itself, and exact enough beside a penalty.
    """
    is_tall = x.shape[0] >= x.shape[1]
    squares, vectors = np.linalg.eigh(x.T @ x if is_tall else x @ x.T)
    kept = squares > squares.max() * 1e-10
    s, vectors = np.sqrt(squares[kept]), vectors[:, kept]
    return (x @ vectors / s, s, vectors.T) if is_tall else (vectors, s, (vectors / s).T @ x)
