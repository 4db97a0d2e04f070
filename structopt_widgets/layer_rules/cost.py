"""What a rule answers: the cost of a call, and the operations inside it where tensors lie between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

Number = Any


@dataclass(frozen=True)
class Step:
    """One operation inside a call, on one sample.

    Tensors are numbers: the call's inputs first, from 0, then what each step makes, in order.

    Attributes:
        makes: elements of its result.
        reads: the tensors it reads.
        macs, other, span: as those of a :class:`Cost`.
        saves: the tensors its derivative reads, its own result perhaps among them, each with 1, or 0
            where it does not. They are kept from the forward to the backward pass.
        runs: 0 where the step is switched off, so that its result is what it reads; else 1.
        masks: elements of one byte kept for the backward pass, as a dropout's.
        again: whether selective recomputation computes its result a second time instead of keeping it.
    """

    makes: Number
    reads: tuple[int, ...]
    macs: Number = 0
    other: Number = 0
    span: Number = 0
    saves: tuple[tuple[int, Number], ...] = ()
    runs: Number = 1
    masks: Number = 0
    again: bool = False


@dataclass(frozen=True)
class Loop:
    """The span of a recurrence over ``timesteps``: what waits for the input, and what for the state.

    ``first``: operations in a row from a step's input to its output; ``again``: from one state to the
    next. ``backwards``: the last input comes first. ``ordered``: outputs stand in the order of the
    inputs even so. ``after``: operations in a row on what comes out. ``follows``: its inputs are what the
    one before it makes, in each step, and not the call's.
    """

    timesteps: Number
    first: Number
    again: Number
    backwards: bool = False
    ordered: bool = False
    after: Number = 0
    follows: bool = False


@dataclass(frozen=True)
class Cost:
    """Cost of one call on one sample.

    Attributes:
        macs: multiply-accumulates of products.
        other: scalar operations besides them.
        span: the longest chain of operations that wait for one another.
        kept: elements of its own that the call keeps for the backward pass, besides its inputs.
            A plain ``0``: it keeps nothing, its inputs neither, as a reshape.
        uncounted: 1 when a part is unknown.
        cached: elements a decoder keeps of this call's past, to go on from there by one more token.
        saves: which of its tensors the derivative reads: ``"inputs"``, ``"outputs"`` or ``"nothing"``;
            by default its inputs, unless ``kept`` is 0. Not asked where there are ``steps``.
        masks: elements of one byte kept for the backward pass.
        work: elements alive while the call runs, besides what it reads and makes.
        steps: the operations inside, where tensors lie between them; ``Operations`` writes them down.
        results: the tensors of ``steps`` that are the call's outputs.
        passes: whether a place along the first axis of the output needs that place of the inputs only,
            so that a tensor with a time axis passes step by step.
        loops: the recurrences inside, side by side; empty for a call that has none.

    >>> sw.Cost(macs=32, other=8, span=4).macs
    32
    """

    macs: Number = 0
    other: Number = 0
    span: Number = 0
    kept: Number | None = None
    uncounted: Number = 0
    cached: Number = 0
    saves: str | None = None
    masks: Number = 0
    work: Number = 0
    steps: tuple[Step, ...] = ()
    results: tuple[int, ...] = ()
    passes: bool = False
    loops: tuple[Loop, ...] = ()

    def times(self, factor: Number) -> Cost:
        """This cost ``factor`` times: 1 where the call runs, 0 where it is left out.

        The tensors inside stay as they are: who counts them knows whether the call runs.
        """
        return replace(
            self,
            macs=factor * self.macs,
            other=factor * self.other,
            span=factor * self.span,
            uncounted=factor * self.uncounted,
            cached=factor * self.cached,
        )

    def repeated(self, times: Number) -> Cost:
        """This cost at each of ``times`` places, side by side."""
        return replace(
            self,
            macs=times * self.macs,
            other=times * self.other,
            kept=None if self.kept is None else times * self.kept,
            masks=times * self.masks,
            work=times * self.work,
            steps=tuple(
                replace(
                    step,
                    makes=times * step.makes,
                    macs=times * step.macs,
                    other=times * step.other,
                    masks=times * step.masks,
                )
                for step in self.steps
            ),
            passes=True,
        )

    @property
    def saved(self) -> str:
        """:attr:`saves`, where it is not said the default."""
        if self.saves is not None:
            return self.saves
        return "nothing" if isinstance(self.kept, int) and self.kept == 0 else "inputs"
