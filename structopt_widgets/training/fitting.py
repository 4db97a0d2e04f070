"""Training one structure from one seed with Keras's own fit, watched step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..keras_bridge import build_model
from ..keras_bridge.backend import JAX, backend_name, without_gradients
from ..keras_bridge.inheriting.variables import placed_weights
from ..keras_bridge.logits import logits_of
from .budget import Budget
from .objective import Objective
from .optimizer import exclude_from_decay, fresh_optimizer, innermost
from .progress import Watch
from .run import Run
from .schedule import Deadline, epoch_lengths, has_lost_patience, sample_orders
from .settling import Settling, batches_to_settle

VALIDATION_BATCH = 256  # samples a forward pass: enough to be fast, small enough for any memory


@dataclass(frozen=True)
class Samples:
    """Arrays in the form the model reads: one for the samples, or a tuple or dictionary of them."""

    x: Any
    y: np.ndarray
    x_val: Any
    y_val: np.ndarray


def fit(run: Run, objective: Objective, samples: Samples, budget: Budget, weights: str, watch: Watch) -> keras.Model:
    """Train and validate ``run``, which takes the results; the model is returned as trained.

    Raises :class:`~.progress.Stopped`. A loss that is no longer finite ends the run, with its reason.
    """
    watch.begin([run])
    model = build_model(run.structure, weights, compiled=False, seed=run.seed, examples=run.examples)
    watch.check()
    optimizer = compile_for(run, model, objective, budget)
    # Keras is told the length of an epoch, since one dataset holds the order of all of them.
    lengths = epoch_lengths(budget, len(samples.y))
    model.fit(
        _batches(samples.x, objective.targets(samples.y), budget, run.seed, len(lengths)),
        epochs=len(lengths),
        steps_per_epoch=lengths[0],
        shuffle=False,
        callbacks=[
            *([keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if innermost(optimizer).use_ema else []),
            _Watcher(run, objective, samples, budget, sum(lengths), watch),
        ],
        verbose=0,
    )
    run.is_finished = not run.reason
    watch.end(run)
    return model


def compile_for(run: Run, model: keras.Model, objective: Objective, budget: Budget, eagerly: bool = False) -> Any:
    """Compile the model of a run as its budget and the user's model say; its optimizer."""
    optimizer = fresh_optimizer(run.structure, budget)
    exclude_from_decay(optimizer, run.structure, budget, placed_weights(run.structure, model))
    weights = None if objective.loss_weight == 1 else [objective.loss_weight]
    # Compiling with XLA takes longer than most quick runs.
    # JAX has no other way to compile.
    model.compile(
        optimizer, objective.loss, loss_weights=weights, jit_compile=backend_name() == JAX, run_eagerly=eagerly
    )
    return optimizer


def _batches(x: Any, y: np.ndarray, budget: Budget, seed: int, epochs: int) -> Any:
    """Batches of all epochs, each epoch in an order of its own that follows from ``seed``."""
    orders = np.stack(list(islice(sample_orders(seed, len(y)), epochs)))
    samples, labels = tf.nest.map_structure(tf.constant, x), tf.constant(y)
    return (
        tf.data.Dataset.from_tensor_slices(orders)
        .flat_map(lambda order: tf.data.Dataset.from_tensor_slices(order).batch(budget.batch_size))
        .map(lambda rows: (tf.nest.map_structure(lambda each: tf.gather(each, rows), samples), tf.gather(labels, rows)))
        .prefetch(2)
    )


def outputs_of(model: keras.Model, x: Any, n: int, check: Callable[[], object]) -> np.ndarray:
    """What a model makes of ``n`` samples; ``check`` is called before each batch."""
    return outputs_and_logits(model, x, n, check)[0]


def outputs_and_logits(
    model: keras.Model, x: Any, n: int, check: Callable[[], object]
) -> tuple[np.ndarray, np.ndarray | None]:
    """The same with what a closing sigmoid or softmax made the outputs of, where Keras keeps that."""
    made, logits = [], []
    for start in range(0, n, VALIDATION_BATCH):
        check()
        part = keras.tree.map_structure(lambda each: each[start : start + VALIDATION_BATCH], x)  # noqa: B023 - at once
        with without_gradients():
            outputs = model(part, training=False)
        made.append(keras.ops.convert_to_numpy(outputs))
        if (before := logits_of(outputs)) is not None:
            logits.append(keras.ops.convert_to_numpy(before))
    return np.concatenate(made).astype(np.float32), np.concatenate(logits).astype(np.float32) if logits else None


class _Watcher(keras.callbacks.Callback):
    """Passes steps on to the watch, validates after each epoch, and ends the run when its budget is spent."""

    def __init__(
        self, run: Run, objective: Objective, samples: Samples, budget: Budget, steps: int, watch: Watch
    ) -> None:
        super().__init__()
        self._run, self._objective, self._samples, self._watch = run, objective, samples, watch
        self._patience, self._deadline, self._steps_left = budget.patience, Deadline(budget), steps
        self._budget, self._steps_done = budget, 0
        self._settling: Settling | None = None
        self._orders = sample_orders(run.seed, len(samples.y))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._run.loss = float(logs["loss"])
        self._steps_left -= 1
        self._steps_done += 1
        over = self._steps_left == 0 or self._deadline.is_over()
        if self._run.diverged("training loss", self._run.loss) or over:
            self.model.stop_training = True
        self._watch.end_step([self._run])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        run, samples = self._run, self._samples
        order = next(self._orders)
        if not run.reason:
            self._settle(order)
            made, logits = outputs_and_logits(self.model, samples.x_val, len(samples.y_val), self._watch.check)
            run.validated(self._objective, samples.y_val, made, self._objective.mean_loss(samples.y_val, made, logits))
            self._watch.end_epoch(run)
        if run.reason or has_lost_patience([each["val_loss"] for each in run.history], self._patience):
            self.model.stop_training = True

    def _settle(self, order: np.ndarray) -> None:
        """Recompute the statistics of normalization that have not settled, from this epoch's first batches."""
        run, size = self._run, self._budget.batch_size
        count = batches_to_settle(run.structure, self._budget, len(order), self._steps_done)
        run.is_settled = count > 0
        if count:
            self._settling = self._settling or Settling(run.structure, self.model)
            batches = [order[k * size : (k + 1) * size] for k in range(count)]
            x = self._samples.x
            self._settling.settle([keras.tree.map_structure(lambda each: each[rows], x) for rows in batches])  # noqa: B023 - at once
