"""Rules of recurrent layers: a step's cost times the timesteps, and a span that no width can shorten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..graph import Dim, Layer, Product, Shape, maximum, sum_depth
from ..graph.model_graph import tensor_refs
from .activation_costs import layer_activation
from .cost import Loop, Number
from .registry import find_layer_rule, register_layer_rule
from .rule import (
    Connection,
    Cost,
    LayerRule,
    Mixing,
    Setting,
    Site,
    UnsupportedLayerError,
    WeightAxes,
    activation_mixing,
)


@dataclass(frozen=True)
class Recurrent(LayerRule):
    """A recurrent layer whose kernels hold ``gates`` blocks of its units side by side.

    ``states`` tensors pass from step to step. ``recurrent_activations`` and ``activations`` are
    applied to each unit in a step, beside ``products`` other operations. ``bias_rows`` biases a
    gate when the layer keeps input and recurrent biases apart (GRU's ``reset_after``).
    """

    gates: int
    states: int
    recurrent_activations: int
    activations: int
    products: int

    ignores_padding = True
    bias_key = "use_bias"
    activation_key = "activation"
    initializer_key = "kernel_initializer"

    def connect(self, site: Site) -> Connection:
        timesteps, features = site.inputs[0]
        units = site.new_width(site.config["units"])
        for initial in given_states(site)[: self.states]:
            site.tie(initial[-1], units, "starts from that state")
        blocks: Dim = units if self.gates == 1 else Product(self.gates, units)
        bias = (2, blocks) if site.config.get("reset_after") else (blocks,)
        sequence = (timesteps, units) if site.config["return_sequences"] else (units,)
        states = [(units,)] * self.states if site.config["return_state"] else []
        return Connection(
            outputs=(sequence, *states),
            weights=(
                WeightAxes("kernel", (features, blocks), incoming=1),
                WeightAxes("recurrent_kernel", (units, blocks), incoming=1),
                WeightAxes("bias", bias, is_bias=True),
            ),
        )

    def cost(self, site: Site, at: Setting) -> Cost:
        timesteps, features = at.size(site.inputs[0][0]), at.size(site.inputs[0][-1])
        units = at.size(site.outputs[0][-1])
        bias = at.bias(site) * (2 if site.config.get("reset_after") else 1)
        own = at.activation(site)
        gate = layer_activation(site.layer, "recurrent_activation")
        # Each gate adds its two products; then biases, activations and what joins the gates.
        step = units * (
            self.gates * (1 + bias)
            + self.recurrent_activations * gate.flops
            + self.activations * own.flops
            + self.products
        )
        loop = self._loop(site, at, own.span_over(units), gate.span_over(units))
        return Cost(
            macs=timesteps * self.gates * units * (features + units),
            other=timesteps * step,
            span=maximum(loop.first + (timesteps - 1) * loop.again, timesteps * loop.again),
            # Backpropagation through time needs every step's gates and states.
            kept=timesteps * units * (2 * self.gates + self.states - 1),
            # A step's products, their sum, gates and states.
            work=units * (3 * self.gates + 2 * self.states),
            uncounted=own.uncounted + gate.uncounted * min(1, self.recurrent_activations),
            loops=(loop,),
        )

    def _loop(self, site: Site, at: Setting, own: Number, gate: Number) -> Loop:
        """What of a step waits for the input, and what for the state, in Keras's own order of operations."""
        timesteps, features = at.size(site.inputs[0][0]), at.size(site.inputs[0][-1])
        units, bias = at.size(site.outputs[0][-1]), at.bias(site)
        from_input, from_state = 1 + sum_depth(features), 1 + sum_depth(units)
        if self.gates == 1:
            first, again = from_input + bias + 1 + own, from_state + 1 + own
        elif self.gates == 4:
            # The sum and its bias, a gate or the candidate, their product, the new cell, its activation, the last gate.
            after = 1 + bias + maximum(gate, own) + 2 + own + 1
            first, again = from_input + after, from_state + after
        elif site.config.get("reset_after"):
            # The sum, the reset gate, its product with the state's, the sum, the candidate, its share, the new state.
            after = 1 + gate + 1 + 1 + own + 2
            first, again = from_input + bias + after, from_state + bias + after
        else:
            # The candidate's own product waits for the reset gate.
            after = 1 + gate + 1 + from_state + 1 + own + 2
            first, again = from_input + bias + after, from_state + after
        return Loop(timesteps, first, again, backwards=bool(site.config.get("go_backwards")))

    def mixing(self, site: Site) -> Mixing:
        inside = activation_mixing("recurrent_activation", site)
        return super().mixing(site) + inside + Mixing(summed=site.inputs[0][:1])

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"units": at.size(site.outputs[0][-1])}


