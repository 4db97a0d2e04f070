"""The one door upward: what only the bridge to Keras can do for a structure.

Reading, building and counting again read best as methods; the work is the bridge's, which stands on a higher floor.
It is imported when it is wanted, so that whoever only measures waits for no Keras.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

    from ..graph import ModelGraph
    from ..metrics import CostReport, Verification
    from .space import ModelSource
    from .structure import Structure


@contextlib.contextmanager
def _keras_needed() -> Iterator[None]:
    """Whoever has neither Keras nor a backend can measure and explore a stored structure, and no more."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ImportError(
            f"Expected Keras and its backend, by which models are read and built, got no {error.name}. Run: "
            "pip install structopt-widgets. A structure that was stored is measured and explored without."
        ) from error


def read(model: Any, input_shape: Any, data: Any) -> tuple[ModelGraph, ModelSource]:
    """A Keras model as plain data, and a handle on it."""
    with _keras_needed():
        from ..keras_bridge import read_model

    return read_model(model, input_shape=input_shape, data=data)


def build(structure: Structure, weights: str, **how: Any) -> keras.Model:
    """A new Keras model of a structure."""
    with _keras_needed():
        from ..keras_bridge import build_model

    return build_model(structure, weights, open_lengths=True, own_classes=True, **how)


def code(structure: Structure) -> str:
    """A structure as Keras code."""
    with _keras_needed():
        from ..keras_bridge import write_code

    return write_code(structure)


def verify(structure: Structure, report: CostReport, memory: bool) -> Verification:
    """A report held against counts of Keras, TensorFlow and XLA."""
    with _keras_needed():
        from ..keras_bridge import verify_report

    return verify_report(structure, report, memory)
