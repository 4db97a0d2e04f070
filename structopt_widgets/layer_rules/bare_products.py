"""Rules of bare ``keras.ops`` calls that sum products, as attention written by hand does."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..graph import BATCH, Dim, Shape, TensorRef, baseline_size, ceil_log2, sum_depth
from .activation_costs import ACTIVATION_COSTS
from .bare_axes import flattened_without_axis, positions, register_bare
from .meaning import Role
from .merging import broadcast
from .operations import Operations
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, UnsupportedLayerError


class Einsum(LayerRule):
    """Products of tensors and constants by the letters of their axes, summed over those that the result has not.

    Of more than two, two are multiplied after the other, in the order of the model as read.
    What is summed over, with a weight to each, is no mixing of channels.
    """

    sees_batch = True

    def connect(self, site: Site) -> Connection:
        operands, made = self.letters(site)
        axes: dict[str, Dim] = {}
        for letters, shape in zip(operands, self._shapes(site), strict=True):
            for letter, dim in zip(letters, shape, strict=True):
                if baseline_size(axes.setdefault(letter, dim)) != baseline_size(dim):
                    raise UnsupportedLayerError("there is none for axes that are repeated to fit")
                site.tie(axes[letter], dim, self.because)
        if len(operands) > 1:
            self._contract(site, operands, made)
        return Connection((tuple(axes[letter] for letter in made),))

    because = "multiplies them"

    def cost(self, site: Site, at: Setting) -> Cost:
        operands, made = self.letters(site)
        axes = self._axes(site)
        if len(operands) == 1:
            over = at.elements(tuple(dim for letter, dim in axes.items() if letter not in made))
            outputs = at.elements(site.outputs[0])
            return Cost(other=over * outputs - outputs, span=ceil_log2(over), saves="nothing")
        macs, span, largest = 0, 0, []
        sizes = {letter: 1 if dim is BATCH else baseline_size(dim) for letter, dim in axes.items()}
        for letters, result in _path(operands, made, sizes):
            every = at.elements(tuple(axes[letter] for letter in letters))
            over = at.elements(tuple(axes[letter] for letter in letters if letter not in result))
            macs, span = macs + every, span + 1 + sum_depth(over)
            largest.append(at.elements(tuple(axes[letter] for letter in result)))
        return Cost(macs=macs, span=span, work=sum(largest[:-1]))

    def mixing(self, site: Site) -> Mixing:
        operands, made = self.letters(site)
        weighted = self._weighted(site, operands)
        over = tuple(dim for letter, dim in self._axes(site).items() if letter not in {*made, *weighted})
        return Mixing(summed=(*site.shared, *over))

    def letters(self, site: Site) -> tuple[list[str], str]:
        """The letters of each operand and of the result; dots are capitals that no equation has."""
        left, arrow, made = site.config["subscripts"].replace(" ", "").partition("->")
        operands, shapes = left.split(","), self._shapes(site)
        if not arrow:  # dots, and what stands there once, in the order of the alphabet
            once = sorted(letter for letter in {*left} - {*",."} if left.count(letter) == 1)
            made = "".join(["..." * ("." in left), *once])
        if any(len(set(letters)) < len(letters) for letters in operands if "." not in letters):
            raise UnsupportedLayerError("there is none for diagonals")
        dotted = max(
            (len(shape) - len(each) + 3 for each, shape in zip(operands, shapes, strict=True) if "." in each),
            default=0,
        )
        dots = "".join(chr(0x391 + place) for place in range(dotted))
        spelled = [
            each.replace("...", dots[dotted - (len(shape) - len(each) + 3) :] if "." in each else "")
            for each, shape in zip(operands, shapes, strict=True)
        ]
        return spelled, made.replace("...", dots)

    def _shapes(self, site: Site) -> list[Shape]:
        return [site.shape_of(each) for each in (*site.call.args, *(site.call.kwargs or {}).values())]

    def _axes(self, site: Site) -> dict[str, Dim]:
        operands, _ = self.letters(site)
        return {
            letter: dim
            for each, shape in zip(operands, self._shapes(site), strict=True)
            for letter, dim in zip(each, shape, strict=True)
        }

    def _weights(self, site: Site) -> list[frozenset[str]]:
        """What each operand is made of, if that is weights alone; a constant is none."""
        given = (*site.call.args, *(site.call.kwargs or {}).values())
        return [
            site.of_weights[site.call.inputs.index(each.index)] if isinstance(each, TensorRef) else frozenset()
            for each in given
        ]

    def _weighted(self, site: Site, operands: Sequence[str]) -> set[str]:
        """The letters of weights that are multiplied by something else."""
        return set("".join(letters for letters, names in zip(operands, self._weights(site), strict=True) if names))

    def _contract(self, site: Site, operands: Sequence[str], made: str) -> None:
        """Note what is summed over. Of two weights the last one is: copies of a unit share its weights, once."""
        axes, of_weights = self._axes(site), self._weights(site)
        for letter in axes.keys() - set(made):
            holders = [names for letters, names in zip(operands, of_weights, strict=True) if letter in letters]
            for name in next(filter(None, reversed(holders)), ()):
                site.contracted.append((name, axes[letter]))


def _path(operands: Sequence[str], made: str, sizes: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Two operands after the other: the letters that are multiplied, and those of the result.

    Next are those two that share an axis and whose product needs the least room beyond theirs, as TensorFlow, JAX and
    PyTorch have it from opt_einsum's greedy search (Smith and Gray 2018, doi:10.21105/joss.00753).
    """
    waiting = list(operands)

    def product(pair: tuple[int, int]) -> tuple[str, str]:
        letters = "".join(dict.fromkeys(waiting[pair[0]] + waiting[pair[1]]))
        needed = set(made).union(*(each for place, each in enumerate(waiting) if place not in pair))
        return letters, "".join(letter for letter in letters if letter in needed)

    def room(pair: tuple[int, int]) -> tuple[bool, int]:
        one, other = (waiting[each] for each in pair)
        size, *given = (math.prod(sizes[each] for each in letters) for letters in (product(pair)[1], one, other))
        return not set(one) & set(other), size - sum(given)

    while len(waiting) > 1:
        pair = min(itertools.combinations(range(len(waiting)), 2), key=room)
        letters, result = product(pair)
        rest = [each for place, each in enumerate(waiting) if place not in pair]
        yield letters, result if rest else made
        waiting = [*rest, result]


