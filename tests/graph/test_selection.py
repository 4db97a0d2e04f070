"""Which old channel a new one comes from, checked against picking elements of real arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from structopt_widgets.graph import Concat, Product, Symbol, baseline_size, unify
from structopt_widgets.graph.selection import copied, origins, shares, spread


def test_a_number_keeps_everything() -> None:
    assert origins(4, {}).tolist() == [0, 1, 2, 3]


def test_a_symbol_keeps_what_was_chosen_or_all() -> None:
    a = Symbol(5)
    assert origins(a, {a: np.array([1, 4])}).tolist() == [1, 4]
    assert origins(a, {}).tolist() == [0, 1, 2, 3, 4]


def test_a_bound_symbol_follows_what_it_is_bound_to() -> None:
    a, b, c = Symbol(2), Symbol(3), Symbol(5)
    unify(c, Concat((a, b)), "sum adds them")
    assert origins(c, {a: np.array([1]), b: np.array([0, 2])}).tolist() == [1, 2 + 0, 2 + 2]


def test_flattening_keeps_each_place_of_a_kept_channel() -> None:
    channels = Symbol(4)
    kept = np.array([0, 3])
    picture = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    assert origins(Product(6, channels), {channels: kept}).tolist() == picture[:, :, kept].ravel().tolist()


def test_flattening_a_concatenation() -> None:
    a, b = Symbol(2), Symbol(3)
    left, right = np.arange(4 * 2).reshape(4, 2), 100 + np.arange(4 * 3).reshape(4, 3)
    together = np.concatenate([left, right], axis=1)
    expected = np.concatenate([left[:, [1]], right[:, [0, 2]]], axis=1).ravel()
    kept = origins(Product(4, Concat((a, b))), {a: np.array([1]), b: np.array([0, 2])})
    assert together.ravel()[kept].tolist() == expected.tolist()


def test_an_outer_choice_takes_whole_blocks() -> None:
    channels = Symbol(3)
    assert origins(Product(channels, 2), {channels: np.array([2])}).tolist() == [4, 5]


def test_a_copied_channel_is_a_copy_in_every_place() -> None:
    a = Symbol(2)
    chosen = {a: copied(2, 3)}
    assert origins(Product(2, a), chosen).tolist() == [0, 1, 0, 2, 3, 2]
    assert origins(Concat((3, a)), chosen).tolist() == [0, 1, 2, 3, 4, 3]


def test_copies_share_what_their_original_did_alone_in_unequal_parts() -> None:
    come_from = copied(3, 8)
    assert come_from.tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert shares(come_from) == pytest.approx([1 / 6, 1 / 6, 1 / 3, 2 / 6, 2 / 6, 2 / 3, 3 / 6, 3 / 6])
    assert shares(np.array([4, 1])).tolist() == [1, 1], "where nothing was copied, nothing is shared"


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
@pytest.mark.slow
def test_the_shares_of_a_units_copies_sum_to_one(come_from: list[int]) -> None:
    parts = shares(np.array(come_from))
    for unit in set(come_from):
        own = [part for part, each in zip(parts, come_from, strict=True) if each == unit]
        assert sum(own) == pytest.approx(1)
        assert len(set(own)) == len(own)


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 4), st.data())
def test_products_pick_what_indexing_an_array_picks(outer: int, middle: int, inner: int, data: st.DataObject) -> None:
    a, b = Symbol(middle), Symbol(inner)
    kept_a = np.array(sorted(data.draw(st.sets(st.integers(0, middle - 1), min_size=1))))
    kept_b = np.array(sorted(data.draw(st.sets(st.integers(0, inner - 1), min_size=1))))
    array = np.arange(outer * middle * inner).reshape(outer, middle, inner)
    dim = Product(Product(outer, a), b)
    expected = array[:, kept_a][:, :, kept_b].ravel()
    assert origins(dim, {a: kept_a, b: kept_b}).tolist() == expected.tolist()


def test_scores_of_a_flattened_axis_go_to_its_channels() -> None:
    a, b = Symbol(2), Symbol(3)
    dim = Product(4, Concat((a, b, 1)))
    scores = np.arange(baseline_size(dim), dtype=float)
    by_channel = scores.reshape(4, 6).sum(axis=0)
    into: dict[Symbol, np.ndarray] = {a: np.array([100.0, 200.0])}
    spread(dim, scores, into)
    assert into[a] == pytest.approx([100 + by_channel[0], 200 + by_channel[1]])
    assert into[b] == pytest.approx(by_channel[2:5])
    assert set(into) == {a, b}
