"""The stages of a sweep: one, or successive halving's rungs, each with fewer structures and more training."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..graph.checks import short, typed, whole
from ..graph.wording import say
from ..structure import Structure
from ..training import Budget, Trial
from ..training.schedule import epoch_lengths, training_rows
from .pareto import pareto_front
from .plan import Plan
from .proposals import ListedProposals
from .running import ExecutorRuns, LocalRuns
from .stage import Stage
from .sweep_progress import Meter

if TYPE_CHECKING:
    import pandas as pd

    from .study import Study

SPENT = ("epochs", "steps", "seconds")  # what a budget may count; a rung gets a share of each


def stages(plan: Plan, halving: tuple[int, int] | None) -> list[Plan]:
    """The plan of each stage.

    With ``halving=(eta, rungs)`` the last rung has the plan's budget and ``n_trials / eta^(rungs - 1)``
    structures; each one before it has ``eta`` times the structures for an ``eta``-th of the training.

    Source: K. Jamieson and A. Talwalkar, "Non-stochastic best arm identification and hyperparameter
    optimization", AISTATS 2016.
    """
    if halving is None:
        return [plan]
    if not isinstance(halving, (tuple, list)) or len(halving) != 2:
        raise TypeError(
            f"Expected halving as two whole numbers, (eta, rungs), got {typed(halving)}. With (3, 3), the best third "
            "has three times the training, twice."
        )
    eta, rungs = (whole(each, f"eta and rungs of halving={short(halving)}") for each in halving)
    if eta < 2 or rungs < 1 or plan.n_trials // eta ** (rungs - 1) < 1:
        raise ValueError(
            say(
                "Expected halving=(eta, rungs) with eta of at least 2 and at least eta^(rungs - 1) trials, got "
                "{halving} for {n} trials. With (3, 3), 27 trials are thinned out to 9 and to 3.",
                halving=halving,
                n=plan.n_trials,
            )
        )
    budgets = [_share(plan.budget, eta ** (rungs - 1 - rung)) for rung in range(rungs)]
    samples = len(training_rows(plan.data, plan.budget))
    spent = [(sum(epoch_lengths(each, samples)), each.seconds) for each in budgets]
    if len(set(spent)) < rungs:
        raise ValueError(
            say(
                "Expected a budget that can be divided by {eta} for each rung but the last, so of at least {least} "
                "epochs or steps; got {given} for halving={halving}: two rungs would train alike.",
                eta=eta,
                least=eta ** (rungs - 1),
                given=say("{n} epochs", n=plan.budget.epochs)
                if plan.budget.steps is None
                else say("{n} epochs and {steps} steps", n=plan.budget.epochs, steps=plan.budget.steps),
                halving=halving,
            )
        )
    return [
        dataclasses.replace(plan, stage=rung, n_trials=plan.n_trials // eta**rung, budget=budget)
        for rung, budget in enumerate(budgets)
    ]


def run_stages(
    study: Study,
    plans: Sequence[Plan],
    runner: Callable[[Plan], LocalRuns | ExecutorRuns],
    stopped: Callable[[], bool],
    meter: Meter,
) -> list[int]:
    """Numbers of the trials of all stages, after the last one has ended or the sweep was stopped."""
    numbers: list[int] = []
    promoted: Iterator[Structure] = iter(())
    for plan in plans:
        proposals = plan.proposals() if plan is plans[0] else ListedProposals(promoted, plan.is_affordable)
        stage = Stage(study, plan, runner(plan), proposals, stopped, meter.finished)
        known = meter.known
        meter.found(len(stage.trials()))
        if not stopped():
            stage.run()
        trials = stage.trials()
        if others := len(trials) - (meter.known - known):  # that other processes have done meanwhile
            meter.found(others)
        numbers += [each.number for each in trials if each.number is not None]
        promoted = iter(best_first(trials, study.trials, plan))
    return numbers


def best_first(trials: Sequence[Trial], table: pd.DataFrame, plan: Plan) -> list[Structure]:
    """Structures by the rank of their Pareto front, then by the first objective; only of complete trials."""
    rest = table.loc[[trial.number for trial in trials if trial.state == "complete"]]
    structures = {trial.number: trial.structure for trial in trials}
    order: list[Structure] = []
    while len(rest):
        front = pareto_front(rest, plan.maximize, plan.minimize)
        if front.empty:
            break
        first, ascending = (plan.maximize[0], False) if plan.maximize else (plan.minimize[0], True)
        order += [structures[number] for number in front.sort_values(first, ascending=ascending, kind="stable").index]
        rest = rest.drop(front.index)
    return order


def _share(budget: Budget, parts: int) -> Budget:
    shares: dict[str, Any] = {}
    for name in SPENT:
        whole = getattr(budget, name, None)
        if whole is not None:
            shares[name] = whole / parts if isinstance(whole, float) else max(1, round(whole / parts))
    return dataclasses.replace(budget, **shares)
