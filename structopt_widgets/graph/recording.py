"""Recording arithmetic as a small program that Python and a browser both evaluate.

Run a cost rule on :class:`Expression` objects instead of integers, and what comes out is not a
number but the list of operations that computes it: a :class:`Program`. Equal subexpressions are
stored once, constants are folded. A program is plain data: it goes to the browser as JSON (see
``widgets/page/program.js``, which evaluates it in the frame of the slider), and is compiled to a
Python function here, so that both compute the same thing from the same source.
"""

from __future__ import annotations

import collections
import functools
import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .dominance import Sums

Operand = Any  # an int, a float or an Expression

# How each operation is written in the generated Python; program.js has the same seven.
PYTHON_TEMPLATES: Mapping[str, str] = {
    "+": "({} + {})",
    "-": "({} - {})",
    "*": "({} * {})",
    "//": "({} // {})",
    "/": "({} / {})",
    "max": "({1} if {1} > {0} else {0})",  # half the time that calling max() takes
    "log2": "({} - 1).bit_length()",
}
_COMPUTED: Mapping[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "/": operator.truediv,
    "max": lambda a, b: b if b > a else a,
    "log2": lambda a: (a - 1).bit_length(),
}
_RUN_FIRST = 4  # calls of a program, before it is compiled
_COMMUTATIVE = frozenset({"+", "*", "max"})
_NO_VALUE = (
    "Expected the cost of a layer as arithmetic on sizes, got {}: sizes may be symbols, which stand for every width at "
    "once. Use + - * // /, sw.ceil_log2, and maximum and product of structopt_widgets.graph, which work on any size."
)
_DEEPEST = 10  # brackets in one line of the generated Python


class Expression:
    """A value of a :class:`Recorder`: behaves as a number, and remembers how it was made."""

    __slots__ = ("recorder", "slot")
    # NumPy integers must leave the arithmetic to this class instead of making object arrays of it.
    __array_ufunc__ = None

    def __init__(self, recorder: Recorder, slot: int) -> None:
        self.recorder = recorder
        self.slot = slot

    def __add__(self, other: Operand) -> Operand:
        return self if _is_number(other, 0) else self.recorder.apply("+", self, other)

    def __sub__(self, other: Operand) -> Operand:
        return self if _is_number(other, 0) else self.recorder.apply("-", self, other)

    def __rsub__(self, other: Operand) -> Operand:
        return self.recorder.apply("-", other, self)

    def __mul__(self, other: Operand) -> Operand:
        if _is_number(other, 0):
            return 0
        return self if _is_number(other, 1) else self.recorder.apply("*", self, other)

    def __floordiv__(self, other: Operand) -> Operand:
        return self if _is_number(other, 1) else self.recorder.apply("//", self, other)

    def __rfloordiv__(self, other: Operand) -> Operand:
        return self.recorder.apply("//", other, self)

    def __truediv__(self, other: Operand) -> Operand:
        return self.recorder.apply("/", self, other)

    def __rtruediv__(self, other: Operand) -> Operand:
        return self.recorder.apply("/", other, self)

    __radd__ = __add__
    __rmul__ = __mul__

    def __bool__(self) -> bool:
        raise TypeError(_NO_VALUE.format("a condition on one"))

    def __lt__(self, other: Operand) -> bool:
        raise TypeError(_NO_VALUE.format("a comparison of one"))

    __le__ = __gt__ = __ge__ = __lt__

    def __index__(self) -> int:
        raise TypeError(_NO_VALUE.format("a plain number asked for"))

    __int__ = __round__ = __floor__ = __ceil__ = __index__

    def __float__(self) -> float:
        raise TypeError(_NO_VALUE.format("a plain number asked for"))

    def maximum(self, other: Operand) -> Operand:
        """The larger of this and ``other``."""
        return self.recorder.largest([self, other])

    def ceil_log2(self) -> Operand:
        """``ceil(log2(self))`` of a positive integer."""
        return self.recorder.apply("log2", self)


class Recorder:
    """Makes input expressions and collects every operation done on them.

    Args:
        never_negative: whether no input, and nothing computed from them, is ever negative, as with costs.
            Of several numbers those are then left out that cannot be the largest.
    """

    def __init__(self, never_negative: bool = False) -> None:
        self._never_negative = never_negative
        self._inputs: list[str] = []
        self._operations: list[tuple[Any, ...]] = []
        self._slots: dict[tuple[Any, ...], int] = {}
        self._sums = Sums(self._operations)

    def input(self, name: str, is_switch: bool = False) -> Expression:
        """A new input of the program, under ``name``; a switch is 0 or 1."""
        self._inputs.append(name)
        slot = self._slot(("input", len(self._inputs) - 1))
        if is_switch:
            self._sums.mark_switch(slot)
        return Expression(self, slot)

    def largest(self, values: Sequence[Operand]) -> Operand:
        """The largest of ``values``."""
        slots = [self._slot_of(value) for value in values]
        slots = self._sums.largest(slots) if self._never_negative else slots
        return functools.reduce(
            lambda left, right: self.apply("max", left, right), (Expression(self, slot) for slot in slots)
        )

    def apply(self, operation: str, *operands: Operand) -> Operand:
        """Record ``operation`` on ``operands``, or compute it at once when all of them are numbers."""
        # Of a number the logarithm is asked for elsewhere.
        if operation != "log2" and not any(isinstance(value, Expression) for value in operands):
            return _COMPUTED[operation](*operands)
        slots = [self._slot_of(value) for value in operands]
        if operation in _COMMUTATIVE:
            slots.sort()
        return Expression(self, self._slot((operation, *slots)))

    def program(self, outputs: Mapping[str, Operand]) -> Program:
        """The recorded program that computes ``outputs``, without the operations none of them needs."""
        slots = {name: self._slot_of(value) for name, value in outputs.items()}
        return Program(tuple(self._inputs), tuple(self._operations), slots).only(slots)

    def _slot_of(self, value: Operand) -> int:
        if isinstance(value, Expression):
            return value.slot
        plain = value if isinstance(value, (int, float)) else value.item()
        return self._slot(("constant", plain))

    def _slot(self, operation: tuple[Any, ...]) -> int:
        if operation not in self._slots:
            self._slots[operation] = len(self._operations)
            self._operations.append(operation)
            self._sums.note(self._slots[operation])
        return self._slots[operation]


