"""A student's prediction against what their own model has, with the hint and the answer folded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

from ..graph.checks import flag, number, short, text
from ..graph.language import ENGLISH, Language
from ..graph.wording import say

NEAR_SHARE = 0.01  # a percentage point


@dataclass(frozen=True, repr=False)
class CheckedPrediction:
    """What is said of a prediction, for a notebook to show; the hint and the answer unfold at a click."""

    said: str
    hint: str
    answer: str
    language: str = ENGLISH

    def _repr_markdown_(self) -> str:
        words_of = Language(self.language)
        folded = (
            f"<details><summary>{name}</summary>\n\n{words}\n\n</details>"
            for name, words in (
                (words_of(say("Hint")), self.hint),
                (words_of(say("Answer")), self.answer),
            )
        )
        return "\n\n".join([self.said, *folded])

    def __repr__(self) -> str:
        return self.said


def check_prediction(
    prediction: Any,
    truth: str | float,
    hint: str,
    answer: str,
    close: float | None = None,
    share: bool = False,
    language: str = ENGLISH,
) -> CheckedPrediction:
    """Tell how near a prediction is, without giving the answer away.

    Args:
        prediction: what the student wrote; anything but a number, or a name where ``truth`` is one, is told what to
            write instead, and ``None`` that nothing is written yet.
        truth: what the model at hand has: a number, or a name.
        hint, answer: Markdown, folded.
        close: how far from ``truth`` is near enough; by default 0, of a share :data:`NEAR_SHARE`.
        share: the prediction is a share, from 0 to 1.
        language: of what is said: ``"en"``, or ``"zh"`` for Chinese.

    >>> sw.check_prediction(10, space.baseline.measure().n_params, hint="Count the wires.", answer="...")
    **Too low.** Look at the hint, and try again.
    """
    truth = truth if isinstance(truth, str) else number(truth, "truth, a name or what the model has,")
    near = NEAR_SHARE if flag(share, "share") else 0.0
    near = near if close is None else number(close, "close", above=-math.ulp(0.0))
    said = Language(language)(_judged(prediction, truth, near, share))
    return CheckedPrediction(said, text(hint, "hint"), text(answer, "answer"), language)


def _judged(prediction: Any, truth: str | float, close: float, share: bool) -> str:
    if prediction is None:
        return say("Write your prediction in place of `None` above, and run both cells again.")
    if isinstance(truth, str):
        if not isinstance(prediction, str):
            return say("Write a name, in quotation marks. `{got}` is none.", got=repr(prediction))
        if prediction.strip() == truth:
            return say("**Right.**")
        return say("**Not that one.** Look at the hint, and try again.")
    if isinstance(prediction, str):
        return say(
            "Write digits alone, such as `67000` or `0.41`: no quotation marks, unit, percent sign or commas between "
            "thousands. `{got}` is text.",
            got=repr(prediction),
        )
    value = _number(prediction)
    if not math.isfinite(value):
        return say("Write one number, such as `67000` or `0.41`, in place of `{got}`.", got=short(prediction))
    if share and value < 0:
        return say("No share is below 0. Write a number from 0 to 1.")
    if share and value > 1:
        return say(
            "Write a share, a number from 0 to 1: {got} % is `{share}`.", got=f"{value:g}", share=f"{value / 100:g}"
        )
    # A sum of rounding errors is no difference.
    if abs(value - truth) <= close + 1e-9:
        return say("**Right**.") if value == truth else say("**Right**, near enough: it is {n}.", n=f"{truth:,.4g}")
    if value > truth:
        return say("**Too high.** Look at the hint, and try again.")
    return say("**Too low.** Look at the hint, and try again.")


def _number(prediction: Any) -> float:
    """A prediction as a number; infinite where it is none, or larger than any that is right."""
    if isinstance(prediction, bool) or not isinstance(prediction, Real):
        return math.inf
    try:
        return float(prediction)
    except OverflowError:
        return math.inf
