"""Names of width groups for people: where in the model a width is, and what it is for there."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ..graph import Symbol, baseline_size
from ..graph.dimensions import BATCH, symbols
from ..graph.wording import say
from ..layer_rules import Block, ConnectedCall, ConnectedGraph, Role
from .sections import Section, is_merge, named_stage, stage_of


def find_block_titles(blocks: Sequence[Block], sections: Sequence[Section]) -> dict[str, str]:
    """A title for each block that can be left out: its section's, or its first and its last layer."""
    titles = {}
    for block in blocks:
        first, last = block.layers[0], block.layers[-1]
        titles[block.name] = first if first == last else say("{first} to {last}", first=first, last=last)
    for section in sections:
        inside = [block for block in blocks if set(block.layers) <= set(section.layers)]
        # A hidden layer beside others of its section is not the section; and a run of layers is no block.
        is_most = len(inside) == 1 and len(inside[0].layers) > len(section.layers) / 2
        if is_most and section.number is not None:
            titles[inside[0].name] = section.title
    return titles


def find_titles(connected: ConnectedGraph, groups: Mapping[str, Symbol], sections: Sequence[Section]) -> dict[str, str]:
    """A title for each width group, by the group's name; no two are alike.

    - *residual*: added to a shorter way round (He et al. 2016);
    - *squeeze*: between a global pooling and the gate that multiplies it back (Hu et al. 2018);
    - *expansion*: wider than what goes in, in a block with a depthwise convolution (Sandler et al. 2018);
    - *feed-forward* and *heads*: of a block with attention (Vaswani et al. 2017);
    - in another block with branches, the shape of its convolution.

    Whatever is none of these, or would not be told apart, keeps the name of its layer.
    """
    section_of = {layer: section for section in sections for layer in section.layers}
    residual = _residuals(connected)
    roles = _Roles(connected, {layer: section for layer, section in section_of.items() if section.number is not None})
    titles = {}
    for name, symbol in groups.items():
        titles[name] = (
            _residual_title(connected, residual, symbol) if symbol in residual else roles.title(symbol)
        ) or name
    counts = Counter(titles.values())
    for name, symbol in groups.items():
        if counts[titles[name]] > 1 and symbol in residual:
            titles[name] = _with_span(titles[name], [section_of[layer] for layer in symbol.layers])
    counts = Counter(titles.values())
    taken = {*groups, *connected.graph.layers}
    return {name: name if counts[title] > 1 or title in taken else title for name, title in titles.items()}


class _Roles:
    """What the widths inside blocks are for; ``block_of`` says in which block a layer is."""

    def __init__(self, connected: ConnectedGraph, block_of: Mapping[str, Section]) -> None:
        self._connected = connected
        self._block_of = block_of
        self._squeezes = _squeezes(connected)
        calls = {call.call.layer: call for call in connected.calls if call.call.layer in block_of}
        self._attentive = {block_of[name] for name, call in calls.items() if _has(call, Role.ATTENTION)}
        self._depthwise = {block_of[name] for name, call in calls.items() if _is_depthwise(call)}
        self._merging = {block_of[name] for name, call in calls.items() if is_merge(call)}

    def title(self, symbol: Symbol) -> str | None:
        """The title of a width that lives in one block, or ``None``."""
        blocks = {self._block_of.get(layer) for layer in symbol.layers}
        block = blocks.pop()
        if block is None or blocks:
            return None
        first = self._connected.first_call(symbol.layers[0])
        if block in self._attentive:
            if symbol.label is not None:
                return say("{width} of {block} attention", width=say(symbol.label), block=block.title)
            return (
                say("feed-forward of {block}", block=block.title)
                if _has(first, Role.DENSE, Role.EINSUM_DENSE)
                else None
            )
        if symbol in self._squeezes:
            return say("{block} squeeze", block=block.title)
        axes = next((each.axes for each in self._connected.weights[symbol.layers[0]]), ())
        if block in self._depthwise and len(axes) > 1 and baseline_size(axes[-1]) > baseline_size(axes[-2]):
            return say("{block} expansion", block=block.title)
        kernel = first.site.config.get("kernel_size")
        if kernel and block in self._merging:
            return say("{block}, {kernel} conv", block=block.title, kernel="x".join(str(length) for length in kernel))
        return None


def _residual_title(connected: ConnectedGraph, residual: Mapping[Symbol, ConnectedCall], symbol: Symbol) -> str:
    if len(residual) == 1:
        is_transformer = any(_has(call, Role.ATTENTION) for call in connected.calls)
        return say("residual stream") if is_transformer else say("residual")
    named = {stage for stage in map(named_stage, symbol.layers) if stage is not None}
    stage = named.pop() if len(named) == 1 else stage_of(connected, residual[symbol])
    return say("residual") if stage is None else say("stage {stage} residual", stage=stage)


def _with_span(title: str, sections: Sequence[Section]) -> str:
    """A title with the block it is in, or from which to which it goes."""
    numbers = list(dict.fromkeys(section.number for section in sections if section.number is not None))
    if not numbers:
        return title
    if len(numbers) == 1:
        return say("{title}, block {number}", title=title, number=numbers[0])
    return say("{title}, blocks {first} to {last}", title=title, first=numbers[0], last=numbers[-1])


def _residuals(connected: ConnectedGraph) -> dict[Symbol, ConnectedCall]:
    """Each width that is added to itself around a block, with the first such addition."""
    depth: dict[int, int] = {}  # the most layers that make a width, on any way from the input
    found: dict[Symbol, ConnectedCall] = {}
    for call in connected.calls:
        ways = [depth.get(index, 0) for index in call.call.inputs]
        for index in call.call.outputs:
            depth[index] = max(ways, default=0) + bool(call.site.produced)
        if _has(call, Role.ADDITION) and len(set(ways)) > 1:
            for symbol in _own_axes(call):
                found.setdefault(symbol, call)
    return found


def _squeezes(connected: ConnectedGraph) -> set[Symbol]:
    """Widths on the way from a pooled tensor to a gate, the gate's own left out."""
    maker = {index: call for call in connected.calls for index in call.call.outputs}
    found: set[Symbol] = set()
    for call in connected.calls:
        if not _has(call, Role.PRODUCT) or not is_merge(call):
            continue
        gates = [index for index in call.call.inputs if _positions(connected, index) == 1]
        if len(gates) != 1:
            continue
        way = gates
        while way:
            maker_call = maker[way.pop()]
            found.update(part for made in maker_call.site.produced for part in symbols(made))
            way += [index for index in maker_call.call.inputs if _positions(connected, index) == 1 and index in maker]
        found -= set(_own_axes(call))
    return found


def _own_axes(call: ConnectedCall) -> Iterator[Symbol]:
    """The widths of a call's output that are whole axes, not parts of one; the batch is none."""
    for dim in call.site.outputs[0]:
        made_of = list(symbols(dim))
        if len(made_of) == 1 and made_of[0] is not BATCH:
            yield made_of[0]


def _positions(connected: ConnectedGraph, tensor: int) -> int:
    """Places in space or time: all lengths multiplied, but for the longest, the channels of a pooled tensor."""
    lengths = connected.lengths(tensor)
    return math.prod(lengths) // max(lengths, default=1)


def _is_depthwise(call: ConnectedCall) -> bool:
    config = call.site.config
    return _has(call, Role.DEPTHWISE_CONVOLUTION) or config.get("groups", 1) == config.get("filters") != 1


def _has(call: ConnectedCall, *roles: Role) -> bool:
    return call.rule is not None and call.rule.role in roles
