"""How long structures take here: measured, one beside the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..graph.checks import callback, instance, items, number, whole
from ..graph.forked import refuse_fork
from ..structure import Structure

if TYPE_CHECKING:
    import pandas as pd

ROUNDS = 30
LEAST = 3  # rounds, however long they take
WARM_UP = 2


def measure_latency(
    structures: Iterable[Structure],
    batch_sizes: Iterable[int] = (1, 32),
    seconds: float = 5.0,
    on_progress: Callable[[int, int], Any] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> pd.DataFrame:
    """How long inference takes on this machine, compiled as ``Model.predict`` compiles it.

    By TensorFlow as a graph, by JAX; PyTorch runs it layer by layer.

    The structures take turns, so that whatever else the machine does meets all of them alike. Inputs are zeros that are
    in memory already; the first calls, which compile, are not counted. Weights are fresh: time does not depend on them.

    Args:
        structures: of any models.
        batch_sizes: samples a call.
        seconds: how long the rounds may take, after the first three; there are thirty at most.
        on_progress: called with the rounds done and their number after each.
        should_stop: asked before each round; once true, the rounds done so far come back.

    Returns a row for each structure and batch size: ``structure``, its place in the list, ``batch_size``, the median
    ``seconds`` of a call, their quartiles ``low`` and ``high``, the ``rounds``, and the ``flops`` of the batch.

    >>> found = sw.measure_latency([space.baseline, space.scaled(0.5)], [1])
    >>> found[["structure", "batch_size", "flops"]].values.tolist()
    [[0, 1, 146], [1, 1, 82]]
    """
    import numpy as np
    import pandas as pd

    refuse_fork()
    what = "a Structure, such as space.baseline,"
    given = [instance(each, Structure, what) for each in items(structures, "structures")]
    batches = [whole(each, "a batch size", least=1) for each in items(batch_sizes, "batch_sizes")]
    number(seconds, "seconds", above=0)
    callback(on_progress, "on_progress")
    callback(should_stop, "should_stop")
    calls = {(place, batch): call for place, each in enumerate(given) for batch, call in _calls(each, batches).items()}
    for _ in range(WARM_UP):
        for call in calls.values():
            call()
    times: dict[tuple[int, int], list[float]] = {key: [] for key in calls}
    until = time.perf_counter() + seconds
    for done in range(ROUNDS):
        if (should_stop is not None and should_stop()) or (done >= LEAST and time.perf_counter() > until):
            break
        for key, call in calls.items():
            start = time.perf_counter()
            call()
            times[key].append(time.perf_counter() - start)
        if on_progress is not None:
            on_progress(done + 1, ROUNDS)
    rows = []
    for (place, batch), taken in times.items():
        low, median, high = np.quantile(taken, [0.25, 0.5, 0.75]) if taken else (np.nan,) * 3
        flops = batch * given[place].measure(batch_size=batch).flops
        row = {"structure": place, "batch_size": batch, "seconds": median, "low": low, "high": high}
        rows.append({**row, "rounds": len(taken), "flops": flops})
    return pd.DataFrame(rows)


def _calls(structure: Structure, batches: list[int]) -> dict[int, Callable[[], Any]]:
    """Inference of a structure's model, by the number of samples."""
    import keras

    from ..keras_bridge.backend import inference

    model = structure.build(weights="fresh")
    connected = structure.space.connected
    shapes = [connected.lengths(index) for index in structure.space.graph.input_tensors]

    infer = inference(model)

    def call(batch: int) -> Callable[[], Any]:
        # Without a copy a call that was answered from elsewhere could be counted before it ends.
        zeros = [
            keras.ops.zeros((batch, *(int(length) for length in shape)), each.dtype)
            for shape, each in zip(shapes, model.inputs, strict=True)
        ]
        return lambda: infer(*zeros)

    return {batch: call(batch) for batch in batches}
