"""Rules of bare ``keras.ops`` calls that sum products, as attention written by hand does."""

from __future__ import annotations

from ..graph import Dim, Shape, baseline_size, ceil_log2, product
from .activation_costs import ACTIVATION_COSTS
from .bare_axes import register_bare
from .meaning import Role
from .merging import broadcast
from .operations import Operations
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, UnsupportedLayerError


class Matmul(LayerRule):
    """A product of two tensors over the last axis of one and the last but one of the other."""

    def connect(self, site: Site) -> Connection:
        left, right = self._operands(site)
        site.tie(left[-1], right[-2], "multiplies them as matrices")
        leading = broadcast(site, left[:-2], right[:-2], "multiplies them as matrices")
        return Connection(((*leading, left[-2], right[-1]),))

    def cost(self, site: Site, at: Setting) -> Cost:
        over = at.size(self._operands(site)[0][-1])
        return Cost(macs=over * at.elements(site.outputs[0]), span=1 + ceil_log2(over))

    def mixing(self, site: Site) -> Mixing:
        return Mixing(summed=self._operands(site)[0][-1:])

    def _operands(self, site: Site) -> tuple[Shape, Shape]:
        if len(site.inputs) != 2 or min(map(len, site.inputs)) < 2:
            raise UnsupportedLayerError(
                "there is none for products with constants or vectors (a layer's weights are a constant here: "
                "tie embeddings with keras.layers.ReversibleEmbedding)"
            )
        return site.inputs[0], site.inputs[1]


class Einsum(LayerRule):
    """Products of one or two tensors by the letters of their axes, summed over those that the result has not."""

    def connect(self, site: Site) -> Connection:
        operands, made = self._letters(site)
        axes: dict[str, Dim] = {}
        for letters, shape in zip(operands, site.inputs, strict=True):
            for letter, dim in zip(letters, shape, strict=True):
                if baseline_size(axes.setdefault(letter, dim)) != baseline_size(dim):
                    raise UnsupportedLayerError("there is none for axes that are repeated to fit")
                site.tie(axes[letter], dim, "multiplies them")
        return Connection((tuple(axes[letter] for letter in made),))

    def cost(self, site: Site, at: Setting) -> Cost:
        operands, made = self._letters(site)
        axes = {
            letter: at.size(dim)
            for letters, shape in zip(operands, site.inputs, strict=True)
            for letter, dim in zip(letters, shape, strict=True)
        }
        over = product(size for letter, size in axes.items() if letter not in made)
        products = over * at.elements(site.outputs[0])
        if len(operands) == 1:
            return Cost(other=products - at.elements(site.outputs[0]), span=ceil_log2(over), saves="nothing")
        return Cost(macs=products, span=1 + ceil_log2(over))

    def mixing(self, site: Site) -> Mixing:
        operands, made = self._letters(site)
        axes = (
            pair for each, shape in zip(operands, site.inputs, strict=True) for pair in zip(each, shape, strict=True)
        )
        return Mixing(summed=tuple(dim for letter, dim in axes if letter not in made))

    def _letters(self, site: Site) -> tuple[list[str], str]:
        """The letters of each operand and of the result, without the batch's."""
        left, arrow, made = site.config["subscripts"].replace(" ", "").partition("->")
        operands = left.split(",")
        batch = {letters[:1] for letters in (*operands, made)}
        # A letter twice in one operand is a diagonal.
        plain = arrow and "." not in left and all(len(set(letters)) == len(letters) for letters in operands)
        if not plain or len(batch) > 1 or len(site.inputs) != len(operands) or len(operands) > 2:
            raise UnsupportedLayerError("there is none for sums over the batch, dots, diagonals or constants")
        return [letters[1:] for letters in operands], made[1:]


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
            site.freeze((query[1], key[1]), "shares each key head among several query heads")
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


register_bare(Matmul(), "Matmul")
register_bare(Einsum(), "Einsum")
register_bare(DotProductAttention(), "DotProductAttention")
