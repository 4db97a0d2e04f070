"""What a model defines to be trained, or validated, in its own way: a copy is a functional model, which has Keras's."""

from __future__ import annotations

from typing import Any

OWN_TRAINING = ("fit", "train_step", "compute_loss", "_compute_loss", "evaluate", "test_step", "compute_metrics")


def own_training(model: Any) -> list[str]:
    """The names of those methods of a model that are not Keras's."""
    return [name for name in OWN_TRAINING if _is_overridden(model, name)]


def told_of_training(model: Any) -> dict[str, str]:
    """What is to be said of a copy for that, by what it is said of."""
    return {
        f"{model.name}.{name}()": "is the model's own: a copy has the one of keras.Model in its place"
        for name in own_training(model)
    }


def _is_overridden(model: Any, name: str) -> bool:
    for each in type(model).__mro__:
        if name in vars(each):
            return not each.__module__.startswith("keras.")
    return False
