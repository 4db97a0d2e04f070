"""Which of a built model's variables is which weight that the layer rules declare."""

from __future__ import annotations

from typing import Any

import keras

from ...structure import Structure
from ..rebuilding.names import operations_of


def present_weights(structure: Structure, layer: str, operation: Any) -> dict[int, Any]:
    """The variables of a layer by their place among its declared weights, which count a bias that is off."""
    declared = structure.space.connected.weights.get(layer, ())
    has_bias = structure.biases.get(layer, True)
    places = [place for place, each in enumerate(declared) if has_bias or not each.is_bias]
    variables = getattr(operation, "weights", [])
    return dict(zip(places, variables, strict=True)) if variables and declared else {}


def placed_weights(structure: Structure, model: keras.Model) -> dict[tuple[str, int], Any]:
    """The variables of a model built from ``structure`` by layer and place among the weights that declares."""
    return {
        (layer, place): variable
        for layer, operation in operations_of(structure, model).items()
        for place, variable in present_weights(structure, layer, operation).items()
    }
