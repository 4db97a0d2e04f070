"""What a seed does to a score: few seeds a structure, but many structures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .evidence import EvidenceTable


@dataclass(frozen=True, eq=False)
class SeedNoise:
    """Variance of one seed's score about its structure's, for each trial, and how well it is known.

    Attributes:
        variance: of each trial; 0 when no trial has several seeds.
        df: degrees of freedom of that; 0 then.
        is_pooled: whether all trials share one variance.
        within: :attr:`TrialEvidence.within`, mean over the trials that have several seeds; 0 when none has.
    """

    variance: np.ndarray
    df: np.ndarray
    is_pooled: bool
    within: float

    @classmethod
    def of(cls, every: EvidenceTable) -> SeedNoise:
        """From all trials on one set of data: each one's own variance, drawn toward what they have in common.

        As far as the trials' variances differ by no more than chance they are pooled, and known as well as all
        seeds together tell. As far as they differ in truth, as those of a network that sometimes fails to learn
        do, each keeps its own. A trial of one seed has what is common.

        Source: G. K. Smyth, "Linear models and empirical Bayes methods for assessing differential expression in
        microarray experiments", Statistical Applications in Genetics and Molecular Biology 3 (2004), sections 3 to 6.
        """
        from scipy.special import digamma, polygamma

        several = every.n_seeds > 1
        if not several.any():
            return cls(np.zeros(len(every)), np.zeros(len(every)), True, 0.0)
        own_df = every.n_seeds - 1.0
        # Seeds that happen to score alike still differ in which samples they get right, and would on others.
        own = np.where(several, np.fmax(every.of_seeds, every.disagreement), 0.0)
        known = every.within[np.isfinite(every.within)]
        within = float(np.mean(known)) if len(known) else 0.0
        total = own_df[several].sum()
        pooled = float((own_df * own).sum() / total)
        some = several & (own > 0)
        half = own_df[some] / 2
        logs = np.log(own[some]) - digamma(half) + np.log(half)
        excess = float(np.var(logs, ddof=1) - np.mean(polygamma(1, half))) if some.sum() > 2 else 0.0
        if excess <= 0:
            return cls(np.full(len(every), pooled), np.full(len(every), total), True, within)
        common_df = 2 * _inverse_trigamma(excess)
        common = float(np.exp(logs.mean() + digamma(common_df / 2) - np.log(common_df / 2)))
        variance = (common_df * common + own_df * own) / (common_df + own_df)
        return cls(variance, np.minimum(common_df + own_df, total), False, within)


def _inverse_trigamma(value: float) -> float:
    from scipy.optimize import brentq
    from scipy.special import polygamma

    # Trigamma falls from infinity to nothing: about 1 / x^2 near 0, and 1 / x far out.
    return float(brentq(lambda x: polygamma(1, x) - value, 1e-6, 1e9)) if value > 1e-8 else 1e8
