"""Masks of timesteps, which Keras hangs on tensors: on what a layer of a user's own makes, they are hung again."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops
from keras.src.backend import get_keras_mask, set_keras_mask
from keras.src.layers.merging.base_merge import Merge


@keras.saving.register_keras_serializable("structopt_widgets")
class CarriesMask(keras.layers.Layer):
    """Passes a tensor on with a mask hung on it. It is called on a list: the tensor, then the mask."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)

    def call(self, inputs: Any) -> Any:
        tensor, mask = inputs
        made = ops.copy(tensor)
        set_keras_mask(made, mask)
        return made

    def compute_output_spec(self, inputs: Any) -> keras.KerasTensor:
        tensor, mask = inputs
        made = keras.KerasTensor(tensor.shape, dtype=tensor.dtype)
        set_keras_mask(made, mask)
        return made

    def get_config(self) -> dict[str, Any]:
        return {key: value for key, value in super().get_config().items() if key != "autocast"}


def mask_of_inputs(args: Any, kwargs: Any) -> Any:
    """The mask that a layer called so hands on, as Keras finds it: what it is given, else that of its first input."""
    if kwargs.get("mask") is not None:
        return kwargs["mask"]
    return keras.tree.map_structure(get_keras_mask, args[0]) if args else None


def with_masks(layer: Any, inputs: Any, outputs: Any, mask: Any) -> Any:
    """``outputs`` of a layer with the masks that it computes for them from that of its ``inputs``, as Keras does."""
    flat = keras.tree.flatten(outputs)
    if not layer.supports_masking or all(get_keras_mask(each) is not None for each in flat):
        return outputs
    masks = layer.compute_mask(inputs, mask)
    if masks is None:
        return outputs
    masks = keras.tree.flatten(masks) if len(flat) > 1 else [masks]
    carried = [
        CarriesMask(name="mask")([each, mask])
        if isinstance(mask, keras.KerasTensor) and get_keras_mask(each) is None
        else each
        for each, mask in zip(flat, masks, strict=False)
    ]
    return keras.tree.pack_sequence_as(outputs, [*carried, *flat[len(carried) :]])


def looks_at_masks(layer: Any, args: Any, kwargs: Any) -> bool:
    """Whether a layer of Keras's is not told of the masks of its inputs, but looks for them there."""
    given = keras.tree.flatten((args, kwargs))
    is_looking = isinstance(layer, (Merge, keras.layers.MultiHeadAttention))
    return is_looking and any(get_keras_mask(each) is not None for each in given if isinstance(each, keras.KerasTensor))


def take_masks(layer: Any, args: Any, kwargs: Any) -> None:
    """Attention takes the masks off the tensors it is called on."""
    if isinstance(layer, keras.layers.MultiHeadAttention):
        for each in (*args, *(kwargs.get(name) for name in ("query", "value", "key"))):
            if isinstance(each, keras.KerasTensor):
                set_keras_mask(each, None)