def given_states(site: Site) -> list[Shape]:
    """The shapes of the states that a recurrent layer is told to start from; masks are passed by name."""
    return [site.inputs[site.call.inputs.index(each.index)] for each in tensor_refs([_initial_state(site)])]


def _initial_state(site: Site) -> Any:
    return site.call.args[1] if len(site.call.args) > 1 else (site.call.kwargs or {}).get("initial_state")


class Wrapper(LayerRule):
    """A layer inside a layer: the inner one's rule, on the inner one's configuration."""

    def ignores_padding_at(self, site: Site) -> bool:
        rule, inner = self.inner(site)
        return rule.ignores_padding_at(inner)

    def inner(self, site: Site, key: str = "layer") -> tuple[LayerRule, Site]:
        """The rule and the site of the wrapped layer."""
        wrapped = site.config[key]
        # Only Keras's own classes go by their bare name: a user's of the same name is another layer.
        is_keras = str(wrapped.get("module")).startswith("keras")
        kind = wrapped["class_name"] if is_keras else f"{wrapped.get('module')}.{wrapped['class_name']}"
        rule = find_layer_rule((kind,))
        if rule is None:
            raise UnsupportedLayerError(f"the layer it wraps, a {wrapped['class_name']}, has none")
        layer = Layer(site.layer.name, (kind,), site.layer.weights, wrapped, functions=site.layer.functions_of(key))
        return rule, Site(layer, list(site.inputs), site.call, list(site.outputs), site.produced)

    def weights_of(self, rule: LayerRule, site: Site, connection: Connection) -> tuple[WeightAxes, ...]:
        """The wrapped layer's weights that exist: inside a wrapper a bias cannot be switched."""
        has_bias = rule.bias_key is None or bool(site.config.get(rule.bias_key))
        return tuple(replace(each, is_bias=False) for each in connection.weights if has_bias or not each.is_bias)

    def resized(self, site: Site, at: Setting, key: str, rule: LayerRule, inner: Site) -> dict[str, Any]:
        """The configuration entry of the wrapped layer, at a setting."""
        wrapped = site.config[key]
        return {**wrapped, "config": {**wrapped["config"], **rule.config(inner, at)}}


class TimeDistributed(Wrapper):
    """The same layer at every timestep, all at once."""

    def ignores_padding_at(self, site: Site) -> bool:
        rule, inner = self._step(site)
        return rule.ignores_padding_at(inner)

    def connect(self, site: Site) -> Connection:
        rule, inner = self.inner(site)
        inner.inputs = [site.inputs[0][1:]]
        connection = rule.connect(inner)
        (output,) = connection.outputs
        return Connection(((site.inputs[0][0], *output),), self.weights_of(rule, inner, connection))

    def cost(self, site: Site, at: Setting) -> Cost:
        rule, inner = self._step(site)
        return rule.cost(inner, at).repeated(at.size(site.inputs[0][0]))

    def mixing(self, site: Site) -> Mixing:
        rule, inner = self._step(site)
        return rule.mixing(inner)

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"layer": self.resized(site, at, "layer", *self._step(site))}

    def _step(self, site: Site) -> tuple[LayerRule, Site]:
        rule, inner = self.inner(site)
        inner.inputs, inner.outputs = [site.inputs[0][1:]], [site.outputs[0][1:]]
        return rule, inner


