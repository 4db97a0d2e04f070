"""Axes whose length a model leaves open, where its graph was measured at one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .plain import Computed, Length, decode_plain, encode_plain

Path = tuple[Any, ...]  # keys, places, and the names of a slice's numbers, from the outermost in


@dataclass(frozen=True)
class OpenLengths:
    """What a copy is made with so that the lengths stay open.

    Attributes:
        inputs: for each input layer, the shape of a sample with ``None`` where any length goes.
        entries: for each call, by the first tensor it makes, what stands in the place of a number or a constant of its
            ``config``, ``args`` or ``kwargs``: a :class:`~.plain.Length`, a :class:`~.plain.Computed` or a plain value.
    """

    inputs: Mapping[str, tuple[int | None, ...]]
    entries: Mapping[int, Mapping[Path, Any]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dictionaries."""
        inputs = {name: [*shape] for name, shape in self.inputs.items()}
        return {"inputs": inputs, "entries": encode_entries(self.entries)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OpenLengths:
        """What :meth:`to_json` wrote."""
        inputs = {name: tuple(shape) for name, shape in data["inputs"].items()}
        return cls(inputs, decode_entries(data["entries"]))


def encode_entries(entries: Mapping[int, Mapping[Path, Any]]) -> list[Any]:
    """What stands in the places of calls, by the first tensor that each makes, as plain lists."""
    return [
        [index, [[encode_plain([*path]), encode_plain(value)] for path, value in each.items()]]
        for index, each in entries.items()
    ]


def decode_entries(data: Iterable[Any]) -> dict[int, dict[Path, Any]]:
    """What :func:`encode_entries` wrote."""
    return {index: {tuple(decode_plain(path)): decode_plain(value) for path, value in each} for index, each in data}


def leaves_of(structure: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """What is in nested lists, tuples, dictionaries and slices, and where."""
    if isinstance(structure, Mapping):
        parts: Any = structure.items()
    elif isinstance(structure, (list, tuple)):
        parts = enumerate(structure)
    elif isinstance(structure, slice):
        parts = ((name, getattr(structure, name)) for name in ("start", "stop", "step"))
    else:
        yield path, structure
        return
    for key, value in parts:
        yield from leaves_of(value, (*path, key))


def map_leaves(function: Callable[[Path, Any], Any], structure: Any, path: Path = ()) -> Any:
    """``structure`` with ``function(path, leaf)`` in the place of each leaf that :func:`leaves_of` finds."""
    if isinstance(structure, Mapping):
        return {key: map_leaves(function, value, (*path, key)) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(map_leaves(function, value, (*path, place)) for place, value in enumerate(structure))
    if isinstance(structure, slice):
        return slice(
            *(map_leaves(function, getattr(structure, name), (*path, name)) for name in ("start", "stop", "step"))
        )
    return function(path, structure)


def tensors_in(entries: Iterable[Any]) -> list[int]:
    """The tensors that lengths are taken from."""
    found = []
    for _, leaf in (each for entry in entries for each in leaves_of(entry)):
        if isinstance(leaf, Length):
            found.append(leaf.tensor)
        elif isinstance(leaf, Computed):
            found += tensors_in([leaf.operation, leaf.args, leaf.kwargs])
    return found
