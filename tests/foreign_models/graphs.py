"""Graphs and sets: adjacency beside features, gathers by edge lists, points."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .foreign import adjacency, foreign


class GraphConvolution(layers.Layer):
    """Kipf and Welling 2017: the normalized adjacency times features times a kernel."""

    def __init__(self, units: int, activation: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.activation = units, keras.activations.get(activation)

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[0][-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        features, adj = inputs
        degree = ops.rsqrt(ops.maximum(ops.sum(adj, axis=-1), 1.0))
        normalized = adj * degree[:, :, None] * degree[:, None, :]
        return self.activation(ops.matmul(normalized, ops.matmul(features, self.kernel)) + self.bias)

    def get_config(self) -> dict[str, Any]:
        activation = keras.activations.serialize(self.activation)
        return super().get_config() | {"units": self.units, "activation": activation}


@foreign([(6, 5), adjacency(6)], sliders={"hidden": 9, "hidden 2": 7})
def graph_convolutional_network() -> keras.Model:
    features, adj = keras.Input((6, 5)), keras.Input((6, 6))
    x = layers.Dropout(0.5)(GraphConvolution(9, "relu")([features, adj]))
    x = GraphConvolution(7, "relu")([x, adj])
    return keras.Model([features, adj], layers.Dense(3, activation="softmax")(x))


class GraphAttention(layers.Layer):
    """Dense GAT: scores of pairs as a sum of two products, masked by the adjacency."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[0][-1], self.units), name="kernel")
        self.source = self.add_weight(shape=(self.units, 1), name="kernel_attention_source")
        self.target = self.add_weight(shape=(self.units, 1), name="kernel_attention_target")

    def call(self, inputs: Any) -> Any:
        features, adj = inputs
        h = ops.matmul(features, self.kernel)
        scores = ops.matmul(h, self.source) + ops.transpose(ops.matmul(h, self.target), (0, 2, 1))
        scores = ops.where(adj > 0, ops.leaky_relu(scores), -1e9)
        return ops.matmul(ops.softmax(scores), h)


@foreign([(6, 5), adjacency(6)], sliders={"stem": 8, "hidden": 9})
def graph_attention_network() -> keras.Model:
    features, adj = keras.Input((6, 5)), keras.Input((6, 6))
    x = GraphAttention(9)([layers.Dense(8, activation="relu")(features), adj])
    return keras.Model([features, adj], layers.Dense(3)(ops.elu(x)))


class FixedGraph(layers.Layer):
    """keras.io: traffic forecasting; the graph is a constant of the layer, edges gathered and summed by segments."""

    def __init__(self, edges: Any, nodes: int, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source, self.target = np.asarray(edges, "int32").T
        self.nodes, self.units = nodes, units

    def build(self, shape: Any) -> None:
        self.weight = self.add_weight(shape=(shape[-1], self.units), name="weight")

    def call(self, features: Any) -> Any:
        features = ops.transpose(features, (1, 0, 2))
        messages = ops.take(features, self.source, axis=0)
        summed = ops.segment_sum(messages, self.target, num_segments=self.nodes)
        hidden = ops.matmul(ops.concatenate([features, summed], axis=-1)[..., : features.shape[-1]], self.weight)
        return ops.transpose(ops.relu(hidden), (1, 0, 2))


@foreign((5, 4), sliders={"stem": 6, "units": 7})
def fixed_graph_forecasting() -> keras.Model:
    inputs = keras.Input((5, 4))
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (1, 0)]
    return keras.Model(inputs, layers.Dense(1)(FixedGraph(edges, 5, 7)(layers.Dense(6)(inputs))))


class TNet(layers.Layer):
    """keras.io: PointNet; a matrix made by a network, starting as the identity, which pins its size."""

    def __init__(self, features: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.features = features
        self.conv, self.bn = (
            layers.Conv1D(11, kernel_size=1, activation="relu"),
            layers.BatchNormalization(momentum=0.0),
        )
        bias = keras.initializers.Constant(np.eye(features).flatten())
        self.matrix = layers.Dense(features * features, kernel_initializer="zeros", bias_initializer=bias)

    def call(self, x: Any) -> Any:
        y = ops.max(self.bn(self.conv(x)), axis=1)
        transform = ops.reshape(self.matrix(y), (-1, self.features, self.features))
        return ops.matmul(x, transform)


@foreign((12, 3), sliders={"t-net": 11, "second t-net": 11, "head": 9})
def point_net() -> keras.Model:
    inputs = keras.Input((12, 3))
    x = layers.Conv1D(6, kernel_size=1, activation="relu")(TNet(3)(inputs))
    x = layers.GlobalMaxPooling1D()(TNet(6)(x))
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(layers.Dense(9, activation="relu")(x)))


@foreign((8, 4), sliders={"phi": 7, "phi 2": 9, "rho": 6})
def deep_sets() -> keras.Model:
    inputs = keras.Input((8, 4))
    phi = keras.Sequential([layers.Dense(7, activation="relu"), layers.Dense(9)], name="phi")
    rho = keras.Sequential([layers.Dense(6, activation="relu"), layers.Dense(1)], name="rho")
    return keras.Model(inputs, rho(ops.sum(phi(inputs), axis=1)))


class EdgeNetwork(layers.Layer):
    """keras.io: message passing for molecules; every edge makes a matrix for its neighbour."""

    def build(self, shape: Any) -> None:
        self.atom_dim, self.bond_dim = shape[0][-1], shape[1][-1]
        self.kernel = self.add_weight(shape=(self.bond_dim, self.atom_dim * self.atom_dim), name="kernel")
        self.bias = self.add_weight(shape=(self.atom_dim * self.atom_dim,), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        atoms, bonds = inputs
        matrices = ops.matmul(bonds, self.kernel) + self.bias
        matrices = ops.reshape(matrices, (-1, bonds.shape[1], bonds.shape[2], self.atom_dim, self.atom_dim))
        return ops.einsum("bijde,bje->bid", matrices, atoms)


@foreign([(4, 5), (4, 4, 3)], sliders={"atoms": 6})
def message_passing_molecules() -> keras.Model:
    atoms, bonds = keras.Input((4, 5)), keras.Input((4, 4, 3))
    x = layers.Dense(6)(atoms)
    for _ in range(2):
        x = x + EdgeNetwork()([x, bonds])
    return keras.Model([atoms, bonds], layers.Dense(1)(layers.GlobalAveragePooling1D()(x)))
