"""Small models, one peculiarity each; every law is run on all of them.

A specimen is made anew each time, with random values in all of its weights: freshly initialized
biases and statistics are zeros and ones, which hide mistakes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers as kl


@dataclass(frozen=True)
class Specimen:
    """How to make one model of the zoo.

    ``shape`` is that of one sample, in the model's own structure of inputs. ``needs_shape``: reading
    it takes ``input_shape``. ``unmaskable`` says why dropping channels is not masking them there.
    ``uncounted`` are the kinds of the layers whose operations cannot be counted. ``tolerance`` is
    that of comparing outputs, wider in half precision. ``tokens``: inputs are integers below it.
    ``cannot_grow`` are the widths that some layer computes across, so that copying units changes its outputs.
    """

    name: str
    function: Callable[[], keras.Model]
    shape: Any
    needs_shape: bool = False
    unmaskable: str = ""
    uncounted: frozenset[str] = frozenset()
    tolerance: float = 1e-5
    tokens: int | None = None
    cannot_grow: frozenset[str] = frozenset()

    def make(self) -> keras.Model:
        """The model, the same every time."""
        keras.utils.set_random_seed(0)
        model = self.function()
        randomize(model)
        return model

    def batch(self, samples: int = 3) -> Any:
        """Random inputs."""
        rng = np.random.default_rng(1)
        if self.tokens is not None:
            return rng.integers(1, self.tokens, size=(samples, *self.shape)).astype("int32")
        return _map_shapes(lambda shape: rng.normal(size=(samples, *shape)).astype("float32"), self.shape)

    @property
    def reading(self) -> dict[str, Any]:
        """The arguments that reading it needs besides the model."""
        return {"input_shape": self.shape} if self.needs_shape else {}


ZOO: dict[str, Specimen] = {}


def specimen(shape: Any, **traits: Any) -> Callable[[Callable[[], keras.Model]], Callable[[], keras.Model]]:
    """Put the decorated function into the zoo, under its name."""

    def register(function: Callable[[], keras.Model]) -> Callable[[], keras.Model]:
        ZOO[function.__name__] = Specimen(function.__name__, function, shape, **traits)
        return function

    return register


def randomize(model: keras.Model) -> None:
    """Random values in every weight; spreads stay positive, and what was adapted to data stays as it is."""
    rng = np.random.default_rng(2)
    layers = model._flatten_layers(include_self=False)
    adapted = {id(weight) for layer in layers if isinstance(layer, kl.Normalization) for weight in layer.weights}
    for weight in model.weights:
        if id(weight) in adapted:
            continue
        values = rng.normal(scale=0.4, size=weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.name else values)


def _map_shapes(function: Callable[[Any], Any], shape: Any) -> Any:
    if isinstance(shape, dict):
        return {name: function(each) for name, each in shape.items()}
    if isinstance(shape, list):
        return [function(each) for each in shape]
    return function(shape)
