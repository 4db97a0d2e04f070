"""What stands out in data and in runs."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..graph.wording import say
from ..layer_rules import Role
from ..training.schedule import epoch_lengths, training_rows
from .finding_rule import Evidence, Finding, FindingRule

WIDEST = 0.05  # of an accuracy's 95 % interval, to either side, at an accuracy of one half
LEFT_OVER = 0.05  # of the initial statistics in the moving ones


class ValidationTooSmall(FindingRule):
    """Half of a 95 % interval is 1.96 sqrt(p (1 - p) / n), and largest at p = 1/2."""

    def find(self, evidence: Evidence) -> Iterator[Finding]:
        if evidence.data is None or evidence.data.n_classes is None:
            return
        n = len(evidence.data.y_val)
        half = 1.96 * math.sqrt(0.25 / n)
        if half > WIDEST:
            needed = math.ceil(0.25 * (1.96 / WIDEST) ** 2)
            yield Finding(
                say(
                    "The validation part has {n} samples: an accuracy of one half is known to {half} points.",
                    n=n,
                    half=f"{100 * half:.1f}",
                ),
                say(
                    "Structures closer than that cannot be told apart by one network each. {needed} samples would "
                    "bring it to {widest} points: pass more to Data, or a larger validation_fraction.",
                    needed=needed,
                    widest=f"{100 * WIDEST:.0f}",
                ),
            )


class NormalizationUnsettled(FindingRule):
    """A moving statistic is momentum ** steps of what it started from."""

    def find(self, evidence: Evidence) -> Iterator[Finding]:
        if evidence.data is None or evidence.study is None:
            return
        momenta = [
            float(call.site.config["momentum"])
            for call in evidence.calls
            if call.rule is not None and call.rule.role is Role.BATCH_NORMALIZATION
        ]
        trials = [each for each in evidence.study if each.structure == evidence.structure and not each.settled]
        for trial in trials if momenta else ():
            steps = sum(epoch_lengths(trial.budget, len(training_rows(evidence.data, trial.budget))))
            left = max(momenta) ** steps
            if trial.fingerprint == evidence.data.fingerprint and trial.state == "complete" and left > LEFT_OVER:
                yield Finding(
                    say(
                        "Trial {number} ended with normalization unsettled: {left} of its moving statistics are still "
                        "the initial ones.",
                        number=trial.number,
                        left=f"{left:.0%}",
                    ),
                    say(
                        "{n} steps are too few for them, so that validation saw another network than training did. "
                        "Train longer, or leave Budget(settle_normalization=True).",
                        n=steps,
                    ),
                )


RULES: tuple[FindingRule, ...] = (ValidationTooSmall(), NormalizationUnsettled())
