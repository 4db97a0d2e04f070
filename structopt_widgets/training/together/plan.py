"""Which runs are trained side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..budget import Budget
from ..objective import last_activation
from ..run import Run
from .activations import ELEMENTWISE
from .members import envelope_of

MEMORY = 1 << 30  # bytes that the weights, gradients, slots and activations of one stack may take
WASTE = 2.0  # how many times its own multiplications a member may have to do in a stack, for company


def batches(runs: Sequence[Run], budget: Budget) -> Iterator[list[Run]]:
    """``runs`` in groups to be stacked: of one kind, of similar size, within memory.

    Runs of one group share their objective, the blocks left out and the activations that do not work
    element by element.
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
            if group and not _fits([*group, run], budget):
                yield group
                group = []
            group.append(run)
        yield group


def _fits(runs: Sequence[Run], budget: Budget) -> bool:
    envelope = envelope_of(run.structure for run in runs)
    own = sum(run.structure.measure().macs for run in runs)
    each = envelope.measure(batch_size=budget.batch_size, optimizer=budget.optimizer)
    return len(runs) * each.training_bytes <= MEMORY and len(runs) * each.macs <= WASTE * max(own, 1)
