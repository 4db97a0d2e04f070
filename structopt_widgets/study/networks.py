"""Is one trained network better than another? A question about two networks, not about their structures."""

from __future__ import annotations

from dataclasses import dataclass

from ..training import Trial
from ..training.item_scores import unpack_counts
from .comparison import check_comparable


@dataclass(frozen=True)
class NetworkComparison:
    """Two trained networks on the same validation samples.

    Attributes:
        only_first, only_second: how many samples only the one of them got right.
        p_value: McNemar's exact test, two-sided.
    """

    only_first: int
    only_second: int
    p_value: float

    def __str__(self) -> str:
        return (
            f"of these two networks, only the first is right on {self.only_first} samples, only the second on "
            f"{self.only_second}: p = {self.p_value:.2g}. With other seeds their structures may do otherwise"
        )


def compare_networks(first: Trial, second: Trial) -> NetworkComparison:
    """McNemar's exact test of two trained networks: trials of one seed each.

    A sample that both get right, or both wrong, says nothing, and the others are a fair coin if neither network is
    better. It asks about *these networks* on other samples. The same structure trained from another seed is another
    network, which may well be better or worse: for structures there is :func:`compare`.

    Raises ``ValueError`` for trials that are not of one seed, of other data, or that hold no single right answers.

    Source: Q. McNemar, Psychometrika 12 (1947).

    >>> budget = sw.Budget(epochs=1, seeds=1)
    >>> found = sw.compare_networks(*(sw.quick_run(each, data, budget) for each in (space.baseline, space.scaled(0.5))))
    >>> 0 <= found.p_value <= 1
    True
    """
    from scipy.stats import binomtest

    check_comparable(first, second)
    for trial in (first, second):
        if len(trial.by_seed) != 1 or not trial.right:
            raise ValueError(
                f"Expected two classifications of one seed each, got one with {trial.metric} of {len(trial.by_seed)} "
                "seeds. Their structures can be compared: sw.compare."
            )
    ours, theirs = unpack_counts(first.right), unpack_counts(second.right)
    only_first, only_second = int((ours > theirs).sum()), int((theirs > ours).sum())
    apart = only_first + only_second
    return NetworkComparison(only_first, only_second, float(binomtest(only_first, apart).pvalue) if apart else 1.0)
