"""Structured data and recommenders: text features, crosses, gates, towers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .foreign import foreign, indices, texts

COLUMNS = {"age": (1,), "hours": (1,), "work": indices(1, below=5), "school": indices(1, below=7)}


def encoded(inputs: Any, width: int) -> list[Any]:
    """Numbers as they are, categories by embeddings."""
    return [
        layers.Flatten()(layers.Embedding(9, width)(each)) if "int" in each.dtype else each for each in inputs.values()
    ]


def column_inputs() -> dict[str, Any]:
    return {
        name: keras.Input((1,), name=name, dtype="int32" if callable(kind) else "float32")
        for name, kind in COLUMNS.items()
    }


@foreign(COLUMNS, sliders={"embedding": 3, "deep": 11})
def wide_and_deep() -> keras.Model:
    """keras.io: structured data learning; a wide and a deep part joined."""
    inputs = column_inputs()
    wide = layers.BatchNormalization()(layers.Concatenate()(encoded(inputs, 3)))
    deep = layers.Concatenate()(encoded(inputs, 4))
    for _ in range(2):
        deep = layers.Dropout(0.1)(layers.ReLU()(layers.BatchNormalization()(layers.Dense(11)(deep))))
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(layers.concatenate([wide, deep])))


@foreign(COLUMNS, sliders={"deep": 11})
def deep_and_cross() -> keras.Model:
    """The cross of keras.io's example: a Dense as wide as the input, times the input, plus it."""
    inputs = column_inputs()
    x0 = cross = layers.concatenate(encoded(inputs, 3))
    for _ in range(2):
        x = layers.Dense(cross.shape[-1])(cross)
        cross = layers.BatchNormalization()(x0 * x + cross)
    deep = layers.Dense(11, activation="relu")(x0)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(layers.concatenate([cross, deep])))


class CrossLayer(layers.Layer):
    """DCN (Wang et al. 2017): x0 (x . w) + b + x with a vector of weights."""

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(shape[0][-1], 1), name="w")
        self.b = self.add_weight(shape=(shape[0][-1],), name="b", initializer="zeros")

    def call(self, inputs: Any) -> Any:
        x0, x = inputs
        return x0 * ops.matmul(x, self.w) + self.b + x


@foreign((9,), sliders={"stem": 10})
def deep_cross_network() -> keras.Model:
    inputs = keras.Input((9,))
    x0 = x = layers.Dense(10)(inputs)
    for _ in range(2):
        x = CrossLayer()([x0, x])
    return keras.Model(inputs, layers.Dense(1)(x))


