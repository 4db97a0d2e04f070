"""A learning curve for the page: training and validation loss by epoch, one seed after the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..graph.wording import say
from ..training import Trial
from ..training.description import describe


def curve_title(trial: Trial) -> str:
    """Whose curve it is."""
    return say("trial {number}: {structure}", number=trial.number, structure=describe(trial.structure))


def learning_curve(title: str, seeds: Iterable[Iterable[Mapping[str, float]]]) -> dict[str, Any]:
    """The finished epochs of each seed, under the name of the run.

    A loss that is not finite is ``None``, and the line has a gap there. ``starts`` are the places at which a seed
    begins; ``words`` say where the curve ends, for those who cannot see it.
    """
    training: list[float | None] = []
    validation: list[float | None] = []
    starts = []
    last: Mapping[str, float] | None = None
    for epochs in seeds:
        starts.append(len(training))
        for last in epochs:
            training.append(_finite(last["loss"]))
            validation.append(_finite(last["val_loss"]))
    words = ""
    if last is not None:
        epoch = {"epoch": len(training) - starts[-1], "seed": len(starts)}
        losses = say(
            "training loss {training}, validation loss {validation}",
            training=f"{last['loss']:.3g}",
            validation=f"{last['val_loss']:.3g}",
        )
        words = (
            say("After epoch {epoch} of seed {seed}: {losses}", **epoch, losses=losses)
            if len(starts) > 1
            else say("After epoch {epoch}: {losses}", **epoch, losses=losses)
        )
    return {"title": title, "training": training, "validation": validation, "starts": starts, "words": words}


def _finite(loss: float) -> float | None:
    # JSON has no numbers for them.
    return float(loss) if math.isfinite(loss) else None
