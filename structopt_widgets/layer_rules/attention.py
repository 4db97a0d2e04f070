"""Rules of attention layers: heads and their size are widths; the model's own width is tied through the output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import Dim, Product, Shape, TensorRef, ceil_log2
from .activation_costs import ACTIVATION_COSTS
from .meaning import Role
from .operations import Operations
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, UnsupportedLayerError, WeightAxes


class _MultiHead(LayerRule):
    """What both kinds share: products with queries, keys and values, and the attention between them."""

    role = Role.ATTENTION
    ignores_padding = True
    bias_key = "use_bias"
    initializer_key = "kernel_initializer"

    def heads(self, site: Site, at: Setting) -> tuple[Any, Any, Any, Any]:
        """Query heads, key heads, size of a key, size of a value."""
        raise TypeError(f"{type(self).__name__} must say how many heads {site.layer.name} has.")

    def query_size(self, site: Site, at: Setting) -> Any:
        return self.heads(site, at)[2]

    def sequences(self, site: Site) -> tuple[Shape, Shape, Shape]:
        """Shapes of query, value and key; the key is the value unless it is given."""
        query, value = site.argument(0, "query"), site.argument(1, "value")
        if query is None or value is None or len(query) < 2 or len(value) != len(query):
            raise UnsupportedLayerError("there is none for queries and values of unlike or of too few axes")
        if site.config.get("use_gate") or site.config.get("sliding_window"):
            raise UnsupportedLayerError("there is none for gates or sliding windows")
        return query, value, site.argument(2, "key") or value

    def axes(self, site: Site) -> list[int]:
        """The axes of a sample that are attended over: all but the width, unless the layer says otherwise."""
        query, _, _ = self.sequences(site)
        given = site.config.get("attention_axes")
        if given is None:
            return list(range(len(query) - 1))
        return [axis - 1 if axis > 0 else axis + len(query) for axis in ([given] if isinstance(given, int) else given)]

    def beside(self, site: Site) -> Shape:
        """The other axes, at each place of which attention is by itself."""
        query, value, key = self.sequences(site)
        rest = [axis for axis in range(len(query) - 1) if axis not in self.axes(site)]
        for axis in rest:
            site.tie(query[axis], value[axis], "attends at each place of it")
            site.tie(query[axis], key[axis], "attends at each place of it")
        return tuple(query[axis] for axis in rest)

    def is_causal(self, site: Site) -> bool:
        """Whether a sequence attends to its own past only: then keys and values once made never change."""
        named = site.call.kwargs or {}
        given = [*site.call.args[:3], *(named.get(name) for name in ("query", "value", "key"))]
        sequences = {each.index for each in given if isinstance(each, TensorRef)}
        return bool(named.get("use_causal_mask")) and len(sequences) == 1

    def projections(self, parts: list[tuple[str, Dim, Dim, Dim]]) -> tuple[WeightAxes, ...]:
        """Kernel and bias of each of query, key and value: its input's width, its heads, its size."""
        weights: list[WeightAxes] = []
        for name, width, heads, each in parts:
            asks = name == "query"
            weights.append(
                WeightAxes(f"{name} kernel", (width, heads, each), incoming=(1, 2), query_axis=2 if asks else None)
            )
            weights.append(WeightAxes(f"{name} bias", (heads, each), is_bias=True, query_axis=1 if asks else None))
        return tuple(weights)

    def finished(self, site: Site, query: Shape, key: Shape, heads: Dim, made: Dim) -> tuple[Shape, ...]:
        """The output and, where the layer returns them, the attention scores."""
        output: Shape = (*query[:-1], made)
        beside, axes = self.beside(site), self.axes(site)
        scores = (*beside, heads, *(shape[axis] for shape in (query, key) for axis in axes))
        return (output, scores) if len(site.call.outputs) > 1 else (output,)

    def mixing(self, site: Site) -> Mixing:
        query, _, key = self.sequences(site)
        return Mixing(summed=tuple(shape[axis] for shape in (query, key) for axis in self.axes(site)))

    def cost(self, site: Site, at: Setting) -> Cost:
        query, _, key = self.sequences(site)
        heads, key_heads, key_size, value_size = self.heads(site, at)
        # Positions at all the places where attention is by itself; those that each one attends to.
        asked, told_of = at.elements(query[:-1]), at.elements(key[:-1])
        kept = at.elements(tuple(key[axis] for axis in self.axes(site)))
        made = at.size(site.outputs[0][-1])
        queries, keys = asked * heads * key_size, told_of * key_heads * key_size
        values = told_of * key_heads * value_size
        scores, context = heads * asked * kept, asked * heads * value_size
        bias, share = at.bias(site), site.config.get("num_query_heads", 1) // site.config.get("num_key_value_heads", 1)
        operations = Operations(site)

        def projected(place: int, makes: Any) -> int:
            made = operations.weighted(place, makes, over=at.size(site.inputs[place][-1]))
            return operations.biased(made, makes, bias)

        at_query, at_value, at_key = (site.place(*each) for each in enumerate(("query", "value", "key")))
        asks, looked_up, told = (
            projected(place or 0, makes)
            for place, makes in (
                (at_query, queries),
                (at_value if at_key is None else at_key, keys),
                (at_value, values),
            )
        )
        asks = operations.elementwise(queries, asks)  # scaled
        if share > 1:
            looked_up = operations.run(share * keys, looked_up, saves=())
            told = operations.run(share * values, told, saves=())
        similar = operations.product(asks, looked_up, scores, over=key_size, again=True)
        weights = operations.activated(similar, scores, ACTIVATION_COSTS["softmax"], kept, again=True)
        dropped = operations.dropped(weights, scores, again=True) if site.config.get("dropout") else weights
        mixed = operations.product(dropped, told, context, over=kept)
        output = operations.weighted(mixed, asked * made, over=heads * value_size)
        output = operations.biased(output, asked * made, bias)
        results = (output, weights)[: len(site.outputs)]
        return operations.cost(*results, cached=keys + values if self.is_causal(site) else 0)


