"""Explicit seeds for everything random in a model, so that one number decides its initial weights and dropout.

Keras takes the seeds nobody gave from Python's global generator, which every thread of the process shares. Written
into the configurations instead, they depend on the seed and on the model alone, whatever else is running.
"""

from __future__ import annotations

import contextlib
import random
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from ...graph import Layer
from ...layer_rules import Role, find_layer_rule
from ..kinds import role_of

_global_generator = threading.Lock()


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Python's global generator starts from ``seed`` in this block, and goes on afterwards where it was."""
    with _global_generator:
        before = random.getstate()
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(before)


class Seeds:
    """The seeds of one model: they follow from one number, a layer's place in the graph and one in its configuration.

    Names play no part: Keras numbers them anew in every model of a process.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._written: set[int] = set()

    def config(self, config: dict[str, Any], layer: int) -> dict[str, Any]:
        """The configuration of a layer with a seed wherever it has none, in wrapped layers and initializers too."""
        return self._filled(config, (layer,))

    def separate(self, operation: Any, layer: int) -> None:
        """Draw the kernels of a built layer anew that it made from copies of one seeded initializer.

        Attention gives each of its projections a copy of one initializer. Unseeded, every copy draws
        a seed of its own; seeded, queries and keys would start as the same matrix.
        """
        inner = operation._flatten_layers() if isinstance(operation, keras.Layer) else []
        for place, attention in enumerate(each for each in inner if role_of(each) is Role.ATTENTION):
            for number, projection in enumerate(
                each for each in attention._flatten_layers() if hasattr(each, "kernel")
            ):
                config = projection.kernel_initializer.get_config()
                if config.get("seed") in self._written:
                    config["seed"] = self._number((layer, place, "projection", number))
                    fresh = type(projection.kernel_initializer).from_config(config)
                    projection.kernel.assign(fresh(projection.kernel.shape, dtype=projection.kernel.dtype))

    @contextlib.contextmanager
    def of_unseen_layers(self, layers: Iterable[Layer]) -> Iterator[None]:
        """Also seed Python's global generator, where a class may make layers or weights in its code.

        That is a user's own class, or one without a layer rule, or spectral normalization, for its state. No
        configuration names what it makes, which therefore draws its seeds from there. The generator is put
        back afterwards. Keras at work in another thread at that moment can disturb it: this is the
        one case in which a seed does not decide everything.
        """
        if not any(_draws_unseen(each) for each in layers):
            yield
            return
        with seeded(self._seed):
            yield

    def _filled(self, value: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(value, dict):
            return {key: self._entry(key, each, (*path, key)) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self._filled(each, (*path, place)) for place, each in enumerate(value))
        return value

    def _entry(self, key: str, value: Any, path: tuple[Any, ...]) -> Any:
        if key == "seed" and value is None:
            number = self._number(path)
            self._written.add(number)
            return number
        if isinstance(value, str) and key.endswith("initializer"):
            # A name alone has no room for a seed.
            value = keras.initializers.serialize(keras.initializers.get(value))
        return self._filled(value, path)

    def _number(self, path: tuple[Any, ...]) -> int:
        place = zlib.crc32("/".join(map(str, path)).encode())
        return int(np.random.SeedSequence((self._seed, place)).generate_state(1)[0] >> 1)  # Keras wants 31 bits


def _draws_unseen(layer: Layer) -> bool:
    """Whether a layer makes something random that its configuration does not name."""
    rule = find_layer_rule(layer.kinds)
    return rule is None or rule.assigns or _has_own_class(layer.serialized)


def _has_own_class(value: Any) -> bool:
    """Whether a serialized layer is, or wraps, a class that is not Keras's."""
    if isinstance(value, Mapping):
        module = str(value.get("module") or "") if "class_name" in value else "keras"
        return not module.startswith(("keras", "builtins")) or any(map(_has_own_class, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_has_own_class, value))
