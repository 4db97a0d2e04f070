"""The Keras model a space was read from, kept for rebuilding and for its weights."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras

from ...graph import ModelGraph
from ...graph.width_numbers import WidthNumbers


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
class Opened:
    """A layer that was opened, and is called once.

    Attributes:
        layer: the user's own.
        config: what it was constructed with.
        args, kwargs, outputs: what it is called with and makes, with :class:`TensorRef` where tensors go.
        layers: those of the graph that are inside.
        made: the first tensor that each call inside makes.
        weights: for each of its weights, the layer inside that has it, and its place there.
    """

    layer: Any
    config: Mapping[str, Any]
    args: Any
    kwargs: Any
    outputs: Any
    layers: frozenset[str]
    made: frozenset[int]
    weights: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class KerasSource:
    """Attributes:
    model: the user's model; read, never written.
    operations: the user's own layers and operations, by their name in the graph. Their weights
        are looked up when they are wanted, so that a model trained meanwhile hands on what it learned.
        unproven: why reading did not end with a comparison of what was read and what the model computes; empty where
            it did, and for a model of Keras's own layers, which needs none.
        opened: the layers that may stand for the operations inside of them again.
        at_any_length: finds the graph with what keeps its lengths open, where the model leaves any open.
        at_other_widths: finds the numbers of opened layers that follow from widths.
        whole_graph: finds the graph with both, of a model that is small enough to be run here.
        late: of the layers that make weights in training only, the ``id`` of those that they had before.
    """

    model: keras.Model
    operations: Mapping[str, Any]
    unproven: str = ""
    late: Mapping[str, frozenset[int]] = field(default_factory=dict)
    at_any_length: Callable[[], ModelGraph] | None = None
    at_other_widths: Callable[[], WidthNumbers | None] | None = None
    whole_graph: Callable[[], ModelGraph] | None = None
    opened: tuple[Opened, ...] = ()

    @property
    def trains_as_used(self) -> bool:
        """Whether Keras's ``fit()`` runs the model as at inference, as its ``call()`` takes no ``training``."""
        return "training" not in inspect.signature(self.model.call).parameters

    def weights(self, name: str) -> list[Any]:
        """The weights of a layer, without those that it has made since, as some layers do in training."""
        weights = getattr(self.operations[name], "weights", [])
        known = self.late.get(name)
        return weights if known is None else [each for each in weights if id(each) in known]
