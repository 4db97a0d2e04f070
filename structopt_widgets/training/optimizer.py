"""The optimizer of a run: as the budget says, else as the model was compiled with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras

from ..keras_bridge.backend import is_tensorflow
from ..keras_bridge.inheriting.variables import present_weights
from ..keras_bridge.internals import is_excluded_from_decay, schedule_of, sum_gradients_by
from ..keras_bridge.rebuilding.source import KerasSource
from ..structure import Structure
from .budget import Budget
from .compiled import compiled_model

Key = tuple[str, int]  # a layer, and a place among the weights it declares


def fresh_optimizer(structure: Structure, budget: Budget) -> Any:
    """A new optimizer: the budget's, else as the model was compiled with, else Adam; at the budget's rate, if any."""
    optimizer = _fresh_optimizer(structure, budget)
    # There are no replicas to sum over, and the custom gradient of that sum would stay in TensorFlow's
    # registry for good, with the whole training step that it was traced in.
    if is_tensorflow():
        sum_gradients_by(innermost(optimizer), dense_gradients)
    return optimizer


def innermost(optimizer: Any) -> Any:
    """The optimizer that updates the weights: mixed precision wraps it to scale the loss."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def dense_gradients(gradients: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Gradients in the shape of their weights.

    TensorFlow's gradient of an embedding has a row for each time a token occurs. Keras's Adam takes them one
    by one, so that a token that occurs twice in a batch moves farther than Adam would have it, and than it
    does with Keras's other backends.
    """
    import tensorflow as tf

    return [(tf.convert_to_tensor(gradient), weight) for gradient, weight in gradients]


def exclude_from_decay(optimizer: Any, structure: Structure, budget: Budget, variables: Mapping[Key, Any]) -> None:
    """Keep the weights from decaying that the compiled optimizer was told to, by ``exclude_from_weight_decay``.

    ``variables`` maps the layer and place of a weight to the variable that ``optimizer`` updates. A
    weight that the compiled model does not have, as a bias that was off, is told by its name.
    """
    compiled = compiled_model(structure)
    source = structure.space.source
    if budget.optimizer is not None or compiled is None or not isinstance(source, KerasSource):
        return
    told = innermost(compiled.optimizer)
    if not getattr(told, "weight_decay", None):
        return
    base = structure.space.baseline
    layers = {layer for layer, _ in variables}
    originals = {name: present_weights(base, name, source.operations[name]) for name in layers}
    excluded = []
    for (layer, place), variable in variables.items():
        known = originals[layer].get(place, variable)
        if is_excluded_from_decay(told, known):
            excluded.append(variable)
    innermost(optimizer).exclude_from_weight_decay(var_list=excluded)


def _fresh_optimizer(structure: Structure, budget: Budget) -> Any:
    learning_rate, compiled = budget.learning_rate, compiled_model(structure)
    if budget.optimizer is not None or compiled is None:
        config = {} if learning_rate is None else {"learning_rate": learning_rate}
        return keras.optimizers.get({"class_name": budget.optimizer or "adam", "config": config})
    return _like(compiled.optimizer, learning_rate)


def _like(optimizer: Any, learning_rate: float | None) -> Any:
    inner = getattr(optimizer, "inner_optimizer", None)
    if inner is not None:
        scaling = ("initial_scale", "dynamic_growth_steps")
        return type(optimizer)(_like(inner, learning_rate), **{name: getattr(optimizer, name) for name in scaling})
    config = optimizer.get_config()
    if (schedule := schedule_of(optimizer)) is not None:
        config["learning_rate"] = schedule  # it has no state, and one of a user's own may not be registered
    if learning_rate is not None:
        # A schedule cannot be assigned to; a plain rate in the configuration replaces it.
        config["learning_rate"] = learning_rate
    return type(optimizer).from_config(config)
