"""Samples are brought into the model's form only where that is unambiguous."""

from __future__ import annotations

import numpy as np
import pytest

from structopt_widgets.training.inputs import fit_x


@pytest.mark.parametrize(
    ("have", "want"), [((4, 4), (16,)), ((16,), (4, 4)), ((4, 4), (4, 4, 1)), ((4, 4, 1), (4, 4)), ((4,), (4,))]
)
def test_reshapes_that_keep_the_order(have: tuple, want: tuple) -> None:
    x = np.arange(3 * np.prod(have), dtype="float32").reshape(3, *have)
    fitted = fit_x(x, want)
    assert fitted.shape == (3, *want)
    assert fitted.ravel().tolist() == x.ravel().tolist()


@pytest.mark.parametrize(("have", "want"), [((4, 4), (15,)), ((4, 6), (6, 4)), ((2, 8), (4, 4))])
def test_other_shapes_are_refused(have: tuple, want: tuple) -> None:
    with pytest.raises(ValueError, match="Expected samples of shape"):
        fit_x(np.zeros((3, *have)), want)


def test_dtypes_follow_the_model() -> None:
    assert fit_x(np.zeros((2, 3), "uint8"), (3,)).dtype == np.float32
    assert fit_x(np.ones((2, 3)), (3,), "int32").dtype == np.int32
    assert fit_x(np.ones((2, 3)), (3,), "bfloat16").dtype == np.float32
    with pytest.raises(ValueError, match="from -2147483648 to 2147483647, since the model reads int32"):
        fit_x(np.full((2, 3), 2**40), (3,), "int32")
    with pytest.raises(ValueError, match="whole numbers in x, since the model reads int32"):
        fit_x(np.full((2, 3), 0.5), (3,), "int32")
