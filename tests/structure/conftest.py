"""A model with every kind of width: tied, divided, following, fixed."""

from __future__ import annotations

import keras
import pytest
from keras import layers as kl

import structopt_widgets as sw


@pytest.fixture(scope="module")
def space() -> sw.StructureSpace:
    inputs = keras.Input((6, 6, 4), name="in")
    x = kl.Conv2D(8, 1, activation="relu", name="stem")(inputs)
    y = kl.Conv2D(8, 3, padding="same", name="back")(x)
    x = kl.Conv2D(12, 3, groups=3, name="grouped")(kl.Conv2D(6, 1, name="before")(kl.Add(name="sum")([x, y])))
    x = kl.Dense(40, activation="relu", name="dense")(kl.Flatten(name="flat")(x))
    both = kl.Concatenate(name="both")([kl.Dense(5, name="a")(x), kl.Dense(3, name="b")(x)])
    x = kl.Add(name="join")([both, kl.Dense(8, name="c")(x)])
    model = keras.Model(inputs, kl.Dense(3, activation="softmax", name="head")(x), name="chooser")
    return sw.StructureSpace.from_keras(model)
