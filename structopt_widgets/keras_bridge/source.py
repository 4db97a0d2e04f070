"""The Keras model a space was read from, kept for rebuilding and for its weights."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras


@dataclass(frozen=True)
class ReadWeight:
    """A variable that operations read, in the place of a layer; counted here where no layer in the graph has it."""

    variable: Any
    is_own: bool

    @property
    def weights(self) -> list[Any]:
        return [self.variable] if self.is_own else []


@dataclass(frozen=True)
class HeldWeights:
    """Variables that nothing reads, in the place of a layer."""

    weights: list[Any]


@dataclass(frozen=True)
class KerasSource:
    """Attributes:
    model: the user's model; read, never written.
    operations: the user's own layers and operations, by their name in the graph. Their weights
        are looked up when they are wanted, so that a model trained meanwhile hands on what it learned.
        unproven: why reading did not end with a comparison of what was read and what the model computes; empty where
            it did, and for a model of Keras's own layers, which needs none.
        late: of the layers that make weights in training only, the ``id`` of those that they had before.
    """

    model: keras.Model
    operations: Mapping[str, Any]
    unproven: str = ""
    late: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def trains_as_used(self) -> bool:
        """Whether Keras's ``fit()`` runs the model as at inference, as its ``call()`` takes no ``training``."""
        return "training" not in inspect.signature(self.model.call).parameters

    def weights(self, name: str) -> list[Any]:
        """The weights of a layer, without those that it has made since, as some layers do in training."""
        weights = getattr(self.operations[name], "weights", [])
        known = self.late.get(name)
        return weights if known is None else [each for each in weights if id(each) in known]
