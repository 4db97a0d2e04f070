"""Time series and audio: causal stacks, gates, spectra, recurrent cells of one's own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from .foreign import foreign, indices, tokens


@foreign((16, 3), sliders={"filters": 7})
def temporal_convolutional_network() -> keras.Model:
    """Bai et al. 2018: causal dilated residual blocks, the last step read out."""
    inputs = keras.Input((16, 3))
    x = layers.Conv1D(7, 1)(inputs)
    for dilation in (1, 2, 4):
        y = layers.Conv1D(7, 2, padding="causal", dilation_rate=dilation, activation="relu")(x)
        y = layers.SpatialDropout1D(0.1)(y)
        y = layers.Conv1D(7, 2, padding="causal", dilation_rate=dilation, activation="relu")(y)
        x = layers.Activation("relu")(layers.Add()([x, y]))
    return keras.Model(inputs, layers.Dense(2)(x[:, -1, :]))


@foreign((16, 3), sliders={"residual": 7, "gated": 9, "skip": 8})
def wavenet() -> keras.Model:
    inputs = keras.Input((16, 3))
    x = layers.Conv1D(7, 2, padding="causal")(inputs)
    skips = []
    for dilation in (1, 2, 4):
        z = layers.Conv1D(9, 2, padding="causal", dilation_rate=dilation, activation="tanh")(x)
        z = layers.Multiply()(
            [z, layers.Conv1D(9, 2, padding="causal", dilation_rate=dilation, activation="sigmoid")(x)]
        )
        skips.append(layers.Conv1D(8, 1)(z))
        x = layers.Add()([x, layers.Conv1D(7, 1)(z)])
    x = layers.Activation("relu")(layers.Add()(skips))
    return keras.Model(inputs, layers.Conv1D(4, 1, activation="softmax")(x))


@foreign((4, 8, 8, 1), sliders={"filters": 6})
def conv_lstm_frames() -> keras.Model:
    """keras.io: next-frame video prediction."""
    inputs = keras.Input((4, 8, 8, 1))
    x = layers.ConvLSTM2D(6, (3, 3), padding="same", return_sequences=True, activation="relu")(inputs)
    x = layers.BatchNormalization()(x)
    return keras.Model(inputs, layers.Conv3D(1, (3, 3, 3), activation="sigmoid", padding="same")(x))


class CRF(layers.Layer):
    """The transitions of a linear chain, by a loop over steps: log of the normalizer at each label."""

    def build(self, shape: Any) -> None:
        self.transitions = self.add_weight(shape=(shape[-1], shape[-1]), name="transitions")

    def call(self, scores: Any) -> Any:
        alpha = scores[:, 0]
        for step in range(1, scores.shape[1]):
            alpha = ops.logsumexp(alpha[:, :, None] + self.transitions, axis=1) + scores[:, step]
        return alpha


@foreign(tokens(6), sliders={"embedding": 8, "recurrent": 5})
def bilstm_crf() -> keras.Model:
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(20, 8, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.LSTM(5, return_sequences=True))(x)
    return keras.Model(inputs, CRF()(layers.TimeDistributed(layers.Dense(4))(x)))


class CTCLayer(layers.Layer):
    """keras.io: OCR model for reading captchas; the loss is added by a layer."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        batch_len = ops.shape(y_true)[0]
        input_length = ops.full((batch_len,), y_pred.shape[1], dtype="int32")
        label_length = ops.full((batch_len,), y_true.shape[1], dtype="int32")
        loss = ops.ctc_loss(ops.cast(y_true, "int32"), y_pred, label_length, input_length, mask_index=0)
        self.add_loss(ops.mean(loss))
        return y_pred


@foreign({"image": (16, 8, 1), "label": indices(3, below=4)}, sliders={"filters": 6, "dense": 10, "recurrent": 7})
def ctc_ocr() -> keras.Model:
    image = layers.Input((16, 8, 1), name="image")
    labels = layers.Input((3,), name="label", dtype="float32")
    x = layers.Conv2D(6, (3, 3), activation="relu", padding="same", name="Conv1")(image)
    x = layers.Reshape(target_shape=(8, 4 * 6), name="reshape")(layers.MaxPooling2D((2, 2))(x))
    x = layers.Dropout(0.2)(layers.Dense(10, activation="relu", name="dense1")(x))
    x = layers.Bidirectional(layers.LSTM(7, return_sequences=True, dropout=0.25))(x)
    x = layers.Dense(5, name="dense2")(x)
    return keras.Model({"image": image, "label": labels}, CTCLayer(name="ctc_loss")(labels, x))


