"""How far a score over a small validation set can be trusted."""

from __future__ import annotations

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
    return _wilson(successes / n, n, two_sided_z(confidence))


def _wilson(share: float, n: float, z: float) -> tuple[float, float]:
    center = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # At the ends a bound is the share itself, which rounding would miss.
    low = 0.0 if share == 0 else (center - half) / scale
    high = 1.0 if share == 1 else (center + half) / scale
    return low, high


def accuracy_interval(counts: np.ndarray, by_seed: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Bounds of an accuracy over validation samples and seeds.

    With one seed Wilson's, which covers the accuracy of *that network* on all such samples. With several it covers
    the expected accuracy of the *structure*, over samples and over seeds: Wilson's with as many samples as would
    have the same variance, and Student's t for the degrees of freedom of that.

    The variance is that of each sample's share of right seeds, over the number of samples, and what the seeds differ
    by beyond being right on other samples, over the number of seeds.

    Args:
        counts: for each validation sample, how many of the seeds were right.
        by_seed: the accuracy of each seed.
        confidence: how often such an interval covers it.

    Sources: F. E. Satterthwaite, Biometrics Bulletin 2 (1946), for the degrees of freedom; E. L. Korn and
    B. I. Graubard, Survey Methodology 24 (1998), for an interval of a proportion with an effective sample size.
    """
    n, n_seeds = len(counts), len(by_seed)
    share = float(np.mean(counts)) / n_seeds
    if n_seeds == 1:
        return wilson_interval(share * n, n, confidence)
    of_samples = float(np.var(counts / n_seeds, ddof=1)) / n if n > 1 else 0.0
    within = float(np.mean(counts * (n_seeds - counts))) / (n_seeds * (n_seeds - 1))
    of_seeds = max(float(np.var(by_seed, ddof=1)) - within / n, 0.0) / n_seeds
    variance = of_samples + of_seeds
    if variance == 0:  # all seeds right on all samples, or on none
        return wilson_interval(share * n, n, confidence)
    df = variance**2 / (of_samples**2 / max(n - 1, 1) + of_seeds**2 / (n_seeds - 1))
    return _wilson(share, share * (1 - share) / variance, two_sided_t(confidence, df))


def with_seeds(
    score: float, of_samples: tuple[float, float], by_seed: Sequence[float], confidence: float = 0.95
) -> tuple[float, float]:
    """Bounds over samples and seeds, from bounds over samples alone; with one seed these.

    The distances of the two parts' bounds from the score are added as squares, so that skew bounds stay skew. The
    seeds' is Student's. What the seeds disagree about on single samples counts twice, which errs on the wide side.

    Source: G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures", Statistics in
    Medicine 27 (2008).
    """
    if len(by_seed) == 1:
        return of_samples
    half = two_sided_t(confidence, len(by_seed) - 1) * float(np.std(by_seed, ddof=1)) / math.sqrt(len(by_seed))
    low, high = of_samples
    return score - math.hypot(score - low, half), score + math.hypot(high - score, half)


def two_sided_t(confidence: float, df: float) -> float:
    """How many standard errors either way hold ``confidence`` of Student's t."""
    from scipy.special import stdtrit  # scipy.stats takes a second to import

    return float(stdtrit(df, (1 + confidence) / 2))


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


def two_sided_z(confidence: float) -> float:
    """How many standard deviations either way hold ``confidence`` of a normal distribution."""
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
