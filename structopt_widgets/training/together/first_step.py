"""Is a member trained as Keras would train it? One step of both is compared where that is not known beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from ...keras_bridge import build_model
from ...keras_bridge.inheriting.variables import placed_weights
from ...keras_bridge.internals import sum_gradients_by
from ...keras_bridge.logits import logits_of
from ...structure import Structure
from ..budget import Budget
from ..compiled import as_loss
from ..fitting import compile_for
from ..objective import Objective, last_activation
from ..optimizer import dense_gradients, innermost
from ..run import Run
from .joint_training import JointTraining, NotStackableError

TOLERANCE = 1e-3  # of the largest change of a weight in the step, and of the loss: rounding stays far below
# An optimizer that divides by the size of a gradient makes whole steps of one that is rounding noise.
NOISE = 1e-5  # of the largest gradient of the model


def is_known(structure: Structure, objective: Objective) -> bool:
    """Whether every layer is Keras's own and has a layer rule, and every function and the loss are Keras's own."""
    connected = structure.space.connected
    names = set(structure.layers)
    calls = [each for each in connected.calls if each.call.layer in names]
    loss = as_loss(objective.loss)
    is_mean = getattr(loss, "reduction", None) == "sum_over_batch_size"
    return (
        all(each.rule is not None for each in calls)
        and not any(_is_own(connected.graph.layers[name].serialized) for name in names)
        and is_mean
        and _is_of_keras(loss)
        and _sees_outputs_only(loss, objective, last_activation(structure))
    )


def choose_member(runs: Sequence[Run]) -> int:
    """The run to compare: the smallest, which has most padding."""
    return int(np.argmin([run.structure.measure().n_params for run in runs]))


def prove_first_step(
    joint: JointTraining,
    member: int,
    run: Run,
    loss: float,
    x: np.ndarray,
    y: np.ndarray,
    objective: Objective,
    budget: Budget,
    weights: str,
) -> None:
    """Compare a member after its first joint step with Keras's own step on the same batch.

    Args:
        joint: after that step.
        member, run: which of its members that is.
        loss: its loss in that step.
        x, y: the batch, with targets.
        objective, budget, weights: as for :class:`~.stack.Stack`.

    Raises :class:`~.joint_training.NotStackableError` when the loss or a weight differs.
    """
    model = build_model(run.structure, weights, compiled=False, seed=run.seed)
    placed = placed_weights(run.structure, model)
    before = {key: np.array(variable) for key, variable in placed.items()}
    optimizer = compile_for(run, model, objective, budget, eagerly=True)
    gradients: dict[int, np.ndarray] = {}

    def recorded(pairs: Any) -> Any:
        dense = dense_gradients(pairs)
        gradients.update({id(variable): np.abs(np.asarray(gradient)) for gradient, variable in dense})
        return dense

    sum_gradients_by(innermost(optimizer), recorded)
    theirs = float(model.train_on_batch(x, y, return_dict=True)["loss"])
    if not np.isclose(loss, theirs, rtol=TOLERANCE, atol=TOLERANCE * 1e-2):
        raise NotStackableError(f"its loss is {loss:.6g} in the first step, and {theirs:.6g} by Keras's own")
    steps = {key: np.abs(np.asarray(variable) - before[key]) for key, variable in placed.items()}
    noise = NOISE * max((each.max() for each in gradients.values() if each.size), default=0.0)
    largest = max((steps[key].max() for key, each in placed.items() if id(each) in gradients), default=0.0)
    mine = joint.weights(member)
    for key, variable in placed.items():
        is_trained = id(variable) in gradients
        size = largest if is_trained else steps[key].max(initial=0.0)
        allowed = TOLERANCE * size + 1e-5 * np.abs(np.asarray(variable)) + 1e-7
        if is_trained:
            allowed = np.where(gradients[id(variable)] > noise, allowed, 2.1 * size)
        if (np.abs(mine[key] - np.asarray(variable)) > allowed).any():
            raise NotStackableError(f"its weight {variable.path} after the first step differs from Keras's own")


def _is_own(value: Any) -> bool:
    """Whether a serialized layer is, wraps or names something that is not Keras's."""
    if isinstance(value, Mapping):
        if "error" in value or value.get("class_name") in ("function", "__lambda__"):
            return True
        module = str(value.get("module") or "") if "class_name" in value else "keras"
        return not module.startswith(("keras", "builtins")) or any(map(_is_own, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_is_own, value))


def _sees_outputs_only(loss: Any, objective: Objective, activation: str) -> bool:
    """Whether a loss makes the same of outputs that do not remember what they were made of.

    Keras hangs the logits on what a sigmoid or softmax returns, and its crossentropies take those instead,
    whichever of the two it was.
    """
    if activation == "linear":
        return True
    samples = objective.output_shape[-1] + 1
    logits = np.sin(np.arange(samples * objective.output_shape[-1])).reshape(samples, -1).astype(np.float32)
    made = keras.activations.get(activation)(keras.ops.convert_to_tensor(logits))
    shape = (samples, *objective.output_shape)
    if made.shape != shape or logits_of(made) is None:
        return logits_of(made) is None
    labels = np.arange(samples) % max(objective.output_shape[-1], 2)
    targets = objective.targets(labels if objective.metric == "accuracy" else np.asarray(made))
    return bool(np.isclose(np.asarray(loss(targets, made)), np.asarray(loss(targets, np.asarray(made))), rtol=1e-3))


def _is_of_keras(loss: Any) -> bool:
    function = getattr(loss, "_function", loss)  # behind the loss that is made of a function
    return str(getattr(function, "__module__", None) or type(function).__module__).startswith("keras.")
