"""Which runs are trained side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...metrics import optimizer_slots
from ...metrics.totals import costs
from ...structure import Structure
from ...structure.setting import setting_at
from ..budget import Budget
from ..objective import last_activation
from ..run import Run
from .activations import ELEMENTWISE

MEMORY = 1 << 29  # bytes that the weights, gradients, slots and activations of one stack may take
# What a stack takes in seconds of one core. How many stacks are best depends on the ratios alone.
OPERATION = 1 / 40e9  # a multiplication or an addition in products of matrices
BYTE = 1 / 5e9  # of what training holds, read and written in every step
STEP = 0.2e-3  # a layer with weights in a step, however small
COMPILING = 0.15  # a layer with weights, built and traced once


def batches(runs: Sequence[Run], samples: int, budget: Budget) -> list[list[Run]]:
    """``runs`` in groups to be stacked, each of which sees ``samples`` training samples in all.

    Runs of one group share their objective, the blocks left out and the activations that do not work
    element by element. They join as long as the padding costs less than a stack of their own, and
    memory allows.
    """
    kinds: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        whole = tuple(sorted(item for item in run.structure.activations.items() if item[1] not in ELEMENTWISE))
        there = tuple(run.structure.blocks.values())
        kinds.setdefault((last_activation(run.structure), whole, there), []).append(run)
    return [group for alike in kinds.values() for group in _joined(alike, samples, budget)]


def _joined(runs: Sequence[Run], samples: int, budget: Budget) -> list[list[Run]]:
    """Join the two groups that save most, as long as joining any two saves time."""
    price = _Price(runs[0].structure, samples, budget)
    by_structure: dict[Structure, list[Run]] = {}
    for run in runs:
        by_structure.setdefault(run.structure, []).append(run)
    groups = list(by_structure.values())
    # A group is its runs, how many they are, and the widths of their envelope.
    counts = np.array([len(group) for group in groups])
    widths = np.array([list(group[0].structure.widths.values()) for group in groups])
    alone = price.seconds(widths, counts)
    savings = np.stack([_savings(place, widths, counts, alone, price) for place in range(len(groups))])
    while savings.max() > 0:
        # The smaller place stays, the larger is emptied: equal calls join in equal order.
        kept, emptied = sorted(map(int, np.unravel_index(savings.argmax(), savings.shape)))
        groups[kept] = groups[kept] + groups[emptied]
        groups[emptied] = []
        counts[kept], counts[emptied] = counts[kept] + counts[emptied], 0
        widths[kept] = np.maximum(widths[kept], widths[emptied])
        alone[kept] = price.seconds(widths[kept : kept + 1], counts[kept : kept + 1])[0]
        savings[emptied] = savings[:, emptied] = -np.inf
        savings[kept] = savings[:, kept] = _savings(kept, widths, counts, alone, price)
    return [group for group in groups if group]


def _savings(place: int, widths: np.ndarray, counts: np.ndarray, alone: np.ndarray, price: _Price) -> np.ndarray:
    """Seconds saved if the group at ``place`` joined each of the others; ``-inf`` where it cannot."""
    saved = alone + alone[place] - price.seconds(np.maximum(widths, widths[place]), counts + counts[place])
    saved[place] = -np.inf
    saved[counts == 0] = -np.inf
    return saved


class _Price:
    """What stacks of structures like one cost, by the widths of their envelopes."""

    def __init__(self, like: Structure, samples: int, budget: Budget) -> None:
        space = like.space
        self._like, self._samples, self._batch_size = like, samples, budget.batch_size
        self._slots = space.slots if budget.optimizer is None else optimizer_slots(budget.optimizer)
        self._layers = len(space.connected.weights)

    def seconds(self, widths: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Of stacks with ``counts`` members in envelopes of ``widths``, ``(stacks, groups)``; infinite over memory."""
        space = self._like.space
        at = setting_at(self._like, dict(zip(space.width_groups, widths.T, strict=True)))
        totals = costs(space.connected, at, self._batch_size, self._slots).totals
        macs, held = (np.broadcast_to(totals[name], len(widths)) for name in ("macs", "training_bytes"))
        steps = self._samples / self._batch_size
        # A multiply-accumulate is two operations forward, and four in the two products of the backward pass.
        a_member = 6.0 * macs * self._samples * OPERATION + held * steps * BYTE
        seconds = counts * a_member + self._layers * (COMPILING + steps * STEP)
        return np.where((counts > 1) & (counts * held > MEMORY), np.inf, seconds)
