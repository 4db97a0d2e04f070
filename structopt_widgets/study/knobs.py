"""What a sweep may turn: each knob has a distribution, a place on the unit interval, and an effect."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from ..graph.checks import items, known, names, short
from ..structure import Structure, StructureSpace, WidthGroup
from ..structure.allowed_widths import allowed_width
from ..structure.width_groups import find_output_layers

Choose = str | Sequence[str] | Mapping[str, Sequence[Any] | None]


@dataclass(frozen=True)
class Knob:
    """One thing a sweep varies.

    Attributes:
        name: of Optuna's parameter.
        distribution: its values; a logarithmic one is drawn log-uniformly.
        turn: the structure with the knob at a value.
    """

    name: str
    distribution: CategoricalDistribution | IntDistribution | FloatDistribution
    turn: Callable[[Structure, Any], Structure]

    def at(self, share: float) -> Any:
        """The value that ``share``, from 0 to below 1, of the distribution lies below."""
        distribution = self.distribution
        if isinstance(distribution, CategoricalDistribution):
            return distribution.choices[int(share * len(distribution.choices))]
        if isinstance(distribution, IntDistribution):
            # Each whole number has the half unit on either side of it, as in Optuna.
            low, high = distribution.low - 0.5, distribution.high + 0.5
            return min(max(round(low * (high / low) ** share), distribution.low), distribution.high)
        return distribution.low * (distribution.high / distribution.low) ** share

    def levels(self, count: int) -> list[Any]:
        """At most ``count`` different values from the least to the largest; all choices of a knob without an order."""
        if isinstance(self.distribution, CategoricalDistribution):
            return list(self.distribution.choices)
        if count == 1:
            return [self.at(0.5)]
        return list(dict.fromkeys(self.at(min(step / (count - 1), math.nextafter(1, 0))) for step in range(count)))


SMALLEST = 1 / 8  # of a model's own width: what a sweep draws log-uniformly would else be bottlenecks most of the time


def find_knobs(
    space: StructureSpace, choose: Choose, groups: Iterable[str] | None, smallest: float = SMALLEST
) -> tuple[Knob, ...]:
    """The knobs of a space.

    Args:
        choose: one or several of ``"widths"`` (of each free group), ``"multiplier"`` (of all of them at
            once), ``"activations"``, ``"biases"`` and ``"initializers"`` (of each layer, but for the
            activation that makes the outputs), ``"blocks"`` (each kept or left out); or a mapping
            from these to the values allowed.
        groups: the width groups to vary; by default all that are free.
        smallest: share of the model's own that widths and multipliers go down to, where no values are given.
    """
    kinds = choose if isinstance(choose, Mapping) else dict.fromkeys(names(choose, "what a sweep chooses"))
    if not kinds:
        raise ValueError(f"Expected something to choose, one of: {', '.join(KINDS)}; got none: {short(choose)}.")
    for kind in kinds:
        known(kind, KINDS, "something a sweep can choose")
        if kinds[kind] is not None and not items(kinds[kind], f"the values of {kind!r} to choose from"):
            raise ValueError(f"Expected values of {kind!r} to choose from, or None for all; got none: {short(choose)}.")
    if {"widths", "multiplier"} <= set(kinds):
        raise ValueError("Expected either 'widths' or 'multiplier' to choose, got both: the one would undo the other.")
    chosen = None if groups is None else [space.group_of(name).name for name in names(groups, "the groups to vary")]
    found: list[Knob] = []
    # The multiplier sets all widths, so it comes before anything else.
    for kind in sorted(kinds, key=list(KINDS).index):
        found += KINDS[kind](space, kinds[kind], chosen, smallest)
    if not found:
        among = "" if groups is None else f" among the groups {short(groups)}"
        raise ValueError(
            f"Expected something to choose in {space.graph.name!r}, got none of: {', '.join(kinds)}{among}."
        )
    return tuple(found)


def _multiplier(
    space: StructureSpace, values: Sequence[Any] | None, groups: list[str] | None, smallest: float
) -> list[Knob]:
    free = [group for group in space.width_groups.values() if not group.fixed]
    if not free:
        return []
    low = max(smallest, min(group.lower / group.width for group in free))

    def turn(structure: Structure, multiplier: float) -> Structure:
        scaled = space.scaled(multiplier).widths
        kept = {name: width for name, width in scaled.items() if groups is None or name in groups}
        return dataclasses.replace(structure, widths={**structure.widths, **kept})

    for value in () if values is None else values:
        space.scaled(value)  # raises for what is no multiplier, before anything is trained
    every = FloatDistribution(low, max(space.growth, 2 * low), log=True)
    return [Knob("multiplier", every if values is None else CategoricalDistribution(list(values)), turn)]


def _widths(
    space: StructureSpace, values: Sequence[Any] | None, groups: list[str] | None, smallest: float
) -> list[Knob]:
    return [
        _width(group, values, smallest)
        for name, group in space.width_groups.items()
        if not group.fixed and (groups is None or name in groups)
    ]


def _width(group: WidthGroup, values: Sequence[Any] | None, smallest: float) -> Knob:
    if values is not None:
        allowed = CategoricalDistribution([allowed_width(group, width) for width in values])
        return Knob(group.name, allowed, lambda structure, width: structure.with_width(group.name, width))
    least = max(group.lower // group.divisor, math.ceil(smallest * group.width / group.divisor))
    steps = IntDistribution(least, group.upper // group.divisor, log=True)
    return Knob(group.name, steps, lambda structure, step: structure.with_width(group.name, step * group.divisor))


def _activations(space: StructureSpace, values: Sequence[Any] | None, *_: Any) -> list[Knob]:
    options = {name: space.switches[name].activation_options for name in space.baseline.activations}
    at_the_end = find_output_layers(space.graph)
    inner = {layer: names for layer, names in options.items() if layer not in at_the_end}
    return _switches(space, "activations", Structure.with_activation, inner, values)


def _biases(space: StructureSpace, values: Sequence[Any] | None, *_: Any) -> list[Knob]:
    options = dict.fromkeys(space.baseline.biases, (True, False))
    return _switches(space, "biases", Structure.with_bias, options, values)


def _initializers(space: StructureSpace, values: Sequence[Any] | None, *_: Any) -> list[Knob]:
    options = {name: space.switches[name].initializer_options for name in space.baseline.initializers}
    return _switches(space, "initializers", Structure.with_initializer, options, values)


def _blocks(space: StructureSpace, values: Sequence[Any] | None, *_: Any) -> list[Knob]:
    return _switches(space, "blocks", Structure.with_block, dict.fromkeys(space.blocks, (True, False)), values)


def _switches(
    space: StructureSpace,
    choice: str,
    set_to: Callable[[Structure, str, Any], Structure],
    options: Mapping[str, Sequence[Any]],
    values: Sequence[Any] | None,
) -> list[Knob]:
    """A knob for each layer or block in ``options``, with its options or, if given, the values allowed."""
    found = []
    for layer, every in options.items():
        allowed = list(every if values is None else values)
        for value in allowed:
            set_to(space.baseline, layer, value)  # raises for what the layer cannot be, before anything is trained

        def turn(structure: Structure, value: Any, layer: str = layer) -> Structure:
            return set_to(structure, layer, value)

        found.append(Knob(f"{layer} {choice}", CategoricalDistribution(allowed), turn))
    return found


# One row a kind: what finds its knobs in a space, given the values allowed and the groups to vary.
KINDS: Mapping[str, Callable[[StructureSpace, Sequence[Any] | None, list[str] | None, float], list[Knob]]] = {
    "multiplier": _multiplier,
    "widths": _widths,
    "activations": _activations,
    "biases": _biases,
    "initializers": _initializers,
    "blocks": _blocks,
}
