"""What taking a matrix apart costs: the steps of elimination, counted one by one."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import ops

import structopt_widgets as sw

SIDE = 60


def eliminated(columns: int) -> int:
    """Scalar operations that make a matrix triangular, and then solve for ``columns`` right sides."""
    count = 0
    for done in range(SIDE):
        for _ in range(done + 1, SIDE):
            count += 1 + 2 * (SIDE - done - 1)  # the factor, then a product and a difference for each value right of it
            count += 2 * columns
        count += columns * (1 + 2 * done)  # going back: a row's known unknowns, then a division
    return count


@pytest.mark.parametrize(("name", "columns"), [("det", 0), ("solve", 9), ("inv", SIDE)])
def test_it_is_counted_as_elimination_to_the_leading_term(name: str, columns: int) -> None:
    matrix, right = keras.Input((SIDE, SIDE)), keras.Input((SIDE, 9))
    made = getattr(ops, name)(*([matrix, right] if name == "solve" else [matrix]))
    model = keras.Model([matrix, right], [made, right])
    flops = sw.StructureSpace.from_keras(model).baseline.measure().flops
    # Of an inverse the right sides begin with zeros, which elimination leaves out: 2 n^3 instead of 8/3 n^3.
    expected = eliminated(columns) * (3 / 4 if name == "inv" else 1)
    assert flops == pytest.approx(expected, rel=0.05)


def test_the_matrix_of_a_weight_has_no_batch() -> None:
    class Turned(keras.layers.Layer):
        def build(self, shape: Any) -> None:
            self.turn = self.add_weight(shape=(shape[-1],) * 2, initializer="orthogonal", name="turn")

        def call(self, x: Any) -> Any:
            return ops.matmul(x, ops.inv(self.turn)) * ops.det(self.turn) + ops.slogdet(self.turn)[1]

    cost = sw.measure(keras.Sequential([keras.Input((4,)), Turned(), keras.layers.Dense(2)]))
    assert not cost.uncounted
    # An inverse, two determinants, a product, two operations an output, and the dense layer's.
    assert cost.flops == (6 + 2 * 2) * 4**3 // 3 - 1 + 2 * 4 * 4 + 2 * 4 + 2 * 4 * 2 + 2
