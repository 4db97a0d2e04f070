"""What models do besides being networks: losses, branches, states, text, names, nesting."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from .foreign import foreign, indices, texts


class ActivityRegularization(layers.Layer):
    """Keras's guide: a loss added in ``call``."""

    def __init__(self, rate: float = 1e-2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs: Any) -> Any:
        self.add_loss(self.rate * ops.mean(inputs))
        return inputs


@foreign((6,), sliders={"hidden": 9})
def loss_added_in_call() -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(2)(ActivityRegularization()(layers.Dense(9)(inputs))))


class AuxiliaryHead(layers.Layer):
    """What training adds to the output, as a branch on ``training``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.main, self.auxiliary = layers.Dense(3), layers.Dense(3)

    def call(self, x: Any, training: Any = None) -> Any:
        return self.main(x) + self.auxiliary(x) if training else self.main(x)


@foreign((6,), sliders={"hidden": 9})
def branch_on_training() -> keras.Model:
    inputs = keras.Input((6,))
    x = layers.Dense(9, activation="relu")(inputs)
    head = AuxiliaryHead()
    head.build((None, 9))
    head.auxiliary.build((None, 9))
    return keras.Model(inputs, head(x))


class TrainsOtherwise(keras.Model):
    """A model whose own ``call`` branches on ``training``."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = layers.Dense(9), layers.Dense(2)

    def call(self, x: Any, training: bool = False) -> Any:
        x = self.a(x)
        return self.b(ops.relu(x) if training else ops.tanh(x))


@foreign((6,), sliders={"hidden": 9})
def model_that_branches_on_training() -> keras.Model:
    return TrainsOtherwise()


class CountsItsCalls(layers.Layer):
    """Keras's guide on layers with states: a total that is not trained."""

    def build(self, shape: Any) -> None:
        self.total = self.add_weight(initializer="zeros", shape=(shape[-1],), trainable=False)

    def call(self, inputs: Any) -> Any:
        self.total.assign_add(ops.sum(inputs, axis=0))
        return inputs + 0.01 * self.total


@foreign((6,), sliders={"hidden": 9})
def assigns_in_call() -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(2)(CountsItsCalls()(layers.Dense(9)(inputs))))


class LogisticEndpoint(layers.Layer):
    """Keras's guide: an endpoint that tracks a metric."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean_logit = keras.metrics.Mean(name="mean_logit")

    def call(self, logits: Any) -> Any:
        self.mean_logit.update_state(logits)
        return ops.softmax(logits)


@foreign((6,), sliders={"hidden": 9})
def metric_in_call() -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, LogisticEndpoint()(layers.Dense(3)(layers.Dense(9)(inputs))))


@foreign((6, 4), sliders={"units": 7})
def custom_lambda_chain() -> keras.Model:
    """Lambdas without an output shape, one with arguments."""
    inputs = keras.Input((6, 4))
    x = layers.LSTM(7, return_sequences=True)(layers.Lambda(lambda t: t * 2.0)(inputs))
    x = layers.Lambda(lambda t, axis: ops.mean(t, axis=axis), arguments={"axis": 1})(x)
    return keras.Model(inputs, layers.Dense(2)(x))


@foreign(texts("red", "green", "blue"), sliders={"embedding": 6, "hidden": 8})
def text_in() -> keras.Model:
    inputs = keras.Input((1,), dtype="string")
    x = layers.StringLookup(vocabulary=["red", "green"], name="lookup")(inputs)
    x = layers.Flatten()(layers.Embedding(3, 6)(x))
    return keras.Model(inputs, layers.Dense(2)(layers.Dense(8, activation="relu")(x)))


@foreign(texts("the cat sat", "on the mat"), sliders={"embedding": 7, "filters": 6})
def text_vectorization_inside() -> keras.Model:
    """keras.io: end-to-end text classification."""
    vectorize = layers.TextVectorization(max_tokens=20, output_mode="int", output_sequence_length=5)
    vectorize.adapt(np.array(["the cat sat on the mat", "a dog"]))
    inputs = keras.Input((1,), dtype="string")
    x = layers.Embedding(20, 7)(vectorize(inputs))
    x = layers.GlobalMaxPooling1D()(layers.Conv1D(6, 3, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


@foreign({"age": (1,), "kind": indices(1, below=4)}, sliders={"hidden": 9})
def preprocessing_inside() -> keras.Model:
    """Adapted layers in the model: a vocabulary, bins and statistics must survive."""
    lookup = layers.IntegerLookup(output_mode="one_hot")
    lookup.adapt(np.array([[1], [2], [3], [3]]))
    bins = layers.Discretization(num_bins=3, output_mode="one_hot")
    bins.adapt(np.linspace(-2, 2, 50)[:, None])
    scale = layers.Normalization()
    scale.adapt(np.array([[1.0], [3.0], [8.0]]))
    age, kind = keras.Input((1,), name="age"), keras.Input((1,), dtype="int32", name="kind")
    x = layers.Concatenate()([scale(age), bins(age), lookup(kind)])
    return keras.Model({"age": age, "kind": kind}, layers.Dense(1)(layers.Dense(9, activation="relu")(x)))


@foreign({"colour": texts("red", "green"), "height": (1,)}, sliders={"hidden": 11})
def feature_space_model() -> keras.Model:
    """keras.io: FeatureSpace, with the preprocessing put in front of the model."""
    space = keras.utils.FeatureSpace(
        features={
            "height": keras.utils.FeatureSpace.float_normalized(),
            "colour": keras.utils.FeatureSpace.string_categorical(num_oov_indices=1),
        },
        output_mode="concat",
    )
    data = {"height": np.array([[1.0], [2.0], [4.0]]), "colour": np.array([["red"], ["green"], ["red"]])}
    space.adapt(tf.data.Dataset.from_tensor_slices(data))
    encoded = space.get_encoded_features()
    x = layers.Dense(11, activation="relu")(encoded)
    return keras.Model(inputs=space.get_inputs(), outputs=layers.Dense(1)(x))


@foreign((16, 16, 3), sliders={"filters": 6})
def augmentation_inside() -> keras.Model:
    augmentation = keras.Sequential(
        [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.1)], name="data_augmentation"
    )
    inputs = keras.Input((16, 16, 3))
    x = layers.Rescaling(1.0 / 255)(augmentation(inputs))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(6, 3, activation="relu")(layers.CenterCrop(12, 12)(x)))
    return keras.Model(inputs, layers.Dense(2)(x))


@foreign((8,), sliders={"inside": 16, "after": 5})
def residual_model_called_twice() -> keras.Model:
    """A residual block as a model, called twice, something after it."""
    j = keras.Input((8,))
    block = keras.Model(j, layers.Add()([j, layers.Dense(8)(layers.Dense(16, activation="relu")(j))]))
    i = keras.Input((8,))
    return keras.Model(i, layers.Dense(3)(layers.Dense(5)(block(block(i)))))


@foreign({"title": (6,), "body": (9,)}, sliders={"title": 5, "body": 7, "joint": 11})
def dictionaries_in_and_out() -> keras.Model:
    title, body = keras.Input((6,), name="title"), keras.Input((9,), name="body")
    x = layers.concatenate([layers.Dense(5)(title), layers.Dense(7)(body)])
    x = layers.Dense(11, activation="relu")(x)
    outputs = {"priority": layers.Dense(1, name="priority")(x), "department": layers.Dense(4, name="department")(x)}
    return keras.Model({"title": title, "body": body}, outputs)


class AsksForTheBatch(keras.Model):
    """Something in front of the sequence, as long as the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.d, self.h = layers.Dense(16), layers.Dense(3)

    def call(self, x: Any) -> Any:
        batch = ops.shape(x)[0]
        x = self.d(x)
        return self.h(ops.concatenate([ops.zeros((batch, 1, 16)), x], axis=1))


