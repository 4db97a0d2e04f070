"""Numbers in a model's own code that follow from its widths, as the root of a head's size does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .open_lengths import Path, decode_entries, encode_entries, map_leaves
from .plain import OfWidth


@dataclass(frozen=True)
class WidthNumbers:
    """What a copy with other widths computes with in the place of the numbers that were read.

    Attributes:
        entries: for each call, by the first tensor it makes, what stands in the place of a number in its ``config``,
            ``args`` or ``kwargs``.
        kept: for each layer of which that is not known, why a copy keeps what was read.
    """

    entries: Mapping[int, Mapping[Path, OfWidth]] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)

    def filled(self, made: int, part: str, structure: Any, sizes: Callable[[int, int], tuple[int, int]]) -> Any:
        """``structure``, the ``part`` of the call that makes tensor ``made``, with the numbers at the chosen widths.

        ``sizes`` says how long an axis of a tensor is, and how long in the model as read: there the number stays to the
        bit what it was.
        """
        entries = self.entries.get(made)
        if not entries:
            return structure

        def number(path: Path, leaf: Any) -> Any:
            entry = entries.get((part, *path))
            if entry is None:
                return leaf
            length, own = sizes(entry.tensor, entry.axis)
            if length == own:
                return leaf
            value = entry.at(length)
            if isinstance(leaf, (np.ndarray, np.generic)):
                return np.asarray(value, leaf.dtype)
            return round(value) if isinstance(leaf, int) else value

        return map_leaves(number, structure)

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dictionaries."""
        return {"entries": encode_entries(self.entries), "kept": dict(self.kept)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WidthNumbers:
        """What :meth:`to_json` wrote."""
        return cls(decode_entries(data["entries"]), data["kept"])
