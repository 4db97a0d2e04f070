"""Layers with weights of their own: reparametrized, low-rank, generated, noisy, routed."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from .foreign import foreign


class Linear(layers.Layer):
    """The layer of Keras's guide on making layers."""

    def __init__(self, units: int = 32, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True)
        self.b = self.add_weight(shape=(self.units,), initializer="random_normal", trainable=True)

    def call(self, inputs: Any) -> Any:
        return ops.matmul(inputs, self.w) + self.b

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


class MLPBlock(layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.linear_1, self.linear_2, self.linear_3 = Linear(11), Linear(7), Linear(1)

    def call(self, inputs: Any) -> Any:
        x = ops.relu(self.linear_1(inputs))
        return self.linear_3(ops.relu(self.linear_2(x)))


@foreign((6,), sliders={"first": 11, "second": 7})
def guide_mlp_block() -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, MLPBlock()(inputs))


class WeightNorm(layers.Layer):
    """A direction divided by its length, and a length of its own (Salimans and Kingma 2016)."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape: Any) -> None:
        self.v = self.add_weight(shape=(shape[-1], self.units), name="v")
        self.g = self.add_weight(shape=(self.units,), initializer="ones", name="g")

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.g * self.v / ops.sqrt(ops.sum(ops.square(self.v), axis=0, keepdims=True) + 1e-6))


@foreign((6,), sliders={"first": 11, "second": 7})
def weight_normalization_by_hand() -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(2)(ops.relu(WeightNorm(7)(ops.relu(WeightNorm(11)(inputs))))))


@foreign((8, 8, 2), sliders={"filters": 6, "dense": 9})
def spectral_normalization() -> keras.Model:
    inputs = keras.Input((8, 8, 2))
    x = layers.SpectralNormalization(layers.Conv2D(6, 3, padding="same"))(inputs)
    x = layers.Flatten()(layers.LeakyReLU()(x))
    return keras.Model(inputs, layers.Dense(1)(layers.SpectralNormalization(layers.Dense(9))(x)))


class LoraLayer(layers.Layer):
    """keras.io: parameter-efficient fine-tuning; a frozen layer, and two small ones beside it."""

    def __init__(self, original_layer: Any, rank: int = 3, alpha: int = 6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = alpha / rank
        self.original_layer = original_layer
        self.original_layer.trainable = False
        self.A = layers.Dense(rank, use_bias=False, kernel_initializer="he_uniform", name="lora_A")
        self.B = layers.Dense(original_layer.units, use_bias=False, kernel_initializer="zeros", name="lora_B")

    def call(self, inputs: Any) -> Any:
        return self.original_layer(inputs) + self.B(self.A(inputs)) * self.scale


@foreign((8,), sliders={"hidden": 10, "rank": 3, "next": 7})
def lora_by_hand() -> keras.Model:
    inputs = keras.Input((8,))
    x = LoraLayer(layers.Dense(10, activation="relu"))(inputs)
    return keras.Model(inputs, layers.Dense(2)(layers.Dense(7, activation="relu")(x)))


class HyperDense(layers.Layer):
    """A kernel generated for every sample by another input."""

    def __init__(self, units: int, hidden: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.hidden = units, hidden

    def build(self, shape: Any) -> None:
        self.fan_in = shape[0][-1]
        self.first = layers.Dense(self.hidden, activation="relu")
        self.kernel_of = layers.Dense(self.fan_in * self.units)

    def call(self, inputs: Any) -> Any:
        x, condition = inputs
        kernel = ops.reshape(self.kernel_of(self.first(condition)), (-1, self.fan_in, self.units))
        return ops.einsum("bi,biu->bu", x, kernel)


@foreign([(6,), (4,)], sliders={"hidden": 9, "units": 7})
def hypernetwork() -> keras.Model:
    x, condition = keras.Input((6,)), keras.Input((4,))
    return keras.Model([x, condition], layers.Dense(2)(ops.relu(HyperDense(7, 9)([x, condition]))))


class NoisyDense(layers.Layer):
    """Fortunato et al. 2018: noise that factors, drawn in training only."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.seed_generator = keras.random.SeedGenerator(3)

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(shape[-1], self.units), name="w")
        self.sigma = self.add_weight(shape=(shape[-1], self.units), name="sigma", initializer="ones")

    def call(self, x: Any, training: Any = None) -> Any:
        if not training:
            return ops.matmul(x, self.w)
        noise = keras.random.normal((self.w.shape[0], 1), seed=self.seed_generator)
        noise = noise * keras.random.normal((1, self.units), seed=self.seed_generator)
        return ops.matmul(x, self.w + 0.1 * self.sigma * noise)


@foreign((6,), sliders={"hidden": 9})
def noisy_network() -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(2)(ops.relu(NoisyDense(9)(inputs))))


