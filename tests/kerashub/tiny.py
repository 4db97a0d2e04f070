"""How a backbone of KerasHub is registered: what it reads, and the widths a person would expect to move."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from foreign_models.examine import examine_model
from foreign_models.grades import Examination

LENGTH = 7
TOKENS = 20


@dataclass(frozen=True)
class Tiny:
    """A backbone at a tiny configuration.

    Attributes:
        name: the function's.
        function: makes it.
        inputs: the names of its text inputs, or the shapes of its inputs.
        sliders: the widths that a person would expect to move, and their sizes.
    """

    name: str
    function: Callable[[], keras.Model]
    inputs: Any
    sliders: Mapping[str, int]

    def make(self) -> keras.Model:
        """The backbone, with random values in all that is trained, the same every time."""
        keras.utils.set_random_seed(0)
        with warnings.catch_warnings():
            # T5 drops the mask of its own attention.
            warnings.filterwarnings("ignore", message="Layer .* was passed an input with a mask attached to it")
            model = self.function()
        rng = np.random.default_rng(2)
        for weight in model.trainable_weights:
            weight.assign(np.asarray(weight) + rng.normal(scale=0.1, size=weight.shape))
        return model

    def batch(self, samples: int = 2) -> Any:
        """Inputs, by name: token ids with two of padding at the end, or random numbers of a shape."""
        rng = np.random.default_rng(1)
        if isinstance(self.inputs, tuple) and not isinstance(self.inputs[0], str):
            return rng.normal(size=(samples, *self.inputs)).astype("float32")
        if isinstance(self.inputs, tuple):
            return {name: _text(name, rng, samples) for name in self.inputs}
        return {name: each(rng, samples) for name, each in self.inputs.items()}


TINY: dict[str, Tiny] = {}


def tiny(inputs: Any, sliders: Mapping[str, int]) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register the decorated function, which makes a backbone."""

    def register(function: Callable[[], Any]) -> Callable[[], Any]:
        TINY[function.__name__] = Tiny(function.__name__, function, inputs, sliders)
        return function

    return register


def examine(backbone: Tiny, thorough: bool = False) -> Examination:
    """Put a backbone through what a user would do with it; training and saving it only when ``thorough``."""
    return examine_model(backbone.name, backbone.make(), backbone.batch, backbone.sliders, thorough)


def _text(name: str, rng: np.random.Generator, samples: int) -> np.ndarray:
    if "mask" in name:
        mask = np.ones((samples, LENGTH), "int32")
        mask[:, -2:] = 0
        return mask
    if "position" in name:
        return np.tile(np.arange(LENGTH, dtype="int32"), (samples, 1))
    below = 2 if "segment" in name else TOKENS
    return rng.integers(0 if "segment" in name else 1, below, size=(samples, LENGTH)).astype("int32")
