"""Axes of one element beside a width that a reshape takes apart or puts together, as channel attention has them."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers as kl

import structopt_widgets as sw


def test_a_width_is_taken_apart_and_put_together_beside_axes_of_one() -> None:
    inputs = keras.Input((4, 4, 3))
    x = kl.Conv2D(20, 1, name="wide")(kl.GlobalAveragePooling2D(keepdims=True)(inputs))
    x = kl.Softmax(axis=2)(kl.Reshape((1, 2, 10))(x))
    model = keras.Model(inputs, kl.Conv2D(5, 1)(kl.Reshape((1, 1, 20))(x)))
    space = sw.StructureSpace.from_keras(model)
    (wide,) = (name for name, group in space.width_groups.items() if not group.fixed)
    narrow = space.baseline.with_width(wide, 12)
    assert narrow.measure().n_params == narrow.build("fresh").count_params() == 3 * 12 + 12 + 12 * 5 + 5
    images = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    np.testing.assert_allclose(space.baseline.build("inherit")(images), model(images), atol=1e-6)