class KANLayer(layers.Layer):
    """Kolmogorov-Arnold: a sum of basis functions on every edge, beside a plain product."""

    def __init__(self, units: int, grid: int = 5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.grid = units, grid

    def build(self, shape: Any) -> None:
        self.coefficients = self.add_weight(shape=(shape[-1], self.grid, self.units), name="coefficients")
        self.base = self.add_weight(shape=(shape[-1], self.units), name="base")

    def call(self, x: Any) -> Any:
        centres = ops.linspace(-2.0, 2.0, self.grid)
        basis = ops.exp(-ops.square(ops.expand_dims(x, -1) - centres))
        return ops.einsum("big,igu->bu", basis, self.coefficients) + ops.matmul(ops.silu(x), self.base)


@foreign((6,), sliders={"hidden": 8})
def kolmogorov_arnold() -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, KANLayer(2)(KANLayer(8)(inputs)))


def squash(x: Any) -> Any:
    norm = ops.sum(ops.square(x), axis=-1, keepdims=True)
    return norm / (1 + norm) * x / ops.sqrt(norm + 1e-7)


class CapsuleLayer(layers.Layer):
    """Routing by agreement, three times, unrolled (Sabour et al. 2017)."""

    def __init__(self, capsules: int, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.capsules, self.size = capsules, size

    def build(self, shape: Any) -> None:
        self.W = self.add_weight(shape=(self.capsules, shape[1], self.size, shape[2]), name="W")

    def call(self, u: Any) -> Any:
        hat = ops.einsum("cnsi,bni->bcns", self.W, u)
        b = ops.zeros_like(hat[..., 0])
        for _ in range(2):
            v = squash(ops.einsum("bcn,bcns->bcs", ops.softmax(b, axis=1), hat))
            b = b + ops.einsum("bcs,bcns->bcn", v, hat)
        return squash(ops.einsum("bcn,bcns->bcs", ops.softmax(b, axis=1), hat))


@foreign((12, 12, 1), sliders={"filters": 7})
def capsule_network() -> keras.Model:
    inputs = keras.Input((12, 12, 1))
    x = layers.Conv2D(7, 3, strides=2, activation="relu")(inputs)
    x = layers.Reshape((-1, 4))(layers.Conv2D(8, 3, strides=2)(x))
    x = CapsuleLayer(3, 5)(layers.Activation(squash)(x))
    return keras.Model(inputs, ops.sqrt(ops.sum(ops.square(x), axis=-1) + 1e-7))


class ODEBlock(layers.Layer):
    """A neural ODE by Euler steps: one network, called at every step with time concatenated."""

    def __init__(self, hidden: int, steps: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden, self.steps = hidden, steps

    def build(self, shape: Any) -> None:
        self.one, self.two = layers.Dense(self.hidden, activation="tanh"), layers.Dense(shape[-1])

    def call(self, x: Any) -> Any:
        for step in range(self.steps):
            time = ops.ones_like(x[:, :1]) * (step / self.steps)
            x = x + self.two(self.one(ops.concatenate([x, time], axis=-1))) / self.steps
        return x


@foreign((5,), sliders={"state": 7, "hidden": 11})
def neural_ode() -> keras.Model:
    inputs = keras.Input((5,))
    return keras.Model(inputs, layers.Dense(2)(ODEBlock(11)(layers.Dense(7)(inputs))))


class FiLM(layers.Layer):
    """A condition scales and moves channels (Perez et al. 2018)."""

    def build(self, shape: Any) -> None:
        self.dense = layers.Dense(2 * shape[0][-1])

    def call(self, inputs: Any) -> Any:
        x, condition = inputs
        gamma, beta = ops.split(self.dense(condition), 2, axis=-1)
        return x * (1 + gamma[:, None, None, :]) + beta[:, None, None, :]


@foreign([(8, 8, 3), (4,)], sliders={"filters": 7, "condition": 6})
def film_conditioning() -> keras.Model:
    image, condition = keras.Input((8, 8, 3)), keras.Input((4,))
    x = layers.Conv2D(7, 3, padding="same")(image)
    x = ops.relu(FiLM()([x, layers.Dense(6, activation="relu")(condition)]))
    return keras.Model([image, condition], layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


class WeightsInContainers(layers.Layer):
    """Weights in a list and in a dictionary."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape: Any) -> None:
        self.kernels = [self.add_weight(shape=(shape[-1], self.units), name=f"kernel_{i}") for i in range(2)]
        self.other = {"bias": self.add_weight(shape=(self.units,), name="bias")}

    def call(self, x: Any) -> Any:
        return ops.maximum(ops.matmul(x, self.kernels[0]), ops.matmul(x, self.kernels[1])) + self.other["bias"]


@foreign((6,), sliders={"maxout": 9})
def maxout_from_containers() -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(2)(WeightsInContainers(9)(inputs)))


class BatchNormByHand(layers.Layer):
    """Moving statistics assigned in ``call`` while training."""

    def build(self, shape: Any) -> None:
        self.gamma = self.add_weight(shape=(shape[-1],), initializer="ones", name="gamma")
        self.mean = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False, name="mean")

    def call(self, x: Any, training: Any = None) -> Any:
        if training:
            mean = ops.mean(x, axis=0)
            self.mean.assign(0.9 * self.mean + 0.1 * mean)
            return (x - mean) * self.gamma
        return (x - self.mean) * self.gamma


@foreign((6,), sliders={"hidden": 9})
def moving_statistics_by_hand() -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(2)(BatchNormByHand()(layers.Dense(9)(inputs))))
