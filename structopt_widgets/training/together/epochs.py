"""Training the members of one joint training, epoch by epoch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

from ..budget import Budget
from ..fitting import VALIDATION_BATCH, Samples
from ..objective import Objective
from ..progress import Watch
from ..run import Run
from ..schedule import Deadline, epoch_lengths, has_lost_patience, sample_orders
from ..settling import batches_to_settle
from .first_step import choose_member, is_known, prove_first_step
from .joint_training import JointTraining

# Python prepares one at a time whatever we do; in turn, the first computes while the second is prepared.
_PREPARING = threading.Lock()
UNHEARD = 0.1  # seconds of steps in a row, in which nobody asks whether to stop


def fit_jointly(
    kind: Callable[..., JointTraining],
    runs: Sequence[Run],
    objective: Objective,
    samples: Samples,
    budget: Budget,
    weights: str,
    watch: Watch,
) -> JointTraining:
    """Train and validate ``runs`` in one joint training; they take the results, and it is returned as trained.

    ``kind`` is the class of :class:`JointTraining` that trains them. A run whose loss is no longer finite,
    or that has lost patience, ends; the others go on, which it cannot disturb. Raises
    :class:`~.progress.Stopped` and :class:`~.joint_training.NotStackableError`.
    """
    watch.begin(runs)
    targets = objective.targets(samples.y)
    with _PREPARING:
        joint = kind(runs, objective, samples.x, targets, budget, weights, watch.check)
    watch.check()
    n, size = len(samples.y), budget.batch_size
    lengths, deadline = epoch_lengths(budget, n), Deadline(budget)
    orders = [sample_orders(run.seed, n) for run in runs]
    going, number, count = list(range(len(runs))), 0, 1
    to_prove = not joint.is_keras_own and (joint.adds_losses or not is_known(runs[0].structure, objective))
    for steps in lengths:
        order = np.stack([next(each) for each in orders])
        total, seen, done = np.zeros(len(runs)), 0, 0
        while done < steps and going and not (done and deadline.is_over()):
            start = time.perf_counter()
            in_a_row = joint.steps(order, done, min(count, steps - done), number)
            if to_prove:
                member = choose_member(runs)
                first = order[member, :size]
                prove_first_step(
                    joint,
                    member,
                    runs[member],
                    float(in_a_row[0][member]),
                    samples.x[first],
                    targets[first],
                    objective,
                    budget,
                    weights,
                )
                to_prove = False
            # The first step is slower than the others by what the backend prepares.
            count = max(1, int(UNHEARD * len(in_a_row) / (time.perf_counter() - start)))
            for losses in in_a_row:
                rows = min(size, n - done * size)
                total += losses.astype(float) * rows
                seen, number, done = seen + rows, number + 1, done + 1
                for member in list(going):
                    runs[member].loss = loss = float(total[member] / seen)
                    if runs[member].diverged("training loss", loss):
                        going.remove(member)
                        watch.end(runs[member])
                watch.end_step([runs[member] for member in going])
        batches = batches_to_settle(runs[0].structure, budget, n, number) if going else 0
        if batches:
            joint.settle(order, batches, number)
        for run in runs:
            run.is_settled = batches > 0
        going = _validate(joint, runs, going, objective, samples, budget, watch)
        if not going or deadline.is_over():
            break
    for member in going:
        runs[member].is_finished = True
        watch.end(runs[member])
    return joint


def _validate(
    joint: JointTraining,
    runs: Sequence[Run],
    going: list[int],
    objective: Objective,
    samples: Samples,
    budget: Budget,
    watch: Watch,
) -> list[int]:
    """Validate the members that are ``going``; those that go on."""
    if not going:
        return []
    outputs, logits = joint.outputs(samples.x_val, VALIDATION_BATCH)
    losses = joint.mean_losses(outputs, logits, objective.targets(samples.y_val))
    left = []
    for member in going:
        run = runs[member]
        run.validated(objective, samples.y_val, outputs[member].copy(), float(losses[member]))
        patient = not has_lost_patience([each["val_loss"] for each in run.history], budget.patience)
        if not run.reason and patient:
            left.append(member)
        else:
            run.is_finished = not run.reason
            watch.end(run)
        watch.end_epoch(run)
    return left
