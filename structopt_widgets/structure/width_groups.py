"""What can be chosen in a model: widths by group, and each layer's switches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..graph import WEIGHT, Layer, ModelGraph, Symbol
from ..graph.dimensions import symbols
from ..graph.wording import listed, say
from ..layer_rules import ACTIVATION_COSTS, ConnectedGraph
from ..layer_rules.activation_costs import choice_name
from .allowed_widths import INITIALIZERS

FEW_TIES = 3  # as many can be read at a glance
SMALLEST_UPPER = 16  # a slider over fewer widths would have nothing to explore


@dataclass(frozen=True)
class WidthGroup:
    """Layers whose output widths are one number.

    Attributes:
        name: the first of its layers, and what it counts there when that is not its output (``attention heads``).
        layers: every layer that produces this width.
        width: channels in the model as read.
        lower, upper: bounds, both allowed.
        divisor: the width must be a multiple of it.
        fixed: whether it cannot be changed.
        why: a sentence on what ties the layers, or on why the width is fixed; may be empty.
        label: what the width counts in its first layer, when that is not its output: ``"heads"``.
        title: the group for people, ``"stage 2 residual"``; the name where there is nothing to add.

    >>> group = space.width_groups["hidden"]
    >>> group.width, group.lower, group.upper
    (8, 1, 16)
    """

    name: str
    layers: tuple[str, ...]
    width: int
    lower: int
    upper: int
    divisor: int
    fixed: bool
    why: str
    label: str | None = None
    title: str = ""

    def __post_init__(self) -> None:
        if not self.title:
            object.__setattr__(self, "title", self.name)


@dataclass(frozen=True)
class LayerSwitches:
    """What can be chosen in one layer besides its width; ``None`` where it has no such thing.

    ``activation``, ``use_bias`` and ``initializer`` are the values in the model as read, the
    ``..._options`` what they may become.
    """

    activation: str | None = None
    activation_options: tuple[str, ...] = ()
    use_bias: bool | None = None
    initializer: str | None = None
    initializer_options: tuple[str, ...] = ()


def find_width_groups(connected: ConnectedGraph, growth: float) -> dict[str, tuple[WidthGroup, Symbol]]:
    """Every width of a connected graph, by name, in the order of the layers."""
    found: dict[str, tuple[WidthGroup, Symbol]] = {}
    seen: set[Symbol] = set()
    for call in connected.calls:
        for produced in call.site.produced:
            for symbol in symbols(produced):
                if symbol in seen:
                    continue
                seen.add(symbol)
                if not symbol.layers:
                    symbol.layers.append(call.call.layer)  # it came from what takes any length
                name = _unused(" ".join([symbol.layers[0], *([symbol.label] if symbol.label else [])]), found)
                found[name] = (_group(name, symbol, growth), symbol)
    return found


def derived_widths(connected: ConnectedGraph, groups: Mapping[str, tuple[WidthGroup, Symbol]]) -> dict[str, str]:
    """Layers whose width follows from others', each with a sentence that says which."""
    name_of = {symbol: name for name, (_, symbol) in groups.items()}
    found: dict[str, str] = {}
    for call in connected.calls:
        layer = call.call.layer
        for produced in call.site.produced:
            parts = list(symbols(produced))
            if not any(layer in part.layers for part in parts):
                found[layer] = say(
                    "follows {widths}: {why}",
                    widths=listed(say(" and "), (name_of[part] for part in parts)),
                    why=_sentence(produced.ties),
                )
    return found


def find_switches(connected: ConnectedGraph) -> dict[str, LayerSwitches]:
    """The switches of every layer that has any."""
    found, kept = {}, _layers_whose_bias_is_read(connected)
    for name, layer in connected.graph.layers.items():
        rule = connected.first_call(name).rule
        if rule is None:
            continue
        switches = LayerSwitches(
            **_activation(layer, rule.activation_key),
            **_initializer(layer, rule.initializer_key),
            use_bias=bool(layer.config[rule.bias_key]) if rule.bias_key and name not in kept else None,
        )
        if switches != LayerSwitches():
            found[name] = switches
    return found


def _layers_whose_bias_is_read(connected: ConnectedGraph) -> set[str]:
    """Layers whose bias, or a weight that comes after it, is read elsewhere too: what reads it has to find it there."""
    found = set()
    for layer in connected.graph.layers.values():
        if WEIGHT in layer.kinds and "of" in layer.config:
            owner = connected.graph.layers[layer.config["of"]]
            declared = connected.weights[owner.name]
            is_stored = len(declared) == len(owner.weights)
            present = [place for place, each in enumerate(declared) if is_stored or not each.is_bias]
            if any(each.is_bias for each in declared[: present[layer.config["place"]] + 1]):
                found.add(owner.name)
    return found


def find_output_layers(graph: ModelGraph) -> set[str]:
    """The layers that give a model's outputs their scale: their makers, and what those without weights read from."""
    outputs, found = set(graph.output_tensors), set()
    for call in reversed(graph.calls):
        if outputs & set(call.outputs):
            found.add(call.layer)
            # A softmax or a reshape of its own passes on what the layer before it made.
            if not graph.layers[call.layer].weights:
                outputs |= set(call.inputs)
    return found


def _group(name: str, symbol: Symbol, growth: float) -> WidthGroup:
    width, divisor = symbol.baseline * symbol.divisor, symbol.divisor
    if symbol.fixed is not None:
        return WidthGroup(name, tuple(symbol.layers), width, width, width, divisor, True, symbol.fixed, symbol.label)
    upper = max(round(width * growth), width, SMALLEST_UPPER)
    why = _sentence(symbol.ties)
    most = upper // divisor * divisor
    return WidthGroup(name, tuple(symbol.layers), width, divisor, most, divisor, False, why, symbol.label)


def _sentence(ties: Sequence[str]) -> str:
    """What ties a width, in the order of the calls; of many, how they begin and where they end."""
    each = list(dict.fromkeys(ties))
    if len(each) <= FEW_TIES:
        return listed(say("; "), each)
    return say(
        "{first}; {second}; and so on through {n} more, until {last}",
        first=each[0],
        second=each[1],
        n=len(each) - 3,
        last=each[-1],
    )


def _unused(name: str, taken: Mapping[str, Any]) -> str:
    candidates = (name, *(f"{name} (part {number})" for number in range(2, len(taken) + 3)))
    return next(candidate for candidate in candidates if candidate not in taken)


def _activation(layer: Layer, key: str | None) -> dict[str, Any]:
    if key is None:
        return {}
    current = choice_name(layer.config.get(key))
    return {"activation": current, "activation_options": _with(current, tuple(ACTIVATION_COSTS))}


def _initializer(layer: Layer, key: str | None) -> dict[str, Any]:
    if key is None or layer.config.get(key) is None:
        return {}
    current = choice_name(layer.config[key])
    return {"initializer": current, "initializer_options": _with(current, INITIALIZERS)}


def _with(current: str, options: tuple[str, ...]) -> tuple[str, ...]:
    return options if current in options else (current, *options)
