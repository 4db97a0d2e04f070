"""Which of several recorded numbers can be the largest: the others need not be computed.

What a cost is made of is never negative: sizes, counts, and switches, which are 0 or 1. A number is a
sum of products of them. One that has no product more often than another has, is never larger.
"""

from __future__ import annotations

import collections
import heapq
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Product = tuple[int, ...]  # slots of its factors, in order; empty for a constant
Terms = Mapping[Product, float]

MOST_TERMS = 2000  # of one sum; a longer one is taken as a whole
NEIGHBOURS = (
    8  # how many of the numbers before it one is compared with: of those at other times it has little in common
)
SAMPLES = 32  # settings at which two numbers are compared before their sums are: most pairs differ at one
LARGE, RARELY = 1000, 0.1  # what an input is at some of them; at the others it is a few, so that its products stand out


class Sums:
    """Recorded operations as sums of products, each worked out once."""

    def __init__(self, operations: Sequence[tuple[Any, ...]]) -> None:
        self._operations = operations
        self._known: dict[int, Terms] = {}
        self._sampled: list[np.ndarray] = []
        self._limits: list[np.ndarray] = []  # a little above each of the same, for rounding
        self._switches: set[int] = set()

    def mark_switch(self, slot: int) -> None:
        """The number in ``slot`` is 0 or 1."""
        self._switches.add(slot)

    def note(self, slot: int) -> None:
        """An operation that is recorded is 0 or 1 if it is a product of switches, or 1 less one."""
        kind, *operands = self._operations[slot]
        if (kind == "*" and self._switches.issuperset(operands)) or (
            kind == "-" and self._operations[operands[0]] == ("constant", 1) and operands[1] in self._switches
        ):
            self._switches.add(slot)

    def largest(self, slots: Sequence[int]) -> list[int]:
        """Those of ``slots`` that can be the largest."""
        kept: list[int] = []
        constants = [slot for slot in dict.fromkeys(slots) if self._operations[slot][0] == "constant"]
        others = [slot for slot in dict.fromkeys(slots) if slot not in constants]
        least = [slot for slot in constants if self._operations[slot][1] > 0 or not others]
        for slot in others:
            if any(self._never_exceeds(slot, other) for other in kept[-NEIGHBOURS:]):
                continue
            near = kept[-NEIGHBOURS:]
            kept = kept[:-NEIGHBOURS] + [other for other in near if not self._never_exceeds(other, slot)] + [slot]
        return [*least, *kept]

    def _never_exceeds(self, one: int, other: int) -> bool:
        self._sample_up_to(max(one, other))
        if (self._sampled[one] > self._limits[other]).any():  # larger at one setting is enough
            return False
        more = self._difference(one, other)
        missing = {key: times for key, times in more.items() if times > 0}
        spare = {key: -times for key, times in more.items() if times < 0}
        # A product with a switch more is never more than that without it.
        for key, times in missing.items():
            rest = times
            for candidate in (each for each in self._without_switches(key) if each in spare):
                taken = min(rest, spare[candidate])
                spare[candidate] -= taken
                rest -= taken
            if rest > 0:
                return False
        return True

    def _without_switches(self, key: Product) -> list[Product]:
        found: list[Product] = [()]
        for slot in key:
            shorter = list(found) if slot in self._switches else []
            found = [*((*each, slot) for each in found), *shorter]
            if len(found) > NEIGHBOURS:
                break
        return found if len(found) <= NEIGHBOURS else [key]

    def _difference(self, one: int, other: int) -> Terms:
        """The number in ``one`` less that in ``other``, as a sum of products.

        Both are taken apart from their ends: of two long sums most is the beginning that they share.
        """
        times_of = collections.Counter({one: 1})
        times_of[other] -= 1
        waiting = [-one, -other]  # the latest first, as it is made of those before it
        total: dict[Product, float] = {}
        while waiting:
            slot = -heapq.heappop(waiting)
            times = times_of.pop(slot, 0)
            if not times:
                continue
            if not self._is_sum(slot):
                for key, number in self.terms(slot).items():
                    total[key] = total.get(key, 0) + times * number
                continue
            kind, left, right = self._operations[slot]
            for part, sign in ((left, 1), (right, 1 if kind == "+" else -1)):
                if part not in times_of:
                    heapq.heappush(waiting, -part)
                times_of[part] += sign * times
        return {key: times for key, times in total.items() if times}

    def _is_sum(self, slot: int) -> bool:
        return self._operations[slot][0] in ("+", "-") and slot not in self._switches

    def terms(self, slot: int) -> Terms:
        """The number in ``slot`` as a sum of products: how often each is in it."""
        waiting = [slot]
        while waiting:  # a sum may be longer than Python's stack is deep
            kind, *operands = self._operations[waiting[-1]]
            unknown = [each for each in operands if kind in ("+", "-", "*") and each not in self._known]
            if unknown:
                waiting.extend(unknown)
            else:
                done = waiting.pop()
                if done not in self._known:
                    self._known[done] = self._worked_out(done)
        return self._known[slot]

    def _sample_up_to(self, slot: int) -> None:
        for each in range(len(self._sampled), slot + 1):
            sample = self._sample(each)
            self._sampled.append(sample)
            self._limits.append(sample + 1e-9 * np.abs(sample))

    def _sample(self, slot: int) -> np.ndarray:
        """The number in ``slot`` at :data:`SAMPLES` settings; at each one anything, if it is no sum of products."""
        kind, *operands = self._operations[slot]
        if kind == "constant":
            return np.full(SAMPLES, operands[0], "float64")
        if kind not in ("+", "-", "*"):
            rng = np.random.default_rng(slot)
            if slot in self._switches:
                return rng.integers(0, 2, SAMPLES).astype("float64")
            return np.where(rng.random(SAMPLES) < RARELY, LARGE, rng.integers(0, 4, SAMPLES)).astype("float64")
        one, other = (self._sampled[each] for each in operands)
        compute = {"+": np.add, "-": np.subtract, "*": np.multiply}[kind]
        return compute(one, other)

    def _worked_out(self, slot: int) -> Terms:
        kind, *operands = self._operations[slot]
        if kind == "constant":
            return {(): operands[0]} if operands[0] else {}
        if self._is_sum(slot):
            one, other = (self._known[each] for each in operands)
            sign = 1 if kind == "+" else -1
            total = dict(one)
            for key, times in other.items():
                total[key] = total.get(key, 0) + sign * times
            if len(total) <= MOST_TERMS:
                return {key: times for key, times in total.items() if times}
        if kind == "*":
            one, other = (self._known[each] for each in operands)
            if len(one) * len(other) <= MOST_TERMS:
                product: dict[Product, float] = {}
                for left, times in one.items():
                    for right, again in other.items():
                        key = tuple(sorted((*left, *right)))
                        product[key] = product.get(key, 0) + times * again
                return product
        return {(slot,): 1}
