"""The parts of a model as its author drew them: stem, blocks, head. Rows fold by them and titles name them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..graph.wording import say
from ..layer_rules import ConnectedCall, ConnectedGraph, Role

# "conv2_block1_1_conv", "block_3_expand", "block2a_se_reduce", "decoder/layer_5/attention", "expanded_conv_3_add"
_BLOCK_NAME = re.compile(r"(?P<path>(?:.*[_/])?(?P<word>block|layer|expanded_conv)_?(?P<number>\d+[a-z]?))(?=[_/])")
_STAGE_NAME = re.compile(r"stage_?(\d+)")
_WORDS = {"expanded_conv": say("block"), "block": say("block"), "layer": say("layer")}
_RUN = 24  # layers in a section of a model that has no blocks: about what a screen holds


@dataclass(frozen=True)
class Section:
    """Layers that people see as one part of the model.

    Attributes:
        title: ``"stage 2 block 1"``, ``"stem"``; no two sections of a model share one.
        layers: in execution order.
        number: the block's own, as its author wrote it (``"4a"``); ``None`` for a part that is not a block.
    """

    title: str
    layers: tuple[str, ...]
    number: str | None = None


@dataclass(frozen=True)
class _Block:
    path: str
    word: str
    number: str


@dataclass(frozen=True)
class _Between:
    after: _Block | None


def find_sections(connected: ConnectedGraph) -> tuple[Section, ...]:
    """Every layer of the model in exactly one section.

    Blocks go by the names the author gave (``block_3_expand``). Where the names say nothing, a block
    is what lies between two places where a single tensor is alive, if it has branches that merge
    again (a residual or an inception block); these are counted from 1.
    """
    keys = _named_blocks(connected)
    if len(set(keys) - {None}) < 2:
        keys = _branching_blocks(connected)
    if len(set(keys) - {None}) < 2:
        return _runs(list(connected.graph.layers))
    members: dict[_Block | _Between, list[ConnectedCall]] = {}
    home: dict[str, _Block | _Between] = {}
    current: _Block | None = None
    for call, block in zip(connected.calls, keys, strict=True):
        # A shared layer is where it is called first; a block of nothing else is no section of its own.
        key = home.setdefault(call.call.layer, block or _Between(current))
        members.setdefault(key, []).append(call)
        if block is not None and isinstance(key, _Block):
            current = key
    blocks = {key: calls for key, calls in members.items() if isinstance(key, _Block)}
    titles = _block_titles(connected, blocks)
    final = titles[list(blocks)[-1]]
    sections = []
    for key, calls in members.items():
        layers = tuple(dict.fromkeys(call.call.layer for call in calls))
        if isinstance(key, _Block):
            sections.append(Section(titles[key], layers, key.number))
        elif key.after is None:
            sections.append(Section(say("stem"), layers))
        else:
            before = titles[key.after]
            sections.append(Section(say("head") if before == final else say("after {block}", block=before), layers))
    return tuple(sections)


def named_stage(name: str) -> str | None:
    """The stage a layer is in by its name, as the author counts: ``"0"`` of ``stage_0_block_2``."""
    found = _STAGE_NAME.search(name)
    return found[1] if found else None


def stage_of(connected: ConnectedGraph, call: ConnectedCall) -> str | None:
    """Which stage of a convolutional network a call is in by its resolution, or ``None`` where there is no space.

    Stage s is where feature maps are 2^s times smaller than the input, as in C2 ... C5 of Lin et
    al. 2017 and in ResNet's ``conv2`` ... ``conv5``.
    """
    lengths = connected.lengths(call.call.outputs[0])
    inputs = [connected.lengths(index) for index in connected.graph.input_tensors]
    largest = max((shape[0] for shape in inputs if len(shape) == len(lengths) >= 2), default=0)
    if not largest or not lengths[0]:
        return None
    return str(max(0, round(math.log2(largest / lengths[0]))))


def is_merge(call: ConnectedCall) -> bool:
    """Whether a call joins two tensors or more."""
    return len(set(call.call.inputs)) > 1


def _named_blocks(connected: ConnectedGraph) -> list[_Block | None]:
    found = [_BLOCK_NAME.match(call.call.layer) for call in connected.calls]
    keys = [_Block(each["path"], each["word"], each["number"]) if each else None for each in found]
    # A name that one width has to itself numbers a layer, not a block of them.
    widths = Counter(key for key, call in zip(keys, connected.calls, strict=True) if call.site.produced)
    keys = [key if widths[key] > 1 else None for key in keys]
    # A block goes on as far as it is named, and to the bare addition that ends it, its shortcut included.
    made_in: dict[int, _Block] = {}
    start = 0
    for place, call in enumerate(connected.calls):
        before = keys[start]
        ends_here = is_merge(call) and before in [made_in.get(index) for index in call.call.inputs]
        if before is not None and (keys[place] == before or (keys[place] is None and ends_here)):
            keys[start : place + 1] = [before] * (place + 1 - start)
        block = keys[place]
        if block is not None:
            start = place
            made_in.update(dict.fromkeys(call.call.outputs, block))
    return keys


def _branching_blocks(connected: ConnectedGraph) -> list[_Block | None]:
    keys: list[_Block | None] = []
    number, is_open = 0, False
    for region in _regions(connected):
        block = None
        if any(is_merge(call) for call in region):
            # Attention and the feed-forward part after it are one block.
            number += not is_open
            block = _Block("", "block", str(number))
            roles = {call.rule.role for call in region if call.rule is not None}
            is_open = Role.ATTENTION in roles and not roles & {Role.DENSE, Role.EINSUM_DENSE}
        keys += [block] * len(region)
    return keys


def _regions(connected: ConnectedGraph) -> list[list[ConnectedCall]]:
    """The calls, cut wherever a single tensor that depends on a weight is alive."""
    last_reader = {index: place for place, call in enumerate(connected.calls) for index in call.call.inputs}
    computed: set[int] = set()
    alive: set[int] = set()
    regions: list[list[ConnectedCall]] = [[]]
    for place, call in enumerate(connected.calls):
        regions[-1].append(call)
        # A mask or a position code is alive all along, and no branch.
        if call.site.layer.weights or computed & set(call.call.inputs):
            computed.update(call.call.outputs)
            alive.update(call.call.outputs)
        alive = {index for index in alive if last_reader.get(index, -1) > place}
        if len(alive) <= 1:
            regions.append([])
    return [region for region in regions if region]


def _block_titles(connected: ConnectedGraph, calls: Mapping[_Block, Sequence[ConnectedCall]]) -> dict[_Block, str]:
    """The shortest of the ways to say it that tells the blocks of this model apart."""
    short: dict[_Block, str] = {
        block: say("{word} {number}", word=say(_WORDS.get(block.word, block.word)), number=block.number)
        for block in calls
    }
    ways: list[dict[_Block, str]] = [short]
    for position in (-1, 0):  # a block may begin or end with the step to the next stage
        stages = {
            block: named_stage(block.path) or stage_of(connected, members[position]) for block, members in calls.items()
        }
        ways.append({block: say("stage {stage} {block}", stage=stages[block], block=short[block]) for block in calls})
    as_named = {block: re.sub("[_/]", " ", block.path) for block in calls}
    return next((titles for titles in ways if len(set(titles.values())) == len(titles)), as_named)


def _runs(layers: Sequence[str]) -> tuple[Section, ...]:
    runs = [tuple(layers[start : start + _RUN]) for start in range(0, len(layers), _RUN)]
    return tuple(
        Section(run[0] if len(run) == 1 else say("{first} to {last}", first=run[0], last=run[-1]), run) for run in runs
    )
