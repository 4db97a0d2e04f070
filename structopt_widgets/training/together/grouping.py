"""Which runs are trained together, and how."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...metrics import optimizer_slots
from ...metrics.totals import costs
from ...structure import Structure
from ..budget import Budget
from ..objective import last_activation
from ..run import Run
from .joint_training import JointTraining, NotStackableError
from .member_activations import ELEMENTWISE
from .one_structure import OneStructure
from .side_by_side.dense_networks import dense_layers
from .side_by_side.dense_training import SideBySide
from .stacked.stack import Stack
from .two_at_a_time import AT_ONCE

MEMORY = 1 << 29  # bytes that the weights, gradients, slots and activations of one step may take
MEMBERS = 64  # of those side by side: each has operations of its own, which are traced before it starts
# What a step takes in seconds of one core. Which plan is best depends on the ratios alone.
OPERATION = 1 / 40e9  # a multiplication or an addition in products of matrices
BYTE = 1 / 5e9  # of what training holds, read and written
LAYER = 0.2e-3  # a layer with weights, however small
PRODUCT = 15e-6  # three products of a member that is not stacked, however small
COMPILING = 0.1  # a layer with weights, built and traced once
COMPILING_STACKED = 0.18  # the same, vectorized over the members
COMPILING_PRODUCT = 5e-3  # for each member that is not stacked


@dataclass(frozen=True)
class Batch:
    """Runs that are trained in one step, by the first of ``kinds`` that can."""

    runs: list[Run]
    kinds: tuple[type[JointTraining], ...] = (Stack,)


def batches(runs: Sequence[Run], samples: int, budget: Budget) -> list[Batch]:
    """``runs`` in batches, each of which sees ``samples`` training samples in all.

    Runs of one batch share their objective, the blocks left out and the activations that do not work
    element by element. Dense networks go side by side, unless they are so many and so small that
    padding takes less time than an operation for each. Others are stacked: they join as long as the
    padding costs less than a stack of their own, and memory allows.
    """
    kinds: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        whole = tuple(sorted(item for item in run.structure.activations.items() if item[1] not in ELEMENTWISE))
        there = tuple(run.structure.blocks.values())
        kinds.setdefault((last_activation(run.structure), whole, there), []).append(run)
    return [batch for alike in kinds.values() for batch in _planned(alike, samples, budget)]


def batches_of_one_structure(runs: Sequence[Run]) -> list[Batch]:
    """``runs`` in batches of JAX: those of one structure each, whose weights have one shape."""
    by_structure: dict[Structure, list[Run]] = {}
    for run in runs:
        by_structure.setdefault(run.structure, []).append(run)
    return [Batch(each, (OneStructure,)) for each in by_structure.values()]


def _planned(runs: Sequence[Run], samples: int, budget: Budget) -> list[Batch]:
    """Runs of one kind in batches of what takes less time."""
    price = _Price(runs[0].structure, samples, budget)
    stacks = _joined(runs, price)
    try:
        products = len(dense_layers(runs[0].structure).later)
    except NotStackableError:
        return [Batch(each) for each in stacks]
    dealt = _dealt(runs, price)
    stacked = price.stacked(np.stack([_widths(each).max(0) for each in stacks]), np.array([*map(len, stacks)])).sum()
    if sum(price.side_by_side(_widths(each), products) for each in dealt) > stacked:
        return [Batch(each) for each in stacks]
    return [Batch(each, (SideBySide, Stack)) for each in dealt]


def _dealt(runs: Sequence[Run], price: _Price) -> list[list[Run]]:
    """``runs`` in batches that take about the same time, those of one seed next to each other."""
    seconds, held = price.member(_widths(runs))
    needed = max(len(runs) / MEMBERS, float(held.sum()) / MEMORY)
    # Two at once: the second is worth its compilation only where there is enough to train.
    at_once = AT_ONCE if float(seconds.sum()) > AT_ONCE * price.compiling else 1
    count = min(max(math.ceil(needed), at_once), max(len(runs) // 2, 1))
    dealt: list[list[Run]] = [[] for _ in range(count)]
    for place, number in enumerate(np.argsort(-seconds, kind="stable")):
        turn, place = divmod(place, count)
        dealt[place if turn % 2 == 0 else count - 1 - place].append(runs[number])
    return [sorted(each, key=lambda run: (run.seed, run.trial)) for each in dealt]


def _widths(runs: Sequence[Run]) -> np.ndarray:
    return np.array([list(run.structure.widths.values()) for run in runs])


def _joined(runs: Sequence[Run], price: _Price) -> list[list[Run]]:
    """Join the two groups that save most, as long as joining any two saves time."""
    by_structure: dict[Structure, list[Run]] = {}
    for run in runs:
        by_structure.setdefault(run.structure, []).append(run)
    groups = list(by_structure.values())
    # A group is its runs, how many they are, and the widths of their envelope.
    counts = np.array([len(group) for group in groups])
    widths = _widths([group[0] for group in groups])
    alone = price.stacked(widths, counts)
    savings = np.stack([_savings(place, widths, counts, alone, price) for place in range(len(groups))])
    while savings.max() > 0:
        # The smaller place stays, the larger is emptied: equal calls join in equal order.
        kept, emptied = sorted(map(int, np.unravel_index(savings.argmax(), savings.shape)))
        groups[kept] = groups[kept] + groups[emptied]
        groups[emptied] = []
        counts[kept], counts[emptied] = counts[kept] + counts[emptied], 0
        widths[kept] = np.maximum(widths[kept], widths[emptied])
        alone[kept] = price.stacked(widths[kept : kept + 1], counts[kept : kept + 1])[0]
        savings[emptied] = savings[:, emptied] = -np.inf
        savings[kept] = savings[:, kept] = _savings(kept, widths, counts, alone, price)
    return [group for group in groups if group]


def _savings(place: int, widths: np.ndarray, counts: np.ndarray, alone: np.ndarray, price: _Price) -> np.ndarray:
    """Seconds saved if the group at ``place`` joined each of the others; ``-inf`` where it cannot."""
    saved = alone + alone[place] - price.stacked(np.maximum(widths, widths[place]), counts + counts[place])
    saved[place] = -np.inf
    saved[counts == 0] = -np.inf
    return saved


class _Price:
    """What it takes to train structures like one, by their widths."""

    def __init__(self, like: Structure, samples: int, budget: Budget) -> None:
        space = like.space
        self._like, self._samples, self._batch_size = like, samples, budget.batch_size
        self._slots = space.slots if budget.optimizer is None else optimizer_slots(budget.optimizer)
        self._steps = samples / budget.batch_size
        self._layers = len(space.connected.weights)
        self.compiling = self._layers * COMPILING  # seconds before the first step

    def member(self, widths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Seconds for each row of ``widths``, ``(structures, groups)``, and the bytes that its training holds."""
        space = self._like.space
        at = self._like.setting_at(dict(zip(space.width_groups, widths.T, strict=True)))
        totals = costs(space.connected, at, self._batch_size, self._slots).totals
        macs, held = (np.broadcast_to(totals[name], len(widths)) for name in ("macs", "training_bytes"))
        # A multiply-accumulate is two operations forward, and four in the two products of the backward pass.
        return 6.0 * macs * self._samples * OPERATION + held * self._steps * BYTE, held

    def stacked(self, widths: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Seconds of stacks with ``counts`` members in envelopes of ``widths``; infinite over memory."""
        seconds, held = self.member(widths)
        seconds = counts * seconds + self._layers * (COMPILING_STACKED + self._steps * LAYER)
        return np.where((counts > 1) & (counts * held > MEMORY), np.inf, seconds)

    def side_by_side(self, widths: np.ndarray, products: int) -> float:
        """Seconds of structures at their own widths, with ``products`` of its own for each; of one size they share."""
        seconds = self.compiling + self._layers * self._steps * LAYER
        own = float(len(widths)) if np.ptp(widths, axis=0).any() else 1.0
        own *= products * (COMPILING_PRODUCT + self._steps * PRODUCT)
        return seconds + own + float(self.member(widths)[0].sum())
