"""Losses of several members are computed at once only where no sample of a batch minds the others."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import losses, ops

from structopt_widgets.training.compiled import as_loss
from structopt_widgets.training.together.tensorflow_training import is_by_sample

NUMBERS = np.array([0, 1, 1])
ONE_HOT = np.eye(4, dtype="float32")[NUMBERS]


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (losses.SparseCategoricalCrossentropy(), NUMBERS),
        ("categorical_crossentropy", ONE_HOT),
        ("mse", ONE_HOT),
        (losses.Huber(), ONE_HOT),
        (losses.CosineSimilarity(), ONE_HOT),
        (losses.BinaryCrossentropy(from_logits=True), ONE_HOT),
    ],
)
def test_a_number_for_each_sample(loss: Any, y: np.ndarray) -> None:
    assert is_by_sample(as_loss(loss), y, (4,))


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (losses.Circle(), NUMBERS),  # each sample against the others
        (losses.Dice(), ONE_HOT),
        (losses.Dice(axis=0), ONE_HOT),  # a number for each class
        (losses.Tversky(), ONE_HOT),
        (losses.Huber(reduction="sum"), ONE_HOT),
        (lambda y, outputs: ops.mean((y - outputs) ** 2), ONE_HOT),
        (lambda y, outputs: ops.mean((y - outputs) ** 2, -1) - ops.mean(outputs), ONE_HOT),
        (losses.SparseCategoricalCrossentropy(), NUMBERS[:2]),  # too few to tell
    ],
)
def test_a_number_of_the_whole_batch(loss: Any, y: np.ndarray) -> None:
    assert not is_by_sample(as_loss(loss), y, (4,))


def test_keras_agrees() -> None:
    outputs = np.random.default_rng(0).random((3, 4)).astype("float32")
    circle = losses.Circle()
    whole = circle.call(NUMBERS, outputs)
    alone = ops.concatenate([circle.call(NUMBERS[row : row + 1], outputs[row : row + 1]) for row in range(3)])
    assert not np.allclose(keras.ops.convert_to_numpy(whole), keras.ops.convert_to_numpy(alone))
