"""What training reads and writes inside Keras beyond its public names, all in one place."""

from __future__ import annotations

from typing import Any

import keras


def layers_inside(operation: Any) -> list[Any]:
    """A layer and those within it; none for a bare operation."""
    return list(operation._flatten_layers()) if isinstance(operation, keras.Layer) else []


def scale_scores(attention: Any, factor: Any) -> None:
    """Make an attention layer multiply its scores by ``factor``, a tensor, instead of its own constant."""
    attention._inverse_sqrt_key_dim = factor


def with_mask_of(original: Any, value: Any) -> Any:
    """``value`` with the mask of timesteps that Keras hangs on ``original``."""
    mask = getattr(original, "_keras_mask", None)
    if mask is not None:
        value._keras_mask = mask
    return value


def place_of(optimizer: Any, variable: Any) -> int:
    """The place of a variable's arrays in each list of an optimizer's."""
    return int(optimizer._get_variable_index(variable))


def adam_slots(optimizer: Any, place: int) -> tuple[Any, Any]:
    """Adam's running means of the gradients and of their squares."""
    return optimizer._momentums[place], optimizer._velocities[place]
