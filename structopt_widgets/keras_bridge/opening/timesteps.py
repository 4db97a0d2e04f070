"""A layer at each timestep, opened: all timesteps are run at once, as more samples.

What a layer of Keras's keeps of a step, as batch norm its moving statistics, it keeps of each step by itself: such
a one gets a ``TimeDistributed`` of its own. That is the same, as the steps of a chain of layers are the chain of
their steps.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..nodes import leaves
from .symbolic_weight import ClosedError


class Timesteps:
    """The time axes that are folded into the batch while a wrapped layer runs."""

    def __init__(self) -> None:
        self._lengths: list[int] = []
        self._wrappers: dict[tuple[int, int], Any] = {}  # by the layer, and how many times it is wrapped

    def run(self, wrapper: Any, inputs: Any, mask: Any) -> Any:
        """What a :class:`keras.layers.TimeDistributed` makes, by calls of the layer that it wraps."""
        if mask is not None and any(each._call_has_mask_arg for each in _doing(wrapper.layer)):
            raise ClosedError("hands a mask of timesteps on to what it wraps")
        length = inputs.shape[1]
        self._lengths.append(length)
        try:
            made = wrapper.layer(ops.reshape(inputs, (-1, *inputs.shape[2:])))
        finally:
            self._lengths.pop()
        return keras.tree.map_structure(lambda each: ops.reshape(each, (-1, length, *each.shape[1:])), made)

    def are_apart(self, layer: Any) -> bool:
        """Whether a layer that stays one call is to be called at each step by itself."""
        return bool(self._lengths) and keeps_in_training(layer)

    def wrapped(self, layer: Any) -> Any:
        """The layer at each step by itself. It is the same one for the same layer."""
        key = id(layer), len(self._lengths)
        if key not in self._wrappers:
            made = layer
            for _ in self._lengths:
                made = keras.layers.TimeDistributed(made, name=layer.name, dtype=layer.dtype_policy)
            self._wrappers[key] = made
        return self._wrappers[key]

    def unfolded(self, tensor: Any) -> Any:
        """A tensor with its time axes again."""
        return ops.reshape(tensor, (-1, *self._lengths, *tensor.shape[1:]))

    def folded(self, tensor: Any) -> Any:
        """A tensor with its time axes in the batch."""
        return ops.reshape(tensor, (-1, *tensor.shape[1 + len(self._lengths) :]))


def keeps_in_training(layer: Any) -> bool:
    """Whether a layer has weights that may be changed by a call in training."""
    return bool(layer._call_has_training_arg and layer._non_trainable_variables)


def wrapped_as(wrapper: Any, others: Any) -> Any:
    """``wrapper`` over the layer that ``others``, by ``id``, has for the one inside; itself where it has none."""
    if not isinstance(wrapper, keras.layers.TimeDistributed):
        return others.get(id(wrapper), wrapper)
    inner = wrapped_as(wrapper.layer, others)
    if id(wrapper) in others or inner is wrapper.layer:
        return others.get(id(wrapper), wrapper)
    return keras.layers.TimeDistributed(inner, name=wrapper.name, dtype=wrapper.dtype_policy)


def _doing(layer: Any) -> list[Any]:
    """The layers inside that are not made of others."""
    return [each for each in (layer, *leaves(layer)) if not each._layers]
