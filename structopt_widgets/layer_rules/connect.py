"""Run the rules over a graph once: which axes exist, and which are one and the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ..graph import PROVEN, UNREAD, WEIGHT, Call, Dim, DimensionError, Layer, ModelGraph, Shape, baseline_size
from ..graph.dimensions import fix, has_batch, per_sample, resolve, symbols, unify
from ..graph.wording import say
from .blocks import find_blocks
from .changed import rule_of
from .connected import ConnectedCall, ConnectedGraph
from .rule import Connection, LayerRule, Setting, Site, UnsupportedLayerError, WeightAxes
from .tensor_weights import Borrowed, Places, Unread, WeightUses

_HOLDERS = ("_regularizer", "_constraint")
_OF_WEIGHTS = (*_HOLDERS, "_initializer")  # ends of the names of what weights are made and held by


class _RuleMismatchError(Exception):
    """A rule's answer does not fit the layer as it is."""


def connect(graph: ModelGraph) -> ConnectedGraph:
    """Propagate dimensions through ``graph``, tying widths that must be equal.

    A layer without a rule, or whose rule disagrees with its actual shapes or weights, keeps the
    widths around it as they are and is listed as uncounted. Of an axis that a reshape cuts in two, as into heads and
    their size, the last part moves; where it cannot, but the first can, as where a table of angles fits one size of a
    head, that one.
    """
    connector = _Connector(graph)
    found = connector.connected()
    cuts = connector.cuts()
    stuck = {place for place, moves in cuts.items() if not moves}
    # What is turned may meet what was cut in the same way and could move as it was: values beside queries, say.
    for turned in filter(None, dict.fromkeys((frozenset(stuck), frozenset(cuts if stuck else ())))):
        # What was counted is so whichever part of an axis moves.
        other = _Connector(graph, turned=turned, counts=bool(found.uncounted)).connected()
        if len(other.uncounted) <= len(found.uncounted) and _n_moving(other) > _n_moving(found):
            found = other
    return found


def _n_moving(connected: ConnectedGraph) -> int:
    """How many axes of weights have a width that may move."""
    axes = (dim for weights in connected.weights.values() for each in weights for dim in each.axes)
    return sum(any(symbol.fixed is None for symbol in symbols(dim)) for dim in axes)


@dataclass(frozen=True)
class ConnectedInside:
    """What a layer does inside, connected: calls, outputs, the axes of the weights in it, and what is not counted."""

    calls: tuple[ConnectedCall, ...]
    outputs: tuple[Shape, ...]
    weights: Mapping[str, tuple[WeightAxes, ...]]
    uncounted: Mapping[str, str]


def connect_inside(graph: ModelGraph, inputs: Sequence[Shape]) -> ConnectedInside:
    """Propagate dimensions through a part of a model, from those of its inputs on."""
    connector = _Connector(graph, inputs)
    calls, weights, uncounted = connector.run()
    return ConnectedInside(calls, tuple(connector.shapes[each] for each in graph.output_tensors), weights, uncounted)


