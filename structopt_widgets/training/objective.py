"""What a model is trained for: the loss, the form of the labels, the score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from ..graph import ModelGraph
from ..graph.forked import refuse_fork
from ..graph.wording import say
from ..keras_bridge import Examples
from ..keras_bridge.logits import with_logits
from ..layer_rules import Role
from ..structure import Structure
from .compiled import as_loss, compiled_loss, refuse_own_training
from .inputs import each_input, fit_inputs
from .label_forms import encode, find_encoding
from .statistics import r2_score

if TYPE_CHECKING:
    from .data import Data

MOST_MACS = 1e12  # forward, of the samples that units are chosen by: a minute or so with the backward passes
# Layers that by themselves say what the outputs are.
_SCALES = {Role.SOFTMAX: "softmax", Role.SIGMOID: "sigmoid"}
_PROBABILITIES = ("sigmoid", "hard_sigmoid", "softmax")  # activations whose outputs lie between 0 and 1


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
        loss_weight: what the loss is multiplied by, the compiled ``loss_weights``.
    """

    loss: Any
    metric: str
    encoding: str
    output_shape: tuple[int, ...]
    threshold: float
    loss_weight: float = 1.0

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Labels in the form the loss takes."""
        return encode(y, self.encoding, self.output_shape)

    def score(self, y: np.ndarray, outputs: np.ndarray) -> float:
        """Share of right classes, or R2."""
        return r2_score(y, outputs) if self.metric == "r2" else float(np.mean(self.is_right(y, outputs)))

    def is_right(self, y: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Whether the class of each sample is right."""
        chosen = outputs[:, 0] > self.threshold if self.output_shape == (1,) else outputs.argmax(axis=1)
        return chosen == y

    def mean_loss(self, y: np.ndarray, outputs: np.ndarray, logits: np.ndarray | None = None) -> float:
        """Mean loss over all samples, without the penalties of regularizers.

        ``logits`` are what a closing sigmoid or softmax made the outputs of: Keras's crossentropies read those.
        """
        read: Any = outputs
        if logits is not None:
            read = with_logits(keras.ops.convert_to_tensor(outputs), keras.ops.convert_to_tensor(logits))
        return self.loss_weight * float(np.mean(keras.ops.convert_to_numpy(as_loss(self.loss)(self.targets(y), read))))


def choose_objective(structure: Structure, data: Data) -> Objective:
    """The objective of a structure on some data.

    The loss the model was compiled with is kept, with its weight, while the last activation is the one it was
    compiled for; it gets the labels in the form it can take, see :func:`~.label_forms.find_encoding`.
    Otherwise: two or more outputs for classes take sparse categorical crossentropy, one output for
    classes 0 and 1 binary crossentropy, both on logits unless the outputs are probabilities already
    (softmax, sigmoid); quantities take the mean squared error.

    Raises ``ValueError`` for labels that do not fit the outputs, for several outputs, and for models that do not
    train as Keras's ``fit`` would on shuffled samples.
    """
    graph = structure.space.graph
    if len(graph.output_tensors) != 1:
        raise ValueError(
            f"Expected a model with one output for a quick run, got {len(graph.output_tensors)}. "
            "Its costs can still be measured; train what structure.build() returns with model.fit()."
        )
    refuse_own_training(structure)
    shape = structure.space.connected.lengths(graph.output_tensors[0])
    _check_fit(shape, data, graph)
    scale = last_activation(structure)
    if shape == (1,) and scale == "softmax":
        raise ValueError(
            f"Expected outputs that can differ, got a softmax over the one output of {graph.name!r}, "
            "which is always 1. Use a sigmoid, or an output for each class."
        )
    compiled = compiled_loss(structure) if last_activation(structure.space.baseline) == scale else None
    metric = "accuracy" if data.task == "classification" else "r2"
    loss, weight = compiled if compiled is not None else (_default(shape, scale, data.task), 1.0)
    if loss in ("crossentropy", "ce"):  # Keras's word for the crossentropy that fits
        loss = "binary_crossentropy" if shape == (1,) else "sparse_categorical_crossentropy"
    encoding = find_encoding(loss, shape, data)
    is_one = shape == (1,) and metric == "accuracy"
    of_logits = is_one and scale not in _PROBABILITIES and _reads_logits(loss, encoding)
    return Objective(loss, metric, encoding, shape, 0.0 if of_logits else 0.5, weight)


def examples_of(structure: Structure, data: Data) -> Examples:
    """Training samples with the loss of a structure's model as it was read, by which it chooses what it inherits.

    2,048 of them, or fewer for a large model, but at least 256: always the same ones.
    """
    refuse_fork()
    baseline = structure.space.baseline
    objective = choose_objective(baseline, data)
    most = int(min(max(MOST_MACS / max(baseline.measure().macs, 1), 256), 2048))
    rows = np.random.default_rng(0).permutation(len(data.y))[:most]
    x = fit_inputs(each_input(lambda array: array[rows], data.x), structure.space)
    return Examples(x, objective.targets(data.y[rows]), as_loss(objective.loss))


def last_activation(structure: Structure) -> str:
    """What makes the outputs: the name of an activation, or ``"linear"``."""
    connected = structure.space.connected
    makers = {output: each for each in connected.calls for output in each.call.outputs}
    tensor = connected.graph.output_tensors[0]
    while True:
        call, rule = makers[tensor].call, makers[tensor].rule
        if rule is None or not rule.keeps_values or len(call.inputs) != 1:
            role = None if rule is None else rule.role
            return _SCALES[role] if role in _SCALES else structure.activations.get(call.layer, "linear")
        tensor = call.inputs[0]


def _check_fit(shape: tuple[int, ...], data: Data, graph: ModelGraph) -> None:
    if data.task == "regression":
        wanted = data.y.shape[1:] or (1,)
        if shape != wanted:
            raise ValueError(
                say(
                    "Expected outputs of shape {wanted}, one for each value of y, got {shape} from {model}. Change the "
                    "last layer's units, or pass task='classification' to Data if y holds classes.",
                    wanted=wanted,
                    shape=shape,
                    model=repr(graph.name),
                )
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
            say(
                "Expected labels that fit the outputs of {model}: labels go up to {largest}, so the model needs at "
                "least {needed} output units; it has {n}. Change the last layer's units, or pass task='regression' to "
                "Data if y holds quantities.",
                model=repr(graph.name),
                largest=largest,
                needed=largest + 1,
                n=shape[0],
            )
        )


def _reads_logits(loss: Any, encoding: str) -> bool:
    """Whether a loss takes a single output for a logit or margin, which is 0 where the classes are alike.

    Such a loss goes on falling for a sample of class 0 when its output goes below 0. Others, such as a squared
    error, compare the output with the labels 0 and 1, between which 0.5 is in the middle.
    """
    targets = encode(np.array([0, 0]), encoding, (1,))
    at_zero, below = (
        float(np.mean(np.asarray(as_loss(loss)(targets, np.full((2, 1), output, np.float32))))) for output in (0, -1)
    )
    return below < at_zero


def _default(shape: tuple[int, ...], scale: str, task: str) -> Any:
    if task == "regression":
        return keras.losses.MeanSquaredError()
    is_logit = scale not in _PROBABILITIES
    if shape == (1,):
        return keras.losses.BinaryCrossentropy(from_logits=is_logit)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=is_logit)
