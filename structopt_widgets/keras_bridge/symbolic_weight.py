"""What stands for a weight while layers are opened, and why one stays closed."""

from __future__ import annotations

from typing import Any

import keras


class SymbolicWeight(keras.KerasTensor):
    """Stands for a variable; as one, it has itself for a value."""

    # What is assigned, which only a trace that forgets lets pass: there it is noted which tensor, and of what shape.
    noted: list[tuple[Any, Any]] | None = None

    @property
    def value(self) -> Any:
        return self

    def assign(self, value: Any) -> Any:
        if self.noted is None:
            raise ClosedError("assigns to its weights in call()")
        self.noted.append((self, value if isinstance(value, keras.KerasTensor) else self))
        return self

    assign_add = assign_sub = assign


@keras.saving.register_keras_serializable("structopt_widgets")
class Assigns(keras.layers.Layer):
    """Passes the first tensor on. Of the others each two are a weight and what is assigned to it."""

    def call(self, inputs: Any) -> Any:
        return inputs[0]

    def compute_output_spec(self, inputs: Any) -> keras.KerasTensor:
        return keras.KerasTensor(inputs[0].shape, dtype=inputs[0].dtype)


def with_assignments(outputs: Any, noted: list[tuple[Any, Any]]) -> Any:
    """``outputs``, the first of them passed on by what assigns."""
    if not noted:
        return outputs
    first, *rest = keras.tree.flatten(outputs)
    made = Assigns(name="assigned", autocast=False)([first, *keras.tree.flatten(noted)])
    return keras.tree.pack_sequence_as(outputs, [made, *rest])


class ClosedError(Exception):
    """A layer does what a graph of operations cannot say."""


def reason_of(error: Exception) -> str:
    """Why a layer could not be opened, for people."""
    if isinstance(error, ClosedError):
        return str(error)
    first = str(error).strip().split("\n")[0]
    return f"cannot be traced on symbolic tensors ({type(error).__name__}: {first[:160]})"
