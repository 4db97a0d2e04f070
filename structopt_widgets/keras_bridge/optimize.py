"""The article's ``optimize_model``, done properly: a new model instead of assigned attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from ..structure import Structure, StructureSpace
from ..structure.width_groups import find_output_layers
from .inheriting.importance import Importance


def optimize_model(
    model: Any,
    widths: Mapping[str, int] | Sequence[int] | float | None = None,
    activation: Mapping[str, str] | str | None = None,
    use_bias: Mapping[str, bool] | bool | None = None,
    kernel_initializer: Mapping[str, str] | str | None = None,
    weights: str = "inherit",
    input_shape: Any = None,
    importance: Importance | None = None,
    seed: int | None = None,
    data: Any = None,
) -> keras.Model:
    """A new model with another structure; ``model`` is not changed.

    Args:
        model: any Keras model, or the path of a ``.keras`` file.
        widths: channels by layer; or a number for each free width, in order; or one multiplier for all.
        activation: by layer; or one name for every layer that has one, except those that make the output.
        use_bias: by layer, or one for all.
        kernel_initializer: by layer, or one for all.
        weights: ``"inherit"`` or ``"fresh"``, as in :meth:`Structure.build`.
        input_shape: shape of one sample, for a model that is not built yet.
        importance, seed, data: as in :meth:`Structure.build`.

    >>> sw.optimize_model(model, widths={"hidden": 5}, activation="tanh").count_params() == 4 * 5 + 5 + 5 * 3 + 3
    True
    """
    space = StructureSpace.from_keras(model, input_shape=input_shape)
    structure = _with_widths(space, widths)
    at_the_end = find_output_layers(space.graph)
    hidden = [layer for layer in structure.activations if layer not in at_the_end]
    structure = _with_all(structure, Structure.with_activation, activation, hidden)
    structure = _with_all(structure, Structure.with_bias, use_bias, list(structure.biases))
    structure = _with_all(structure, Structure.with_initializer, kernel_initializer, list(structure.initializers))
    return structure.build(weights=weights, importance=importance, seed=seed, data=data)


def _with_widths(space: StructureSpace, widths: Any) -> Structure:
    if widths is None:
        return space.baseline
    if isinstance(widths, float):
        return space.scaled(widths)
    if isinstance(widths, Mapping):
        by_layer = dict(widths)
    elif isinstance(widths, Sequence) and not isinstance(widths, str):
        free = [name for name, group in space.width_groups.items() if not group.fixed]
        if len(widths) != len(free):
            raise ValueError(
                f"Expected {len(free)} widths, for {', '.join(free) or 'no free layer'}; "
                f"got {len(widths)}: {list(widths)}. "
                "Widths that belong to the task, such as the number of classes, are left out."
            )
        by_layer = dict(zip(free, widths, strict=True))
    else:
        raise TypeError(f"Expected widths by layer, a list of them, or a multiplier such as 0.5; got {widths!r}.")
    structure = space.baseline
    for layer, width in by_layer.items():
        structure = structure.with_width(layer, width)
    return structure


def _with_all(structure: Structure, change: Callable[..., Structure], choice: Any, layers: list[str]) -> Structure:
    if choice is None:
        return structure
    for layer, value in (choice if isinstance(choice, Mapping) else dict.fromkeys(layers, choice)).items():
        structure = change(structure, layer, value)
    return structure
