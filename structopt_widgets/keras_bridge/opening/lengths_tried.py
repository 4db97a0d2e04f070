"""How long the outputs of a layer are that stays one call, where only running it tells."""

from __future__ import annotations

from typing import Any

import keras

from ..batch import PRIMES
from ..without_weights import is_allocated

_SAMPLES = (2, 3)


def lengths_tried(layer: Any, args: Any, kwargs: Any) -> list[tuple[int | None, ...]] | None:
    """The shapes of what ``layer`` makes of zeros, with the batch where their lengths follow the number of samples.

    ``None`` where it cannot be run here.
    """
    if not all(map(is_allocated, layer.weights)):
        return None
    leaves = [each for each in keras.tree.flatten((args, kwargs)) if isinstance(each, keras.KerasTensor)]
    lengths = [length for each in leaves for length in each.shape]
    if None in lengths:
        return None
    batch = next((prime for prime in PRIMES if any(length and length % prime == 0 for length in lengths)), None)
    if batch is None:
        return None

    def made(samples: int) -> list[tuple[int, ...]]:
        def zeros(leaf: Any) -> Any:
            if not isinstance(leaf, keras.KerasTensor):
                return leaf
            shape = [length // batch * samples if length % batch == 0 else length for length in leaf.shape]
            return keras.ops.zeros(shape, leaf.dtype)

        given, named = keras.tree.map_structure(zeros, (args, kwargs))
        return [tuple(each.shape) for each in keras.tree.flatten(layer.call(*given, **named))]

    try:
        few, more = map(made, _SAMPLES)
    # The user's own code, on zeros.
    except Exception:
        return None
    return [
        tuple(_length(one, other, batch) for one, other in zip(*both, strict=True))
        for both in zip(few, more, strict=True)
    ]


def _length(few: int, more: int, batch: int) -> int | None:
    if few == more:
        return few
    rows, rest = divmod(few, _SAMPLES[0])
    return None if rest or more != rows * _SAMPLES[1] else rows * batch
