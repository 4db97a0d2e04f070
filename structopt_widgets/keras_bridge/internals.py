"""What training reads and writes inside Keras beyond its public names, all in one place."""

from __future__ import annotations

from collections.abc import Callable
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


def sum_gradients_by(optimizer: Any, function: Callable[[Any], Any]) -> None:
    """Make an optimizer hand its pairs of gradient and variable to ``function`` where it would sum over replicas."""
    optimizer._all_reduce_sum_gradients = function


def is_excluded_from_decay(optimizer: Any, variable: Any) -> bool:
    """Whether an optimizer was told to leave a variable out of weight decay.

    Asking the optimizer itself would leave the variable in its memory.
    """
    listed: set[int] = getattr(optimizer, "_exclude_from_weight_decay", set())
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    return optimizer._var_key(variable) in listed or (pattern is not None and bool(pattern.search(variable.name)))


def has_exclusions(optimizer: Any) -> bool:
    """Whether an optimizer was told to leave any variable out of weight decay."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    names = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    return any(bool(getattr(inner, name, None)) for name in names)


def schedule_of(optimizer: Any) -> Any:
    """The schedule of an optimizer's learning rate; ``None`` where the rate is a number."""
    rate = getattr(optimizer, "_learning_rate", None)
    return rate if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule) else None
