"""Making a layer from what the graph keeps of it, to see whether a process can."""

from __future__ import annotations

import keras

from ...graph import Layer
from ...layer_rules.effects import DRAW


def make_again(layer: Layer) -> None:
    """Raise whatever Keras or the layer's own class raises where it cannot be made from its configuration."""
    if layer.kind == DRAW:  # made by this package, from no class of anybody's
        return
    keras.saving.deserialize_keras_object(dict(layer.serialized), safe_mode=True)
