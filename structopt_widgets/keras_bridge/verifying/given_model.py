"""Does the copy that was read compute what the given model computes? Both are run on a tiny batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from ...metrics import Recount
from ...structure import StructureSpace
from ..proving.tiny_batches import KINDS, SAMPLES, TOLERANCE, batch_of, distances, draws_repeated, tokens_of
from ..rebuilding.rebuild import build_model
from ..rebuilding.source import KerasSource
from ..without_weights import is_allocated

QUANTITY = "outputs unlike the given model's"


def compare_outputs(space: StructureSpace) -> list[Recount]:
    """A row for inference and one for training mode: how many outputs of the baseline's copy differ from the model's.

    Neither model's state changes. What cannot be compared has a row that says why.
    """
    source = space.source
    if not isinstance(source, KerasSource):
        return [_not_compared("the structure comes from a file, without the model")]
    given = source.model
    if not given.built or not all(map(is_allocated, given.variables)):
        return [_not_compared("the model has no weights")]
    graph = space.graph
    if any(graph.tensors[index].dtype == "string" for index in graph.input_tensors):
        return [_not_compared("it reads text, which is not drawn here")]
    try:
        copy = build_model(space.baseline, "inherit", compiled=False)
    # The model's own code may run here, and verify() has to come to its end.
    except Exception as error:
        return [_not_compared(f"the copy cannot be built, {type(error).__name__}: {error}")]
    batches = [batch_of(space, kind, tokens_of(given)) for kind in KINDS]
    rows = []
    for mode, training in (("inference", False), ("training", True)):
        try:
            with draws_repeated():
                theirs, ours = (
                    [output for inputs in batches for output in _outputs(model, inputs, training)]
                    for model in (given, copy)
                )
        except Exception as error:  # as above
            rows.append(_not_compared(f"running it raises {type(error).__name__}: {error}", mode))
            continue
        rows.append(_compared(ours, theirs, mode))
    return rows


def _outputs(model: keras.Model, inputs: Any, training: bool) -> list[np.ndarray]:
    """Without a trace in the model: not in its moving statistics, and not where its own code assigns."""
    with keras.StatelessScope():
        # Its layers are told even where its own call() takes no `training`.
        made = keras.tree.flatten(model(inputs, training=training))
    return [np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(each, "float32")), "float64") for each in made]


def _compared(ours: list[np.ndarray], theirs: list[np.ndarray], mode: str) -> Recount:
    differ, largest = 0, 0.0
    for mine, given in zip(ours, theirs, strict=True):
        apart = distances(given, mine)
        differ += int(np.count_nonzero(apart > TOLERANCE))
        largest = max(largest, float(apart.max(initial=0.0)))
    return Recount(
        f"{QUANTITY}, {mode}",
        differ,
        0,
        "equal",
        f"numbers in the outputs for {len(KINDS) * SAMPLES} random samples; "
        f"the largest difference is {largest:.2g} of the largest number, or of 1",
    )


def _not_compared(why: str, mode: str = "") -> Recount:
    return Recount(f"{QUANTITY}{f', {mode}' if mode else ''}", 0, 0, "explained", f"not compared: {why}")
