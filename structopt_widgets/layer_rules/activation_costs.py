"""What an activation costs: one table, a row an activation, its operations spelled out.

An operation is one scalar addition, multiplication, comparison, division, ``exp``, ``log``,
``tanh``, ``erf`` or square root. The names are those of ``keras.activations``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..graph import Layer, sum_depth


class ActivationCost(NamedTuple):
    """``flops`` an element; a span of ``span + span_log2 * ceil(log2 n)`` over ``n`` channels.

    ``uncounted`` is 1 for an activation that is not in the table: its cost is then a lower bound.
    ``runs`` is 0 for one that does nothing. ``saves_input`` and ``saves_output`` say what its derivative
    reads, and so what is kept for the backward pass.
    """

    flops: Any
    span: Any
    span_log2: Any = 0
    uncounted: Any = 0
    runs: Any = 1
    saves_input: Any = 0
    saves_output: Any = 1

    def span_over(self, channels: Any) -> Any:
        """Operations that must wait for one another, over ``channels`` channels."""
        return self.span + self.span_log2 * sum_depth(channels)


# The switches among the fields: 1 or 0.
SWITCHES = ("uncounted", "runs", "saves_input", "saves_output")
UNKNOWN = ActivationCost(0, 0, uncounted=1, saves_input=1)


def _chain(flops: int, saves: str = "output") -> ActivationCost:
    """An activation of ``flops`` operations on an element, each of which waits for the one before."""
    kept = int(saves == "input")
    return ActivationCost(flops, flops, saves_input=kept, saves_output=1 - kept)


ACTIVATION_COSTS: Mapping[str, ActivationCost] = {
    "linear": ActivationCost(0, 0, runs=0, saves_output=0),
    "relu": _chain(1),  # max; tf.profiler counts none
    "relu6": _chain(2),  # max, min
    "leaky_relu": _chain(2),  # multiply, max
    "tanh": _chain(1),  # one transcendental, as everywhere in this table
    "sigmoid": _chain(4),  # negate, exp, add, divide
    "hard_sigmoid": _chain(4, "input"),  # divide, add, max, min
    "silu": _chain(5, "input"),  # sigmoid, multiply
    "hard_silu": _chain(5, "input"),  # hard_sigmoid, multiply
    "gelu": _chain(5, "input"),  # divide, erf, add, two multiplications: the exact form, Keras's default
    "elu": _chain(4),  # exp, subtract, multiply, select
    "selu": _chain(5),  # elu, multiply
    "celu": _chain(5, "input"),  # divide, exp, subtract, multiply, select
    "softplus": _chain(3, "input"),  # exp, add, log
    "softsign": _chain(3, "input"),  # absolute value, add, divide
    "exponential": _chain(1),  # exp
    "mish": _chain(5, "input"),  # softplus, tanh, multiply
    "log_sigmoid": _chain(5, "input"),  # negate, softplus, negate
    "hard_tanh": _chain(2, "input"),  # max, min
    "tanh_shrink": _chain(2, "input"),  # tanh, subtract
    "squareplus": _chain(5, "input"),  # square, add, square root, add, divide
    # max, subtract, exp, sum, divide; the row's max and sum are trees
    "softmax": ActivationCost(5, 3, 2),
    "log_softmax": ActivationCost(5, 3, 2),  # max, subtract, exp, sum, subtract; the logarithm is one a row, left out
}

# The form by tanh: a cube, two products, two sums and a tanh in a row; half of x beside them, and the product of both.
GELU_BY_TANH = ActivationCost(8, 7, saves_input=1, saves_output=0)

# keras.activations spells some functions in several ways.
ALIASES: Mapping[str, str] = {"swish": "silu", "hard_swish": "hard_silu"}
# Layers used as activations, which compute what the function of that name does.
_LAYERS: Mapping[str, str] = {"re_lu": "relu", "leaky_re_lu": "leaky_relu"}


def activation_cost(name: str) -> ActivationCost:
    """The row of ``name``; an unknown one counts 0 and says so in ``uncounted``."""
    return ACTIVATION_COSTS.get(ALIASES.get(name, name), UNKNOWN)


def layer_activation(layer: Layer, key: str = "activation", name: str | None = None) -> ActivationCost:
    """The activation under ``key`` in a layer's configuration, or the one called ``name`` in its place.

    A function that the user wrote is counted by its operations; its derivative is taken to read its input.
    """
    name = choice_name(layer.config.get(key)) if name is None else name
    if is_known_activation(name) or key not in layer.functions:
        return activation_cost(name)
    flops, span = layer.functions[key]
    return ActivationCost(flops, span, saves_input=1, saves_output=0)


def is_known_activation(name: str) -> bool:
    """Whether the table has a row of that name."""
    return ALIASES.get(name, name) in ACTIVATION_COSTS


def choice_name(value: Any) -> str:
    """Keras's own short name of a configured activation or initializer: ``GlorotUniform`` is ``glorot_uniform``."""
    if value is None:
        return "linear"
    if isinstance(value, str):
        return ALIASES.get(value, value)
    if not isinstance(value, Mapping):
        return "custom"  # what a class of a user's own calls so: one for each of its layers, say
    name = value.get("config") if value.get("class_name") == "function" else value.get("class_name")
    if not isinstance(name, str):
        return "custom"
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    config = value.get("config") or {}
    if snake in _LAYERS and config.get("max_value") is None and not config.get("threshold"):
        return _LAYERS[snake]
    return ALIASES.get(snake, snake)
