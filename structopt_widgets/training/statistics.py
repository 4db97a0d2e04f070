"""How far a score over a small validation set can be trusted."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

CHUNK_ELEMENTS = 2_000_000  # resampled indices held at once: 16 MB


def wilson_interval(successes: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds of a proportion, by Wilson's score interval.

    The proportions p for which ``|successes/n - p| <= z sqrt(p (1 - p) / n)``: unlike the textbook
    interval it stays within 0..1 and does not collapse at 0 or ``n`` successes.

    Args:
        successes: how many of the ``n``; a fraction is allowed, for a mean over several runs.
        n: independent items.
        confidence: how often such an interval covers the true proportion.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927).
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"Expected 0 to n successes among n >= 1 items, got {successes} of {n}.")
    z = _two_sided_z(confidence)
    share = successes / n
    center = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # At the ends a bound is the share itself, which rounding would miss.
    low = 0.0 if successes == 0 else (center - half) / scale
    high = 1.0 if successes == n else (center + half) / scale
    return low, high


def sign_flip_p_value(differences: Sequence[float] | np.ndarray) -> float:
    """How often differences at least as large in sum would come up if each were as likely to have the other sign.

    The two-sided p-value of Fisher's randomization test for pairs. Exact for whole numbers; for others
    exact up to 16 of them, beyond from 100,000 drawn signs, the same ones each time. For differences
    of -1, 0 and 1 it is McNemar's exact test.

    Source: R. A. Fisher, "The Design of Experiments", 1935, section 21.
    """
    values = np.abs(np.asarray(differences, dtype=float))
    observed = abs(float(np.sum(np.asarray(differences, dtype=float))))
    values = values[values > 0]
    if not len(values):
        return 1.0
    if (values == np.round(values)).all():
        # In their largest common unit: that of five seeds against five would be five times too small.
        unit = int(np.gcd.reduce(values.astype(int)))
        sums, chances = _sum_of_signed(values.astype(int) // unit)
        return min(1.0, float(chances[np.abs(sums) >= observed / unit].sum()))
    if len(values) <= 16:
        signs = np.array(list(itertools.product((-1.0, 1.0), repeat=len(values))))
    else:
        signs = np.random.default_rng(0).choice((-1.0, 1.0), (100_000, len(values)))
    # The observed signs are among the possible ones, whatever rounding does to their sum.
    return float(np.mean(np.abs(signs @ values) >= observed - 1e-9 * values.sum()))


def _sum_of_signed(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All sums of positive whole numbers with a fair sign each, and their probabilities."""
    chances = np.ones(1)
    for value, count in zip(*np.unique(values, return_counts=True), strict=True):
        heads = np.arange(count + 1)
        log_chances = [math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1) for k in heads]
        spread = np.zeros(2 * value * count + 1)
        spread[:: 2 * value] = np.exp(np.array(log_chances) - count * math.log(2))
        chances = np.convolve(chances, spread)
    total = int(values.sum())
    return np.arange(-total, total + 1), chances


def r2_score(y: np.ndarray, predicted: np.ndarray) -> float:
    """Share of the variance of ``y`` that ``predicted`` explains, at most 1, 0 for the mean of ``y``.

    ``1 - sum((y - predicted)^2) / sum((y - mean(y))^2)``, averaged over the targets; NaN when a
    target does not vary.
    """
    residual, centered = _residual_and_centered(y, predicted)
    counts = np.ones((1, len(residual)))
    return float(_r2(counts, residual**2, centered)[0])


def bootstrap_r2(
    y: np.ndarray, predictions: Sequence[np.ndarray], confidence: float = 0.95, resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap bounds of R2 over the items of ``y``, averaged over several predictions.

    The items are drawn anew with replacement ``resamples`` times, the same draw for every
    prediction. Equal arguments give equal bounds.

    Source: B. Efron, "Bootstrap methods: another look at the jackknife", Ann. Statist. 7 (1979).
    """
    n = len(y)
    rng = np.random.default_rng(seed)
    prepared = [_residual_and_centered(y, predicted) for predicted in predictions]
    step = max(1, CHUNK_ELEMENTS // n)
    found = []
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(0, n, (rows, n)) + n * np.arange(rows)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(float)
        found.append(np.mean([_r2(counts, residual**2, centered) for residual, centered in prepared], axis=0))
    values = np.concatenate(found)
    values = values[np.isfinite(values)]
    if not len(values):
        return math.nan, math.nan
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _two_sided_z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"Expected a confidence between 0 and 1, such as 0.95; got {confidence!r}.")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _residual_and_centered(y: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    truth = np.asarray(y, dtype=float).reshape(len(y), -1)
    residual = truth - np.asarray(predicted, dtype=float).reshape(truth.shape)
    return residual, truth - truth.mean(axis=0)


def _r2(counts: np.ndarray, squared_residual: np.ndarray, centered: np.ndarray) -> np.ndarray:
    """R2 of each row of ``counts``, which says how often each item occurs."""
    sums = counts @ centered
    total = counts @ centered**2 - sums**2 / counts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        # An all-but-zero total is a target that does not vary: rounding must not make a score of it.
        ratio = np.where(total > 1e-12 * (counts @ centered**2), counts @ squared_residual / total, np.nan)
    return np.mean(1 - ratio, axis=1)
