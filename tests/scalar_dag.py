"""The graph of scalar operations that a small Keras model is, by brute force and without any layer rule.

A tensor is an array of numbers: after how many operations in a row each of its scalars is there. Sums
are made in pairs, as trees; every scalar waits for its own operands only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers as kl

# Operations in a row on one scalar.
ACTIVATIONS = {"linear": 0, "relu": 1, "tanh": 1, "sigmoid": 4, "silu": 5, "gelu": 5, "softplus": 3}

Array = np.ndarray


def tree(terms: Any, operations: int = 1) -> int:
    """A sum (or a maximum) of scalars, in pairs."""
    level = list(terms)
    while len(level) > 1:
        pairs = [max(level[at : at + 2]) + operations for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) - len(level) % 2 :]
    return int(level[0])


def total(terms: Any) -> int:
    """The same, counted from a start at zero: even one term takes an operation, as that of a product does."""
    return max(tree(terms), int(max(terms)) + 1)


def over_last(function: Callable[[Array], Any], x: Array) -> Array:
    """``function`` of each vector along the last axis."""
    return np.apply_along_axis(function, -1, x)


def products(x: Array, units: int) -> Array:
    """Products of each vector with a matrix of weights."""
    return over_last(lambda row: np.full(units, total(row + 1)), x)


def softmax(row: Array) -> Array:
    exp = np.maximum(total(row), row) + 1 + 1
    return np.maximum(exp, total(exp)) + 1


def activated(x: Array, function: Any) -> Array:
    name = function.__name__
    return over_last(softmax, x) if name == "softmax" else x + ACTIVATIONS[name]


def dense(layer: kl.Dense, x: Array) -> Array:
    return activated(products(x, layer.units) + layer.use_bias, layer.activation)


def convolved(layer: kl.Conv1D, x: Array) -> Array:
    (size,), (step,) = layer.kernel_size, layer.strides
    windows = [x[at : at + size].ravel() for at in range(0, len(x) - size + 1, step)]
    sums = np.array([np.full(layer.filters, total(window + 1)) for window in windows])
    return activated(sums + layer.use_bias, layer.activation)


def layer_norm(layer: kl.LayerNormalization, x: Array) -> Array:
    def one(row: Array) -> Array:
        centred = np.maximum(row, tree(row) + 1) + 1
        deviation = tree(centred + 1) + 1 + 1 + 1  # squares, their mean, epsilon, the root
        return np.maximum(centred, deviation) + 1 + layer.scale + layer.center

    return over_last(one, x)


def step(cell: Any, x_t: Array, h: Array, c: Array) -> tuple[Array, Array]:
    """The state and the memory that a cell makes of an input and of those before."""
    units, bias, act = cell.units, int(cell.use_bias), lambda value: activated(value, cell.activation)
    given, state = products(x_t, units), products(h, units)
    if isinstance(cell, kl.SimpleRNNCell):
        return act(np.maximum(given + bias, state) + 1), c
    if isinstance(cell, kl.LSTMCell):
        z = np.maximum(given, state) + 1 + bias
        gate, candidate = activated(z, cell.recurrent_activation), act(z)
        c = np.maximum(np.maximum(gate, c) + 1, np.maximum(gate, candidate) + 1) + 1
        return np.maximum(gate, act(c)) + 1, c
    given = given + bias
    after = bias if cell.reset_after else 0
    gate = activated(np.maximum(given, state + after) + 1, cell.recurrent_activation)
    reset = np.maximum(gate, state + after if cell.reset_after else h) + 1
    inner = reset if cell.reset_after else products(reset, units)
    candidate = act(np.maximum(given, inner) + 1)
    return np.maximum(np.maximum(gate, h) + 1, np.maximum(gate + 1, candidate) + 1) + 1, c


def recurrent(layer: Any, x: Array) -> Array:
    cells = layer.cell.cells if isinstance(layer.cell, kl.StackedRNNCells) else [layer.cell]
    states = [(np.zeros(cell.units, int), np.zeros(cell.units, int)) for cell in cells]
    outputs = []
    for x_t in x[::-1] if layer.go_backwards else x:
        made = x_t
        for number, cell in enumerate(cells):
            states[number] = step(cell, made, *states[number])
            made = states[number][0]
        outputs.append(made)
    return np.array(outputs) if layer.return_sequences else outputs[-1]


def bidirectional(layer: kl.Bidirectional, x: Array) -> Array:
    ahead, back = recurrent(layer.forward_layer, x), recurrent(layer.backward_layer, x)
    back = back[::-1] if layer.return_sequences else back
    return np.concatenate([ahead, back], -1) if layer.merge_mode == "concat" else np.maximum(ahead, back) + 1


def attention(layer: kl.MultiHeadAttention, x: Array) -> Array:
    heads, size, bias = layer.num_heads, layer.key_dim, int(layer.use_bias)
    parts = products(x, heads * size) + bias
    key = value = parts.reshape(len(x), heads, size)
    query = key + 1
    context = np.zeros_like(query)
    for head in range(heads):
        scores = np.array([[total(np.maximum(q, k) + 1) for k in key[:, head]] for q in query[:, head]])
        weights = over_last(softmax, scores)
        for at in range(len(x)):
            for unit in range(size):
                context[at, head, unit] = total(np.maximum(weights[at], value[:, head, unit]) + 1)
    return products(context.reshape(len(x), -1), x.shape[-1]) + bias


LAYERS: dict[type, Callable[[Any, Array], Array]] = {
    kl.Dense: dense,
    kl.Activation: lambda layer, x: activated(x, layer.activation),
    kl.BatchNormalization: lambda _, x: x + 2,
    kl.LayerNormalization: layer_norm,
    kl.Conv1D: convolved,
    kl.SimpleRNN: recurrent,
    kl.LSTM: recurrent,
    kl.GRU: recurrent,
    kl.RNN: recurrent,
    kl.Bidirectional: bidirectional,
    kl.MultiHeadAttention: attention,
    kl.Dropout: lambda _, x: x,
    kl.Flatten: lambda _, x: x.ravel(),
    kl.GlobalAveragePooling1D: lambda _, x: np.array([tree(column) + 1 for column in x.T]),
    kl.GlobalMaxPooling1D: lambda _, x: np.array([tree(column) for column in x.T]),
    kl.TimeDistributed: lambda layer, x: np.array([LAYERS[type(layer.layer)](layer.layer, row) for row in x]),
    kl.Add: lambda _, xs: np.maximum(*xs) + 1,
    kl.Concatenate: lambda _, xs: np.concatenate(xs, -1),
}


def critical_path(model: keras.Model) -> int:
    """The longest chain of scalar operations in ``model``, for one sample."""
    ready: dict[int, Array] = {id(tensor): np.zeros(tensor.shape[1:], int) for tensor in model.inputs}
    for operation in model.operations:
        if isinstance(operation, kl.InputLayer):
            continue
        (node,) = operation._inbound_nodes
        given = [ready[id(tensor)] for tensor in node.input_tensors]
        several = isinstance(operation, (kl.Add, kl.Concatenate))
        ready[id(node.outputs[0])] = LAYERS[type(operation)](operation, given if several else given[0])
    return max(int(ready[id(tensor)].max()) for tensor in model.outputs)