class MultiHeadAttention(_MultiHead):
    """Vaswani et al. 2017. ``heads`` and ``head size`` are widths; the output is as wide as the query."""

    def connect(self, site: Site) -> Connection:
        query, value, key = self.sequences(site)
        config = site.config
        heads = site.new_width(config["num_heads"], "heads")
        size = site.new_width(config["key_dim"], "head size")
        same = config["value_dim"] in (None, config["key_dim"])
        value_size = size if same else site.new_width(config["value_dim"], "value size")
        made: Dim = query[-1]
        if config["output_shape"] is not None:
            given = config["output_shape"]
            made = site.new_width(given if isinstance(given, int) else given[-1])
        return Connection(
            outputs=self.finished(site, query, key, heads, made),
            weights=(
                *self.projections(
                    [
                        ("query", query[-1], heads, size),
                        ("key", key[-1], heads, size),
                        ("value", value[-1], heads, value_size),
                    ]
                ),
                WeightAxes("output kernel", (heads, value_size, made), incoming=2),
                WeightAxes("output bias", (made,), is_bias=True),
            ),
        )

    def heads(self, site: Site, at: Setting) -> tuple[Any, Any, Any, Any]:
        heads, size, *rest = (at.size(each) for each in site.produced[:3])
        config = site.config
        value_size = size if config["value_dim"] in (None, config["key_dim"]) else rest[0]
        return heads, heads, size, value_size

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        heads, _, key_size, value_size = self.heads(site, at)
        sizes = {"num_heads": heads, "key_dim": key_size, "value_dim": value_size}
        given = site.config["output_shape"]
        if given is not None:
            made = at.size(site.outputs[0][-1])
            sizes["output_shape"] = made if isinstance(given, int) else [*given[:-1], made]
        return sizes


