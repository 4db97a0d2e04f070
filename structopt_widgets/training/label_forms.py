"""In which form a loss takes class labels: numbers, or one-hot rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from .compiled import as_loss

if TYPE_CHECKING:
    from .data import Data


def encode(y: np.ndarray, encoding: str, shape: tuple[int, ...]) -> np.ndarray:
    """Labels in a form: ``"integer"`` class numbers, ``"one-hot"`` rows or ``"values"`` in the shape of the outputs."""
    if encoding == "integer":
        return y
    if encoding == "one-hot":
        return np.eye(shape[0], dtype=np.float32)[y]
    return y.reshape(len(y), *shape).astype(np.float32)


def find_encoding(loss: Any, shape: tuple[int, ...], data: Data) -> str:
    """The form of the labels that ``loss`` takes, found by asking it.

    It is called once in each form with outputs of a few samples, one more than there are classes, so
    that numbers and rows cannot be taken for one another. Where it takes both, the form in which the
    data were given decides. Raises ``ValueError`` for a loss that takes neither.
    """
    if data.task == "regression" or shape == (1,):
        return "values"
    forms = ("one-hot", "integer") if data.is_one_hot else ("integer", "one-hot")
    errors = []
    for form in forms:
        try:
            _try(loss, form, shape)
        # The loss may be the user's own code.
        except Exception as error:
            errors.append(f"{form} labels: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
        else:
            return form
    raise ValueError(
        f"Expected a loss for one label a sample and outputs of shape {shape}, as class numbers or as one-hot rows; "
        f"got one that takes neither ({'; '.join(errors)}). Compile the model with another, or without one."
    )


def _try(loss: Any, form: str, shape: tuple[int, ...]) -> None:
    """Raise unless ``loss`` makes one number, or one for each sample, of labels in this form."""
    samples = shape[0] + 1
    labels = encode(np.arange(samples) % shape[0], form, shape)
    outputs = np.full((samples, *shape), 1 / shape[0], np.float32)
    made = np.shape(as_loss(loss)(labels, keras.ops.convert_to_tensor(outputs)))
    if made not in ((), (samples,)):
        raise ValueError(f"it makes numbers of shape {made} of {samples} samples")