@foreign((5, 4), sliders={"width": 16})
def asks_for_the_batch_size() -> keras.Model:
    return AsksForTheBatch()


class RankOne(keras.Model):
    """Whole numbers, one a sample, into a subclassed model."""

    def __init__(self) -> None:
        super().__init__()
        self.e, self.h = layers.Embedding(9, 7), layers.Dense(2)

    def call(self, ids: Any) -> Any:
        return self.h(self.e(ids) + ops.one_hot(ids, 9) @ self.e.embeddings)


@foreign(indices(below=9), sliders={"embedding": 7})
def integers_of_rank_one() -> keras.Model:
    return RankOne()


@foreign((6,), sliders={"hidden": 9, "more": 5})
def names_with_spaces_and_umlauts() -> keras.Model:
    inputs = keras.Input((6,), name="Eingabe ä")
    x = layers.Dense(9, name="erste Schicht (groß)")(inputs)
    x = layers.Dense(5, name="zweite: <b>Schicht")(layers.Activation("relu", name="ReLU!")(x))
    return keras.Model(inputs, layers.Dense(2, name="Ausgang ü")(x), name="Modell der Universität")


@foreign((6,), sliders={"hidden": 9})
def mixed_precision_policy() -> keras.Model:
    policy = keras.DTypePolicy("mixed_bfloat16")
    inputs = keras.Input((6,))
    x = layers.Dense(9, activation="relu", dtype=policy)(inputs)
    return keras.Model(inputs, layers.Dense(2, dtype="float32")(x))


@foreign((6, 4), sliders={"units": 7})
def time_distributed_model() -> keras.Model:
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(7, activation="relu"), layers.Dense(3)])
    inputs = keras.Input((6, 4))
    return keras.Model(inputs, layers.Dense(2)(layers.GRU(5)(layers.TimeDistributed(inner)(inputs))))


class SpaceToDepth(layers.Layer):
    """TensorFlow's own function inside a layer without weights."""

    def call(self, x: Any) -> Any:
        return tf.nn.space_to_depth(x, 2)

    def compute_output_shape(self, shape: Any) -> Any:
        return (shape[0], shape[1] // 2, shape[2] // 2, 4 * shape[3])


@foreign((8, 8, 3), sliders={"before": 5, "after": 7})
def tensorflow_inside_a_layer() -> keras.Model:
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(7, 1)(SpaceToDepth()(layers.Conv2D(5, 3, padding="same")(inputs)))
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


@foreign((6,), sliders={"hidden": 9, "second": 7})
def activations_of_ones_own() -> keras.Model:
    """Functions made of keras.ops: one from KerasHub's style, one a lambda."""

    def gelu_approximate(x: Any) -> Any:
        return 0.5 * x * (1.0 + ops.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))

    inputs = keras.Input((6,))
    x = layers.Dense(9, activation=gelu_approximate)(inputs)
    return keras.Model(inputs, layers.Dense(2)(layers.Dense(7, activation=lambda t: t * ops.sigmoid(1.702 * t))(x)))


class Ensemble(keras.Model):
    """Members in a list, averaged."""

    def __init__(self, members: int = 3) -> None:
        super().__init__()
        self.members = [
            keras.Sequential([layers.Dense(6 + n, activation="relu"), layers.Dense(2)]) for n in range(members)
        ]

    def call(self, x: Any) -> Any:
        return ops.mean(ops.stack([member(x) for member in self.members]), axis=0)


@foreign((5,), sliders={"member 1": 6, "member 2": 7, "member 3": 8})
def ensemble_of_members() -> keras.Model:
    return Ensemble()