class _Connector:
    def __init__(
        self, graph: ModelGraph, inputs: Sequence[Shape] = (), turned: Collection[int] = (), counts: bool = True
    ) -> None:
        self._graph, self._turned, self._counts = graph, turned, counts
        self.shapes: list[Shape] = [tensor.full_shape for tensor in graph.tensors]
        for index, shape in zip(graph.input_tensors, inputs, strict=False):
            self.shapes[index] = shape
        self._weights: dict[str, tuple[WeightAxes, ...]] = {}
        self._uncounted: dict[str, str] = {}
        self._calls: list[ConnectedCall] = []
        self._firsts: dict[str, ConnectedCall] = {}  # of each layer
        self._uses = WeightUses(graph)
        self._borrowed = Borrowed(graph)
        self._places = Places()
        self._values_read = {
            index
            for call in graph.calls
            if (rule := rule_of(graph.layers[call.layer])) is None or not rule.reads_no_values
            for index in call.inputs
        }.union(graph.output_tensors)

    def connected(self) -> ConnectedGraph:
        graph = self._graph
        self.run()
        maker = {index: call.layer for call in graph.calls for index in call.outputs}
        for index in graph.output_tensors:
            for dim in self.shapes[index]:
                fix(dim, say("{layer} makes the model's output, whose size belongs to the task", layer=maker[index]))
        shapes = [per_sample(shape) for shape in self.shapes]
        kinds = [f"{tensor.dtype} {tensor.batch_axis}" for tensor in graph.tensors]
        blocks = find_blocks(self._calls, shapes, kinds, graph.output_tensors)
        stored = frozenset(
            index for call in graph.calls if WEIGHT in graph.layers[call.layer].kinds for index in call.outputs
        )
        return ConnectedGraph(graph, tuple(self._calls), tuple(shapes), self._weights, self._uncounted, blocks, stored)

    def cuts(self) -> dict[int, bool]:
        """The places of the calls that cut an axis, and whether anything in its last part may move."""
        return {
            place: any(symbol.fixed is None for dim in each.site.cuts for symbol in symbols(dim))
            for place, each in enumerate(self._calls)
            if each.site.cuts
        }

    def run(self) -> tuple[tuple[ConnectedCall, ...], dict[str, tuple[WeightAxes, ...]], dict[str, str]]:
        """The calls, the axes of the weights, and what is not counted."""
        for call in self._graph.calls:
            self._connect(call)
        self._borrowed.tie(self._weights)
        self._borrowed.tie_holders(self._weights)
        self._name_axes()
        self._weights.update(self._uses.summed(self._calls, self._weights))
        return tuple(self._calls), self._weights, self._uncounted

    def _name_axes(self) -> None:
        """A weight that brings one width gives it its name; of several, each says which axis it is."""
        for each in self._calls:
            own = [width for width in each.site.produced if width.bound is None and width.layers[0] == each.call.layer]
            if len(own) == 1 and WEIGHT in each.site.layer.kinds:
                own[0].label = None

    def _connect(self, call: Call) -> None:
        layer = self._graph.layers[call.layer]
        full = [self.shapes[index] for index in call.inputs]
        tensors = [self._graph.tensors[index] for index in call.outputs]
        found = tuple(each.shape if each.batch_axis == 0 else each.shape[1:] for each in tensors)
        site = Site(layer, full, call, found=found, of_weights=self._uses.of(call), places=self._places.of(call))
        site.is_blank = self._values_read.isdisjoint(call.outputs)
        site.is_turned = len(self._calls) in self._turned
        rule = rule_of(layer) if layer.name not in self._uncounted else None
        why = f"{layer.kind}; {layer.closed}" if layer.closed else layer.kind
        reason = say("has no layer rule ({why}); sw.register_layer_rule adds one", why=why) if rule is None else ""
        if UNREAD in layer.kinds:
            rule, reason = Unread() if layer.serialized.get(PROVEN) else None, layer.closed
        connection = None
        rows: Shape = ()
        if rule is None or not call.inputs:
            self._require_lengths(call)
        if rule is not None and not call.inputs and not rule.sees_batch:
            connection = Connection(tuple(self.shapes[index] for index in call.outputs))
        elif rule is not None:
            try:
                connection, rows = self._answer(rule, site, full, tuple(each.shape for each in tensors))
                self._check(call, layer, rule, connection)
                if self._counts:
                    _count(rule, site)
            except (_RuleMismatchError, DimensionError, UnsupportedLayerError, KeyError) as error:
                # A KeyError shows a missing key and nothing else.
                what = f"its configuration has no {error}" if isinstance(error, KeyError) else str(error)
                what = layer.serialized.get("error", what)  # which left the configuration without entries
                rule, connection, reason = None, None, say("does not fit its layer rule: {what}", what=what)
                site.produced.clear()
                self._require_lengths(call)
        if connection is None:
            for shape in full:
                site.fix(shape, reason)
            connection = Connection(
                tuple(self.shapes[index] for index in call.outputs),
                tuple(WeightAxes(weight.name, weight.shape) for weight in layer.weights),
            )
            self._uncounted[layer.name] = reason
            site.inputs, site.outputs = full, list(connection.outputs)
        for index, shape in zip(call.outputs, connection.outputs, strict=True):
            self.shapes[index] = tuple(resolve(dim) for dim in shape)
        if not call.inputs:
            site.outputs = list(connection.outputs)
        if rule is not None:
            self._places.follow(site, rule)
            _fix_listed(site, connection)
            _share_configuration(self._firsts, site, rule, connection)
        axes = _as_stored(layer, rule, connection.weights)
        if layer.name in self._weights:
            _share(layer.name, self._weights[layer.name], axes)
        else:
            self._weights[layer.name] = axes
        made = ConnectedCall(call, site, rule, rows)
        self._calls.append(made)
        self._firsts.setdefault(layer.name, made)

    def _answer(
        self, rule: LayerRule, site: Site, full: list[Shape], whole: tuple[tuple[int | None, ...], ...]
    ) -> tuple[Connection, Shape]:
        """What the rule says, in full shapes (Keras's are ``whole``); and the rows of a sample that it does not see."""
        if rule.sees_batch:
            connection = self._borrowed.connection(site) or rule.connect(site)
            site.outputs = list(connection.outputs)
            return connection, ()
        lead = _lead(full)
        # A weight beside samples has no batch that could be left out.
        is_whole = any(map(has_batch, lead))
        site.inputs = [shape if is_whole and shape and not has_batch(shape[0]) else shape[1:] for shape in full]
        if not is_whole and rule.keeps_sizes:
            lead, site.inputs, site.found = (), full, whole
        connection = rule.connect(site)
        site.outputs = list(connection.outputs)
        outputs = tuple((*lead, *shape) for shape in connection.outputs)
        return Connection(outputs, connection.weights), per_sample(lead)

    def _require_lengths(self, call: Call) -> None:
        """Without a rule only Keras knows an output's lengths: it has to know them all."""
        for index in call.outputs:
            tensor = self._graph.tensors[index]
            shape = tensor.shape
            # What the layer runs does not tell Keras that these are samples.
            if shape[:1] == (None,) and tensor.batch_axis is None:
                raise ValueError(
                    f"Expected {call.layer!r} to make as many rows as the batch has, got {shape}, whose first length "
                    "its code does not tell. Give the layer a compute_output_shape() that begins with "
                    "input_shape[0], or write its call() with keras.ops."
                )
            if None in shape:
                raise ValueError(
                    f"Expected every axis of {call.layer!r} but the batch to have a length, got {(None, *shape)}: "
                    "operations cannot be counted without it. "
                    "Pass input_shape=..., the shape of one sample, or data=..."
                )

    def _check(self, call: Call, layer: Layer, rule: LayerRule, connection: Connection) -> None:
        tensors = [self._graph.tensors[index] for index in call.outputs]
        expected = [tensor.full_shape for tensor in tensors]
        # A length Keras leaves open is the rule's to say, and so are the rows.
        for tensor, want, have in zip(tensors, expected, connection.outputs, strict=True):
            if len(want) != len(have) or not all(
                _agrees(length, dim, tensor.rows is None) for length, dim in zip(want, have, strict=True)
            ):
                shown = [_shown(shape) for shape in (*expected, *connection.outputs)]
                raise _RuleMismatchError(
                    f"expected output shapes {', '.join(shown[: len(expected)])}, "
                    f"the rule gives {', '.join(shown[len(expected) :])}"
                )
        has_bias = rule.bias_key is None or bool(layer.config.get(rule.bias_key))
        declared = [
            tuple(baseline_size(dim) for dim in weight.axes)
            for weight in connection.weights
            if has_bias or not weight.is_bias
        ]
        actual = [weight.shape for weight in layer.weights]
        if declared != actual:
            raise _RuleMismatchError(f"expected weights of shapes {actual}, the rule gives {declared}")