class Matmul(LayerRule):
    """A product of two tensors over the last axis of one and the last but one of the other."""

    sees_batch = True

    def connect(self, site: Site) -> Connection:
        left, right = self._operands(site)
        rows, columns = (left if len(left) > 1 else (1, *left)), (right if len(right) > 1 else (*right, 1))
        site.tie(rows[-1], columns[-2], "multiplies them as matrices")
        # Of two weights the second one is summed over: copies of a unit share its weights, once.
        weights = self._weights(site)
        for operand, dim in ((1, columns[-2]),) if all(weights) else ((0, rows[-1]), (1, columns[-2])):
            site.contracted.extend((name, dim) for name in weights[operand])
        leading = broadcast(site, rows[:-2], columns[:-2], "multiplies them as matrices")
        made = (*(rows[-2:-1] if len(left) > 1 else ()), *(columns[-1:] if len(right) > 1 else ()))
        return Connection(((*leading, *made),))

    def cost(self, site: Site, at: Setting) -> Cost:
        over = at.elements(self._operands(site)[0][-1:])
        return Cost(macs=over * at.elements(site.outputs[0]), span=1 + sum_depth(over))

    def mixing(self, site: Site) -> Mixing:
        return Mixing(summed=tuple(site.shared) if any(self._weights(site)) else self._operands(site)[0][-1:])

    def _operands(self, site: Site) -> tuple[Shape, Shape]:
        left, right = site.operand(0, "x1"), site.operand(1, "x2")
        if min(len(left), len(right)) < 1:
            raise UnsupportedLayerError("there is none for products with single numbers")
        return left, right

    def _weights(self, site: Site) -> list[frozenset[str]]:
        places = [site.place(position, name) for position, name in enumerate(("x1", "x2"))]
        return [frozenset() if place is None else site.of_weights[place] for place in places]


