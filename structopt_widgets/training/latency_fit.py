"""The widest structure that is fast enough here: timed, since no formula knows this machine."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..graph.checks import callback, instance, number, whole
from ..graph.wording import say
from ..structure import Structure, StructureSpace
from ..structure.budget_fit import BudgetError
from .latency import measure_latency

if TYPE_CHECKING:
    import pandas as pd

NARROWEST = 0.05  # of the model's own widths; narrower ones are all at their least
AN_OCTAVE = 8  # multipliers from one to its double: steps of 9 %, below which timings tell little
PATIENCE = 1.0  # seconds a structure is timed for


@dataclass(frozen=True)
class LatencyFit:
    """What a search for a latency has found.

    Attributes:
        structure: the widest that was found within the limit.
        table: it and the model as it came, timed in turns once more after the search, as :func:`measure_latency` gives
            it: structure 0 is the one found, 1 the model where that is another. Of the narrowest this second timing
            may be over the limit that the first one met.
        tried: how many structures were timed.
        seconds: the limit.
    """

    structure: Structure
    table: pd.DataFrame
    tried: int
    seconds: float

    @property
    def is_steady(self) -> bool:
        """Whether the second timing bears the search out: the one found is within the limit, and no wider model is."""
        own, *others = self.table["seconds"].iloc[:2]
        is_narrower = self.structure.measure().n_params < self.structure.space.baseline.measure().n_params
        return bool(own <= self.seconds and not (is_narrower and others and others[0] <= self.seconds))


def fit_latency(
    space: StructureSpace,
    seconds: float,
    batch_size: int = 1,
    multiple_of: int = 1,
    start: Structure | None = None,
    on_progress: Callable[[int, int], Any] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> LatencyFit | None:
    """The widest structure of one multiplier for all widths that takes at most ``seconds`` a call on this machine.

    Latency has no formula: caches, threads and kernels decide. So structures are built, compiled and timed, halving the
    range of the multiplier each time, as if wider were never faster. The one found is timed again, in turns with the
    model as it came; where it is too slow then, the next narrower one is.

    Args:
        space: what can be chosen.
        seconds: the most that the median call may take.
        batch_size: samples a call.
        multiple_of: as for :meth:`StructureSpace.scaled`.
        start: whose other knobs (activations, biases, blocks) are kept; the baseline's by default.
        on_progress: called with the structures timed and about how many there are to be.
        should_stop: asked before each structure and each call; once true, ``None`` comes back.

    Raises ``BudgetError``, a ``ValueError`` that says what the narrowest takes, where that is more than ``seconds``.

    >>> found = sw.fit_latency(space, seconds=60)
    >>> found.structure == space.scaled(space.growth)
    True
    """
    instance(space, StructureSpace, "a StructureSpace, such as sw.StructureSpace.from_keras(model),")
    number(seconds, "seconds", above=0)
    whole(batch_size, "a batch size", least=1)
    callback(on_progress, "on_progress")
    callback(should_stop, "should_stop")
    start = space.baseline if start is None else instance(start, Structure, "a Structure whose other knobs are kept")
    candidates = _candidates(space, start, multiple_of)
    steps = 2 + math.ceil(math.log2(len(candidates) + 1))
    tried = 0

    def timed(*structures: Structure) -> pd.DataFrame | None:
        nonlocal tried
        if should_stop is not None and should_stop():
            return None
        table = measure_latency(structures, [batch_size], PATIENCE * len(structures), should_stop=should_stop)
        tried += 1
        if on_progress is not None:
            on_progress(min(tried, steps), steps)
        return None if should_stop is not None and should_stop() else table

    table = timed(candidates[0])
    if table is not None and (least := float(table["seconds"].iloc[0])) > seconds:
        raise BudgetError({"seconds": least}, _too_little(seconds, least, batch_size))
    # Places of the widest known to be fast enough, and of the narrowest known not to be.
    fast, slow = 0, len(candidates)
    while table is not None and slow - fast > 1:
        middle = (fast + slow) // 2
        table = timed(candidates[middle])
        if table is not None and table["seconds"].iloc[0] <= seconds:
            fast = middle
        else:
            slow = middle
    while table is not None:
        found = candidates[fast]
        table = timed(*([found] if found == space.baseline else [found, space.baseline]))
        if table is not None and (table["seconds"].iloc[0] <= seconds or fast == 0):
            return LatencyFit(found, table, tried, seconds)
        fast -= 1
    return None


def _too_little(seconds: float, least: float, batch_size: int) -> str:
    text: str = say(
        "Expected a latency that the narrowest structure meets, got {asked} ms: with every free width at its least a "
        "batch of {n} takes {least} ms here. Raise the limit, or leave out layers or blocks: more depth takes more "
        "time at any width.",
        asked=f"{1000 * seconds:.3g}",
        least=f"{1000 * least:.3g}",
        n=batch_size,
    )
    return text


def _candidates(space: StructureSpace, start: Structure, multiple_of: int) -> list[Structure]:
    """The structures of one multiplier, from the narrowest to the widest, those that round alike once."""
    octaves = math.log2(space.growth / NARROWEST)
    n = math.ceil(octaves * AN_OCTAVE)
    found: list[Structure] = []
    for step in [-math.inf, *range(n + 1)]:
        scaled = space.scaled(space.growth * 2 ** ((step - n) / AN_OCTAVE) or 1e-9, multiple_of)
        structure = start
        for name, width in scaled.widths.items():
            if not space.width_groups[name].fixed:
                structure = structure.with_width(name, width)
        if not found or structure != found[-1]:
            found.append(structure)
    return found
