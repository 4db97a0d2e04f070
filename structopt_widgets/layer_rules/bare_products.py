"""Rules of bare ``keras.ops`` calls that sum products, as attention written by hand does."""

from __future__ import annotations

from ..graph import Dim, Shape, baseline_size, ceil_log2, sum_depth
from .activation_costs import ACTIVATION_COSTS
from .bare_axes import register_bare
from .meaning import Role
from .merging import broadcast
from .operations import Operations
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, UnsupportedLayerError


class _Products(LayerRule):
    """Sums of products of two operands; what is summed over, with a weight to each, is no mixing of channels."""

    sees_batch = True

    def mixing(self, site: Site) -> Mixing:
        weights = [operand for operand, names in enumerate(site.of_weights) if names]
        return Mixing(summed=tuple(site.shared) if weights else self.over(site))

    def contract(self, site: Site, over: tuple[Shape, ...]) -> None:
        """Note what is summed over. Of two weights the second one is: copies of a unit share its weights, once."""
        for operand in (1,) if all(site.of_weights) else (0, 1):
            for dim in over[operand]:
                site.contract(operand, dim)

    def over(self, site: Site) -> Shape:
        """The axes that are summed over."""
        raise TypeError(f"{type(self).__name__} must say what it sums over: define over(site).")

    def products(self, site: Site, at: Setting) -> Cost:
        over = at.elements(self.over(site))
        return Cost(macs=over * at.elements(site.outputs[0]), span=1 + sum_depth(over))


class Matmul(_Products):
    """A product of two tensors over the last axis of one and the last but one of the other."""

    def connect(self, site: Site) -> Connection:
        left, right = self._operands(site)
        rows, columns = (left if len(left) > 1 else (1, *left)), (right if len(right) > 1 else (*right, 1))
        site.tie(rows[-1], columns[-2], "multiplies them as matrices")
        self.contract(site, (rows[-1:], columns[-2:-1]))
        leading = broadcast(site, rows[:-2], columns[:-2], "multiplies them as matrices")
        made = (*(rows[-2:-1] if len(left) > 1 else ()), *(columns[-1:] if len(right) > 1 else ()))
        return Connection(((*leading, *made),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return self.products(site, at)

    def over(self, site: Site) -> Shape:
        return self._operands(site)[0][-1:]

    def _operands(self, site: Site) -> tuple[Shape, Shape]:
        if len(site.inputs) != 2 or min(map(len, site.inputs)) < 1:
            raise UnsupportedLayerError(
                "there is none for products with constants (a layer's weights are one where they are read outside of "
                "a layer: tie embeddings with keras.layers.ReversibleEmbedding)"
            )
        return site.inputs[0], site.inputs[1]


class Einsum(_Products):
    """Products of one or two tensors by the letters of their axes, summed over those that the result has not."""

    def connect(self, site: Site) -> Connection:
        operands, made = self._letters(site)
        axes: dict[str, Dim] = {}
        for letters, shape in zip(operands, site.inputs, strict=True):
            for letter, dim in zip(letters, shape, strict=True):
                if baseline_size(axes.setdefault(letter, dim)) != baseline_size(dim):
                    raise UnsupportedLayerError("there is none for axes that are repeated to fit")
                site.tie(axes[letter], dim, "multiplies them")
        if len(operands) == 2:
            over = (tuple(axes[letter] for letter in letters if letter not in made) for letters in operands)
            self.contract(site, tuple(over))
        return Connection((tuple(axes[letter] for letter in made),))

    def cost(self, site: Site, at: Setting) -> Cost:
        if len(site.inputs) == 2:
            return self.products(site, at)
        over, made = at.elements(self.over(site)), at.elements(site.outputs[0])
        return Cost(other=over * made - made, span=ceil_log2(over), saves="nothing")

    def mixing(self, site: Site) -> Mixing:
        return super().mixing(site) if len(site.inputs) == 2 else Mixing(summed=self.over(site))

    def over(self, site: Site) -> Shape:
        operands, made = self._letters(site)
        axes = {
            letter: dim
            for each, shape in zip(operands, site.inputs, strict=True)
            for letter, dim in zip(each, shape, strict=True)
        }
        return tuple(dim for letter, dim in axes.items() if letter not in made)

    def _letters(self, site: Site) -> tuple[list[str], str]:
        """The letters of each operand and of the result; dots are capitals that no equation has."""
        left, arrow, made = site.config["subscripts"].replace(" ", "").partition("->")
        operands = left.split(",")
        # A letter twice in one operand is a diagonal.
        plain = arrow and all(len(set(letters)) == len(letters) for letters in operands if "." not in letters)
        if not plain or len(site.inputs) != len(operands) or len(operands) > 2:
            raise UnsupportedLayerError("there is none for diagonals, constants, or more than two operands")
        dotted = max(
            (len(shape) - len(each) + 3 for each, shape in zip(operands, site.inputs, strict=True) if "." in each),
            default=0,
        )
        dots = "".join(chr(0x391 + place) for place in range(dotted))
        spelled = [
            each.replace("...", dots[dotted - (len(shape) - len(each) + 3) :] if "." in each else "")
            for each, shape in zip(operands, site.inputs, strict=True)
        ]
        return spelled, made.replace("...", dots)


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
