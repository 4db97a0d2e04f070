"""Costs of any Keras model in one call."""

from __future__ import annotations

from typing import Any

from ..metrics import CostReport
from ..structure import Structure, StructureSpace


def measure(
    model: Any, batch_size: int = 1, input_shape: Any = None, optimizer: str | None = None, **estimate: Any
) -> CostReport:
    """Costs of a Keras model, a ``.keras`` file or a :class:`Structure`.

    Args:
        model: what to measure; it is not changed.
        batch_size: samples a step, for peak activations and training memory.
        input_shape: shape of one sample, for a model that is not built yet.
        optimizer: whose slots training memory counts; the model's own by default, else Adam.
        **estimate: ``precision``, ``recompute`` and ``accumulate``: see :meth:`Structure.measure`.

    >>> sw.measure(model, batch_size=32).n_params == model.count_params()
    True
    """
    if not isinstance(model, Structure):
        model = StructureSpace.from_keras(model, input_shape=input_shape).baseline
    return model.measure(batch_size=batch_size, optimizer=optimizer, **estimate)
