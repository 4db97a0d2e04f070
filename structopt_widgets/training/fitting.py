"""Training one model from one seed, watched step by step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..keras_bridge import build_model
from ..structure import Structure
from .budget import Budget
from .objective import Objective, fresh_optimizer
from .progress import Diverged, Watch

VALIDATION_BATCH = 256  # samples a forward pass: enough to be fast, small enough for any memory


@dataclass(frozen=True)
class Samples:
    """Arrays in the form the model reads."""

    x: np.ndarray
    y: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray


def train(
    structure: Structure, objective: Objective, samples: Samples, budget: Budget, seed: int, weights: str, watch: Watch
) -> np.ndarray:
    """Outputs on the validation part after the last epoch; everything else goes to ``watch``.

    Raises :class:`~.progress.Stopped` and :class:`~.progress.Diverged`.
    """
    model = build_model(structure, weights, compiled=False, seed=seed)
    watch.check()
    # Compiling with XLA takes longer than most quick runs.
    model.compile(optimizer=fresh_optimizer(structure, budget.learning_rate), loss=objective.loss, jit_compile=False)
    watcher = _Watcher(objective, samples, watch)
    # Keras is told the length of an epoch, since one dataset holds the order of all of them.
    model.fit(
        _batches(samples.x, objective.targets(samples.y), budget, seed),
        epochs=budget.epochs,
        steps_per_epoch=math.ceil(len(samples.x) / budget.batch_size),
        shuffle=False,
        callbacks=[watcher],
        verbose=0,
    )
    return watcher.outputs


def _batches(x: np.ndarray, y: np.ndarray, budget: Budget, seed: int) -> Any:
    """Batches of all epochs, each epoch in an order of its own that follows from ``seed``."""
    rng = np.random.default_rng(seed)
    orders = np.stack([rng.permutation(len(x)).astype(np.int32) for _ in range(budget.epochs)])
    samples, labels = tf.constant(x), tf.constant(y)
    return (
        tf.data.Dataset.from_tensor_slices(orders)
        .flat_map(lambda order: tf.data.Dataset.from_tensor_slices(order).batch(budget.batch_size))
        .map(lambda rows: (tf.gather(samples, rows), tf.gather(labels, rows)))
        .prefetch(2)
    )


class _Watcher(keras.callbacks.Callback):
    """Passes steps on to the watch and validates after each epoch."""

    def __init__(self, objective: Objective, samples: Samples, watch: Watch) -> None:
        super().__init__()
        self._objective, self._samples, self._watch = objective, samples, watch
        self._epoch = 0
        self.outputs = np.empty(0)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            raise Diverged(self._diverged("training loss", loss))
        self._watch.end_step(loss)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        objective, y_val = self._objective, self._samples.y_val
        x_val = self._samples.x_val
        outputs = []
        for start in range(0, len(x_val), VALIDATION_BATCH):
            self._watch.check()
            outputs.append(np.asarray(self.model(x_val[start : start + VALIDATION_BATCH], training=False)))
        self.outputs = np.concatenate(outputs).astype(np.float32)
        val_loss = objective.mean_loss(y_val, self.outputs)
        if not math.isfinite(val_loss):
            raise Diverged(self._diverged("validation loss", val_loss))
        score = objective.score(y_val, self.outputs)
        self._watch.end_epoch({"loss": float(logs["loss"]), "val_loss": val_loss, f"val_{objective.metric}": score})
        self._epoch = epoch + 1

    def _diverged(self, what: str, value: float) -> str:
        return (
            f"The {what} became {value} in epoch {self._epoch + 1}. "
            "Try a smaller learning rate, scaled inputs, or another activation."
        )