def _count(rule: LayerRule, site: Site) -> None:
    """Raise where a rule of this package says how a call connects, and does not know how to count it."""
    if type(rule).__module__.startswith(__package__):
        try:
            rule.cost(site, Setting({}, {}, {}))
        # Whatever it is that it does not know of this call: a user's own rule raises when it is asked.
        except Exception as error:
            raise _RuleMismatchError(f"its operations cannot be counted: {type(error).__name__}: {error}") from error


def _lead(full: list[Shape]) -> Shape:
    """The first axis of what a layer reads, which it takes for the batch."""
    leads = [shape[0] for shape in full if shape]
    if len(leads) == 1:
        return tuple(leads)
    batches = [dim for dim in leads if has_batch(dim)] or leads[:1]
    if len({baseline_size(dim) for dim in batches}) > 1:
        raise UnsupportedLayerError("there is none for inputs with different numbers of rows")
    return tuple(batches[:1])


def _agrees(length: Dim, dim: Dim, any_rows: bool) -> bool:
    if length is dim or (isinstance(length, int) and isinstance(dim, int)):
        return length in (-1, dim)
    if any_rows and has_batch(length):
        return has_batch(dim)
    return length == -1 or baseline_size(length) == baseline_size(dim)


def _shown(shape: Shape) -> str:
    """A shape for people, without the batch."""
    return str(tuple(None if dim == -1 else baseline_size(dim) for dim in per_sample(shape)))