class ConformerBlock(layers.Layer):
    """Half a feed-forward, attention, a gated depthwise convolution, half a feed-forward."""

    def __init__(self, width: int, heads: int, hidden: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ff1 = keras.Sequential(
            [layers.LayerNormalization(), layers.Dense(hidden, activation="silu"), layers.Dense(width)]
        )
        self.ff2 = keras.Sequential(
            [layers.LayerNormalization(), layers.Dense(hidden, activation="silu"), layers.Dense(width)]
        )
        self.norm, self.att = layers.LayerNormalization(), layers.MultiHeadAttention(heads, width // heads)
        self.conv_norm, self.pointwise = layers.LayerNormalization(), layers.Conv1D(2 * width, 1)
        self.depthwise = layers.DepthwiseConv1D(3, padding="same")
        self.bn, self.out = layers.BatchNormalization(), layers.Conv1D(width, 1)
        self.final = layers.LayerNormalization()

    def call(self, x: Any, training: Any = None) -> Any:
        x = x + 0.5 * self.ff1(x)
        y = self.norm(x)
        x = x + self.att(y, y)
        y = ops.glu(self.pointwise(self.conv_norm(x)))
        x = x + self.out(ops.silu(self.bn(self.depthwise(y), training=training)))
        return self.final(x + 0.5 * self.ff2(x))


@foreign((10, 6), sliders={"width": 8, "feed forward 1": 15, "feed forward 2": 15, "heads": 2})
def conformer() -> keras.Model:
    inputs = keras.Input((10, 6))
    return keras.Model(inputs, layers.Dense(5)(ConformerBlock(8, 2, 15)(layers.Dense(8)(inputs))))


class Time2Vec(layers.Layer):
    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size

    def build(self, shape: Any) -> None:
        self.w0, self.b0 = self.add_weight(shape=(1,), name="w0"), self.add_weight(shape=(1,), name="b0")
        self.w = self.add_weight(shape=(1, self.size), name="w")
        self.b = self.add_weight(shape=(self.size,), name="b")

    def call(self, x: Any) -> Any:
        return ops.concatenate([x * self.w0 + self.b0, ops.sin(x * self.w + self.b)], axis=-1)


@foreign((8, 1), sliders={"periodic": 5, "recurrent": 7})
def time2vec() -> keras.Model:
    inputs = keras.Input((8, 1))
    return keras.Model(inputs, layers.Dense(1)(layers.LSTM(7)(Time2Vec(5)(inputs))))


class NBeatsBlock(layers.Layer):
    def __init__(self, units: int, theta: int, horizon: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden = [layers.Dense(units, activation="relu") for _ in range(2)]
        self.theta_layer = layers.Dense(theta)
        self.horizon = horizon

    def call(self, x: Any) -> Any:
        for layer in self.hidden:
            x = layer(x)
        theta = self.theta_layer(x)
        return theta[:, : -self.horizon], theta[:, -self.horizon :]


@foreign((8,), sliders={"units": 11, "second units": 11})
def n_beats() -> keras.Model:
    """Oreshkin et al. 2020: a residual backwards and a sum forwards."""
    inputs = keras.Input((8,))
    residuals, forecast = inputs, None
    for number in range(2):
        backcast, block_forecast = NBeatsBlock(11, 11, 3, name=f"NBeatsBlock_{number}")(residuals)
        residuals = layers.subtract([residuals, backcast])
        forecast = block_forecast if forecast is None else layers.add([forecast, block_forecast])
    return keras.Model(inputs, forecast)


@foreign({"static": (4,), "past": (6, 5)}, sliders={"state": 7, "heads": 2})
def temporal_fusion() -> keras.Model:
    """A static context as an LSTM's states and, repeated over time, beside its outputs; interpretable attention."""
    static, past = keras.Input((4,), name="static"), keras.Input((6, 5), name="past")
    context = layers.Dense(7, activation="elu")(static)
    x = layers.LSTM(7, return_sequences=True)(past, initial_state=[context, layers.Dense(7)(context)])
    gate = layers.Dense(7, activation="sigmoid")(x)
    x = layers.LayerNormalization()(x * gate + layers.RepeatVector(6)(context))
    x = x + layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)
    return keras.Model({"static": static, "past": past}, layers.TimeDistributed(layers.Dense(3))(x))


class MinimalRNNCell(layers.Layer):
    """Keras's documentation: a cell of one's own."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="uniform", name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent_kernel")

    def call(self, inputs: Any, states: Any) -> Any:
        output = ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent_kernel)
        return output, [output]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


@foreign((6, 4), sliders={"units": 7, "head": 5})
def cell_of_ones_own() -> keras.Model:
    inputs = keras.Input((6, 4))
    return keras.Model(inputs, layers.Dense(2)(layers.Dense(5)(layers.RNN(MinimalRNNCell(7))(inputs))))


@foreign((6, 4), sliders={"first cell": 7, "second cell": 5})
def stacked_cells() -> keras.Model:
    inputs = keras.Input((6, 4))
    cells = [layers.LSTMCell(7), layers.GRUCell(5)]
    return keras.Model(inputs, layers.Dense(2)(layers.RNN(cells, return_sequences=True)(inputs)))


@foreign((64,), sliders={"filters": 5})
def raw_audio_spectrogram() -> keras.Model:
    """A spectrogram inside the model, then a small network on it."""
    inputs = keras.Input((64,))
    real, imaginary = ops.stft(inputs, sequence_length=16, sequence_stride=8, fft_length=16)
    x = ops.log(ops.sqrt(ops.square(real) + ops.square(imaginary)) + 1e-6)
    x = layers.GlobalAveragePooling1D()(layers.Conv1D(5, 3, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(3)(x))


@foreign((10, 4), sliders={"width": 8, "state": 6})
def state_space_scan() -> keras.Model:
    """A diagonal state space layer by its convolution kernel: powers of weights, a loop of no length in weights."""

    class Diagonal(layers.Layer):
        def __init__(self, states: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.states = states

        def build(self, shape: Any) -> None:
            self.log_a = self.add_weight(shape=(shape[-1], self.states), name="log_a", initializer="ones")
            self.c = self.add_weight(shape=(shape[-1], self.states), name="c")

        def call(self, u: Any) -> Any:
            length = u.shape[1]
            steps = np.arange(length, dtype="float32")
            powers = ops.exp(-ops.softplus(self.log_a)[..., None] * steps)
            kernel = ops.einsum("ds,dsl->dl", self.c, powers)
            lag = np.arange(length)[:, None] - np.arange(length)[None]
            toeplitz = ops.where(lag >= 0, ops.take(kernel, np.maximum(lag, 0), axis=1), 0.0)
            return ops.einsum("dts,bsd->btd", toeplitz, u)

    inputs = keras.Input((10, 4))
    x = Diagonal(6)(layers.Dense(8)(inputs))
    return keras.Model(inputs, layers.Dense(2)(ops.gelu(x)))


class AutoregressiveLSTM(keras.Model):
    """TensorFlow's time series tutorial: a warm-up, then a loop that feeds predictions back."""

    def __init__(self, units: int = 7, out_steps: int = 3) -> None:
        super().__init__()
        self.out_steps = out_steps
        self.lstm_cell = layers.LSTMCell(units)
        self.lstm_rnn = layers.RNN(self.lstm_cell, return_state=True)
        self.dense = layers.Dense(4)

    def call(self, inputs: Any, training: Any = None) -> Any:
        x, *state = self.lstm_rnn(inputs)
        predictions = [self.dense(x)]
        for _ in range(1, self.out_steps):
            x, state = self.lstm_cell(predictions[-1], states=state, training=training)
            predictions.append(self.dense(x))
        return ops.transpose(ops.stack(predictions), [1, 0, 2])


@foreign((6, 4), sliders={"units": 7})
def autoregressive_lstm() -> keras.Model:
    return AutoregressiveLSTM()


class LowFrequencies(layers.Layer):
    """The lowest frequencies of a sequence times complex weights, the others left out."""

    def __init__(self, width: int, kept: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width, self.kept = width, kept

    def build(self, shape: Any) -> None:
        sizes = (shape[-1], self.width, self.kept)
        self.real = self.add_weight(shape=sizes, name="real", initializer="glorot_uniform")
        self.imaginary = self.add_weight(shape=sizes, name="imaginary", initializer="glorot_uniform")

    def call(self, x: Any) -> Any:
        spectrum = tf.signal.rfft(tf.transpose(x, [0, 2, 1]))
        low = tf.einsum("bik,iok->bok", spectrum[..., : self.kept], tf.complex(self.real, self.imaginary))
        rest = tf.repeat(tf.zeros_like(spectrum[:, :1, self.kept :]), self.width, axis=1)
        return tf.transpose(tf.signal.irfft(tf.concat([low, rest], axis=-1), [x.shape[1]]), [0, 2, 1])


@foreign((8, 2), sliders={"width": 6, "projection": 9})
def fourier_neural_operator() -> keras.Model:
    """Li et al. 2021, in one dimension."""
    inputs = keras.Input((8, 2))
    x = layers.Dense(6)(inputs)
    for _ in range(2):
        x = layers.Activation("gelu")(layers.Add()([LowFrequencies(6, 3)(x), layers.Conv1D(6, 1)(x)]))
    return keras.Model(inputs, layers.Dense(1)(layers.Dense(9, activation="gelu")(x)))
