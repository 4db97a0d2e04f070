"""Models as other people build them: how to make one, what to feed it, what its author would want to change."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

Draw = Callable[[np.random.Generator, int], Any]


@dataclass(frozen=True)
class Foreign:
    """One foreign model.

    Attributes:
        name: the function's.
        source: the file it stands in, which is the kind of model.
        function: makes it.
        inputs: what it reads: a shape of floats, :func:`tokens`, or a structure of such.
        sliders: the widths that its author would expect to move, and their sizes as the model has them.
        trainable: whether its outputs have gradients.
    """

    name: str
    source: str
    function: Callable[[], keras.Model]
    inputs: Any
    sliders: Mapping[str, int] = field(default_factory=dict)
    trainable: bool = True

    def make(self) -> keras.Model:
        """The model, built, with random values wherever training would change them: the same every time."""
        keras.utils.set_random_seed(0)
        with warnings.catch_warnings():
            # People's models warn: of masks that they drop, of layers that Keras could not build by itself.
            warnings.simplefilter("ignore", UserWarning)
            model = self.function()
            if not model.built or not model.weights:
                model(self.batch(), training=False)
        rng = np.random.default_rng(2)
        for weight in model.weights:
            if weight.trainable or "moving" in weight.name:
                change = rng.normal(scale=0.2, size=weight.shape)
                weight.assign(np.asarray(weight) + (np.abs(change) if "variance" in weight.name else change))
        return model

    def batch(self, samples: int = 2) -> Any:
        """Inputs for the model, the same every time."""
        rng = np.random.default_rng(1)
        return _drawn(self.inputs, rng, samples)


FOREIGN: dict[str, Foreign] = {}


def foreign(inputs: Any, **traits: Any) -> Callable[[Callable[[], keras.Model]], Callable[[], keras.Model]]:
    """Register the decorated function, which makes a model."""

    def register(function: Callable[[], keras.Model]) -> Callable[[], keras.Model]:
        name = function.__name__
        assert name not in FOREIGN, f"two models are called {name}"
        FOREIGN[name] = Foreign(name, function.__module__.rpartition(".")[2], function, inputs, **traits)
        return function

    return register


def tokens(*shape: int, below: int = 20) -> Draw:
    """Whole numbers from 1 to ``below``, at the end of each row zeros, which is padding."""

    def draw(rng: np.random.Generator, samples: int) -> Any:
        drawn = rng.integers(1, below, size=(samples, *shape)).astype("int32")
        if len(shape) == 1 and shape[0] > 3:
            drawn[:, -2:] = 0
        return drawn

    return draw


def indices(*shape: int, below: int) -> Draw:
    """Whole numbers below ``below``, without padding."""
    return lambda rng, samples: rng.integers(0, below, size=(samples, *shape)).astype("int32")


def texts(*words: str) -> Draw:
    """One of some words, as a column."""
    return lambda _, samples: np.array([[words[i % len(words)]] for i in range(samples)], dtype="str")


def adjacency(nodes: int) -> Draw:
    """A symmetric matrix of zeros and ones, with ones on the diagonal."""

    def draw(rng: np.random.Generator, samples: int) -> Any:
        half = np.triu(rng.random((samples, nodes, nodes)) < 0.4)
        return np.maximum(half | half.transpose(0, 2, 1), np.eye(nodes, dtype=bool)).astype("float32")

    return draw


def _drawn(inputs: Any, rng: np.random.Generator, samples: int) -> Any:
    if isinstance(inputs, dict):
        return {name: _drawn(each, rng, samples) for name, each in inputs.items()}
    if isinstance(inputs, list):
        return [_drawn(each, rng, samples) for each in inputs]
    if callable(inputs):
        return inputs(rng, samples)
    return rng.normal(size=(samples, *inputs)).astype("float32")
