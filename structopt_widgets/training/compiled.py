"""What a model was compiled with, as far as a quick run needs it: loss, its weight, and what it cannot repeat."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import keras

from ..keras_bridge.internals import has_exclusions
from ..keras_bridge.own_training import own_training
from ..keras_bridge.rebuilding.fixed_batch import stateful_layers
from ..structure import Structure
from .budget import Budget


def compiled_model(structure: Structure) -> Any:
    """The user's own model where it was compiled with an optimizer, else ``None``."""
    model = getattr(structure.space.source, "model", None)
    return model if getattr(model, "compiled", False) and getattr(model, "optimizer", None) is not None else None


def compiled_loss(structure: Structure) -> tuple[Any, float] | None:
    """The loss that the model was compiled with, and its weight; ``None`` where there is none."""
    model = compiled_model(structure)
    # With one output, a list or a dictionary of losses has one entry.
    losses = [] if model is None else [each for each in keras.tree.flatten(model.loss) if each is not None]
    if not losses:
        return None
    if len(losses) > 1:
        raise ValueError(
            f"Expected a model compiled with one loss, got {len(losses)} in {model.name!r}. "
            "Compile it with one function that adds them up."
        )
    # There is no public way to what compile() was given.
    given = getattr(getattr(model, "_compile_loss", None), "_user_loss_weights", None)
    weights = [float(each) for each in keras.tree.flatten(given) if each is not None]
    return losses[0], weights[0] if weights else 1.0


def told_compiled(structure: Structure, budget: Budget) -> str:
    """How the model was compiled, as far as a run by that budget goes by it, as text; empty where it does not."""
    model = compiled_model(structure)
    if model is None or budget.optimizer is not None:
        return ""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    settings = _told(optimizer)
    if budget.learning_rate is not None:
        settings.pop("learning_rate", None)
    loss = compiled_loss(structure)
    trained_for = {} if loss is None else {"loss": _plain(loss[0]), "loss_weight": loss[1]}
    return f"{type(optimizer).__name__} {json.dumps(settings | trained_for, sort_keys=True)}"


def _told(thing: Any) -> dict[str, Any]:
    """The configuration of an optimizer, a schedule or a loss; what a user wrote may have none."""
    try:
        config = thing.get_config()
    except Exception:
        return {}
    return {name: _plain(value) for name, value in config.items() if name != "name"}


def _plain(value: Any) -> Any:
    """``value`` as JSON has it, the same in every process."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    named = getattr(value, "__qualname__", None)
    return named or {type(value).__name__: _told(value)}


def compile_config(structure: Structure) -> dict[str, Any]:
    """Loss, its weight and optimizer of a compiled model as plain data, for :func:`compiled_so`.

    Raises ``ValueError`` for what Keras's configuration does not hold.
    """
    model: Any = getattr(structure.space.source, "model", None)
    advice = f"Sweep without an executor, or compile {model.name!r} again without it."
    if has_exclusions(model.optimizer):
        raise ValueError(
            "Expected an optimizer that its configuration describes, for workers are sent plain data; got one with "
            f"exclude_from_weight_decay(), which is not in it. {advice}"
        )
    try:
        config = model.get_compile_config()
        json.dumps(config)
    # A loss or an optimizer of a user's own may raise anything when it is asked for its configuration.
    except Exception as error:
        raise ValueError(
            "Expected a loss and an optimizer that a configuration describes, for workers are sent plain data; got "
            f"{type(error).__name__}: {error}. {advice}"
        ) from error
    return {name: config[name] for name in ("optimizer", "loss", "loss_weights") if name in config}


def compiled_so(config: Mapping[str, Any]) -> keras.Model:
    """A model that is compiled by a :func:`compile_config`, and computes nothing."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Identity()])
    model.compile_from_config(dict(config))
    return model


def as_loss(loss: Any) -> keras.losses.Loss:
    """``loss``, a name, a function or a Keras loss, as what Keras makes of it: the mean over a batch."""
    resolved = keras.losses.get(loss)
    return resolved if isinstance(resolved, keras.losses.Loss) else _LossOfFunction(resolved)


class _LossOfFunction(keras.losses.Loss):
    """A loss function, called with labels in the type of the outputs, as ``compile()`` has it called."""

    def __init__(self, function: Any) -> None:
        super().__init__(name=getattr(function, "__name__", None))
        self._function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self._function(y_true, y_pred)


def refuse_own_training(structure: Structure) -> None:
    """Raise ``ValueError`` for a model that is trained otherwise than by Keras's ``fit`` on shuffled samples."""
    model = getattr(structure.space.source, "model", None)
    if own := own_training(model):
        raise ValueError(
            f"Expected a model that Keras's own train_step and test_step take, got {type(model).__name__}, which has "
            f"its own {own[0]}(): the rebuilt structures would do without it. Its costs can be measured; for a "
            "quick run, pass a plain model of the same layers: keras.Model(model.inputs, model.outputs)."
        )
    if stateful := stateful_layers(structure):
        raise ValueError(
            f"Expected layers that treat each sample by itself, got {stateful[0]!r}, which hands its state on from one "
            "batch to the next: a quick run shuffles the samples. Make it with stateful=False."
        )
