"""Making a layer from what the graph keeps of it, to see whether a process can."""

from __future__ import annotations

import keras

from ..graph import Layer


def make_again(layer: Layer) -> None:
    """Raise whatever Keras or the layer's own class raises where it cannot be made from its configuration."""
    keras.saving.deserialize_keras_object(dict(layer.serialized), safe_mode=True)
