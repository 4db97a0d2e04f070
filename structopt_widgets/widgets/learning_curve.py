"""The learning curve in the page: training and validation loss by epoch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import anywidget
import traitlets

from .modules import joined


class LearningCurve(anywidget.AnyWidget):
    """Draws the losses of a run, one seed after the other; small."""

    _esm = joined("learning_curve")
    _css = Path(__file__).with_name("plots.css")

    # A loss an epoch; one that is not finite is sent as None, and the line has a gap there.
    training = traitlets.List().tag(sync=True)
    validation = traitlets.List().tag(sync=True)
    # The places in both lists at which a seed begins.
    starts = traitlets.List().tag(sync=True)

    def show(self, seeds: Iterable[Iterable[Mapping[str, float]]]) -> None:
        """Draw the finished epochs of each seed, in place of what was there."""
        training: list[float | None] = []
        validation: list[float | None] = []
        starts = []
        for epochs in seeds:
            starts.append(len(training))
            for epoch in epochs:
                training.append(_finite(epoch["loss"]))
                validation.append(_finite(epoch["val_loss"]))
        with self.hold_sync():
            self.training, self.validation, self.starts = training, validation, starts


def _finite(loss: float) -> float | None:
    # JSON has no numbers for them.
    return float(loss) if math.isfinite(loss) else None
