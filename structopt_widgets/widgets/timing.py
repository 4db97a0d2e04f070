"""How long the structure at hand takes here, beside the model as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from ..graph.wording import say, sentences
from ..training.latency import measure_latency
from .background import Background, Outcome, Task
from .changes import changes
from .exploration import Exploration
from .settings import Settings

if TYPE_CHECKING:
    import pandas as pd


class Timing(traitlets.HasTraits):
    """Times the structure at hand and the model as it came, with one sample and with a batch.

    Attributes:
        table: what :meth:`measure` found, as :func:`structopt_widgets.measure_latency` gives it: structure 0 is the
            one at hand, 1 the model; ``None`` before.
    """

    latency = traitlets.Dict(help="what was measured, as the page shows it; empty before")

    def __init__(self, exploration: Exploration, background: Background, settings: Settings) -> None:
        super().__init__()
        self._exploration, self._background, self._settings = exploration, background, settings
        self.table: pd.DataFrame | None = None

    def measure(self) -> None:
        """Measure in the background; see :func:`structopt_widgets.measure_latency`.

        Raises ``RuntimeError`` while something else is going on there.
        """
        self._background.message.clear()
        here = self._exploration.structure
        both = [here] if here == here.space.baseline else [here, here.space.baseline]
        batches = sorted({1, self._settings.batch_size})

        def work(task: Task) -> Outcome:
            task.report(0.0, say("building and compiling"))
            table = measure_latency(
                both,
                batches,
                on_progress=lambda done, of: task.report(done / of, say("round {n} of {all} at most", n=done, all=of)),
                should_stop=task.should_stop,
            )
            if task.should_stop():
                return Outcome("")
            self.table = table
            lines = [_line(rows) for _, rows in table.groupby("batch_size")]
            self.latency = {"structure": changes(here), "lines": lines}
            return Outcome(say("Latency: {lines}", lines=sentences(*lines)))

        self._background.start(work, say("timing"), say("Nothing was timed."))


def _line(rows: pd.DataFrame) -> str:
    """What was measured with one batch size, in words."""
    mine = rows.iloc[0]
    told = {"n": int(mine["batch_size"]), "time": _milliseconds(mine)}
    if len(rows) == 1:
        return say("Batch {n}: {time}.", **told)
    model = rows.iloc[1]
    flops, seconds = (mine[name] / model[name] - 1 for name in ("flops", "seconds"))
    text: str = say(
        "Batch {n}: {time}, the model {base}: {change}, with {flops} FLOPs.",
        **told,
        base=_milliseconds(model),
        change=f"{seconds:+.0%}",
        flops=f"{flops:+.0%}",
    )
    # Quartiles that overlap are no difference that anybody would see.
    if flops < 0 and mine["high"] >= model["low"]:
        text = sentences(text, say("Fewer FLOPs are not faster here."))
    if flops > 0 and mine["low"] <= model["high"]:
        text = sentences(text, say("More FLOPs are not slower here."))
    return text


def _milliseconds(row: Any) -> str:
    return f"{1000 * row['seconds']:.3g} ms"
