"""Losses that a layer adds in its ``call()``: seen while it is traced, added again in a rebuilt model. Its metrics."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("structopt_widgets")
class AddsLoss(keras.layers.Layer):
    """Passes the first tensor on, and adds the others as losses of the model; ``in_training`` says when only."""

    def __init__(self, in_training: bool = False, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.in_training = in_training

    def call(self, inputs: Any, training: Any = None) -> Any:
        first, *losses = inputs
        for loss in losses if training or not self.in_training else ():
            self.add_loss(loss)
        return first

    def compute_output_spec(self, inputs: Any, training: Any = None) -> keras.KerasTensor:
        return keras.KerasTensor(inputs[0].shape, dtype=inputs[0].dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config() | {"in_training": self.in_training}
        return {key: value for key, value in config.items() if key != "autocast"}


def activity_losses(layer: Any, outputs: Any) -> list[Any]:
    """What the activity regularizer of a layer adds for what it made, as Keras has it: for each sample."""
    if layer.activity_regularizer is None:
        return []
    made = [each for each in keras.tree.flatten(outputs) if isinstance(each, keras.KerasTensor)]
    return [layer.activity_regularizer(each) / (each.shape[0] if each.ndim else 1) for each in made]


def with_losses(outputs: Any, losses: list[Any], in_training: bool) -> Any:
    """``outputs``, the first of them passed on by what adds ``losses``, or adds them ``in_training`` only."""
    if not losses:
        return outputs
    first, *rest = keras.tree.flatten(outputs)
    plain = [each if each.ndim == 0 else ops.sum(each) for each in losses]
    made = AddsLoss(in_training, name="losses")([first, *plain])
    return keras.tree.pack_sequence_as(outputs, [made, *rest])


@contextlib.contextmanager
def metrics_silent(layers: Iterable[Any]) -> Iterator[None]:
    """The metrics of ``layers`` take no notice of what they are given in this block."""
    metrics = [metric for layer in layers for metric in getattr(layer, "_metrics", ())]
    before = [vars(metric).get("update_state") for metric in metrics]
    try:
        for metric in metrics:
            vars(metric)["update_state"] = _nothing
        yield
    finally:
        for metric, own in zip(metrics, before, strict=True):
            vars(metric).pop("update_state")
            if own is not None:
                vars(metric)["update_state"] = own


def _nothing(*_: Any, **__: Any) -> None:
    pass