@dataclass(frozen=True)
class Program:
    """Straight-line arithmetic: ``operations[i]`` computes slot ``i`` from the slots before it.

    An operation is ``("input", index)``, ``("constant", value)`` or ``(name, slot[, slot])`` with a
    name of :data:`PYTHON_TEMPLATES`. ``outputs`` maps each result's name to its slot.
    """

    inputs: tuple[str, ...]
    operations: tuple[tuple[Any, ...], ...]
    outputs: Mapping[str, int]

    def __call__(self, values: Sequence[Any]) -> dict[str, Any]:
        """Evaluate on ``values``, in the order of :attr:`inputs`; returns a value an output."""
        # Compiling takes as long as dozens of evaluations: a model that is only looked at does without.
        function = self._run if next(self._calls) < _RUN_FIRST else self._function
        return dict(zip(self.outputs, function(*values), strict=True))

    @functools.cached_property
    def _calls(self) -> Iterator[int]:
        return itertools.count()

    def _run(self, *values: Any) -> tuple[Any, ...]:
        """One operation after the other; :attr:`_function` is the same, compiled."""
        results: list[Any] = []
        for kind, *operands in self.operations:
            if kind == "input":
                results.append(values[operands[0]])
            elif kind == "constant":
                results.append(operands[0])
            else:
                results.append(_COMPUTED[kind](*(results[each] for each in operands)))
        return tuple(results[slot] for slot in self.outputs.values())

    def only(self, outputs: Iterable[str]) -> Program:
        """This program for some of its outputs, without the operations none of them needs."""
        wanted = {name: self.outputs[name] for name in outputs}
        needed = set(wanted.values())
        for slot in range(len(self.operations) - 1, -1, -1):
            kind, *operands = self.operations[slot]
            if slot in needed and kind not in ("input", "constant"):
                needed.update(operands)
        renumbered: dict[int, int] = {}
        operations: list[tuple[Any, ...]] = []
        for slot, (kind, *operands) in enumerate(self.operations):
            if slot in needed:
                renumbered[slot] = len(operations)
                plain = kind in ("input", "constant")
                operations.append((kind, *(operands if plain else (renumbered[each] for each in operands))))
        return Program(self.inputs, tuple(operations), {name: renumbered[slot] for name, slot in wanted.items()})

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dictionaries, for the browser."""
        return {
            "inputs": list(self.inputs),
            "operations": [list(operation) for operation in self.operations],
            "outputs": dict(self.outputs),
        }

    def to_python(self) -> str:
        """Source of a function of :attr:`inputs`, in order, that returns a tuple of the outputs.

        What is read once is written where it is read: a local variable less is two thirds of the time.
        """
        reads = collections.Counter(self.outputs.values())
        for kind, *operands in self.operations:
            if kind not in ("input", "constant"):
                reads.update(operands * 2 if kind == "max" else operands)  # its template has each of them twice
        lines = []
        texts: list[str] = []
        depths: list[int] = []
        for slot, (kind, *operands) in enumerate(self.operations):
            depth = 0
            if kind == "input":
                text = f"x{operands[0]}"
            elif kind == "constant":
                text = repr(operands[0])
            else:
                depth = 1 + max(depths[each] for each in operands)
                text = PYTHON_TEMPLATES[kind].format(*(texts[each] for each in operands))
                if reads[slot] > 1 or depth == _DEEPEST:
                    lines.append(f"    v{slot} = {text}")
                    text, depth = f"v{slot}", 0
            texts.append(text)
            depths.append(depth)
        arguments = ", ".join(f"x{index}" for index in range(len(self.inputs)))
        results = "".join(f"{texts[slot]}, " for slot in self.outputs.values())
        return "\n".join([f"def program({arguments}):", *lines, f"    return ({results})", ""])

    @functools.cached_property
    def _function(self) -> Callable[..., tuple[Any, ...]]:
        # Generated from slot numbers, constants and seven templates only: no text of a user gets in.
        namespace: dict[str, Any] = {}
        exec(compile(self.to_python(), "<cost program>", "exec"), namespace)  # noqa: S102 - see above
        return namespace["program"]


def _is_number(value: Operand, number: int) -> bool:
    return isinstance(value, (int, float)) and value == number