class Tensordot(Einsum):
    """Products of two tensors, summed over axes that ``axes`` names: so many, or which of each."""

    def letters(self, site: Site) -> tuple[list[str], str]:
        one, other = (len(shape) for shape in self._shapes(site))
        left, right = self.summed(site, one, other)
        mine = [chr(0x391 + axis) for axis in range(one)]
        theirs = [chr(0x3B1 + axis) for axis in range(other)]
        for at, axis in zip(left, right, strict=True):
            theirs[axis] = mine[at]
        made = [letter for at, letter in enumerate(mine) if at not in left]
        return ["".join(mine), "".join(theirs)], "".join(
            [*made, *(letter for at, letter in enumerate(theirs) if at not in right)]
        )

    def summed(self, site: Site, one: int, other: int) -> tuple[list[int], list[int]]:
        """The axes of each that are summed over."""
        axes: Any = site.config["axes"]
        if isinstance(axes, int):
            return list(range(one - axes, one)), list(range(axes))
        left, right = axes
        return positions(left, one), positions(right, other)


@dataclass(frozen=True)
class LastAxis(Tensordot):
    """Products summed over the last axis of the first, and the last one of the second (``inner``), or last but one."""

    of_second: int = -1

    def summed(self, site: Site, one: int, other: int) -> tuple[list[int], list[int]]:
        if min(one, other) == 0:
            raise UnsupportedLayerError("there is none for products with single numbers")
        return [one - 1], [max(0, other + self.of_second)]


class DotProductAttention(LayerRule):
    """Attention between queries, keys and values that are projected already: (positions, heads, size) each."""

    role = Role.ATTENTION

    def connect(self, site: Site) -> Connection:
        query, key, value = self._operands(site)
        # Keras takes the values to be as wide as the queries.
        for (one, other), axis in (((query, key), 2), ((query, value), 2), ((key, value), 0), ((key, value), 1)):
            site.tie(one[axis], other[axis], "compares them")
        if baseline_size(query[1]) == baseline_size(key[1]):
            site.tie(query[1], key[1], "compares them")
        else:
            site.fix((query[1], key[1]), "shares each key head among several query heads")
        return Connection(((query[0], query[1], value[2]),))

    def cost(self, site: Site, at: Setting) -> Cost:
        query, key, value = self._operands(site)
        asked, heads, size = (at.size(dim) for dim in query)
        kept, made = at.size(key[0]), at.size(value[2])
        scores, softmax = heads * asked * kept, ACTIVATION_COSTS["softmax"]
        operations = Operations(site)
        at_query, at_key, at_value = (site.place(*each) or 0 for each in enumerate(("query", "key", "value")))
        scaled = operations.elementwise(asked * heads * size, at_query)
        similar = operations.product(scaled, at_key, scores, over=size, again=True)
        weights = operations.activated(similar, scores, softmax, kept, again=True)
        operations.product(weights, at_value, asked * heads * made, over=kept)
        return operations.cost()

    def mixing(self, site: Site) -> Mixing:
        query, key, _ = self._operands(site)
        return Mixing(summed=(query[0], key[0], query[2]))

    def _operands(self, site: Site) -> tuple[Shape, Shape, Shape]:
        query, key, value = (site.argument(place, name) for place, name in enumerate(("query", "key", "value")))
        if query is None or key is None or value is None or {len(query), len(key), len(value)} != {3}:
            raise UnsupportedLayerError("there is none for constants as queries, keys or values")
        if site.config.get("attn_logits_soft_cap") is not None:
            raise UnsupportedLayerError("there is none for capped scores")
        return query, key, value


class Outer(LayerRule):
    """Each element of one tensor times each of another, as positions times frequencies are."""

    sees_batch = True

    def connect(self, site: Site) -> Connection:
        operands = (site.operand(place, name) for place, name in enumerate(("x1", "x2")))
        what = "products of each sample with each other"
        return Connection((tuple(flattened_without_axis(shape, what) for shape in operands),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(other=at.elements(site.outputs[0]), span=1)


register_bare(Matmul(), "Matmul")
register_bare(Einsum(), "Einsum")
register_bare(Outer(), "Outer")
register_bare(Tensordot(), "Tensordot")
register_bare(LastAxis(), "Inner")
register_bare(LastAxis(-2), "Dot")
register_bare(DotProductAttention(), "DotProductAttention")
