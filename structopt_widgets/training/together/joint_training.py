"""What several runs that are trained in one compiled step share, whatever computes it."""

from __future__ import annotations

import abc
from typing import Any

import keras
import numpy as np

from ...keras_bridge.internals import layers_inside
from ...keras_bridge.kinds import role_of
from ...layer_rules import Role

# Their update of an element depends on that element alone, so that one optimizer serves many models.
_ELEMENTWISE_OPTIMIZERS = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adamax", "Nadam", "Adadelta", "Lion")
_REGULARIZERS = ("L1", "L2", "L1L2")


class NotStackableError(Exception):
    """Why structures cannot be trained in one step."""


class JointTraining(abc.ABC):
    """Members that are updated in one compiled step; every one is mathematically alone.

    Attributes:
        adds_losses: whether layers add losses of their own, as was seen when the steps were traced.
        is_keras_own: whether each member's layers, losses and updates are Keras's, with nothing put in their place.
        takes_one: whether a single run is trained sooner so than by Keras's ``fit``.
    """

    adds_losses = False
    is_keras_own = False
    takes_one = False

    @abc.abstractmethod
    def steps(self, orders: np.ndarray, first: int, count: int, number: int) -> np.ndarray:
        """``count`` updates in a row, the first of which is the epoch's ``first`` and the training's ``number``.

        ``orders`` holds each member's order of the samples in this epoch, ``(members, samples)``.
        Returns the losses of every step, penalties included, ``(count, members)``.
        """

    @abc.abstractmethod
    def outputs(self, x: Any, batch: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Outputs of every member on the same samples, ``(members, samples, ...)``.

        And what a closing sigmoid or softmax made them of, which Keras's crossentropies read; ``None`` without one.
        """

    @abc.abstractmethod
    def mean_losses(self, outputs: np.ndarray, logits: np.ndarray | None, targets: np.ndarray) -> np.ndarray:
        """Mean loss of every member over all samples, without penalties."""

    @abc.abstractmethod
    def settle(self, orders: np.ndarray, batches: int, number: int) -> None:
        """Replace moving statistics by their mean over the first ``batches`` of an epoch's order.

        Weights stay as they are. ``number`` is that of the training's next step, whose dropout masks these
        batches see. See :mod:`~structopt_widgets.training.settling`.
        """

    @abc.abstractmethod
    def weights(self, number: int) -> dict[tuple[str, int], np.ndarray]:
        """The weights of a member by layer and place among the weights that declares."""


def refuse_optimizer(optimizer: Any) -> None:
    """Raise :class:`NotStackableError` for an optimizer that does not treat each element by itself."""
    kind = type(optimizer).__name__
    if kind not in _ELEMENTWISE_OPTIMIZERS or not type(optimizer).__module__.startswith("keras."):
        raise NotStackableError(f"the optimizer {kind} is not known to work element by element")
    for setting in ("clipnorm", "global_clipnorm", "use_ema", "gradient_accumulation_steps", "loss_scale_factor"):
        if getattr(optimizer, setting, None):
            raise NotStackableError(f"the optimizer's {setting} joins a model's weights")


def refuse_weights(model: keras.Model) -> None:
    """Raise :class:`NotStackableError` for a model with weights that are not updated by the optimizer alone."""
    for each in model.trainable_variables:
        if each.constraint is not None:
            raise NotStackableError(f"{each.path} has a constraint")
        if each.regularizer is not None and type(each.regularizer).__name__ not in _REGULARIZERS:
            raise NotStackableError(f"{each.path} has a regularizer of another kind than L1 and L2")
        if str(each.dtype) != "float32":
            raise NotStackableError(f"{each.path} is {each.dtype}")
    if any(role_of(each) is Role.ADAPTED_NORMALIZATION for each in model.operations):
        raise NotStackableError("Normalization computes with statistics outside its weights")


def refuse_layer(name: str, layer: Any) -> None:
    """Raise :class:`NotStackableError` for a layer that keeps a state, or does not compute in full precision."""
    for each in layers_inside(layer):
        if getattr(each, "stateful", False):
            raise NotStackableError(f"{name} keeps a state")
        if each.compute_dtype != "float32" and each.weights:
            raise NotStackableError(f"{name} computes in {each.compute_dtype}")
