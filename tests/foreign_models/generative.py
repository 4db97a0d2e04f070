"""Autoencoders, adversarial parts, pixel and flow models, diffusion."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .foreign import foreign


class Sampling(layers.Layer):
    """keras.io: uses (z_mean, z_log_var) to sample z."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs: Any) -> Any:
        z_mean, z_log_var = inputs
        batch, dim = ops.shape(z_mean)[0], ops.shape(z_mean)[1]
        epsilon = keras.random.normal(shape=(batch, dim), seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon


class VAE(keras.Model):
    def __init__(self, encoder: Any, decoder: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        self.total_loss_tracker = keras.metrics.Mean(name="total_loss")

    @property
    def metrics(self) -> list[Any]:
        return [self.total_loss_tracker]

    def call(self, inputs: Any) -> Any:
        return self.decoder(self.encoder(inputs)[2])

    def train_step(self, data: Any) -> Any:
        raise NotImplementedError("the example's own loop, which nothing here runs")


@foreign((8, 8, 1), sliders={"filters": 6, "dense": 9, "latent": 4, "decoder": 10})
def variational_autoencoder() -> keras.Model:
    encoder_inputs = keras.Input(shape=(8, 8, 1))
    x = layers.Conv2D(6, 3, activation="relu", strides=2, padding="same")(encoder_inputs)
    x = layers.Dense(9, activation="relu")(layers.Flatten()(x))
    z_mean, z_log_var = layers.Dense(4, name="z_mean")(x), layers.Dense(4, name="z_log_var")(x)
    encoder = keras.Model(encoder_inputs, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])], name="encoder")
    latent_inputs = keras.Input(shape=(4,))
    x = layers.Reshape((4, 4, 5))(layers.Dense(4 * 4 * 5, activation="relu")(latent_inputs))
    x = layers.Conv2DTranspose(10, 3, activation="relu", strides=2, padding="same")(x)
    outputs = layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(x)
    return VAE(encoder, keras.Model(latent_inputs, outputs, name="decoder"))


class KLDivergence(layers.Layer):
    """An identity that adds a loss (Chollet, Deep Learning with Python, first edition)."""

    def call(self, inputs: Any) -> Any:
        mean, log_var = inputs
        self.add_loss(-0.5 * ops.mean(1 + log_var - ops.square(mean) - ops.exp(log_var)))
        return inputs


@foreign((8,), sliders={"hidden": 10, "latent": 3, "back": 11})
def vae_with_added_loss() -> keras.Model:
    inputs = keras.Input((8,))
    x = layers.Dense(10, activation="relu")(inputs)
    mean, log_var = KLDivergence()([layers.Dense(3)(x), layers.Dense(3)(x)])
    z = Sampling()([mean, log_var])
    return keras.Model(inputs, layers.Dense(8)(layers.Dense(11, activation="relu")(z)))


