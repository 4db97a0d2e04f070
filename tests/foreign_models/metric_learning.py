"""Pairs, triplets and agents: shared towers, distances, several heads."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from .foreign import foreign


def euclidean_distance(vects: Any) -> Any:
    x, y = vects
    sum_square = ops.sum(ops.square(x - y), axis=1, keepdims=True)
    return ops.sqrt(ops.maximum(sum_square, keras.backend.epsilon()))


@foreign([(10, 10, 1), (10, 10, 1)], sliders={"filters": 5, "embedding": 7})
def siamese_contrastive() -> keras.Model:
    """keras.io: image similarity with a siamese network, one tower called twice, a Lambda of a function."""
    inputs = layers.Input((10, 10, 1))
    x = layers.Conv2D(5, (3, 3), activation="tanh")(layers.BatchNormalization()(inputs))
    x = layers.BatchNormalization()(layers.Flatten()(layers.AveragePooling2D(pool_size=(2, 2))(x)))
    embedding_network = keras.Model(inputs, layers.Dense(7, activation="tanh")(x))
    one, two = layers.Input((10, 10, 1)), layers.Input((10, 10, 1))
    merge = layers.Lambda(euclidean_distance, output_shape=(1,))([embedding_network(one), embedding_network(two)])
    output = layers.Dense(1, activation="sigmoid")(layers.BatchNormalization()(merge))
    return keras.Model(inputs=[one, two], outputs=output)


class DistanceLayer(layers.Layer):
    """keras.io: image similarity with a triplet loss."""

    def call(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return ops.sum(ops.square(anchor - positive), -1), ops.sum(ops.square(anchor - negative), -1)


@foreign({"anchor": (9,), "positive": (9,), "negative": (9,)}, sliders={"hidden": 11, "embedding": 6})
def siamese_triplet() -> keras.Model:
    embedding = keras.Sequential(
        [layers.Dense(11, activation="relu"), layers.BatchNormalization(), layers.Dense(6)], name="Embedding"
    )
    inputs = {name: layers.Input(name=name, shape=(9,)) for name in ("anchor", "positive", "negative")}
    distances = DistanceLayer()(*(embedding(each) for each in inputs.values()))
    return keras.Model(inputs=inputs, outputs=distances)


class NormalizedClassifier(layers.Layer):
    """ArcFace-like: cosines between normalized features and normalized class vectors, times a scale."""

    def __init__(self, classes: int, scale: float = 16.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.classes, self.scale = classes, scale

    def build(self, shape: Any) -> None:
        self.W = self.add_weight(name="W", shape=(shape[-1], self.classes), initializer="glorot_uniform")

    def call(self, x: Any) -> Any:
        return self.scale * ops.matmul(ops.normalize(x, axis=1), ops.normalize(self.W, axis=0))


@foreign((9,), sliders={"hidden": 11, "embedding": 6})
def cosine_classifier() -> keras.Model:
    inputs = keras.Input((9,))
    x = layers.Dense(6)(layers.Dense(11, activation="relu")(inputs))
    return keras.Model(inputs, NormalizedClassifier(4)(x))


@foreign((8,), sliders={"trunk": 12, "value": 6, "advantage": 7})
def dueling_dqn() -> keras.Model:
    """The advantage less its mean, plus the value."""
    inputs = layers.Input((8,))
    x = layers.Dense(12, activation="relu")(inputs)
    value = layers.Dense(1)(layers.Dense(6, activation="relu")(x))
    advantage = layers.Dense(4)(layers.Dense(7, activation="relu")(x))
    return keras.Model(inputs, value + (advantage - ops.mean(advantage, axis=1, keepdims=True)))


@foreign((16, 16, 4), sliders={"first": 6, "second": 9, "dense": 13})
def deep_q_network() -> keras.Model:
    """keras.io: Atari breakout, with the transposition inside the model."""
    return keras.Sequential(
        [
            layers.Lambda(
                lambda tensor: keras.ops.transpose(tensor, [0, 2, 3, 1]),
                output_shape=(16, 4, 16),
                input_shape=(16, 16, 4),
            ),
            layers.Conv2D(6, 4, strides=2, activation="relu"),
            layers.Conv2D(9, 1, strides=1, activation="relu"),
            layers.Flatten(),
            layers.Dense(13, activation="relu"),
            layers.Dense(4, activation="linear"),
        ]
    )


@foreign((4,), sliders={"common": 12})
def actor_critic() -> keras.Model:
    inputs = layers.Input(shape=(4,))
    common = layers.Dense(12, activation="relu")(inputs)
    return keras.Model(inputs=inputs, outputs=[layers.Dense(2, activation="softmax")(common), layers.Dense(1)(common)])


class ActorCritic(keras.Model):
    """TensorFlow's tutorial: subclassed, two heads, a tuple out."""

    def __init__(self, num_actions: int, num_hidden_units: int) -> None:
        super().__init__()
        self.common = layers.Dense(num_hidden_units, activation="relu")
        self.actor = layers.Dense(num_actions)
        self.critic = layers.Dense(1)

    def call(self, inputs: Any) -> tuple[Any, Any]:
        x = self.common(inputs)
        return self.actor(x), self.critic(x)


@foreign((4,), sliders={"common": 12})
def actor_critic_subclassed() -> keras.Model:
    return ActorCritic(2, 12)


class SquashedGaussian(layers.Layer):
    """Soft actor-critic's policy: a sample in training, the mean at inference; the spread clipped."""

    def __init__(self, actions: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean, self.log_std = layers.Dense(actions), layers.Dense(actions)
        self.seed_generator = keras.random.SeedGenerator(7)

    def call(self, x: Any, training: Any = None) -> Any:
        mean = self.mean(x)
        if not training:
            return ops.tanh(mean)
        spread = ops.exp(ops.clip(self.log_std(x), -5.0, 2.0))
        return ops.tanh(mean + spread * keras.random.normal(ops.shape(mean), seed=self.seed_generator))


@foreign((4,), sliders={"hidden": 10})
def soft_actor() -> keras.Model:
    inputs = keras.Input((4,))
    return keras.Model(inputs, SquashedGaussian(2)(layers.Dense(10, activation="relu")(inputs)))


class PrototypeDistances(layers.Layer):
    """Radial basis functions: distances to centres that are weights, each with its own width."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape: Any) -> None:
        self.mu = self.add_weight(name="mu", shape=(self.units, shape[-1]))
        self.gamma = self.add_weight(name="gamma", shape=(self.units,), initializer="ones")

    def call(self, x: Any) -> Any:
        difference = ops.expand_dims(x, 1) - self.mu
        return ops.exp(-self.gamma * ops.sum(ops.square(difference), axis=-1))


@foreign((5,), sliders={"stem": 6, "centres": 9})
def radial_basis_functions() -> keras.Model:
    inputs = keras.Input((5,))
    return keras.Model(inputs, layers.Dense(2)(PrototypeDistances(9)(layers.Dense(6)(inputs))))
