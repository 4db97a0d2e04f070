"""Layers that hand their state on from one batch to the next, and so need batches of one size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...structure import Structure
from .source import KerasSource


def stateful_layers(structure: Structure) -> list[str]:
    """The layers of a structure that keep a state between batches, themselves or in what they wrap."""
    layers = structure.space.graph.layers
    return [name for name in structure.layers if _has_entry(layers[name].config, "stateful")]


def fixed_batch(structure: Structure) -> int | None:
    """Samples of a batch of a model with such layers, as its inputs have them; ``None`` for a model without.

    Raises ``ValueError`` where they are not known.
    """
    stateful = stateful_layers(structure)
    if not stateful:
        return None
    source = structure.space.source
    inputs = getattr(source.model, "inputs", None) if isinstance(source, KerasSource) else None
    sizes = {tensor.shape[0] for tensor in inputs or ()}
    if len(sizes) != 1 or None in sizes:
        where = f"inputs with the batch sizes {sorted(map(str, sizes))}" if sizes else "a model that does not say it"
        raise ValueError(
            f"Expected the size of a batch to build the model for, since {stateful[0]!r} hands its state on from one "
            f"batch to the next, got {where}. Read a functional model with keras.Input(batch_shape=(8, ...)), or make "
            "the layer with stateful=False."
        )
    return int(sizes.pop())


def _has_entry(config: Any, key: str) -> bool:
    """Whether a layer's configuration, or that of one it wraps, switches ``key`` on."""
    if isinstance(config, Mapping):
        return bool(config.get(key) is True) or any(_has_entry(each, key) for each in config.values())
    return isinstance(config, (list, tuple)) and any(_has_entry(each, key) for each in config)
