"""How the score of a trial came about: samples, seeds, and what its interval covers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..graph.wording import listed, say, say_n
from .item_scores import unpack_counts

if TYPE_CHECKING:
    from .trial import Trial

MOST_NAMED = 12  # seeds

# What an interval is and what it covers, by the metric and whether there are several seeds.
_INTERVALS = {
    ("accuracy", False): say(
        "Wilson's score interval: it covers the accuracy of this network on other samples, and says nothing of "
        "another seed."
    ),
    ("accuracy", True): say(
        "Wilson's score interval with as many samples as would vary as much as these samples and seeds do, and "
        "Student's t: it covers the accuracy that is expected of the structure, over samples and seeds."
    ),
    ("r2", False): say(
        "The bootstrap over the validation samples, 1,000 draws: it covers the R2 of this network on other samples, "
        "and says nothing of another seed."
    ),
    ("r2", True): say(
        "The bootstrap over the validation samples, 1,000 draws, with the variance of the seeds added: it covers the "
        "R2 that is expected of the structure, over samples and seeds."
    ),
}


@dataclass(frozen=True)
class ScoreReceipt:
    """What the score of a trial stands on.

    Attributes:
        metric, score, low, high, by_seed: the trial's.
        seeds: the random seed of each run, in the order of ``by_seed``.
        samples: validation samples; ``None`` where the trial does not keep how many there were, as for an R2.
        right: how many of them each seed's network had right, for an accuracy; else empty.
        interval: what the interval is and what it covers, in a sentence or two.
        trained: how the runs were trained, in a sentence.
    """

    metric: str
    score: float
    low: float
    high: float
    by_seed: tuple[float, ...]
    seeds: tuple[int, ...]
    samples: int | None
    right: tuple[int, ...]
    interval: str
    trained: str

    @property
    def parts(self) -> list[str]:
        """What each seed gives: samples that its network has right, or else its score."""
        return [str(each) for each in self.right] or [f"{each:.4g}" for each in self.by_seed]

    @property
    def formula(self) -> str:
        """The score as it is computed, with its numbers, such as ``"(84 + 86) / (2 * 100)"``."""
        many, n = " + ".join(self.parts), len(self.parts)
        if n == 1:
            return f"{many} / {self.samples}" if self.samples else many
        return f"({many}) / ({n} * {self.samples})" if self.samples else f"({many}) / {n}"

    def __str__(self) -> str:
        unit = "{:.1%}" if self.metric == "accuracy" else "{:.3f}"
        score, low, high = (unit.format(each) for each in (self.score, self.low, self.high))
        lines = [f"{self.metric}: {score} (95 % interval {low} to {high})", f"  = {self.formula}", *self.notes()]
        return "\n  ".join(lines)

    def notes(self) -> list[str]:
        """What it is computed from, what the interval covers, and how it was trained: a sentence each."""
        n = len(self.seeds)
        what = (
            say("the share of right classes") if self.metric == "accuracy" else say("the share of variance explained")
        )
        over = say("{n} validation samples", n=f"{self.samples:,}") if self.samples else say("the validation samples")
        if n == 1:
            first = say("It is {what} among {samples}, one seed.", what=what, samples=over)
        else:
            named = say("{n} seeds ({seeds})", n=n, seeds=listed(say(", "), map(str, self.seeds)))
            many = named if n <= MOST_NAMED else say("{n} seeds", n=n)
            first = say("It is {what} among {samples}, the mean over {seeds}.", what=what, samples=over, seeds=many)
        return [first, say("95 % interval: {interval}", interval=self.interval), self.trained]


def score_receipt(trial: Trial) -> ScoreReceipt:
    """See :meth:`Trial.receipt`; raises ``ValueError`` for a trial without a score."""
    if trial.state != "complete":
        raise ValueError(f"Expected a complete trial, whose score can be told; got one that is {trial.state}.")
    counts = unpack_counts(trial.right) if trial.right else None
    right = () if counts is None else tuple(round(each * len(counts)) for each in trial.by_seed)
    budget = trial.budget
    optimizer = budget.optimizer or trial.structure.space.optimizer
    epochs = max((len(run) for run in trial.history), default=budget.epochs)
    weights = say("fresh weights") if trial.weights == "fresh" else say("the model's own weights")
    return ScoreReceipt(
        metric=trial.metric,
        score=trial.score,
        low=trial.low,
        high=trial.high,
        by_seed=trial.by_seed,
        seeds=tuple(budget.seed_list),
        samples=None if counts is None else len(counts),
        right=right,
        interval=_INTERVALS[trial.metric, len(trial.by_seed) > 1],
        trained=say(
            "Trained on {data} from {weights}, {epochs} in batches of {n}, with {optimizer}.",
            data=trial.data,
            weights=weights,
            epochs=say_n(epochs, "{n} epoch", "{n} epochs"),
            n=budget.batch_size,
            optimizer=optimizer,
        ),
    )
