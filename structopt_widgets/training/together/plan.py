"""Which runs are trained side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..budget import Budget
from ..objective import last_activation
from ..run import Run
from .activations import ELEMENTWISE
from .members import envelope_of

MEMORY = 1 << 30  # bytes that the weights, gradients, slots and activations of one stack may take
# What one more stack costs, in the scalar operations done meanwhile, measured at about 27e9 a second on two cores:
COMPILING = 3e10  # building and tracing it, about a second
STEPPING = 7e7  # each of its steps, about 2.5 ms however small the weights


def batches(runs: Sequence[Run], samples: int, budget: Budget) -> Iterator[list[Run]]:
    """``runs`` in groups to be stacked, each of which sees ``samples`` training samples in all.

    Runs of one group share their objective, the blocks left out and the activations that do not work
    element by element. Smaller ones join as long as the padding costs less than a stack of their own,
    and memory allows.
    """
    kinds: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        whole = tuple(sorted(item for item in run.structure.activations.items() if item[1] not in ELEMENTWISE))
        there = tuple(run.structure.blocks.values())
        kinds.setdefault((last_activation(run.structure), whole, there), []).append(run)
    for alike in kinds.values():
        alike.sort(key=lambda run: run.structure.measure().macs)
        group: list[Run] = []
        for run in alike:
            if group and not _should_join(run, group, samples, budget):
                yield group
                group = []
            group.append(run)
        yield group


def _should_join(run: Run, group: Sequence[Run], samples: int, budget: Budget) -> bool:
    joined = envelope_of([run.structure, *(each.structure for each in group)])
    memory = joined.measure(batch_size=budget.batch_size, optimizer=budget.optimizer).training_bytes
    if (len(group) + 1) * memory > MEMORY:
        return False
    macs = envelope_of(each.structure for each in group).measure().macs
    more = (len(group) + 1) * joined.measure().macs - len(group) * macs - run.structure.measure().macs
    # A multiply-accumulate is two operations forward, and four in the two products of the backward pass.
    return 6 * more * samples <= COMPILING + STEPPING * samples / budget.batch_size
