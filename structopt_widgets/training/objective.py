"""What a model is trained for: the loss, the form of the labels, the score."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..graph import ModelGraph
from ..keras_bridge import Examples
from ..structure import Structure
from .budget import Budget
from .data import Data
from .inputs import each_input, fit_inputs
from .statistics import r2_score

MOST_MACS = 1e12  # forward, of the samples that units are chosen by: a minute or so with the backward passes
# Layers whose class alone says what the outputs are.
_SCALES = {"Softmax": "softmax", "ops.Softmax": "softmax", "ops.Sigmoid": "sigmoid"}
# Layers that leave the values of the outputs as they are.
_TRANSPARENT = ("Flatten", "Reshape", "Dropout", "ops.Reshape", "ops.Squeeze")


@dataclass(frozen=True)
class Objective:
    """How a model's outputs are compared with the labels.

    Attributes:
        loss: the Keras loss.
        metric: ``"accuracy"`` or ``"r2"``.
        encoding: the labels' form for the loss: ``"integer"`` class numbers, ``"one-hot"`` rows, or
            ``"values"`` in the shape of the outputs.
        output_shape: of one sample.
        threshold: a single output above it means class 1.
    """

    loss: Any
    metric: str
    encoding: str
    output_shape: tuple[int, ...]
    threshold: float

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Labels in the form the loss takes."""
        if self.encoding == "integer":
            return y
        if self.encoding == "one-hot":
            return np.eye(self.output_shape[0], dtype=np.float32)[y]
        return y.reshape(len(y), *self.output_shape).astype(np.float32)

    def score(self, y: np.ndarray, outputs: np.ndarray) -> float:
        """Share of right classes, or R2."""
        return r2_score(y, outputs) if self.metric == "r2" else float(np.mean(self.is_right(y, outputs)))

    def is_right(self, y: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Whether the class of each sample is right."""
        chosen = outputs[:, 0] > self.threshold if self.output_shape == (1,) else outputs.argmax(axis=1)
        return chosen == y

    def mean_loss(self, y: np.ndarray, outputs: np.ndarray) -> float:
        """Mean loss over all samples, without the penalties of regularizers."""
        return float(np.mean(np.asarray(keras.losses.get(self.loss)(self.targets(y), outputs))))


def choose_objective(structure: Structure, data: Data) -> Objective:
    """The objective of a structure on some data.

    The loss the model was compiled with is kept while the last activation is the one it was
    compiled for. Otherwise: two or more outputs for classes take sparse categorical crossentropy,
    one output for classes 0 and 1 binary crossentropy, both on logits unless the outputs are
    probabilities already; quantities take the mean squared error.

    Raises ``ValueError`` for labels that do not fit the outputs, and for several outputs.
    """
    graph = structure.space.graph
    if len(graph.output_tensors) != 1:
        raise ValueError(
            f"Expected a model with one output for a quick run, got {len(graph.output_tensors)}. "
            "Its costs can still be measured; train what structure.build() returns with model.fit()."
        )
    shape = structure.space.connected.lengths(graph.output_tensors[0])
    _check_fit(shape, data, graph)
    scale = last_activation(structure)
    kept = _compiled_loss(structure, scale)
    metric = "accuracy" if data.task == "classification" else "r2"
    threshold = 0.5 if scale in ("sigmoid", "hard_sigmoid", "softmax") else 0.0
    loss, encoding = (kept, _encoding(kept, shape)) if kept is not None else _default(shape, scale)
    if data.task == "regression":
        loss, encoding = (kept if kept is not None else keras.losses.MeanSquaredError()), "values"
    return Objective(loss, metric, encoding, shape, threshold)


def examples_of(structure: Structure, data: Data) -> Examples:
    """Training samples with the loss of a structure's model as it was read, by which it chooses what it inherits.

    2,048 of them, or fewer for a large model, but at least 256: always the same ones.
    """
    baseline = structure.space.baseline
    objective = choose_objective(baseline, data)
    most = int(min(max(MOST_MACS / max(baseline.measure().macs, 1), 256), 2048))
    rows = np.random.default_rng(0).permutation(len(data.y))[:most]
    x = fit_inputs(each_input(lambda array: array[rows], data.x), structure.space)
    loss = keras.losses.get(objective.loss)
    # A user's own loss function may answer with a number a sample.
    return Examples(x, objective.targets(data.y[rows]), lambda y, outputs: tf.reduce_mean(loss(y, outputs)))


def fresh_optimizer(structure: Structure, budget: Budget) -> Any:
    """A new optimizer: the budget's, else as the model was compiled with, else Adam; at the budget's rate, if any."""
    optimizer = _fresh_optimizer(structure, budget)
    # There are no replicas to sum over, and the custom gradient of that sum would stay in TensorFlow's
    # registry for good, with the whole training step that it was traced in.
    optimizer._all_reduce_sum_gradients = _summed
    return optimizer


def _summed(gradients: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Gradients in the shape of their weights.

    TensorFlow's gradient of an embedding has a row for each time a token occurs. Keras's Adam takes them one
    by one, so that a token that occurs twice in a batch moves farther than Adam would have it, and than it
    does with Keras's other backends.
    """
    return [(tf.convert_to_tensor(gradient), weight) for gradient, weight in gradients]


def _fresh_optimizer(structure: Structure, budget: Budget) -> Any:
    learning_rate, compiled = budget.learning_rate, _compiled_model(structure)
    if budget.optimizer is not None or compiled is None:
        config = {} if learning_rate is None else {"learning_rate": learning_rate}
        return keras.optimizers.get({"class_name": budget.optimizer or "adam", "config": config})
    optimizer = compiled.optimizer
    fresh = type(optimizer).from_config(optimizer.get_config())
    if learning_rate is not None:
        # A schedule cannot be assigned to; a plain rate in the configuration replaces it.
        fresh = type(optimizer).from_config({**optimizer.get_config(), "learning_rate": learning_rate})
    return fresh


def last_activation(structure: Structure) -> str:
    """What makes the outputs: the name of an activation, or ``"linear"``."""
    graph = structure.space.graph
    makers = {output: call for call in graph.calls for output in call.outputs}
    tensor = graph.output_tensors[0]
    while True:
        call = makers[tensor]
        kind = graph.layers[call.layer].kind
        if kind not in _TRANSPARENT or len(call.inputs) != 1:
            return _SCALES.get(kind) or structure.activations.get(call.layer, "linear")
        tensor = call.inputs[0]


def _check_fit(shape: tuple[int, ...], data: Data, graph: ModelGraph) -> None:
    if data.task == "regression":
        wanted = data.y.shape[1:] or (1,)
        if shape != wanted:
            raise ValueError(
                f"Expected outputs of shape {wanted}, one for each value of y, got {shape} from {graph.name!r}. "
                "Change the last layer's units, or pass task='classification' to Data if y holds classes."
            )
        return
    largest = int(max(data.y.max(), data.y_val.max()))
    if len(shape) != 1:
        reads = graph.tensors[graph.input_tensors[0]].shape
        raise ValueError(
            f"Expected one row of class scores a sample, got outputs of shape {shape} from {graph.name!r}, "
            f"which reads samples of shape {reads}. Add a Flatten or pooling layer, "
            + (
                "or read the model with flat samples: "
                f"StructureSpace.from_keras(model, input_shape=({math.prod(data.input_shape)},))."
                if isinstance(data.input_shape, tuple)
                else "or a layer that joins what the inputs make."
            )
        )
    if largest >= max(shape[0], 2):
        raise ValueError(
            f"Expected labels that fit the outputs of {graph.name!r}: labels go up to {largest}, so the model needs at "
            f"least {largest + 1} output units; it has {shape[0]}. Change the last layer's units, "
            "or pass task='regression' to Data if y holds quantities."
        )


def _compiled_model(structure: Structure) -> Any:
    model = getattr(structure.space.source, "model", None)
    return model if getattr(model, "compiled", False) and getattr(model, "optimizer", None) is not None else None


def _compiled_loss(structure: Structure, scale: str) -> Any:
    model = _compiled_model(structure)
    if model is None or last_activation(structure.space.baseline) != scale:
        return None
    # With one output, a list or a dictionary of losses has one entry.
    losses = keras.tree.flatten(model.loss)
    return losses[0] if losses else None


def _default(shape: tuple[int, ...], scale: str) -> tuple[Any, str]:
    if shape == (1,):
        return keras.losses.BinaryCrossentropy(from_logits=scale not in ("sigmoid", "hard_sigmoid")), "values"
    return keras.losses.SparseCategoricalCrossentropy(from_logits=scale != "softmax"), "integer"


def _encoding(loss: Any, shape: tuple[int, ...]) -> str:
    """The form of class labels a compiled loss takes; a user's own loss gets class numbers."""
    if shape == (1,):
        return "values"
    resolved = keras.losses.get(loss)
    name = resolved.__name__ if hasattr(resolved, "__name__") else type(resolved).__name__
    # Keras's own losses compare with one row a sample, but for those it calls sparse.
    is_keras = getattr(keras.losses, name, None) in (resolved, type(resolved))
    return "one-hot" if is_keras and not name.lower().startswith("sparse") else "integer"
