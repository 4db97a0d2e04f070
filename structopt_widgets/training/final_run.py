"""What a structure scores on the test part, which nothing has seen so far."""

from __future__ import annotations

from ..structure import Structure
from .budget import Budget
from .data import Data
from .inputs import each_input, fit_inputs
from .outcome import trial_of
from .progress import Watch
from .schedule import epoch_lengths, training_rows
from .trial import Trial


def run_on_test_part(structure: Structure, data: Data, budget: Budget, weights: str = "fresh") -> Trial:
    """Train a structure as its quick run was, each seed by itself, and score it on the test part.

    Patience goes by the validation part, as it did; the test part is looked at once, when a seed's
    training has ended. In the trial that comes back, scores and interval are the test part's, and the
    history is the validation part's. Raises ``ValueError`` for data without a test part.
    """
    from .compiled_steps import forget_compiled_steps
    from .fitting import Samples, fit, outputs_of
    from .objective import choose_objective
    from .run import Run

    tested = data.with_test_as_validation()
    objective = choose_objective(structure, tested)
    rows, space = training_rows(data, budget), structure.space
    x, x_val, x_test = (
        fit_inputs(each, space) for each in (each_input(lambda array: array[rows], data.x), data.x_val, data.x_test)
    )
    samples = Samples(x, data.y[rows], x_val, data.y_val)
    lengths, seeds = epoch_lengths(budget, len(rows)), budget.seed_list
    watch = Watch(sum(lengths), len(lengths), len(seeds), 1, objective.metric, None, None)
    examples = data.examples(structure) if weights == "inherit" else None
    runs = [Run(0, place, structure, seed, examples) for place, seed in enumerate(seeds)]
    try:
        for run in runs:
            model = fit(run, objective, samples, budget, weights, watch)
            run.outputs = outputs_of(model, x_test, len(data.y_test), watch.check)
    finally:
        forget_compiled_steps()
    return trial_of(structure, objective, tested, budget, runs)
