"""Recorded arithmetic computes what direct arithmetic computes, in Python and from its JSON."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from structopt_widgets.graph import Program, Recorder, ceil_log2, maximum, product

OPERATIONS: list[Callable[[Any, Any], Any]] = [
    operator.add,
    operator.sub,
    operator.mul,
    maximum,
    lambda a, b: a // (b * b + 1),
    lambda a, b: ceil_log2(a * a + 1) + b,
    lambda a, b: 7 - a + 0 * b,
    lambda a, b: 100 // (a * a + 1) + b,
]
INTERPRETER: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "/": operator.truediv,
    "max": max,
    "log2": lambda n: int(n - 1).bit_length(),
}

steps = st.lists(
    st.tuples(st.sampled_from(range(len(OPERATIONS))), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=12
)
inputs = st.lists(st.integers(-9, 9), min_size=3, max_size=3)


def calculate(values: list[Any], plan: list[tuple[int, int, int]]) -> list[Any]:
    """Follow a plan on any kind of number; some of the operands are constants."""
    known = [*values, 0, 1, 5]
    for operation, left, right in plan:
        known.append(OPERATIONS[operation](known[left % len(known)], known[right % len(known)]))
    return known[6:]


def record(plan: list[tuple[int, int, int]]) -> Program:
    recorder = Recorder()
    results = calculate([recorder.input(name) for name in "abc"], plan)
    return recorder.program({str(index): each for index, each in enumerate(results)})


def interpret(program: dict[str, Any], values: list[Any]) -> dict[str, Any]:
    """What a page does with a program's JSON."""
    slots: list[Any] = []
    for kind, *operands in program["operations"]:
        if kind == "input":
            slots.append(values[operands[0]])
        elif kind == "constant":
            slots.append(operands[0])
        else:
            slots.append(INTERPRETER[kind](*(slots[each] for each in operands)))
    return {name: slots[slot] for name, slot in program["outputs"].items()}


@given(steps, inputs)
def test_a_recorded_program_computes_what_direct_arithmetic_computes(
    plan: list[tuple[int, int, int]], values: list[int]
) -> None:
    assert list(record(plan)(values).values()) == calculate(values, plan)


@given(steps, inputs)
def test_the_json_of_a_program_computes_the_same(plan: list[tuple[int, int, int]], values: list[int]) -> None:
    program = record(plan)
    assert interpret(json.loads(json.dumps(program.to_json())), values) == program(values)


@given(steps, st.lists(inputs, min_size=1, max_size=4))
def test_arrays_compute_element_by_element(plan: list[tuple[int, int, int]], rows: list[list[int]]) -> None:
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    together = [np.broadcast_to(each, len(rows)).tolist() for each in calculate(columns, plan)]
    one_by_one = [calculate(row, plan) for row in rows]
    assert together == [list(column) for column in zip(*one_by_one, strict=True)]


def test_equal_expressions_are_stored_once() -> None:
    recorder = Recorder()
    a, b = recorder.input("a"), recorder.input("b")
    program = recorder.program({"sum": a * b + 3, "again": 3 + b * a})
    assert program.outputs["sum"] == program.outputs["again"]
    assert [kind for kind, *_ in program.operations] == ["input", "input", "*", "constant", "+"]


def test_what_no_output_needs_is_left_out() -> None:
    recorder = Recorder()
    a = recorder.input("a")
    _ = a * 17
    assert recorder.program({"a": a}).operations == (("input", 0),)


def test_neutral_operands_record_nothing() -> None:
    recorder = Recorder()
    a = recorder.input("a")
    assert [each is a for each in (a + 0, 0 + a, a - 0, a * 1, 1 * a, a // 1)] == [True] * 6
    assert a * 0 == 0
    assert 0 * a == 0


def test_outputs_may_be_plain_numbers() -> None:
    recorder = Recorder()
    recorder.input("a")
    assert recorder.program({"n": 5, "f": 0.5, "numpy": np.int64(7)})([1]) == {"n": 5, "f": 0.5, "numpy": 7}


def test_numpy_integers_mix_with_expressions() -> None:
    recorder = Recorder()
    a = recorder.input("a")
    program = recorder.program({"left": np.int64(3) * a, "right": a + np.int64(3), "max": maximum(np.int64(3), a)})
    assert program([2]) == {"left": 6, "right": 5, "max": 3}


def test_a_number_divided_by_an_expression() -> None:
    recorder = Recorder()
    a = recorder.input("a")
    assert recorder.program({"floor": 7 // a, "true": 7 / a})([2]) == {"floor": 3, "true": 3.5}


def test_maximum_keeps_the_kind_of_plain_numbers() -> None:
    assert maximum(np.int64(3), 4) == 4
    assert not isinstance(maximum(np.int64(3), 4), sympy.Basic)
    assert maximum(2, 9, 4) == 9
    assert maximum(np.array([1, 5]), 3).tolist() == [3, 5]
    assert maximum(sympy.Symbol("n", positive=True), 0) == sympy.Symbol("n", positive=True)


def test_product_of_nothing_is_one() -> None:
    assert product([]) == 1
    assert product(iter([2, 3, 4])) == 24


def by_halving(n: int) -> int:
    """The rounds of pairing up ``n`` terms, counted."""
    rounds = 0
    while n > 1:
        n, rounds = (n + 1) // 2, rounds + 1
    return rounds


EDGES = [2**power + offset for power in range(2, 53) for offset in (-1, 0, 1)]
NUMBERS = [*range(1, 5001), *EDGES]


def test_ceil_log2_of_integers_and_arrays() -> None:
    expected = [by_halving(n) for n in NUMBERS]
    assert [ceil_log2(n) for n in NUMBERS] == expected
    assert ceil_log2(np.array(NUMBERS)).tolist() == expected
    assert ceil_log2(np.int64(9)) == 4


def test_ceil_log2_recorded() -> None:
    recorder = Recorder()
    program = recorder.program({"depth": ceil_log2(recorder.input("n"))})
    assert [program([n])["depth"] for n in NUMBERS] == [by_halving(n) for n in NUMBERS]


@pytest.mark.parametrize("numbers", [range(1, 130), EDGES[:60], range(4990, 5001)], ids=["small", "edges", "large"])
def test_ceil_log2_of_symbols(numbers: list[int]) -> None:
    n = sympy.Symbol("n", integer=True, positive=True)
    formula = ceil_log2(n)
    assert [int(formula.subs(n, number)) for number in numbers] == [by_halving(number) for number in numbers]
