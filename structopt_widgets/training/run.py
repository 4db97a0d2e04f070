"""One structure trained from one seed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from ..graph.wording import say
from ..keras_bridge import Examples
from ..structure import Structure
from .objective import Objective


@dataclass(eq=False)
class Run:
    """What is trained, and what has become of it so far.

    Attributes:
        trial: which structure of the call this is, 0, 1, ...
        place: which of its seeds, 0, 1, ...
        structure, seed: what is trained.
        examples: by which it chooses what it inherits; ``None`` for fresh weights.
        engine: as in :attr:`Trial.engine`, once it is known.
        history: finished epochs, as in :attr:`Trial.history`.
        loss: mean training loss of the epoch so far; ``None`` before the first step.
        outputs: on the validation part, after the last epoch.
        is_finished: whether it has been trained to the end of its budget.
        seconds: its share of the wall time.
        reason: why it failed; empty while it did not.
        is_settled: whether the moving statistics of normalization were recomputed before the last validation.
    """

    trial: int
    place: int
    structure: Structure
    seed: int
    examples: Examples | None = None
    engine: str = "keras"
    history: list[dict[str, float]] = field(default_factory=list)
    loss: float | None = None
    outputs: np.ndarray | None = None
    is_finished: bool = False
    seconds: float = 0.0
    reason: str = ""
    is_settled: bool = False

    def restart(self) -> None:
        """Forget what has been trained."""
        self.history, self.loss, self.outputs, self.reason, self.is_settled = [], None, None, "", False

    def diverged(self, what: str, value: float) -> bool:
        """Whether a loss is not a finite number; the run then has failed and says why."""
        if math.isfinite(value):
            return False
        self.reason = say(
            "The {loss} became {value} in epoch {n}. Try a smaller learning rate, scaled inputs, or another "
            "activation.",
            loss=say(what),
            value=value,
            n=len(self.history) + 1,
        )
        return True

    def validated(self, objective: Objective, y_val: np.ndarray, outputs: np.ndarray, val_loss: float) -> None:
        """An epoch is over: keep its outputs on the validation part and its scores."""
        self.outputs = outputs
        if not self.diverged("validation loss", val_loss):
            score = objective.score(y_val, outputs)
            self.history.append(
                {"loss": float(self.loss or 0.0), "val_loss": val_loss, f"val_{objective.metric}": score}
            )
