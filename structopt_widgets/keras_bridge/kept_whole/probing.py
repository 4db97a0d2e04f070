"""Trying a layer out that symbolic tensors cannot enter: which channel of its output comes from which of its input."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from ...graph import Layer
from ...layer_rules.probed import ENTRY, PROBED
from ...layer_rules.rule import UnsupportedLayerError
from .graph_costs import graph_costs

_DRAWS, _TRIED = 3, 64
# The axis, the blocks of each input (None of one that steers, as boxes do), whether they are joined.
Found = tuple[int, tuple[tuple[int, int] | None, ...], bool]


@dataclass(frozen=True)
class _Tried:
    """A layer that runs on real tensors of any width."""

    function: Callable[[Sequence[Any]], Any]
    shapes: tuple[tuple[int, ...], ...]  # without the batch
    dtypes: tuple[str, ...]

    def wider(self, more: Sequence[int]) -> _Tried:
        """The same with so many channels more in each input."""
        shapes = ((*each[:-1], each[-1] + extra) for each, extra in zip(self.shapes, more, strict=True))
        return replace(self, shapes=tuple(shapes))

    @property
    def rows(self) -> int:
        """Enough samples that a channel of which only a sign or a bit is read comes out otherwise in one of them."""
        return 16 if sum(map(math.prod, self.shapes)) < 4096 else 2

    def drawn(self, rng: np.random.Generator, number: int) -> np.ndarray:
        """Random values for one input."""
        shape, dtype = (self.rows, *self.shapes[number]), self.dtypes[number]
        if keras.backend.is_float_dtype(dtype):
            values = rng.normal(size=shape)
            values[1::2] = rng.uniform(size=values[1::2].shape)  # shares, as boxes of an image are
            return values.astype(dtype)
        return rng.integers(0, 2, shape).astype(dtype)

    def costs(self) -> dict[str, int]:
        """What a sample takes."""
        shapes = [(1, *each) for each in self.shapes]
        return graph_costs(lambda *tensors: self.function(tensors), shapes, self.dtypes)


def probed(layer: Layer, function: Callable[[Sequence[Any]], Any], tensors: Sequence[Any]) -> Layer:
    """``layer`` with what trying out showed; as it was where it cannot be tried, or counted.

    ``function`` runs it on real tensors, as it was called on ``tensors``, whose first axis is the batch.
    """
    if layer.weights or not tensors or any(len(each.shape) < 2 or each.dtype == "string" for each in tensors):
        return layer
    shapes = tuple(tuple(each.shape)[1:] for each in tensors)
    tried = _Tried(function, shapes, tuple(each.dtype for each in tensors))
    try:
        costs = tried.costs()
        found = _channels(tried)
        more = {"macs": [0] * len(shapes), "flops": [0] * len(shapes)}
        if found is not None:
            slopes = _slopes(tried, costs, found)
            found, more = (None, more) if slopes is None else (found, slopes)
    # What is tried is the user's own code.
    except Exception:
        return layer
    axis, passes, joins = found or (0, None, False)
    probe = {"axis": axis, "passes": passes, "joins": joins, **costs, "more": more}
    return replace(layer, kinds=(*layer.kinds, PROBED), serialized={**layer.serialized, ENTRY: probe})


def _channels(tried: _Tried) -> Found | None:
    """How channels come out: the same at two widths, or it is not known."""
    found = _pattern(tried)
    if found is None:
        return None
    try:
        wider = _pattern(tried.wider(_steps(found)))
    except Exception:  # it takes this width alone
        return None
    return found if wider == found else None


def _steps(found: Found) -> list[int]:
    """How many channels more each input is tried at; one that steers keeps its own."""
    _, passes, joined = found
    return [0 if blocks is None else 1 + place * int(joined) for place, blocks in enumerate(passes)]


def _slopes(tried: _Tried, costs: dict[str, int], found: Found) -> dict[str, list[int]] | None:
    """What one more channel takes, if each takes the same."""
    _, passes, joined = found
    moving = [place for place, blocks in enumerate(passes) if blocks is not None]
    # Inputs that have one width together grow together.
    moved = [[place] for place in moving] if joined else [moving]
    result = {"macs": [0] * len(passes), "flops": [0] * len(passes)}
    for places in moved:
        more = [int(place in places) for place in range(len(passes))]
        one, two = tried.wider(more).costs(), tried.wider([2 * each for each in more]).costs()
        for name, slopes in result.items():
            slopes[places[0]] = one[name] - costs[name]
            if two[name] - one[name] != slopes[places[0]]:
                return None
    return result


def _pattern(tried: _Tried) -> Found | None:
    rng = np.random.default_rng(0)
    inputs = [tried.drawn(rng, number) for number in range(len(tried.shapes))]
    before = _made(tried, inputs)
    if not np.array_equal(before, _made(tried, inputs), equal_nan=True):
        raise UnsupportedLayerError("it draws random numbers")
    axis: int | None = None
    passes: list[tuple[int, int] | None] = []
    reached = []
    keeps_places = True  # that every channel comes out where it went in, however many others it reaches besides
    for number, given in enumerate(inputs):
        width = given.shape[-1]
        places = rng.choice(width, _TRIED, replace=False) if width > _TRIED else np.arange(width)
        changed = {int(place): _changed(tried, inputs, number, int(place), before, rng) for place in places}
        keeps_places &= before.shape[-1] == width and all(mask[..., place].any() for place, mask in changed.items())
        axes = [each for each in range(1, before.ndim) if _is_apart(changed, each, width)]
        if not axes:
            passes.append(None)
            continue
        axis = axes[-1] if axis is None else axis
        if axis not in axes:
            return None
        along = {place: np.flatnonzero(_along(mask, axis)) for place, mask in changed.items()}
        start = min(int(each[0]) for each in along.values()) if width <= _TRIED else 0
        blocks = _blocks({place: each - start for place, each in along.items()}, width)
        if blocks is None:
            return None
        passes.append(blocks)
        reached.append((start, start + width * blocks[0] * blocks[1]))
    if axis is None:
        # Computed across, as a softmax is, at whatever width there is.
        return (before.ndim - 2, ((1, 1),) * len(inputs), False) if keeps_places else None
    length = before.shape[axis]
    if all(each == (0, length) for each in reached):
        return axis - 1, tuple(passes), False
    seams = [0, *(stop for _, stop in reached)]
    is_joined = [start for start, _ in reached] == seams[:-1] and seams[-1] == length
    return (axis - 1, tuple(passes), True) if is_joined else None


def _made(tried: _Tried, inputs: Sequence[np.ndarray]) -> np.ndarray:
    outputs = keras.tree.flatten(tried.function([keras.ops.convert_to_tensor(each) for each in inputs]))
    if len(outputs) != 1:
        raise UnsupportedLayerError("it makes several tensors")
    return np.asarray(keras.ops.convert_to_numpy(outputs[0]))


def _changed(
    tried: _Tried, inputs: list[np.ndarray], number: int, place: int, before: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Where the output is another when one channel is."""
    result: Any = np.zeros(before.shape, bool)
    for _ in range(_DRAWS):
        other = inputs[number].copy()
        other[..., place] = tried.drawn(rng, number)[..., place]
        after = _made(tried, [*inputs[:number], other, *inputs[number + 1 :]])
        is_same = (after == before) | ((after != after) & (before != before))
        result |= ~is_same
    return np.asarray(result)


def _along(mask: np.ndarray, axis: int) -> np.ndarray:
    return np.asarray(mask.any(axis=tuple(each for each in range(mask.ndim) if each != axis)))


def _is_apart(changed: dict[int, np.ndarray], axis: int, width: int) -> bool:
    """Whether every channel changes places along ``axis`` that no other one does."""
    reached = [_along(mask, axis) for mask in changed.values()]
    return all(each.any() for each in reached) and bool((np.sum(reached, axis=0) <= 1).all()) and width > 1


def _blocks(along: dict[int, np.ndarray], width: int) -> tuple[int, int] | None:
    """Channels as ``outer`` blocks of all of them, or each ``inner`` times over."""
    count = len(next(iter(along.values())))
    if all(np.array_equal(each, np.arange(count) * width + place) for place, each in along.items()):
        return count, 1
    if all(np.array_equal(each, place * count + np.arange(count)) for place, each in along.items()):
        return 1, count
    return None
