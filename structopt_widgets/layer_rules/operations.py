"""Writing down the operations inside a call, one after another: its totals follow from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..graph import maximum, sum_depth
from .activation_costs import ActivationCost
from .cost import Cost, Step

if TYPE_CHECKING:
    from .rule import Site

Number = Any


class Operations:
    """A call's operations in the making. Each method runs one and returns its result, a number that names it.

    >>> class Swish(sw.LayerRule):
    ...     def cost(self, site, at):
    ...         operations, made = sw.Operations(site), at.elements(site.outputs[0])
    ...         gate = operations.elementwise(made, 0, flops=4)  # a sigmoid of the input, which is tensor 0
    ...         return operations.cost(operations.elementwise(made, 0, gate))
    """

    def __init__(self, site: Site) -> None:
        self.inputs = tuple(range(len(site.inputs)))
        # Its own weights, or those that an operation of a user's own layer reads.
        self._trains = any(weight.trainable for weight in site.layer.weights) or any(site.of_weights)
        self._steps: list[Step] = []
        self._uncounted: Number = 0

    def run(
        self,
        makes: Number,
        *reads: int,
        macs: Number = 0,
        other: Number = 0,
        span: Number = 0,
        saves: Iterable[tuple[int, Number]] | None = None,
        runs: Number = 1,
        masks: Number = 0,
        again: bool = False,
    ) -> int:
        """Any operation; unless it is said otherwise, its derivative reads what it reads."""
        saved = tuple((each, 1) for each in reads) if saves is None else tuple(saves)
        self._steps.append(Step(makes, reads, macs, other, span, saved, runs, masks, again))
        return len(self.inputs) + len(self._steps) - 1

    def weighted(self, tensor: int, makes: Number, over: Number, macs: Number | None = None) -> int:
        """Products with a weight, summed over ``over`` terms; the weight's gradient reads ``tensor``."""
        products = over * makes if macs is None else macs
        saved = [(tensor, 1)] if self._trains else []
        return self.run(makes, tensor, macs=products, span=1 + sum_depth(over), saves=saved)

    def product(self, left: int, right: int, makes: Number, over: Number, again: bool = False) -> int:
        """Products of two tensors, summed over ``over`` terms."""
        return self.run(makes, left, right, macs=over * makes, span=1 + sum_depth(over), again=again)

    def elementwise(self, makes: Number, *reads: int, flops: int = 1, runs: Number = 1, saves: Any = ()) -> int:
        """``flops`` operations an element, one after another, that are there where ``runs`` is 1."""
        return self.run(makes, *reads, other=runs * flops * makes, span=runs * flops, runs=runs, saves=saves)

    def biased(self, tensor: int, makes: Number, bias: Number) -> int:
        """One addition an element where ``bias`` is 1. A layer without biases has no such step."""
        return tensor if isinstance(bias, int) and bias == 0 else self.elementwise(makes, tensor, runs=bias)

    def activated(
        self, tensor: int, makes: Number, activation: ActivationCost, channels: Number, again: bool = False
    ) -> int:
        """An activation over ``channels``."""
        self._uncounted = self._uncounted + activation.uncounted
        if isinstance(activation.runs, int) and activation.runs == 0 and tensor not in self.inputs:
            return tensor
        made = len(self.inputs) + len(self._steps)
        return self.run(
            makes,
            tensor,
            other=activation.flops * makes,
            span=activation.span_over(channels),
            saves=((tensor, activation.saves_input), (made, activation.saves_output)),
            runs=activation.runs,
            again=again,
        )

    def dropped(self, tensor: int, makes: Number, again: bool = False) -> int:
        """Dropout, which computes in training only and keeps a mask of one byte an element."""
        return self.run(makes, tensor, saves=(), runs=0, masks=makes, again=again)

    def cost(self, *results: int, cached: Number = 0, passes: bool = False) -> Cost:
        """The cost of all that was run; ``results`` are the call's outputs, by default what was made last."""
        made = results or (len(self.inputs) + len(self._steps) - 1,)
        return Cost(
            macs=_sum(step.macs for step in self._steps),
            other=_sum(step.other for step in self._steps),
            span=maximum(*(self._ready()[each] for each in made)),
            uncounted=self._uncounted,
            cached=cached,
            steps=tuple(self._steps),
            results=made,
            passes=passes,
        )

    def _ready(self) -> list[Number]:
        ready: list[Number] = [0] * len(self.inputs)
        for step in self._steps:
            ready.append(step.span + maximum(0, *(ready[each] for each in step.reads)))
        return ready


def _sum(values: Iterable[Number]) -> Number:
    total: Number = 0
    for value in values:
        total = total + value
    return total