class GroupedQueryAttention(_MultiHead):
    """Ainslie et al. 2023: several query heads share a key and value head.

    Key heads are a width and their ratio to query heads stays; where all share one (Shazeer 2019), the
    query heads are.
    """

    def connect(self, site: Site) -> Connection:
        query, value, key = self.sequences(site)
        config = site.config
        shared_by_all = config["num_key_value_heads"] == 1
        moving = site.new_width(
            config["num_query_heads" if shared_by_all else "num_key_value_heads"],
            "query heads" if shared_by_all else "key heads",
        )
        size = site.new_width(config["head_dim"], "head size")
        share = config["num_query_heads"] // config["num_key_value_heads"]
        heads: Dim = moving if share == 1 or shared_by_all else Product(moving, share)
        key_heads: Dim = 1 if shared_by_all else moving
        made = query[-1]
        return Connection(
            outputs=self.finished(site, query, key, heads, made),
            weights=(
                *self.projections(
                    [
                        ("query", query[-1], heads, size),
                        ("key", key[-1], key_heads, size),
                        ("value", value[-1], key_heads, size),
                    ]
                ),
                WeightAxes("output kernel", (heads, size, made), incoming=2),
                WeightAxes("output bias", (made,), is_bias=True),
            ),
        )

    def heads(self, site: Site, at: Setting) -> tuple[Any, Any, Any, Any]:
        moving, size = (at.size(each) for each in site.produced[:2])
        if site.config["num_key_value_heads"] == 1:
            return moving, 1, size, size
        return moving * (site.config["num_query_heads"] // site.config["num_key_value_heads"]), moving, size, size

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        heads, key_heads, size, _ = self.heads(site, at)
        return {"num_query_heads": heads, "num_key_value_heads": key_heads, "head_dim": size}


class _OneHead(LayerRule):
    """Attention between sequences as they come: only the scores have weights, if any."""

    role = Role.ATTENTION

    def sequences(self, site: Site) -> tuple[Shape, Shape, Shape]:
        """Shapes of query, value and key; the key is the value unless it is given."""
        query, value, *rest = site.inputs[: self.last(site) + 1]
        if len(query) == 3 and query[0] == 1 and len(value) == 2:
            query = query[1:]  # one and the same for all samples
        if len(query) != 2:
            raise UnsupportedLayerError("there is none for several axes of positions")
        return query, value, rest[0] if rest else value

    def last(self, site: Site) -> int:
        """Which of the inputs the key is; masks come after it."""
        given = site.call.args[0] if site.call.args else (site.call.kwargs or {})["inputs"]
        return len(given) - 1

    def scale(self, size: Dim) -> Shape:
        """The shape of the scale of the scores."""
        raise TypeError(f"{type(self).__name__} must say which shape its scale has.")

    def connect(self, site: Site) -> Connection:
        query, value, key = self.sequences(site)
        site.tie(query[-1], key[-1], "compares them")
        site.tie(value[0], key[0], "compares them")
        for mask, sequence in zip(self._masks(site), (query, value), strict=False):
            if mask is not None:
                site.tie(site.shape_of(mask)[-1], sequence[0], "masks its positions")
        output: Shape = (query[0], value[-1])
        scores: Shape = (query[0], key[0])
        weights = (WeightAxes("scale", self.scale(query[-1])),) if site.config["use_scale"] else ()
        return Connection((output, scores) if len(site.call.outputs) > 1 else (output,), weights)

    def mixing(self, site: Site) -> Mixing:
        query, _, key = self.sequences(site)
        return Mixing(summed=(query[0], key[0], query[-1]))

    def _masks(self, site: Site) -> Sequence[Any]:
        """Those of query and value, where it is told; a mask costs nothing."""
        args = site.call.args
        masks = args[1] if len(args) > 1 else (site.call.kwargs or {}).get("mask")
        return () if masks is None else masks

    def mixed(self, operations: Operations, site: Site, at: Setting, scores: int) -> Cost:
        """Values mixed by the softmax of ``scores``."""
        query, _, key = self.sequences(site)
        asked, kept = at.size(query[0]), at.size(key[0])
        weights = operations.activated(scores, asked * kept, ACTIVATION_COSTS["softmax"], kept, again=True)
        dropped = operations.dropped(weights, asked * kept, again=True) if site.config.get("dropout") else weights
        output = operations.product(dropped, 1, at.elements(site.outputs[0]), over=kept)
        return operations.cost(*(output, weights)[: len(site.outputs)])


class DotAttention(_OneHead):
    """Luong et al. 2015: scores are products of queries and keys."""

    def connect(self, site: Site) -> Connection:
        if site.config["score_mode"] != "dot":
            raise UnsupportedLayerError("there is none for scores that are no products")
        return super().connect(site)

    def scale(self, size: Dim) -> Shape:
        return ()

    def cost(self, site: Site, at: Setting) -> Cost:
        query, _, key = self.sequences(site)
        asked, kept, size = at.size(query[0]), at.size(key[0]), at.size(query[-1])
        operations, scores = Operations(site), asked * kept
        similar = operations.product(0, self.last(site), scores, over=size, again=True)
        if site.config["use_scale"]:
            similar = operations.elementwise(scores, similar, saves=[(similar, 1)])
        return self.mixed(operations, site, at, similar)


class AdditiveAttention(_OneHead):
    """Bahdanau et al. 2015: scores are sums of ``tanh(query + key)``, each unit with a scale."""

    def scale(self, size: Dim) -> Shape:
        return (size,)

    def cost(self, site: Site, at: Setting) -> Cost:
        query, _, key = self.sequences(site)
        asked, kept, size = at.size(query[0]), at.size(key[0]), at.size(query[-1])
        operations, scores = Operations(site), asked * kept
        # A unit of a score: add, tanh, scale, add into the score.
        units = operations.elementwise(scores * size, 0, self.last(site))
        units = operations.activated(units, scores * size, ACTIVATION_COSTS["tanh"], size)
        if site.config["use_scale"]:
            units = operations.elementwise(scores * size, units, saves=[(units, 1)])
        similar = operations.run(scores, units, other=scores * (size - 1), span=ceil_log2(size), saves=())
        return self.mixed(operations, site, at, similar)


register_layer_rule("Attention", DotAttention())
register_layer_rule("AdditiveAttention", AdditiveAttention())
register_layer_rule("MultiHeadAttention", MultiHeadAttention())
# Keras's class is GroupedQueryAttention; it is exported as GroupQueryAttention.
register_layer_rule("GroupedQueryAttention", GroupedQueryAttention())