class GatedLinearUnit(layers.Layer):
    """keras.io: classification with gated residual and variable selection networks."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.linear = layers.Dense(units)
        self.sigmoid = layers.Dense(units, activation="sigmoid")

    def call(self, inputs: Any) -> Any:
        return self.linear(inputs) * self.sigmoid(inputs)


class GatedResidualNetwork(layers.Layer):
    def __init__(self, units: int, dropout_rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.elu_dense = layers.Dense(units, activation="elu")
        self.linear_dense = layers.Dense(units)
        self.dropout = layers.Dropout(dropout_rate)
        self.gated_linear_unit = GatedLinearUnit(units)
        self.layer_norm = layers.LayerNormalization()
        self.project = layers.Dense(units)

    def call(self, inputs: Any) -> Any:
        x = self.dropout(self.linear_dense(self.elu_dense(inputs)))
        if inputs.shape[-1] != self.units:
            inputs = self.project(inputs)
        return self.layer_norm(inputs + self.gated_linear_unit(x))


class VariableSelection(layers.Layer):
    def __init__(self, num_features: int, units: int, dropout_rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.grns = [GatedResidualNetwork(units, dropout_rate) for _ in range(num_features)]
        self.grn_concat = GatedResidualNetwork(units, dropout_rate)
        self.softmax = layers.Dense(units=num_features, activation="softmax")

    def call(self, inputs: Any) -> Any:
        v = self.softmax(self.grn_concat(layers.concatenate(inputs)))
        v = ops.expand_dims(v, axis=-1)
        x = ops.stack([grn(each) for grn, each in zip(self.grns, inputs, strict=True)], axis=1)
        return ops.squeeze(ops.matmul(ops.transpose(v, axes=[0, 2, 1]), x), axis=1)


@foreign(COLUMNS, sliders={"encoding": 6, "second encoding": 6})
def gated_residual_and_variable_selection() -> keras.Model:
    inputs = column_inputs()
    features = [layers.Dense(6)(each) for each in encoded(inputs, 6)]
    x = GatedResidualNetwork(6, 0.15)(VariableSelection(len(features), 6, 0.15)(features))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


@foreign(COLUMNS, sliders={"embedding": 8, "heads": 2, "feed forward": 12, "head": 14})
def tab_transformer() -> keras.Model:
    """keras.io: TabTransformer; columns are tokens, each column its own embedding, stacked, plus a column embedding."""
    inputs = column_inputs()
    columns = [ops.squeeze(layers.Embedding(9, 8)(inputs[name]), 1) for name in ("work", "school")]
    x = ops.stack(columns, axis=1)
    column_embedding = layers.Embedding(input_dim=2, output_dim=8)
    x = x + column_embedding(ops.arange(start=0, stop=2, step=1))
    attention = layers.MultiHeadAttention(num_heads=2, key_dim=8, dropout=0.1)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([attention, x]))
    y = layers.Dense(8)(layers.Dense(12, activation="gelu")(x))
    x = layers.Flatten()(layers.LayerNormalization(epsilon=1e-6)(layers.Add()([y, x])))
    numeric = layers.LayerNormalization(epsilon=1e-6)(layers.concatenate([inputs["age"], inputs["hours"]]))
    x = layers.Dense(14, activation="selu")(layers.BatchNormalization()(layers.concatenate([x, numeric])))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


class NumericalTokens(layers.Layer):
    """FT-Transformer: a weight and a bias a column, a class token in front."""

    def __init__(self, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], self.width), name="kernel")
        self.bias = self.add_weight(shape=(shape[-1], self.width), name="bias")
        self.cls = self.add_weight(shape=(1, self.width), name="cls")

    def call(self, x: Any) -> Any:
        x = ops.expand_dims(x, -1) * self.kernel + self.bias
        cls = ops.tile(self.cls[None], (ops.shape(x)[0], 1, 1))
        return ops.concatenate([cls, x], axis=1)


@foreign((7,), sliders={"token": 10, "heads": 2, "gated": 26})
def ft_transformer() -> keras.Model:
    inputs = keras.Input((7,))
    x = NumericalTokens(10)(inputs)
    x = x + layers.MultiHeadAttention(2, 5)(x, x)
    value, gate = ops.split(layers.Dense(26)(layers.LayerNormalization()(x)), 2, axis=-1)
    x = x + layers.Dense(10)(value * ops.relu(gate))
    return keras.Model(inputs, layers.Dense(1)(layers.LayerNormalization()(x)[:, 0]))


class RecommenderNet(keras.Model):
    """keras.io: collaborative filtering; embeddings of columns, biases, a dot product."""

    def __init__(self, num_users: int, num_movies: int, embedding_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        regularizer = keras.regularizers.l2(1e-6)
        self.user_embedding = layers.Embedding(num_users, embedding_size, embeddings_regularizer=regularizer)
        self.user_bias = layers.Embedding(num_users, 1)
        self.movie_embedding = layers.Embedding(num_movies, embedding_size, embeddings_regularizer=regularizer)
        self.movie_bias = layers.Embedding(num_movies, 1)

    def call(self, inputs: Any) -> Any:
        user_vector, user_bias = self.user_embedding(inputs[:, 0]), self.user_bias(inputs[:, 0])
        movie_vector, movie_bias = self.movie_embedding(inputs[:, 1]), self.movie_bias(inputs[:, 1])
        dot_user_movie = ops.sum(user_vector * movie_vector, axis=1, keepdims=True)
        return ops.nn.sigmoid(dot_user_movie + user_bias + movie_bias)


@foreign(indices(2, below=9), sliders={"embedding": 6})
def collaborative_filtering() -> keras.Model:
    return RecommenderNet(10, 9, 6)


@foreign({"user": indices(below=9), "item": indices(below=9)}, sliders={"hidden": 7, "embedding": 6})
def neural_collaborative_filtering() -> keras.Model:
    """NCF with integer inputs of rank 0 a sample: a product and a network side by side."""
    user, item = (keras.Input((), dtype="int32", name=name) for name in ("user", "item"))
    product = layers.Multiply()([layers.Embedding(9, 6)(user), layers.Embedding(9, 6)(item)])
    x = layers.Concatenate()([layers.Embedding(9, 5)(user), layers.Embedding(9, 4)(item)])
    x = layers.Dense(7, activation="relu")(x)
    return keras.Model({"user": user, "item": item}, layers.Dense(1)(layers.Concatenate()([product, x])))


class TwoTower(keras.Model):
    """Text in, by vocabularies inside the towers; the score is a normalized dot product."""

    def __init__(self) -> None:
        super().__init__()
        self.towers = [
            keras.Sequential(
                [layers.StringLookup(vocabulary=list(names)), layers.Embedding(len(names) + 1, 8), layers.Flatten()]
            )
            for names in (("ann", "bob"), ("dune", "solaris", "ubik"))
        ]
        self.after = [layers.Dense(5) for _ in range(2)]

    def call(self, inputs: Any) -> Any:
        user, movie = (
            after(tower(inputs[name]))
            for name, tower, after in zip(("user", "movie"), self.towers, self.after, strict=True)
        )
        user, movie = ops.normalize(user, axis=-1), ops.normalize(movie, axis=-1)
        return ops.sum(user * movie, axis=-1)


@foreign({"user": texts("ann", "bob"), "movie": texts("dune", "ubik")}, sliders={"embedding": 8, "joint": 5})
def two_tower_text() -> keras.Model:
    return TwoTower()


@foreign((6, 4), sliders={"deep": 12})
def deep_fm() -> keras.Model:
    """DeepFM: a factorization machine by sums of squares beside a network, on field embeddings."""
    inputs = keras.Input((6, 4))
    summed = ops.square(ops.sum(inputs, axis=1))
    pairs = 0.5 * ops.sum(summed - ops.sum(ops.square(inputs), axis=1), axis=1, keepdims=True)
    deep = layers.Dense(1)(layers.Dense(12, activation="relu")(layers.Flatten()(inputs)))
    linear = layers.Dense(1)(layers.Flatten()(inputs))
    return keras.Model(inputs, ops.sigmoid(pairs + deep + linear))


class NeuralDecisionTree(keras.Model):
    """keras.io: deep neural decision forests; routes by products of halves, a constant mask of used features."""

    def __init__(self, depth: int, num_features: int, num_classes: int) -> None:
        super().__init__()
        self.depth, self.num_leaves = depth, 2**depth
        chosen = np.arange(num_features)[::2]
        self.used_features_mask = np.eye(num_features, dtype="float32")[chosen]
        self.pi = self.add_weight(initializer="random_normal", shape=[self.num_leaves, num_classes], trainable=True)
        self.decision_fn = layers.Dense(units=self.num_leaves, activation="sigmoid", name="decision")

    def call(self, features: Any) -> Any:
        batch_size = ops.shape(features)[0]
        features = ops.matmul(features, ops.transpose(self.used_features_mask))
        decisions = ops.expand_dims(self.decision_fn(features), axis=2)
        decisions = layers.concatenate([decisions, 1 - decisions], axis=2)
        mu = ops.ones([batch_size, 1, 1])
        begin_idx, end_idx = 1, 2
        for level in range(self.depth):
            mu = ops.reshape(mu, [batch_size, -1, 1])
            mu = ops.tile(mu, (1, 1, 2))
            mu = mu * decisions[:, begin_idx:end_idx, :]
            begin_idx, end_idx = end_idx, end_idx + 2 ** (level + 1)
        mu = ops.reshape(mu, [batch_size, self.num_leaves])
        return ops.matmul(mu, ops.softmax(self.pi))


@foreign((9,), sliders={"stem": 10})
def neural_decision_tree() -> keras.Model:
    inputs = keras.Input((9,))
    x = layers.Dense(10, activation="relu")(inputs)
    return keras.Model(inputs, NeuralDecisionTree(2, 10, 3)(x))
