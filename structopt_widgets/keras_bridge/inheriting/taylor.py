"""Importance by the loss: what removing a unit changes it by, to first order, while the others go too."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from ...graph import Symbol
from ...graph.dimensions import symbols
from ...graph.forked import refuse_fork
from ...graph.selection import spread, spread_out
from ..backend import gradients_by, is_tensorflow
from .examples import Examples

if TYPE_CHECKING:
    from .importance import HeldWeight, Original

ROUNDS = 8  # in which units go: the loss is asked again as the first are gone
_STEPS_KEPT = 8  # traced losses, for different sets of widths
BATCH = 64  # samples whose gradients are averaged before they are squared
# The copy that is judged is shared, and its loss uses all processors as it is.
_ONE_AT_A_TIME = threading.Lock()
_NOISE = ("rate", "stddev", "dropout", "recurrent_dropout")


def rank_units(original: Original, examples: Examples) -> dict[Symbol, np.ndarray]:
    """For each unit of the narrowed widths how many rounds it stays, the longer the better.

    What the loss of a batch changes by when a unit goes is, to first order, the sum of weight x gradient
    over all weights by which any layer reads it: that covers every layer tied to its width at once. The
    sum is squared and averaged over batches. (A width that no weight reads, as a query's size, goes by the
    weights that make it.) Batches are normalized by their own statistics, as they will be when those are
    recomputed; so the sum leaves out what a batch norm behind makes up for. It is taken over the weights
    behind a unit because the one over those before a batch norm is zero whatever the unit does. Units go
    in rounds, each a part of those left, since what one of two like units is worth shows when the other is gone.

    Source: P. Molchanov et al., "Importance estimation for neural network pruning", CVPR 2019
    (arXiv:1906.10771); groups of tied weights: G. Fang et al., "DepGraph", CVPR 2023 (arXiv:2301.12900).
    """
    refuse_fork()
    with _ONE_AT_A_TIME:
        return _ranked(original, examples)


class _Copy:
    """A copy of the model whose units go, with what was traced of its loss."""

    def __init__(self, original: Original, examples: Examples) -> None:
        self.model, self.variables = original.copy()
        self._examples = examples
        _quieten(self.model)
        self.values = [keras.ops.convert_to_numpy(variable.value) for variable in self.variables]
        self._steps: dict[tuple[tuple[int, int], ...], Callable[[Any, Any], list[Any]]] = {}

    def step(self, asked: tuple[tuple[int, int], ...]) -> Callable[[Any, Any], list[Any]]:
        """What a batch says of these weights' axes: traced once."""
        if asked not in self._steps:
            while len(self._steps) >= _STEPS_KEPT:
                del self._steps[next(iter(self._steps))]
            wanted = [(self.variables[place], axis) for place, axis in asked]
            self._steps[asked] = _step(self.model, self._examples, wanted)
        return self._steps[asked]


def _copy_of(original: Original, examples: Examples) -> _Copy:
    """The one that was made for these weights, or a new one; one is kept."""
    key = tuple((layer.name, axes) for layer, axes, _ in original.weights)
    if key not in examples.traced:
        examples.traced.clear()
        examples.traced[key] = _Copy(original, examples)
    found: _Copy = examples.traced[key]
    return found


def _ranked(original: Original, examples: Examples) -> dict[Symbol, np.ndarray]:
    copy = _copy_of(original, examples)
    model, values = copy.model, copy.values
    held = list(zip(original.weights, copy.variables, strict=True))
    axes = _axes(original)
    step = copy.step(tuple((place, axis) for place, axis, _ in axes))
    stays = {symbol: np.ones(symbol.baseline, dtype=int) for symbol in original.widths}
    batches = list(examples.batches(model, BATCH))
    rounds = min(ROUNDS, len(batches))
    for number in range(rounds):
        present = {symbol: (stayed > number).astype(float) for symbol, stayed in stays.items()}
        for (weight, variable), value in zip(held, values, strict=True):
            variable.assign(value * _factors(weight, present))
        squares: dict[Symbol, np.ndarray] = {}
        for x, y in batches[number::rounds]:
            sums: dict[Symbol, np.ndarray] = {}
            for (place, axis, read), each in zip(axes, step(x, y), strict=True):
                own: dict[Symbol, np.ndarray] = {}
                spread(original.weights[place].axes.axes[axis], np.asarray(each, dtype=np.float64), own)
                sums |= {symbol: sums.get(symbol, 0) + own[symbol] for symbol in read if symbol in own}
            for symbol, total in sums.items():
                squares[symbol] = squares.get(symbol, 0) + np.square(total)
        for symbol, stayed in stays.items():
            share = (original.widths[symbol] / symbol.baseline) ** ((number + 1) / rounds)
            kept = max(original.widths[symbol], round(symbol.baseline * share))
            gone_before = -1.0
            scores = np.where(stayed > number, squares.get(symbol, np.zeros(symbol.baseline)), gone_before)
            stayed[np.argsort(-scores, kind="stable")[:kept]] = number + 2
    return stays


