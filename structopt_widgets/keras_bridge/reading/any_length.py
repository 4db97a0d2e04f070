"""Axes that a model leaves open stay open in a copy, whatever length it was measured at.

The model is read again at that length and at another, with a note of how arrays are made of numbers alone; what differs
follows from the length. A copy that is made so is run beside the given model at several lengths: where the two compute
the same, its axes are open, and else it says why they are not.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from ...graph import ModelGraph
from ...graph.open_lengths import OpenLengths
from ...structure import StructureSpace
from ..nodes import fresh_names, has_own_graph
from ..proving.proof import python_state_kept
from ..proving.tiny_batches import KINDS, SAMPLES, can_be_run, differ, drawn, draws_repeated, tokens_of
from ..rebuilding.rebuild import build_model
from ..rebuilding.source import KerasSource
from ..without_weights import unallocated
from .length_entries import FixedLengthError, Reading, length_entries
from .trace import Run, at_lengths, open_shapes

_FURTHER = (32, 8, 1)  # how much longer the second reading is

Shapes = list[tuple[int, ...]]


def with_open_lengths(graph: ModelGraph, source: KerasSource, run: Run, read: Callable[[Run], Reading]) -> KerasSource:
    """``source`` that finds, when asked, what keeps those axes open that its model leaves open, or why nothing does.

    ``read`` reads a run in which it is noted how arrays are made. Finding out takes as long as reading and building.
    """
    inputs = keras.tree.flatten(run.inputs)
    given, free = [tuple(each.shape)[1:] for each in inputs], open_shapes(source.model)
    ranks = [list(map(len, each)) for each in (given, free)]
    if ranks[0] != ranks[1] or any(None in each for each in given) or not any(None in each for each in free):
        return source
    return replace(
        source, at_any_length=functools.cache(functools.partial(_found, graph, source, run, read, given, free))
    )


def _found(
    graph: ModelGraph, source: KerasSource, run: Run, read: Callable[[Run], Reading], given: Shapes, free: Any
) -> ModelGraph:
    makers = {index: call.layer for call in graph.calls for index in call.outputs}
    names = [makers[ref.index] for ref in keras.tree.flatten(graph.inputs)]  # in the order of Keras
    opened = OpenLengths(dict(zip(names, free, strict=True)))
    try:
        return _proven(graph, opened, source, run, given, read)
    # The model's own code, at lengths that nobody tried.
    except Exception as error:
        why = str(error) if isinstance(error, FixedLengthError) else f"{type(error).__name__}: {_first_line(error)}"
        fixed = {name: shape for name, shape, axes in zip(names, given, free, strict=True) if None in axes}
        told = {name: f"takes samples of {shape} alone in a copy: {why}" for name, shape in fixed.items()}
        return replace(graph, differences={**graph.differences, **told})


def _proven(
    graph: ModelGraph,
    opened: OpenLengths,
    source: KerasSource,
    run: Run,
    given: Shapes,
    read: Callable[[Run], Reading],
) -> ModelGraph:
    """``graph`` with entries that were found at one other length and hold there, as measured and at a third."""
    reason = FixedLengthError("it could not be read at another length")
    free, is_run = (
        [*opened.inputs.values()],
        can_be_run(source.model, [each.dtype for each in keras.tree.flatten(run.inputs)]),
    )
    for shapes in _others(given, free):
        try:
            other = read(at_lengths(run, shapes))
        # The model's own code: there may be a longest length.
        except Exception as error:
            reason = FixedLengthError(f"at {_shown(shapes)} it raises {type(error).__name__}: {_first_line(error)}")
            continue
        entries = length_entries(graph, other, lambda: read(run))
        made = replace(graph, open_lengths=replace(opened, entries=entries))
        is_opened = any(layer.path for layer in graph.layers.values())
        if not (entries or is_opened) and has_own_graph(source.model):
            return made  # Keras itself has called these layers so
        baseline = StructureSpace(made, source).baseline
        with fresh_names(), contextlib.nullcontext() if is_run else unallocated():
            weights = "inherit" if is_run else "fresh"
            copy = build_model(baseline, weights, compiled=False, seed=0, open_lengths=True)
        if not is_run or _is_compared(
            source.model, copy, run, [given, shapes, *_others(given, free, (1, _FURTHER[0]))]
        ):
            return made
        reason = FixedLengthError("it runs at no other length that was tried")
    raise reason


def _first_line(error: Exception) -> str:
    return next(iter(str(error).split("\n")), "")[:160]


def _others(given: Shapes, free: Any, further: tuple[int, ...] = _FURTHER) -> Iterator[Shapes]:
    """Other shapes: a sample's open axes by unlike amounts, so that they are told apart, or else all by the same."""
    seen: list[Shapes] = [given]
    for sign in (1, -1):
        for more in further:
            for apart in (True, False):
                shapes = [
                    tuple(
                        _moved(length, sign * more * (axis + 1 if apart else 1)) if wanted is None else length
                        for axis, (length, wanted) in enumerate(zip(shape, axes, strict=True))
                    )
                    for shape, axes in zip(given, free, strict=True)
                ]
                if shapes not in seen:
                    seen.append(shapes)
                    yield shapes


def _moved(length: int, amount: int) -> int:
    return max(1, length + max(amount, -(length // 2)))


def _is_compared(model: keras.Model, copy: keras.Model, run: Run, lengths: list[Shapes]) -> bool:
    """Whether both run at more than the first of ``lengths``; raises where they compute something else there."""
    compared = 0
    with python_state_kept(model), draws_repeated():
        for shapes in lengths:
            batch = _batch(run, shapes, tokens_of(model))
            try:
                theirs = _outputs(model, batch)
            # There may be lengths that the model does not take: then there is nothing to compare.
            except Exception:  # noqa: S112  # as the model's own code may raise anything
                continue
            try:
                ours = _outputs(copy, batch)
            except Exception as error:
                raise FixedLengthError(f"at {_shown(shapes)} a copy raises {type(error).__name__}: {error}") from error
            apart = next(filter(None, map(differ, theirs, ours)), "")
            if apart:
                raise FixedLengthError(f"at {_shown(shapes)} a copy computes something else, {apart}")
            compared += shapes != lengths[0]
    return compared > 0


def _outputs(model: keras.Model, batch: Any) -> list[Any]:
    with keras.StatelessScope():
        return keras.tree.flatten(model(batch, training=False))


def _batch(run: Run, shapes: Shapes, tokens: int) -> Any:
    rng = np.random.default_rng(0)
    made = [
        drawn((SAMPLES, *shape), tensor.dtype, KINDS[0], tokens, rng)
        for shape, tensor in zip(shapes, keras.tree.flatten(run.inputs), strict=True)
    ]
    return keras.tree.pack_sequence_as(run.inputs, made)


def _shown(shapes: Shapes) -> str:
    return ", ".join(map(str, shapes))
