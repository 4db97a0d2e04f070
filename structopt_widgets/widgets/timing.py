"""How long the structure at hand takes here, beside the model as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from ..graph.checks import number, whole
from ..graph.wording import say, sentences
from ..structure import Structure
from ..training.latency import measure_latency
from ..training.latency_fit import fit_latency
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
            return Outcome(say("Latency: {lines}", lines=sentences(*self._show(table, here))))

        self._background.start(work, say("timing"), say("Nothing was timed."))

    def fit(self, seconds: float, batch_size: int = 1) -> None:
        """Set the sliders, once it is found in the background, to the widest structure that is fast enough here.

        See :func:`structopt_widgets.fit_latency`; the other knobs stay. The structure found is a line in the plot while
        ``explorer.look(limits={"seconds": seconds})`` stands. Raises ``RuntimeError`` while something else is
        going on there, and ``ValueError`` for a latency that is none.
        """
        self._background.message.clear()
        number(seconds, "seconds", above=0)
        whole(batch_size, "a batch size", least=1)
        here = self._exploration

        def work(task: Task) -> Outcome:
            task.report(0.0, say("building and compiling"))
            found = fit_latency(
                here.space,
                seconds,
                batch_size,
                self._settings.multiple_of,
                here.structure,
                on_progress=lambda done, of: task.report(done / of, say("{n} structures timed", n=done)),
                should_stop=task.should_stop,
            )
            if found is None or task.should_stop():
                return Outcome("")
            here.structure = found.structure
            lines = self._show(found.table, found.structure)
            fit = {"seconds": seconds, "batch_size": batch_size, "structure": changes(found.structure)}
            self.latency = {**self.latency, "fit": fit}
            values = {"limit": f"{1000 * seconds:.3g}", "n": found.tried, "lines": sentences(*lines)}
            steady = say("The widest within {limit} ms, of {n} timed. {lines}", **values)
            scattered = say(
                "The widest found within {limit} ms, of {n} timed; but timings scatter here by more than widths change "
                "them: fit again when less is running. {lines}",
                **values,
            )
            return Outcome(steady if found.is_steady else scattered)

        self._background.start(work, say("fitting to a latency"), say("The sliders stay where they are."))

    def _show(self, table: pd.DataFrame, structure: Structure) -> list[str]:
        """Show a table whose structure 0 this is; returns it in words."""
        self.table = table
        lines = [_line(rows) for _, rows in table.groupby("batch_size")]
        fit = {name: found for name, found in self.latency.items() if name == "fit"}
        self.latency = {"structure": changes(structure), "lines": lines, **fit}
        return lines


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
