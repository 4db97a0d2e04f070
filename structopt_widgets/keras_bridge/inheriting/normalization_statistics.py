"""The statistics of batch normalization, computed anew on samples."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import keras

from .examples import Examples

BATCH = 128  # samples whose mean and variance are taken together


def recompute_statistics(model: keras.Model, examples: Examples) -> int:
    """Replace moving means and variances by their averages over the batches of ``examples``.

    Whoever cuts units changes what the layers after them read, and the moving statistics describe
    what they read before: a residual network is at chance until they are recomputed. Frozen ones are
    recomputed too. Dropout is on, as when the statistics were gathered in training. Returns how many
    layers there were; without any, nothing is computed.

    Source: H. Li et al., "Pruning filters for efficient ConvNets" (arXiv:1608.08710); B. Li et al.,
    "EagleEye" (arXiv:2007.02491), section 3.3.
    """
    layers = [each for each in model._flatten_layers() if isinstance(each, keras.layers.BatchNormalization)]
    if not layers:
        return 0
    before: list[tuple[Any, float, bool]] = [(each, each.momentum, each.trainable) for each in layers]
    kept = _state_besides(model, layers)
    try:
        for each in layers:
            each.trainable = True
            vars(each)["call"] = _averaging(each)
        for x, _ in examples.batches(model, BATCH):
            model(x, training=True)
    finally:
        for each, momentum, trainable in before:
            vars(each).pop("call", None)
            each.momentum, each.trainable = momentum, trainable
        for variable, value in kept:
            variable.assign(value)
    return len(layers)


def _averaging(layer: Any) -> Callable[..., Any]:
    """The layer's ``call()`` with its statistics those of all calls so far: at each timestep there is one."""
    call, number = layer.call, itertools.count()

    def averaging(*args: Any, **kwargs: Any) -> Any:
        before = next(number)
        layer.momentum = before / (before + 1)
        return call(*args, **kwargs)

    return averaging


def _state_besides(model: keras.Model, layers: list[Any]) -> list[tuple[Any, Any]]:
    """What else a call in training changes: the states of recurrent layers and of random generators."""
    own = {id(variable) for each in layers for variable in each.variables}
    state = [each for each in model.variables if not each.trainable and id(each) not in own]
    return [(each, keras.ops.convert_to_numpy(each.value)) for each in state]
