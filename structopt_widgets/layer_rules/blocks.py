"""Parts of a model that can be left out: what they read has the shape of what they make.

Leaving a block out puts the tensor it reads in the place of the one it makes. There are two kinds:

- a *residual block*: everything between a tensor and the addition that adds to it (He et al. 2016
  drop whole blocks so in "Deep networks with stochastic depth");
- a *hidden layer*: one layer with a kernel, and the normalization, activation and dropout after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..graph import Dim, Shape, Symbol, baseline_size
from ..graph.dimensions import resolve, symbols
from ..graph.wording import say
from .meaning import Role

if TYPE_CHECKING:
    from .connected import ConnectedCall

# What a layer that mixes or filters its input has, and an activation that learns a slope has not.
_KERNELS = ("kernel_initializer", "depthwise_initializer", "pointwise_initializer")


@dataclass(frozen=True)
class Block:
    """A part that can be left out.

    Attributes:
        name: of the addition that ends a residual block, or of a hidden layer.
        layers: all of its layers, in execution order.
        why: a sentence on why it can be left out.
        source: the tensor it reads, which stands in for ``result`` when it is left out.
        result: the tensor it makes.
        calls: positions of its calls in execution order.
        title: what people call it; a structure space fills it in.
        width: the free width of ``result`` that follows ``source``'s when the block is left out;
            ``None`` when both are one width already.
        is_residual: whether it ends with an addition to what it reads.
    """

    name: str
    layers: tuple[str, ...]
    why: str
    source: int
    result: int
    calls: frozenset[int]
    width: Symbol | None = None
    title: str = ""
    is_residual: bool = False


def find_blocks(
    calls: Sequence[ConnectedCall], shapes: Sequence[Shape], kinds: Sequence[str], outputs: Sequence[int]
) -> tuple[Block, ...]:
    """The blocks of a graph, in execution order; those that make one of the model's ``outputs`` are not among them.

    ``kinds`` say of each tensor its dtype and where its batch is: what stands in for another has to have both.
    """
    finder = _Finder(calls, shapes, kinds, outputs)
    residual = list(finder.residual_blocks())
    inside = {position for block in residual for position in block.calls}
    hidden = [block for block in finder.hidden_layers() if not block.calls & inside]
    stay = [(owner, at) for at, each in enumerate(calls) if (owner := _owner(each)) is not None]
    found = (
        block
        for block in [*residual, *hidden]
        if not any(_has(block, calls, owner) and at not in block.calls for owner, at in stay)
    )
    return tuple(sorted(found, key=lambda block: max(block.calls)))


def _owner(call: ConnectedCall) -> str | None:
    """The layer whose weights a call reads, where it is another one."""
    return call.site.layer.elsewhere or call.site.config.get("of")


def _has(block: Block, calls: Sequence[ConnectedCall], layer: str) -> bool:
    return any(calls[at].call.layer == layer for at in block.calls)


class _Finder:
    def __init__(
        self, calls: Sequence[ConnectedCall], shapes: Sequence[Shape], kinds: Sequence[str], outputs: Sequence[int]
    ) -> None:
        self._calls, self._shapes, self._kinds = calls, shapes, kinds
        self._outputs = set(outputs)
        self._maker = {tensor: at for at, each in enumerate(calls) for tensor in each.call.outputs}
        self._readers: dict[int, list[int]] = {}
        self._uses: dict[str, set[int]] = {}
        for at, each in enumerate(calls):
            self._uses.setdefault(each.call.layer, set()).add(at)
            for tensor in set(each.call.inputs):
                self._readers.setdefault(tensor, []).append(at)

    def residual_blocks(self) -> Iterator[Block]:
        """Each addition of a tensor and what is made from it alone."""
        for at, each in enumerate(self._calls):
            inputs = each.call.inputs
            if each.rule is None or each.rule.role is not Role.ADDITION or not len(inputs) == len({*inputs}) == 2:
                continue
            for source, branch in (inputs, inputs[::-1]):
                inside = self._between(source, branch)
                if inside and self._is_block(source, each.call.outputs[0], inside | {at}):
                    name = each.call.layer
                    why = say("{layer} adds to what the block reads", layer=name)
                    yield replace(self._block(name, why, source, at, inside | {at}), is_residual=True)
                    break

    def hidden_layers(self) -> Iterator[Block]:
        """Each layer with a kernel whose output could be its input, and what only follows it."""
        for at, each in enumerate(self._calls):
            if each.rule is None or each.rule.initializer_key not in _KERNELS or len(set(each.call.inputs)) != 1:
                continue
            inside, last = {at}, at
            while (following := self._only_follower(last)) is not None:
                inside.add(following)
                last = following
            source, result = each.call.inputs[0], self._calls[last].call.outputs[0]
            if len(each.call.outputs) != 1 or not self._is_block(source, result, inside):
                continue
            name = each.call.layer
            yield self._block(name, f"{name} makes the shape that it reads", source, last, inside)

    def _between(self, source: int, branch: int) -> set[int]:
        """The calls that make ``branch`` from ``source`` and nothing else; none when there is another origin."""
        inside: set[int] = set()
        waiting = [branch]
        while waiting:
            tensor = waiting.pop()
            if tensor == source:
                continue
            at = self._maker[tensor]
            if not self._calls[at].call.inputs:
                return set()
            if at not in inside:
                inside.add(at)
                waiting.extend(self._calls[at].call.inputs)
        return inside

    def _only_follower(self, at: int) -> int | None:
        """The one reader of a call's output, if it passes every channel on and has no kernel of its own."""
        outputs = self._calls[at].call.outputs
        readers = self._readers.get(outputs[0], [])
        if len(outputs) != 1 or len(readers) != 1 or outputs[0] in self._outputs:
            return None
        follower = self._calls[readers[0]]
        passes_on = (
            follower.rule is not None
            and follower.rule.initializer_key not in _KERNELS
            and len(follower.call.inputs) == len(follower.call.outputs) == 1
            and _are_same(self._shapes[outputs[0]], self._shapes[follower.call.outputs[0]])
        )
        return readers[0] if passes_on else None

    def _is_block(self, source: int, result: int, inside: set[int]) -> bool:
        """Whether nothing outside needs what is made inside, besides ``result``, and that could be ``source``."""
        made = {tensor for at in inside for tensor in self._calls[at].call.outputs}
        leaks = made & self._outputs or any(
            reader not in inside for tensor in made - {result} for reader in self._readers.get(tensor, [])
        )
        is_shared = any(not self._uses[self._calls[at].call.layer] <= inside for at in inside)
        if leaks or is_shared or self._kinds[source] != self._kinds[result]:
            return False
        return self._following(self._shapes[source], self._shapes[result], inside) is not None

    def _following(self, source: Shape, result: Shape, inside: set[int]) -> tuple[Symbol, ...] | None:
        """The widths (none or one) that have to follow for ``source`` to stand in for ``result``, if it can."""
        if not source or [baseline_size(dim) for dim in source] != [baseline_size(dim) for dim in result]:
            return None
        different = [(one, other) for one, other in zip(source, result, strict=True) if not _is_same(one, other)]
        if not different:
            return ()
        layers = {self._calls[at].call.layer for at in inside}
        read, width = different[0][0], resolve(different[0][1])
        if len(different) > 1 or not isinstance(width, Symbol) or width in set(symbols(read)):
            return None
        is_own = width.fixed is None and width.divisor == 1 and set(width.layers) <= layers
        return (width,) if is_own else None

    def _block(self, name: str, why: str, source: int, last: int, inside: set[int]) -> Block:
        result = self._calls[last].call.outputs[0]
        follows = self._following(self._shapes[source], self._shapes[result], inside)
        layers = dict.fromkeys(self._calls[at].call.layer for at in sorted(inside))
        return Block(name, tuple(layers), why, source, result, frozenset(inside), follows[0] if follows else None)


def _are_same(one: Shape, other: Shape) -> bool:
    return len(one) == len(other) and all(map(_is_same, one, other))


def _is_same(one: Dim, other: Dim) -> bool:
    """Whether two dimensions are one at every setting."""
    one, other = resolve(one), resolve(other)
    if one is other:
        return True
    if any(symbol.fixed is None for dim in (one, other) for symbol in symbols(dim)):
        return False
    return baseline_size(one) == baseline_size(other)
