"""Activation functions that a file would give back as others: Keras writes down the name alone."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable("structopt_widgets")
class OperationFunction:
    """One of ``keras.ops`` as an activation: ``ops.gelu`` is not the ``keras.activations.gelu`` of its name."""

    def __init__(self, operation: str) -> None:
        self.operation = operation

    def __call__(self, x: Any) -> Any:
        return getattr(keras.ops, self.operation)(x)

    def get_config(self) -> dict[str, Any]:
        return {"operation": self.operation}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> OperationFunction:
        return cls(**config)


def as_saved(value: Any) -> Any:
    """``value``, or what stands for it in a model that may be saved."""
    name = getattr(value, "__name__", None)
    is_operation = (getattr(value, "__module__", None) or "").startswith("keras.src.ops")
    return OperationFunction(name) if name and is_operation and getattr(keras.ops, name, None) is value else value
