"""Structures as plain values of standard JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..graph import UNREAD, ModelGraph
from ..graph.checks import short, typed
from ..layer_rules import find_layer_rule
from .choices import CHOICES
from .space import StructureSpace
from .structure import Structure

_EXPECTED = "Expected the JSON text that Structure.to_json() writes"


def read_json(text: Any, form: str, expected: str) -> dict[str, Any]:
    """The object of a ``format``, without it; raises ``ValueError``, which begins with ``expected``, for other text."""
    if not isinstance(text, (str, bytes, bytearray)):
        raise ValueError(f"{expected}, got {typed(text)}, which is not JSON text. Read a file with Path.read_text().")
    try:
        data = json.loads(text)
    # Python reads JSON recursively.
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{expected}, got text that is not JSON: {type(error).__name__} {error}") from None
    if not isinstance(data, dict) or data.pop("format", None) != form:
        raise ValueError(f"{expected}, got other JSON: {short(text)}.")
    return data


def structure_from_json(text: str) -> Structure:
    """See :meth:`Structure.from_json`."""
    data = read_json(text, "structopt_widgets.Structure", _EXPECTED)
    if data.get("version") != 1:
        raise ValueError(f"{_EXPECTED} in version 1, got version {data.get('version')!r}; a newer release may read it.")
    try:
        space = StructureSpace(ModelGraph.from_json(data["graph"]), growth=data["growth"])
        return structure_of_choices(space, data["choices"])
    except MissingRuleError:
        raise
    # What a damaged graph breaks in is not to be foreseen.
    except Exception as error:
        raise ValueError(f"{_EXPECTED}; this one is damaged: {type(error).__name__} {error}") from error


class MissingRuleError(ValueError):
    """What was stored needs a layer rule that this process has not been given."""


def structure_of_choices(space: StructureSpace, choices: Mapping[str, Mapping[str, Any]]) -> Structure:
    """The structure of ``space`` with these widths, activations, biases, initializers and blocks.

    Raises ``ValueError`` for others than the space has, :class:`MissingRuleError` where a rule may be what is missing.
    """
    try:
        return _chosen(space, choices)
    except ValueError as error:
        # A layer that was read without a rule says why it is one layer all the same.
        bare = [each for each in space.graph.layers.values() if not each.closed and UNREAD not in each.kinds]
        kinds = [each.kind for each in bare if find_layer_rule(each.kinds) is None]
        if not kinds:
            raise
        raise MissingRuleError(
            f"Expected a rule for {', '.join(dict.fromkeys(kinds))}: this structure may have been made with one, which "
            f"this process has not. Register it before reading, with sw.register_layer_rule(...); without it: {error}"
        ) from error


def _chosen(space: StructureSpace, choices: Mapping[str, Mapping[str, Any]]) -> Structure:
    if unknown := sorted(set(choices) - set(CHOICES)):
        raise ValueError(f"Expected choices among {', '.join(CHOICES)}, got those of a newer release: {unknown}.")
    structure = space.baseline
    for name, width in choices["widths"].items():
        structure = structure.with_width(name, width)
    for name, activation in choices["activations"].items():
        structure = structure.with_activation(name, activation)
    for name, use_bias in choices["biases"].items():
        structure = structure.with_bias(name, use_bias)
    for name, initializer in choices["initializers"].items():
        structure = structure.with_initializer(name, initializer)
    # Files written before blocks could be left out have none.
    for name, kept in choices.get("blocks", {}).items():
        structure = structure.with_block(name, kept)
    return structure
