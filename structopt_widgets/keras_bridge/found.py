"""What running a model on symbolic tensors showed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from ..graph.plain import Computed


@dataclass
class OpenedCall:
    """One call of a layer without a rule: what went in, and what came out of the operations inside."""

    layer: Any
    path: tuple[str, ...]
    args: Any
    kwargs: Any
    outputs: Any


@dataclass(frozen=True)
class Resized:
    """A model at other widths, while its own code is run.

    Attributes:
        layers: by the ``id`` of a layer that stays one call, the one that stands for it.
        weights: the shapes of variables, by their ``id``.
        made: for each opened layer, by its path, what its calls make, in their order.
    """

    layers: Mapping[int, Any]
    weights: Mapping[int, tuple[int, ...]]
    made: Mapping[tuple[str, ...], list[Any]]


class MadeSo(keras.Operation):
    """Stands for a call of an opened layer whose code takes one width alone."""

    def __init__(self, outputs: Any) -> None:
        super().__init__()
        self._outputs = outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        return self._outputs


@dataclass
class Trace:
    """What running a model on symbolic tensors showed. What is found of a tensor or a node goes by its ``id``.

    Attributes:
        nodes: Keras's nodes of the calls that ``outputs`` need, each after those it reads from.
        paths: the opened layers that a node is inside of.
        masks: those that Keras handed to a layer by itself, by the first tensor that the layer made.
        weights: variables and what stands for them, by the variable.
        constants: the values of tensors that no input goes into.
        makers: the opened layers that made them.
        computed: how such a value is made of numbers, where that was asked for.
        closed: why a layer could not be opened.
        unproven: the closed layers that do something else than their operations, as far as those can be seen.
        needs_masks: whether a layer of Keras's looks for masks on its inputs, where they have to be then.
        opened: the calls of opened layers, inner ones first.
        modes: the mode that a node is always in, or ``None`` where it has the model's.
        for_losses: the nodes that only the model's own losses need.
    """

    inputs: Any
    outputs: Any = None
    nodes: list[Any] = field(default_factory=list)
    paths: dict[int, tuple[str, ...]] = field(default_factory=dict)
    masks: dict[int, dict[str, Any]] = field(default_factory=dict)
    weights: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    constants: dict[int, Any] = field(default_factory=dict)
    makers: dict[int, tuple[str, ...]] = field(default_factory=dict)
    computed: dict[int, Computed | np.ndarray] = field(default_factory=dict)
    closed: dict[int, str] = field(default_factory=dict)
    unproven: frozenset[int] = frozenset()
    needs_masks: bool = False
    opened: list[OpenedCall] = field(default_factory=list)
    modes: dict[int, bool | None] = field(default_factory=dict)
    for_losses: list[Any] = field(default_factory=list)