class Bidirectional(Wrapper):
    """A recurrent layer in both directions at once, whose outputs Keras merges in several ways."""

    def connect(self, site: Site) -> Connection:
        ahead, back = self._connected(site)
        each = len(site.produced) // 2  # what cells of one direction make beside the output
        widths = zip(site.produced[:each], site.produced[each:], strict=True)
        for one, other in (*zip(ahead.outputs[0], back.outputs[0], strict=True), *widths):
            site.tie(one, other, "runs in both directions, which are equally wide")
        *positions, units = ahead.outputs[0]
        mode = site.config["merge_mode"]
        if mode is None:
            outputs: tuple[Any, ...] = (ahead.outputs[0], back.outputs[0])
        else:
            outputs = ((*positions, Product(2, units) if mode == "concat" else units),)
        weights = [
            weight
            for key, connection in zip(self._keys(site), (ahead, back), strict=True)
            for weight in self.weights_of(*self.inner(site, key), connection)
        ]
        return Connection((*outputs, *ahead.outputs[1:], *back.outputs[1:]), tuple(weights))

    def cost(self, site: Site, at: Setting) -> Cost:
        ahead, back = (rule.cost(inner, at) for rule, inner in self._directions(site))
        merges = site.config["merge_mode"] in ("sum", "mul", "ave")
        # Without a configuration of its own, the second runs the first's the other way round.
        turns = "backward_layer" not in site.config
        ordered = bool(self.inner(site)[1].config.get("return_sequences"))
        return Cost(
            macs=ahead.macs + back.macs,
            other=ahead.other + back.other + (at.elements(site.outputs[0]) if merges else 0),
            span=maximum(ahead.span, back.span) + int(merges),
            kept=sum(each.kept for each in (ahead, back) if each.kept is not None),
            work=2 * at.elements(site.outputs[0]) + maximum(ahead.work, back.work),  # the halves, and one more reversed
            uncounted=ahead.uncounted + back.uncounted,
            loops=(
                *_turned(ahead.loops, False, ordered, int(merges)),
                *_turned(back.loops, turns, ordered, int(merges)),
            ),
        )

    def mixing(self, site: Site) -> Mixing:
        ahead, back = (rule.mixing(inner) for rule, inner in self._directions(site))
        return ahead + back

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {
            key: self.resized(site, at, key, *direction)
            for key, direction in zip(self._keys(site), self._directions(site), strict=True)
            if key in site.config
        }

    def _connected(self, site: Site) -> Iterator[Connection]:
        """Each direction, which starts from its half of the states that are given."""
        given = tensor_refs([_initial_state(site)])
        for number, key in enumerate(self._keys(site)):
            rule, inner = self.inner(site, key)
            half = len(given) // 2
            inner.call = replace(site.call, args=(None, given[number * half : (number + 1) * half]), kwargs={})
            yield rule.connect(inner)

    def _keys(self, site: Site) -> tuple[str, str]:
        return "layer", "backward_layer" if "backward_layer" in site.config else "layer"

    def _directions(self, site: Site) -> list[tuple[LayerRule, Site]]:
        """The rule and the site of each direction, whose output is one half of a concatenated one."""
        *positions, last = site.outputs[0]
        half = last.inner if isinstance(last, Product) and site.config["merge_mode"] == "concat" else last
        found, each = [], len(site.produced) // 2
        for number, key in enumerate(self._keys(site)):
            rule, inner = self.inner(site, key)
            inner.outputs = [(*positions, half)]
            inner.produced = site.produced[number * each : (number + 1) * each]
            found.append((rule, inner))
        return found


def _turned(loops: Sequence[Loop], turned: bool, ordered: bool, after: int) -> Iterator[Loop]:
    """Recurrences of which each follows the one before, as one of two directions."""
    for number, loop in enumerate(loops):
        # What is not put in order again is in the order of the steps, which is the next one's.
        backwards = loops[0].backwards != turned and (number == 0 or ordered)
        yield replace(loop, backwards=backwards, ordered=ordered, after=after if number == len(loops) - 1 else 0)


register_layer_rule("SimpleRNN", Recurrent(1, 1, recurrent_activations=0, activations=1, products=0))
# f * c beside i * candidate, their sum, o * tanh(c): four products and sums; the second activation is the tanh.
register_layer_rule("LSTM", Recurrent(4, 2, recurrent_activations=3, activations=2, products=4))
# r * state, 1 - z, z * state, (1 - z) * candidate, their sum
register_layer_rule("GRU", Recurrent(3, 1, recurrent_activations=2, activations=1, products=5))
register_layer_rule("TimeDistributed", TimeDistributed())
register_layer_rule("Bidirectional", Bidirectional())
