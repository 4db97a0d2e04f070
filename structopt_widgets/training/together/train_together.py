"""Quick runs of many structures of one space."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ...graph.checks import callback, instance, items, known, typed
from ...graph.forked import refuse_fork
from ...structure import Structure
from ...structure.choices import choices_of
from ..budget import SHORT_BUDGET, Budget
from ..data import Data
from ..inputs import each_input, fit_inputs
from ..outcome import trial_of
from ..process import at_work
from ..progress import Progress, Stopped, Watch
from ..schedule import epoch_lengths, training_rows
from ..trial import Trial
from .two_at_a_time import train_at_once

if TYPE_CHECKING:
    from ..fitting import Samples
    from ..objective import Objective
    from .grouping import Batch

_log = logging.getLogger(__name__)
LONGEST = 200  # characters of a reason that a trial keeps


def train_together(
    structures: Iterable[Structure],
    data: Data,
    budget: Budget = SHORT_BUDGET,
    weights: str = "fresh",
    on_progress: Callable[[Progress], Any] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> list[Trial]:
    """Train structures of one space briefly, each once for each seed, and score them: a trial each, in order.

    Dense networks are trained side by side in one compiled step, at their own widths; of other models
    those of similar size are stacked, padded with zeros to the widest. Two such steps run at a time.
    Each structure is mathematically alone: its initial weights, the order of its samples, its dropout
    masks and its optimizer's state are those it would have by itself, so that company changes its
    numbers by rounding only. What neither way can train is
    trained one by one with Keras's ``fit``: layers that draw random numbers (but for dropout) or assign to
    weights, optimizers that clip by norms, mixed precision, weight constraints, layers that compute otherwise
    among padded channels. Layers, functions and losses of a user's own are trained together once one
    member's first step has been found equal to Keras's own. The trial's ``engine`` says which way was
    taken, and why one by one; so does the log of this module. On JAX the seeds of each structure are
    trained together, by Keras's own layers; on PyTorch all runs one by one.

    Args:
        structures: all of one :class:`StructureSpace`.
        data, budget, weights: as for :func:`quick_run`.
        on_progress: called with a :class:`Progress` of each run at its epochs' ends, and of one of
            them every 50 ms in between, by the threads that train, one at a time.
        should_stop: asked about every 100 ms, or at every step that takes longer; once true, trials
            that are not complete come back as ``"cancelled"``.

    Returns:
        a :class:`Trial` for each structure. ``seconds`` is the time of the step it was trained in,
        divided by the number of its members. A loss that is no longer finite, or an error, fails that
        trial alone.

    Raises ``ValueError`` before any training when labels or samples do not fit the model, and
    ``RuntimeError`` in a process that was forked after TensorFlow had started. Python that ends meanwhile
    stops the runs of daemon threads and waits for them.

    >>> trials = sw.train_together([space.scaled(0.5), space.baseline], data, sw.Budget(epochs=1, seeds=2))
    >>> [(trial.n_params, trial.engine) for trial in trials]
    [(35, 'together'), (67, 'together')]
    """
    refuse_fork()
    if isinstance(structures, Structure):
        raise TypeError(f"Expected structures as a list, got {typed(structures)}. Put it into brackets: [...].")
    many = items(structures, "structures")
    callback(on_progress, "on_progress")
    callback(should_stop, "should_stop")
    known(weights, ("fresh", "inherit"), "weights")
    if not isinstance(data, Data):
        raise TypeError(f"Expected a Data to train on, got {type(data).__name__}. Wrap arrays in it: Data(x, y).")
    if not isinstance(budget, Budget):
        raise TypeError(f"Expected a Budget, such as Budget(epochs=3, seeds=5); got {budget!r}.")
    for each in many:
        instance(each, Structure, "structures, such as space.scaled(0.5),")
        if not each.space.is_same_model(many[0].space):
            raise ValueError(
                "Expected structures of one StructureSpace, got others, of the models "
                f"{many[0].space.graph.name!r} and {each.space.graph.name!r}. Call once for each space."
            )
    if not many:
        return []
    # Keras takes seconds to import; whoever only reads trials should not wait for it.
    from ...keras_bridge.backend import JAX, backend_name, is_tensorflow
    from ..compiled_steps import forget_compiled_steps
    from ..fitting import Samples
    from ..objective import choose_objective
    from ..run import Run
    from .grouping import Batch, batches, batches_of_one_structure

    space = many[0].space
    objectives = [choose_objective(each, data) for each in many]
    rows = training_rows(data, budget)
    x, x_val = (fit_inputs(each, space) for each in (each_input(lambda array: array[rows], data.x), data.x_val))
    samples = Samples(x, data.y[rows], x_val, data.y_val)
    lengths, seeds = epoch_lengths(budget, len(rows)), budget.seed_list
    watch = Watch(sum(lengths), len(lengths), len(seeds), len(many), objectives[0].metric, on_progress, should_stop)
    examples = data.examples(many[0]) if weights == "inherit" else None
    runs = [
        Run(trial, place, each, seed, examples) for trial, each in enumerate(many) for place, seed in enumerate(seeds)
    ]

    def train(batch: Batch) -> None:
        start = watch.elapsed
        _train(batch, objectives[batch.runs[0].trial], samples, budget, weights, watch, len(many) == 1)
        for run in batch.runs:
            run.seconds = (watch.elapsed - start) / len(batch.runs)

    with at_work(watch):
        try:
            if is_tensorflow():
                train_at_once(batches(runs, sum(lengths) * budget.batch_size, budget), train, watch)
            else:
                # Two at once only where the backend's own threads do not mind.
                for each in batches_of_one_structure(runs) if backend_name() == JAX else [Batch(runs)]:
                    train(each)
        except Stopped:
            pass
        finally:
            forget_compiled_steps()
    return [
        trial_of(each, objective, data, budget, [run for run in runs if run.trial == trial], company)
        for trial, (each, objective, company) in enumerate(zip(many, objectives, companies(many), strict=True))
    ]


def companies(structures: Sequence[Structure]) -> list[str]:
    """The :attr:`Trial.company` of each of the structures of a call."""
    if len(structures) == 1:
        return [""]
    choices = json.dumps([choices_of(each) for each in structures], sort_keys=True)
    digest = hashlib.sha256((structures[0].space.fingerprint + choices).encode()).hexdigest()[:16]
    return [f"{digest} {place}/{len(structures)}" for place in range(len(structures))]


def _train(
    batch: Batch, objective: Objective, samples: Samples, budget: Budget, weights: str, watch: Watch, raises: bool
) -> None:
    """Train ``runs`` together, or one by one when they are one or cannot be stacked."""
    from ...keras_bridge.backend import TORCH, backend_name
    from ..fitting import fit
    from .epochs import fit_jointly
    from .joint_training import NotStackableError

    runs = batch.runs
    is_possible = backend_name() != TORCH or len(runs) == 1
    why = "" if is_possible else "runs are trained together by TensorFlow and JAX, not by torch"
    # One alone gains nothing by being stacked.
    for kind in () if why else batch.kinds if len(runs) > 1 else [each for each in batch.kinds if each.takes_one]:
        try:
            for run in runs:
                run.restart()
                run.engine = "together"
            fit_jointly(kind, runs, objective, samples, budget, weights, watch)
            return
        except Stopped:
            raise
        # Whatever a model's own layers raise among joint weights, alone they may well work.
        except Exception as error:
            why = str(error) if isinstance(error, NotStackableError) else f"{type(error).__name__}: {error}"
            _log.info("Not trained as a %s: %s", kind.__name__, why)
    for run in runs:
        run.restart()
        run.engine = f"keras: {' '.join(why.split())[:LONGEST]}" if why else "keras"
        try:
            fit(run, objective, samples, budget, weights, watch)
        except Stopped:
            raise
        except Exception as error:
            # One structure's trouble is not the others'; alone it is the caller's to see.
            if raises and type(error).__module__.startswith("tensorflow."):
                raise ValueError(
                    f"Expected samples that {run.structure.space.graph.name!r} can compute with, got from TensorFlow: "
                    f"{_gist(error)}. Whole numbers that are looked up must be places of the table."
                ) from error
            if raises:
                raise
            run.reason = f"{type(error).__name__}: {error}"
            watch.end(run)


def _gist(error: Exception) -> str:
    """The one line in which TensorFlow says what was wrong; around it are pages of where."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if " is not in [" in line] or [line for line in lines if line and "[[" not in line]
    return f"{type(error).__name__}: {said[-1][-LONGEST:]}" if said else type(error).__name__
