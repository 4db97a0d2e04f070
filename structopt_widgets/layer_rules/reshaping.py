"""Rules of reshaping layers: nothing is computed or stored, channels move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..graph import Dim, Product, Shape, baseline_size
from ..graph.dimensions import factors, per_sample
from ..graph.wording import say
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Setting, Site, UnsupportedLayerError


def flattened(shape: Shape) -> Dim:
    """All axes as one, row-major."""
    result: Dim = 1
    for dim in shape:
        if isinstance(dim, int) and isinstance(result, int):
            result *= dim
        elif isinstance(dim, int) and dim == 1:
            continue
        else:
            result = dim if isinstance(result, int) and result == 1 else Product(result, dim)
    return result


class _Reshaping(LayerRule):
    """Another view of the same elements: no operation, and nothing new kept for the backward pass."""

    keeps_values = True
    is_view = True
    ignores_padding = True

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(kept=0)


class Flatten(_Reshaping):
    """All axes but the batch become one."""

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        if site.config.get("data_format") == "channels_first" and len(shape) > 1:
            # Keras moves the channels to the end before it flattens.
            shape = (*shape[1:], shape[0])
        return Connection(((flattened(shape),),))


class Reshape(_Reshaping):
    """Axes regrouped, row-major. A width passes when its axis comes out whole; else it is kept as it is."""

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        target = list(site.config["target_shape"])
        if -1 in target:
            known = math.prod(length for length in target if length != -1)
            target[target.index(-1)] = baseline_size(flattened(shape)) // known
        return Connection((regrouped(site, shape, target),))

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"target_shape": [at.size(dim) for dim in site.outputs[0]]}


def regrouped(site: Site, shape: Shape, target: Sequence[int]) -> Shape:
    """Walk both shapes from the left; wherever their running sizes agree, what lies between belongs together."""
    result: list[Dim] = []
    source: list[Dim] = list(shape)
    lengths = list(target)
    while source or lengths:
        ins = [source.pop(0)] if source else []
        outs = [lengths.pop(0)] if lengths else []
        while _length(ins) != _length(outs):
            is_shorter = _length(ins) < _length(outs)
            if not (source if is_shorter else lengths):
                raise UnsupportedLayerError(f"there is none for making {_text(target)} of what has another size")
            if is_shorter:
                ins.append(source.pop(0))
            else:
                outs.append(lengths.pop(0))
        wide = [dim for dim in ins if not isinstance(dim, int)]
        ins = [dim for dim in ins if not (isinstance(dim, int) and dim == 1)]  # it moves no element
        if not wide or not outs:
            site.fix(tuple(wide), "drops an axis that only fits this width")
            result.extend(outs)
        elif len(outs) == 1:
            result.append(flattened(tuple(ins)))
        elif outs.count(1) == len(outs) - 1:
            result.extend(length if length == 1 else flattened(tuple(ins)) for length in outs)
        elif len(parts := [part for dim in ins for part in factors(dim)]) > len(ins):
            # What was folded before comes apart again where it was put together.
            result.extend(regrouped(site, tuple(parts), outs))
        elif len(ins) == 1:
            # Heads and their size, say: the last axis moves. Of a vector that becomes a map, people mean its channels.
            is_vector = len(per_sample(shape)) == 1
            blocks, why = math.prod(outs[:-1]), say("cuts it into {parts}", parts=_text(outs))
            if site.is_turned:
                result.extend([site.every(ins[0], math.prod(outs[1:]), why), *outs[1:]])
            else:
                result.extend([*outs[:-1], site.split(ins[0], blocks, why, is_unit=is_vector)])
        elif (made := _dealt(site, parts, outs)) is not None:
            result.extend(made)
        else:
            site.fix(tuple(wide), say("cuts it into {parts}", parts=_text(outs)))
            result.extend(outs)
    return tuple(result)


def _dealt(site: Site, parts: Sequence[Dim], lengths: Sequence[int]) -> list[Dim] | None:
    """Axes of ``lengths``, made of ``parts`` from the left on; ``None`` where one ends amid what is no multiple."""
    left = list(parts)
    made: list[Dim] = []
    for length in lengths:
        taken: list[Dim] = []
        while length > 1:
            dim, part = left[0], baseline_size(left[0])
            if length % part == 0:
                taken.append(left.pop(0))
                length //= part
                continue
            if part % length:
                return None
            why, rest = say("cuts it into {parts}", parts=_text((length, part // length))), part // length
            if isinstance(dim, int):
                taken.append(length)
                left[0] = rest
            elif site.is_turned:
                taken.append(site.every(dim, rest, why))
                left[0] = rest
            else:
                taken.append(length)
                left[0] = site.split(dim, length, why)
            length = 1
        made.append(flattened(tuple(taken)))
    return made


def _length(dims: Sequence[Dim]) -> int:
    return math.prod(map(baseline_size, dims))


def _text(lengths: Sequence[int]) -> str:
    return " x ".join(map(str, lengths))


register_layer_rule("Flatten", Flatten())
register_layer_rule("Reshape", Reshape())


class Permute(_Reshaping):
    """Axes in another order."""

    def connect(self, site: Site) -> Connection:
        return Connection((tuple(site.inputs[0][axis - 1] for axis in site.config["dims"]),))


class RepeatVector(_Reshaping):
    """A vector repeated along a new axis."""

    is_view = False

    def connect(self, site: Site) -> Connection:
        return Connection(((site.config["n"], *site.inputs[0]),))


register_layer_rule("Permute", Permute())
register_layer_rule("RepeatVector", RepeatVector())
