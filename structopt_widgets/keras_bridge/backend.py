"""Which of Keras's backends computes: the one place that asks."""

from __future__ import annotations

import keras

TENSORFLOW = "tensorflow"


def backend_name() -> str:
    """``"tensorflow"``, ``"jax"`` or ``"torch"``: what ``KERAS_BACKEND`` said when Keras was imported."""
    return str(keras.backend.backend())