def _as_stored(layer: Layer, rule: LayerRule | None, axes: tuple[WeightAxes, ...]) -> tuple[WeightAxes, ...]:
    """The declared axes with the dtype and trainability of the weights they declare."""
    has_bias = rule is None or rule.bias_key is None or bool(layer.config.get(rule.bias_key))
    stored = iter(layer.weights)
    result = []
    for each in axes:
        # A bias that is off has no weight to look at: it would be as its kernel is.
        actual = next(stored) if has_bias or not each.is_bias else layer.weights[0]
        is_so = (each.dtype, each.trainable) == (actual.dtype, actual.trainable)
        result.append(each if is_so else replace(each, dtype=actual.dtype, trainable=actual.trainable))
    return tuple(result)


def _fix_listed(site: Site, connection: Connection) -> None:
    """An initializer that lists values makes a weight of their number alone.

    So may an object of a user's own that a weight is held by, where no configuration says what is in it.
    """
    for key, initializer in site.config.items():
        if not isinstance(initializer, dict) or not key.endswith(_OF_WEIGHTS):
            continue
        held = next((each for each in _HOLDERS if key.endswith(each)), None)
        if held is not None and initializer.get("config") is None:
            _fix(
                site,
                connection,
                key.removesuffix(held),
                say("is held by an object without a configuration, its {key}", key=key),
            )
        # A function written down has its code for a value.
        if held is not None or initializer.get("class_name") == "__lambda__":
            continue
        config = initializer.get("config")
        value = config.get("value") if isinstance(config, Mapping) else None
        if value is None or isinstance(value, (int, float)):
            continue
        name = key.removesuffix("_initializer")
        _fix(site, connection, name, say("starts {weight} from a list of values", weight=name))


def _fix(site: Site, connection: Connection, name: str, because: str) -> None:
    for weight in connection.weights:
        if weight.name == name:
            site.fix(weight.axes, because)


def _share_configuration(
    firsts: Mapping[str, ConnectedCall], site: Site, rule: LayerRule, connection: Connection
) -> None:
    """A layer without weights that is called again still has one configuration: sizes written there are one."""
    layer = site.layer.name
    earlier = None if connection.weights or type(rule).config is LayerRule.config else firsts.get(layer)
    if earlier is None:
        return
    for one, other in zip(earlier.site.outputs, site.outputs, strict=True):
        for left, right in zip(one, other, strict=False):
            why = say("{layer} is used several times, with the same sizes in its configuration", layer=layer)
            if len(one) == len(other) and baseline_size(left) == baseline_size(right):
                unify(left, right, why)
            else:
                fix(left, why)
                fix(right, why)


def _share(layer: str, first: tuple[WeightAxes, ...], again: tuple[WeightAxes, ...]) -> None:
    """A layer called again has the same weights: their axes are one."""
    for one, other in zip(first, again, strict=True):
        for left, right in zip(one.axes, other.axes, strict=True):
            unify(left, right, say("{layer} is used several times, with the same weights", layer=layer))
