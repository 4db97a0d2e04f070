"""The Keras model a space was read from, kept for rebuilding and for its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class KerasSource:
    """Attributes:
    model: the user's model; read, never written.
    operations: the user's own layers and operations, by their name in the graph. Their weights
        are looked up when they are wanted, so that a model trained meanwhile hands on what it learned.
    """

    model: keras.Model
    operations: Mapping[str, Any]