class VectorQuantizer(layers.Layer):
    """keras.io: vector-quantized variational autoencoders; a loss added, a straight-through gradient."""

    def __init__(self, num_embeddings: int, embedding_dim: int, beta: float = 0.25, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding_dim, self.num_embeddings, self.beta = embedding_dim, num_embeddings, beta
        self.embeddings = self.add_weight(shape=(embedding_dim, num_embeddings), name="embeddings_vqvae")

    def call(self, x: Any) -> Any:
        input_shape = ops.shape(x)
        flattened = ops.reshape(x, [-1, self.embedding_dim])
        similarity = ops.matmul(flattened, self.embeddings)
        distances = ops.sum(flattened**2, axis=1, keepdims=True) + ops.sum(self.embeddings**2, axis=0) - 2 * similarity
        encodings = ops.one_hot(ops.argmin(distances, axis=1), self.num_embeddings)
        quantized = ops.reshape(ops.matmul(encodings, ops.transpose(self.embeddings)), input_shape)
        commitment_loss = ops.mean((ops.stop_gradient(quantized) - x) ** 2)
        codebook_loss = ops.mean((quantized - ops.stop_gradient(x)) ** 2)
        self.add_loss(self.beta * commitment_loss + codebook_loss)
        return x + ops.stop_gradient(quantized - x)


@foreign((8, 8, 1), sliders={"encoder": 7, "latent": 5, "decoder": 6})
def vq_vae() -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(7, 3, activation="relu", strides=2, padding="same")(inputs)
    x = VectorQuantizer(9, 5, name="vector_quantizer")(layers.Conv2D(5, 1, padding="same")(x))
    x = layers.Conv2DTranspose(6, 3, activation="relu", strides=2, padding="same")(x)
    return keras.Model(inputs, layers.Conv2DTranspose(1, 3, padding="same")(x), name="vq_vae")


@foreign((6,), sliders={"first": 5, "second": 7, "third": 9})
def dcgan_generator() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input(shape=(6,)),
            layers.Dense(4 * 4 * 5),
            layers.Reshape((4, 4, 5)),
            layers.Conv2DTranspose(7, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2DTranspose(9, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(3, kernel_size=5, padding="same", activation="sigmoid"),
        ],
        name="generator",
    )


@foreign((16, 16, 3), sliders={"first": 6, "second": 9})
def wgan_discriminator() -> keras.Model:
    """keras.io: WGAN-GP's critic."""

    def conv_block(x: Any, filters: int, use_bn: bool, drop: float) -> Any:
        x = layers.Conv2D(filters, (5, 5), strides=(2, 2), padding="same")(x)
        x = layers.BatchNormalization()(x) if use_bn else x
        return layers.Dropout(drop)(layers.LeakyReLU(0.2)(x))

    inputs = layers.Input(shape=(16, 16, 3))
    x = conv_block(layers.ZeroPadding2D((2, 2))(inputs), 6, False, 0.3)
    x = layers.Dropout(0.2)(layers.Flatten()(conv_block(x, 9, False, 0.3)))
    return keras.Model(inputs, layers.Dense(1)(x), name="discriminator")


@foreign([(5,), (1,)], sliders={"class embedding": 6, "hidden": 13})
def conditional_gan_generator() -> keras.Model:
    noise, label = keras.Input((5,)), keras.Input((1,), dtype="int32")
    code = layers.Flatten()(layers.Embedding(10, 6)(ops.cast(ops.abs(label), "int32")))
    x = layers.Dense(13, activation="relu")(layers.Concatenate()([noise, code]))
    return keras.Model([noise, label], layers.Dense(8, activation="tanh")(x))


class ReflectionPadding2D(layers.Layer):
    """keras.io: CycleGAN."""

    def __init__(self, padding: tuple[int, int] = (1, 1), **kwargs: Any) -> None:
        self.padding = tuple(padding)
        super().__init__(**kwargs)

    def call(self, x: Any, mask: Any = None) -> Any:
        width, height = self.padding
        return ops.pad(x, [[0, 0], [height, height], [width, width], [0, 0]], mode="REFLECT")


@foreign((12, 12, 3), sliders={"filters": 6, "down": 9})
def cycle_gan_generator() -> keras.Model:
    inputs = layers.Input(shape=(12, 12, 3))
    x = layers.Conv2D(6, (3, 3), use_bias=False)(ReflectionPadding2D()(inputs))
    x = layers.Activation("relu")(layers.GroupNormalization(groups=3)(x))
    x = layers.Conv2D(9, 3, strides=2, padding="same", use_bias=False)(x)
    y = layers.Conv2D(9, 3, padding="valid", use_bias=False)(ReflectionPadding2D()(x))
    x = layers.add([x, layers.Activation("relu")(y)])
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same")(x)
    x = layers.Conv2D(3, (3, 3), padding="valid")(ReflectionPadding2D()(x))
    return keras.Model(inputs, layers.Activation("tanh")(x))


class PixelConvLayer(layers.Layer):
    """keras.io: PixelCNN; the kernel is masked by an assignment in ``call``."""

    def __init__(self, mask_type: str, **kwargs: Any) -> None:
        super().__init__()
        self.mask_type = mask_type
        self.conv = layers.Conv2D(**kwargs)

    def build(self, input_shape: Any) -> None:
        self.conv.build(input_shape)
        kernel_shape = ops.shape(self.conv.kernel)
        mask = np.zeros(shape=kernel_shape)
        mask[: kernel_shape[0] // 2, ...] = 1.0
        mask[kernel_shape[0] // 2, : kernel_shape[1] // 2, ...] = 1.0
        if self.mask_type == "B":
            mask[kernel_shape[0] // 2, kernel_shape[1] // 2, ...] = 1.0
        self.mask = mask

    def call(self, inputs: Any) -> Any:
        self.conv.kernel.assign(self.conv.kernel * self.mask)
        return self.conv(inputs)


@foreign((8, 8, 1), sliders={"inside": 5, "last": 9})
def pixel_cnn() -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = PixelConvLayer(mask_type="A", filters=10, kernel_size=7, activation="relu", padding="same")(inputs)
    y = keras.layers.Conv2D(filters=5, kernel_size=1, activation="relu")(x)
    y = PixelConvLayer(mask_type="B", filters=5, kernel_size=3, activation="relu", padding="same")(y)
    x = layers.add([x, keras.layers.Conv2D(filters=10, kernel_size=1, activation="relu")(y)])
    x = PixelConvLayer(mask_type="B", filters=9, kernel_size=1, activation="relu", padding="valid")(x)
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))


def nerf_encode(x: Any) -> Any:
    positions = [x]
    for i in range(3):
        positions += [ops.sin(2.0**i * x), ops.cos(2.0**i * x)]
    return ops.concatenate(positions, axis=-1)


@foreign((5, 3), sliders={"width 1": 16})
def nerf() -> keras.Model:
    """keras.io: 3D volumetric rendering with NeRF: layers of one width, the input concatenated again."""
    inputs = keras.Input((5, 3))
    encoded = x = nerf_encode(inputs)
    for i in range(4):
        x = layers.Dense(units=16, activation="relu")(x)
        if i == 2:
            x = layers.concatenate([x, encoded], axis=-1)
    return keras.Model(inputs, layers.Dense(units=4)(x))


class AffineCoupling(layers.Layer):
    """keras.io: density estimation with Real NVP: one half scales and moves the other; a log-determinant beside it."""

    def __init__(self, hidden: int, flip: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flip = flip
        regularizer = keras.regularizers.L2(0.01)
        self.scale = [layers.Dense(hidden, activation="relu", kernel_regularizer=regularizer), layers.Dense(3)]
        self.move = [layers.Dense(hidden, activation="relu"), layers.Dense(3)]

    def call(self, x: Any) -> Any:
        left, right = (x[:, 3:], x[:, :3]) if self.flip else (x[:, :3], x[:, 3:])
        s, t = ops.tanh(self.scale[1](self.scale[0](left))), self.move[1](self.move[0](left))
        right = right * ops.exp(s) + t
        return ops.concatenate([right, left] if self.flip else [left, right], axis=-1), ops.sum(s, axis=-1)


@foreign((6,), sliders={"hidden": 8, "other hidden": 9})
def real_nvp() -> keras.Model:
    inputs = x = keras.Input((6,))
    total = 0.0
    for width, flip in ((8, False), (9, True)):
        x, log_det = AffineCoupling(width, flip)(x)
        total = total + log_det
    return keras.Model(inputs, [x, total])


def sinusoidal_embedding(x: Any) -> Any:
    frequencies = ops.exp(ops.linspace(ops.log(1.0), ops.log(1000.0), 4))
    angular_speeds = ops.cast(2.0 * np.pi * frequencies, "float32")
    return ops.concatenate([ops.sin(angular_speeds * x), ops.cos(angular_speeds * x)], axis=3)


@foreign([(8, 8, 3), (1, 1, 1)], sliders={"stem": 7, "bottom": 11})
def diffusion_u_net() -> keras.Model:
    """keras.io: denoising diffusion implicit models; a Lambda of a function that reads this module's names."""
    noisy, variances = keras.Input((8, 8, 3)), keras.Input((1, 1, 1))
    e = layers.Lambda(sinusoidal_embedding, output_shape=(1, 1, 8))(variances)
    e = layers.UpSampling2D(size=8, interpolation="nearest")(e)
    x = layers.Concatenate()([layers.Conv2D(7, kernel_size=1)(noisy), e])
    residual = layers.Conv2D(7, kernel_size=1)(x)
    x = layers.BatchNormalization(center=False, scale=False)(x)
    x = layers.Conv2D(7, kernel_size=3, padding="same", activation="swish")(x)
    skip = x = layers.Add()([x, residual])
    x = layers.Conv2D(11, 3, padding="same", activation="swish")(layers.AveragePooling2D(pool_size=2)(x))
    x = layers.UpSampling2D(size=2, interpolation="bilinear")(x)
    x = layers.Conv2D(3, kernel_size=1, kernel_initializer="zeros")(layers.Concatenate()([x, skip]))
    return keras.Model([noisy, variances], x, name="residual_unet")


class TiedDense(layers.Layer):
    """Hands-on machine learning: the decoder uses the encoder's kernel, transposed."""

    def __init__(self, dense: Any, activation: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = dense
        self.activation = keras.activations.get(activation)

    def build(self, batch_input_shape: Any) -> None:
        self.biases = self.add_weight(name="bias", shape=self.dense.kernel.shape[:1], initializer="zeros")

    def call(self, inputs: Any) -> Any:
        z = ops.matmul(inputs, ops.transpose(self.dense.kernel))
        return self.activation(z + self.biases)


@foreign((12,), sliders={"first": 9, "code": 5})
def tied_autoencoder() -> keras.Model:
    one, two = layers.Dense(9, activation="selu"), layers.Dense(5, activation="selu")
    inputs = keras.Input((12,))
    code = two(one(inputs))
    return keras.Model(inputs, TiedDense(one, activation="sigmoid")(TiedDense(two, activation="selu")(code)))
