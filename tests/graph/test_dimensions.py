"""The algebra of dimensions: sizes, unification, cutting and splitting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structopt_widgets.graph import (
    Concat,
    Dim,
    DimensionError,
    Product,
    Symbol,
    baseline_size,
    fix,
    size,
    split,
    unify,
)
from structopt_widgets.graph.dimensions import resolve, symbols

WHY = "sum adds them"


def names(dim: Dim) -> list[list[str]]:
    return [symbol.layers for symbol in symbols(dim)]


def test_size_of_each_kind() -> None:
    a, b = Symbol(3), Symbol(5)
    dim = Product(4, Concat((a, 2, Product(b, 6))))
    values = {a: 10, b: 100}
    assert baseline_size(dim) == 4 * (3 + 2 + 5 * 6)
    assert size(dim, values.__getitem__) == 4 * (10 + 2 + 100 * 6)


def test_two_symbols_become_one() -> None:
    a, b = Symbol(8, ["a"]), Symbol(8, ["b"])
    unify(b, a, WHY)
    assert resolve(a) is resolve(b) is a, "the older one stays, whatever the order of the sides"
    assert a.layers == ["a", "b"]
    assert a.ties == [WHY]


def test_unifying_is_transitive_and_repeating_it_changes_nothing() -> None:
    a, b, c = (Symbol(8, [name]) for name in "abc")
    unify(a, b, "first")
    unify(b, c, "second")
    unify(c, a, "again")
    assert resolve(c) is a
    assert a.layers == ["a", "b", "c"]
    assert a.ties == ["first", "second"]


def test_different_sizes_cannot_be_one() -> None:
    with pytest.raises(DimensionError, match=r"sum adds them: expected equal sizes, got 8 and 9"):
        unify(Symbol(8), Symbol(9), WHY)
    with pytest.raises(DimensionError, match="got 4 and 6"):
        unify(4, Product(2, Symbol(3)), WHY)


def test_a_number_fixes_the_symbol_it_meets() -> None:
    a = Symbol(8)
    unify(a, 8, "the input has 8 channels")
    assert a.fixed == "the input has 8 channels"
    assert resolve(a) is a, "it stays a width, so that its slider can say why it is fixed"


def test_what_is_fixed_fixes_what_joins_it() -> None:
    a, b = Symbol(8), Symbol(8)
    fix(b, "belongs to the task")
    unify(a, b, WHY)
    assert a.fixed == "belongs to the task"


def test_the_first_reason_for_a_pin_stays() -> None:
    a = Symbol(8)
    fix(Product(2, Concat((a, 3))), "first")
    fix(a, "second")
    assert a.fixed == "first"


def test_a_symbol_beside_a_concatenation_follows_it() -> None:
    a, b, c = Symbol(3, ["a"]), Symbol(5, ["b"]), Symbol(8, ["c"])
    unify(c, Concat((a, b)), WHY)
    assert names(c) == [["a"], ["b"]]
    assert size(c, {a: 30, b: 50}.__getitem__) == 80
    assert c.fixed is None


def test_a_fixed_symbol_beside_a_concatenation_fixes_its_parts() -> None:
    a, b, c = Symbol(3), Symbol(5), Symbol(8, fixed="belongs to the task")
    unify(Concat((a, b)), c, WHY)
    assert [a.fixed, b.fixed] == ["belongs to the task"] * 2


def test_a_symbol_cannot_be_a_part_of_itself() -> None:
    a = Symbol(8)
    unify(a, Product(1, a), WHY)
    assert a.fixed == WHY
    assert baseline_size(a) == 8


@pytest.mark.parametrize(
    ("left", "right", "pieces"),
    [
        ((3, 5), (3, 5), [3, 5]),
        ((3, 5), (6, 2), [3, 3, 2]),
        ((8,), (1, 2, 5), [1, 2, 5]),
        ((4, 4), (2, 4, 2), [2, 2, 2, 2]),
    ],
)
def test_concatenations_are_cut_where_either_has_a_boundary(
    left: tuple[int, ...], right: tuple[int, ...], pieces: list[int]
) -> None:
    one, other = (Concat(tuple(Symbol(width, [f"{side}{width}"]) for width in side)) for side in (left, right))
    unify(one, other, WHY)
    assert [resolve(symbol) for symbol in symbols(one)] == [resolve(symbol) for symbol in symbols(other)]
    assert [symbol.baseline for symbol in symbols(one)] == pieces
    assert not any(symbol.fixed for symbol in symbols(one))


def test_a_cut_symbol_keeps_naming_its_layer() -> None:
    a, b, c, d = Symbol(3, ["a"]), Symbol(5, ["b"]), Symbol(6, ["c"]), Symbol(2, ["d"])
    unify(Concat((a, b)), Concat((c, d)), WHY)
    assert [sorted(each) for each in names(Concat((c, d)))] == [["a", "c"], ["b", "c"], ["b", "d"]]


def test_a_concatenation_cut_inside_a_number_fixes_the_other_side() -> None:
    a, b = Symbol(3), Symbol(5)
    unify(Concat((a, b)), Concat((4, 4)), WHY)
    assert a.fixed == WHY
    assert all(symbol.fixed for symbol in symbols(b))


def test_nested_concatenations_are_flat() -> None:
    a, b, c = Symbol(2), Symbol(3), Symbol(4)
    x, y, z = Symbol(2), Symbol(3), Symbol(4)
    unify(Concat((a, Concat((b, c)))), Concat((Concat((x, y)), z)), WHY)
    assert [resolve(each) for each in (x, y, z)] == [a, b, c]


def test_products_of_equal_factors_are_unified_factor_by_factor() -> None:
    a, b = Symbol(5), Symbol(5)
    unify(Product(4, a), Product(4, b), WHY)
    assert resolve(b) is a
    assert a.fixed is None


def test_products_of_other_factors_are_frozen() -> None:
    a, b = Symbol(6), Symbol(4)
    unify(Product(2, a), Product(3, b), WHY)
    assert [a.fixed, b.fixed] == [WHY, WHY]


def test_splitting_a_symbol_gives_its_width_a_divisor() -> None:
    a = Symbol(12, ["a"], ties=["before"])
    part = split(a, 3, "b convolves it in 3 groups")
    assert isinstance(part, Symbol)
    assert (part.baseline, part.divisor, part.layers) == (4, 3, ["a"])
    assert part.ties == ["before", "b convolves it in 3 groups"]
    assert size(a, {part: 7}.__getitem__) == 21


def test_splitting_again_by_the_same_number_gives_the_same_part() -> None:
    a = Symbol(12)
    assert split(a, 3, WHY) is split(a, 3, WHY)
    assert split(a, 1, WHY) is resolve(a)


def test_splitting_by_another_number_freezes() -> None:
    a = Symbol(12)
    part = split(a, 3, WHY)
    assert split(a, 4, "other") == 3
    assert part.fixed == "other"


def test_equal_runs_of_parts_are_split_as_blocks() -> None:
    a, b = Symbol(4), Symbol(2)
    assert size(split(Concat((a,) * 6), 2, WHY), {a: 5}.__getitem__) == 15
    assert split(Product(6, a), 6, WHY) is split(Concat((a,) * 6), 6, WHY) is a
    assert size(split(Concat((a, b, a, b)), 2, WHY), {a: 5, b: 3}.__getitem__) == 8
    assert split(Concat((a, b, b, a)), 2, "other") == 6
    assert a.fixed == b.fixed == "other"


def test_splitting_what_cannot_be_chosen_gives_a_number() -> None:
    assert split(12, 3, WHY) == 4
    assert split(Symbol(12, fixed="fixed"), 3, WHY) == 4


def test_splitting_into_unequal_blocks_is_refused() -> None:
    with pytest.raises(DimensionError, match=r"sum adds them: expected a multiple of 5, got 12"):
        split(Symbol(12), 5, WHY)


partitions = st.lists(st.integers(1, 6), min_size=1, max_size=5)


@given(partitions, st.randoms(use_true_random=False))
@pytest.mark.slow
def test_unified_concatenations_have_one_size_whatever_the_widths(lengths: list[int], rng) -> None:
    total = sum(lengths)
    other_lengths = []
    while sum(other_lengths) < total:
        other_lengths.append(rng.randint(1, total - sum(other_lengths)))
    left, right = (Concat(tuple(Symbol(length) for length in each)) for each in (lengths, other_lengths))
    unify(left, right, WHY)
    values = {symbol: rng.randint(1, 50) for symbol in [*symbols(left), *symbols(right)]}
    assert size(left, values.__getitem__) == size(right, values.__getitem__)
    assert baseline_size(left) == baseline_size(right) == total


def test_a_product_of_as_many_blocks_as_there_are_parts_is_those_parts() -> None:
    height, width, channels = Symbol(3), Symbol(3), Symbol(8)
    part = Symbol(8)
    unify(Concat((part,) * 9), Product(Product(height, width), channels), WHY)
    assert resolve(part) is resolve(channels)
    assert resolve(channels).fixed is None
    assert height.fixed == width.fixed == WHY