def _step(model: keras.Model, examples: Examples, wanted: list[tuple[Any, int]]) -> Callable[[Any, Any], list[Any]]:
    """A function of a batch to weight x gradient, summed over all axes of a variable but one."""
    if is_tensorflow():
        import tensorflow as tf

        return tf.function(lambda x, y: _sums(model, examples, wanted, x, y), reduce_retracing=True)
    read = list({id(each): each for each, _ in wanted}.values())
    derive = gradients_by(model, read, lambda x, y: examples.loss(y, model(x, training=True)))

    def step(x: Any, y: Any) -> list[Any]:
        products = {
            id(variable): (variable.numpy() * keras.ops.convert_to_numpy(gradient)).astype("float32")
            for variable, gradient in zip(read, derive(x, y), strict=True)
        }
        return [
            products[id(variable)].sum(tuple(each for each in range(len(variable.shape)) if each != axis))
            for variable, axis in wanted
        ]

    return step


def _sums(model: keras.Model, examples: Examples, wanted: list[tuple[Any, int]], x: Any, y: Any) -> list[Any]:
    """The same as operations of TensorFlow's graph."""
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        read = {id(variable): tf.convert_to_tensor(variable.value) for variable, _ in wanted}
        tape.watch(list(read.values()))
        mapping = [(variable, read[id(variable)]) for variable in {id(each): each for each, _ in wanted}.values()]
        with keras.StatelessScope(state_mapping=mapping):
            loss = examples.loss(y, model(x, training=True))
    gradients = tape.gradient(loss, read, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    products = {key: tf.cast(value * gradients[key], tf.float32) for key, value in read.items()}
    return [
        tf.reduce_sum(products[id(variable)], [each for each in range(len(variable.shape)) if each != axis])
        for variable, axis in wanted
    ]


def _axes(original: Original) -> list[tuple[int, int, set[Symbol]]]:
    """The weights and axes to sum along, each with the widths that it is asked about."""
    found: list[tuple[int, int, set[Symbol]]] = []
    behind: set[Symbol] = set()
    for is_read in (True, False):
        for place, weight in enumerate(original.weights):
            for axis, dim in enumerate(weight.axes.axes):
                about = set(symbols(dim)) & set(original.widths)
                if is_read and axis in weight.axes.summed and about:
                    found.append((place, axis, about))
                    behind |= about
                elif not is_read and axis not in weight.axes.summed and about - behind:
                    found.append((place, axis, about - behind))
    return found


def _factors(weight: HeldWeight, present: Mapping[Symbol, np.ndarray]) -> Any:
    """1 for each element of a weight whose units are present, else 0; in a form to multiply with."""
    shape = len(weight.axes.axes)
    each = (
        spread_out(dim, present).reshape(-1, *[1] * (shape - axis - 1)) for axis, dim in enumerate(weight.axes.axes)
    )
    return list(itertools.accumulate(each, np.multiply, initial=np.ones([1] * shape)))[-1]


def _quieten(model: keras.Model) -> None:
    """Switch off what is random in training, and let all batch norms use their batch."""
    for each in model._flatten_layers():
        for name in _NOISE:
            if isinstance(vars(each).get(name), (int, float)):  # a recurrence only shows its cell's
                setattr(each, name, 0.0)
        if isinstance(each, keras.layers.BatchNormalization):
            each.trainable = True
