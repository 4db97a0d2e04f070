"""A quick validation run: is this structure any good?"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from ..structure import Structure, StructureSpace
from .budget import Budget
from .data import Data
from .inputs import fit_x
from .item_scores import pack_counts
from .progress import Diverged, Progress, Stopped, Watch
from .statistics import bootstrap_r2, wilson_interval
from .trial import COSTS, Trial

if TYPE_CHECKING:
    from .objective import Objective

SHORT_BUDGET = Budget()


def quick_run(
    structure: Any,
    data: Data,
    budget: Budget = SHORT_BUDGET,
    weights: str = "fresh",
    on_progress: Callable[[Progress], Any] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Trial:
    """Train a structure briefly, once for each seed, and score it on the validation part.

    Args:
        structure: a :class:`Structure`; or a Keras model or ``.keras`` path, run as it is. A copy is
            trained, never the model itself.
        data: training and validation samples. They are reshaped and cast to the model's input where
            that is unambiguous, see :func:`~structopt_widgets.training.inputs.fit_x`.
        budget: epochs, seeds, batch size, learning rate.
        weights: ``"fresh"`` starts anew; ``"inherit"`` starts from the weights of the model read.
        on_progress: called with a :class:`Progress` at each epoch's end and every 50 ms in between,
            in the thread that trains.
        should_stop: asked at every step; once true, the trial comes back as ``"cancelled"``. The
            first step of a seed, in which TensorFlow compiles, cannot be interrupted: well under a
            second for small networks, ten and more for one of dozens of layers.

    Returns:
        a :class:`Trial`; ``"failed"`` with a reason when the loss was no longer finite.

    Equal arguments give equal scores on one machine: initial weights, the order of the samples and
    dropout masks follow from the seed. Layers that draw from TensorFlow's global generator are the
    exception. Global generators are left as they were. It may run in a thread of its own.

    Raises ``ValueError`` before any training when labels or samples do not fit the model.
    """
    if not isinstance(data, Data):
        raise TypeError(f"Expected a Data to train on, got {type(data).__name__}. Wrap arrays in it: Data(x, y).")
    if not isinstance(budget, Budget):
        raise TypeError(f"Expected a Budget, such as Budget(epochs=3, seeds=5); got {budget!r}.")
    structure = structure if isinstance(structure, Structure) else _read(structure, data)
    # Keras takes seconds to import; whoever only reads trials should not wait for it.
    from .fitting import Samples, train
    from .objective import choose_objective

    graph = structure.space.graph
    objective = choose_objective(structure, data)
    reads = graph.tensors[graph.input_tensors[0]]
    x, x_val = (fit_x(each, reads.shape, reads.dtype) for each in (data.x, data.x_val))
    samples = Samples(x, data.y, x_val, data.y_val)
    steps = math.ceil(len(x) / budget.batch_size)
    watch = Watch(steps, budget.epochs, len(budget.seed_list), objective.metric, on_progress, should_stop)
    state, reason, outputs = "complete", "", []
    try:
        for seed in budget.seed_list:
            watch.begin_seed()
            outputs.append(train(structure, objective, samples, budget, seed, weights, watch))
    except Stopped:
        state = "cancelled"
    except Diverged as diverged:
        state, reason = "failed", f"Seed {budget.seed_list[len(outputs)]}: {diverged}"
    scores = _scores(objective, data, outputs) if state == "complete" else _unknown()
    losses = [run[-1]["val_loss"] for run in watch.histories] if state == "complete" else [math.nan]
    return Trial(
        structure=structure,
        state=state,
        metric=objective.metric,
        **scores,
        loss=sum(losses) / len(losses),
        **_costs(structure, budget),
        budget=budget,
        data=data.name,
        fingerprint=data.fingerprint,
        versions=_versions(),
        seconds=watch.elapsed,
        reason=reason,
        history=tuple(tuple(run) for run in watch.histories),
    )


def _read(model: Any, data: Data) -> Structure:
    try:
        return StructureSpace.from_keras(model).baseline
    except ValueError:
        # Not built yet, or open axes: the data says what the model itself does not.
        return StructureSpace.from_keras(model, data=data).baseline


def _scores(objective: Objective, data: Data, outputs: list[np.ndarray]) -> dict[str, Any]:
    by_seed = tuple(objective.score(data.y_val, each) for each in outputs)
    score = sum(by_seed) / len(by_seed)
    n = len(data.y_val)
    right = ""
    if objective.metric == "accuracy":
        low, high = wilson_interval(min(score * n, n), n)
        right = pack_counts(np.sum([objective.is_right(data.y_val, each) for each in outputs], axis=0))
    else:
        low, high = bootstrap_r2(data.y_val, outputs)
    return {"by_seed": by_seed, "score": score, "low": low, "high": high, "right": right}


def _unknown() -> dict[str, Any]:
    return {"by_seed": (), "score": math.nan, "low": math.nan, "high": math.nan}


def _costs(structure: Structure, budget: Budget) -> dict[str, Any]:
    one = structure.measure()
    costs = {name: getattr(one, name) for name in COSTS}
    return costs | {"training_bytes": structure.measure(batch_size=budget.batch_size).training_bytes}


def _versions() -> dict[str, str]:
    import keras
    import tensorflow as tf

    return {
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "python": platform.python_version(),
        "structopt_widgets": version("structopt-widgets"),
    }
