"""What an activation costs: one table, a row an activation, its operations spelled out.

An operation is one scalar addition, multiplication, comparison, division, ``exp``, ``log``,
``tanh``, ``erf`` or square root. The names are those of ``keras.activations``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..graph import ceil_log2


class ActivationCost(NamedTuple):
    """``flops`` an element; a span of ``span + span_log2 * ceil(log2 n)`` over ``n`` channels.

    ``uncounted`` is 1 for an activation that is not in the table: its cost is then a lower bound.
    """

    flops: Any
    span: Any
    span_log2: Any = 0
    uncounted: Any = 0

    def span_over(self, channels: Any) -> Any:
        """Operations that must wait for one another, over ``channels`` channels."""
        return self.span + self.span_log2 * ceil_log2(channels)


UNKNOWN = ActivationCost(0, 0, 0, 1)

# The span of an elementwise activation is one step, like a bias: the design's convention, which
# treats the few operations inside as one unit of work on one element.
ACTIVATION_COSTS: Mapping[str, ActivationCost] = {
    "linear": ActivationCost(0, 0),
    "relu": ActivationCost(1, 1),  # max; tf.profiler counts none
    "relu6": ActivationCost(2, 1),  # max, min
    "leaky_relu": ActivationCost(2, 1),  # multiply, max
    "tanh": ActivationCost(1, 1),  # one transcendental, as everywhere in this table
    "sigmoid": ActivationCost(4, 1),  # negate, exp, add, divide
    "hard_sigmoid": ActivationCost(4, 1),  # divide, add, max, min
    "silu": ActivationCost(5, 1),  # sigmoid, multiply
    "hard_silu": ActivationCost(5, 1),  # hard_sigmoid, multiply
    "gelu": ActivationCost(5, 1),  # divide, erf, add, two multiplications: the exact form, Keras's default
    "elu": ActivationCost(4, 1),  # exp, subtract, multiply, select
    "selu": ActivationCost(5, 1),  # elu, multiply
    "celu": ActivationCost(5, 1),  # divide, exp, subtract, multiply, select
    "softplus": ActivationCost(3, 1),  # exp, add, log
    "softsign": ActivationCost(3, 1),  # absolute value, add, divide
    "exponential": ActivationCost(1, 1),  # exp
    "mish": ActivationCost(5, 1),  # softplus, tanh, multiply
    "log_sigmoid": ActivationCost(5, 1),  # negate, softplus, negate
    "hard_tanh": ActivationCost(2, 1),  # max, min
    "tanh_shrink": ActivationCost(2, 1),  # tanh, subtract
    "squareplus": ActivationCost(5, 1),  # square, add, square root, add, divide
    # max, subtract, exp, sum, divide; the row's max and sum are trees
    "softmax": ActivationCost(5, 3, 2),
    "log_softmax": ActivationCost(5, 3, 2),  # max, subtract, exp, sum, subtract; the logarithm is one a row, left out
}

# keras.activations spells some functions in several ways.
ALIASES: Mapping[str, str] = {"swish": "silu", "hard_swish": "hard_silu"}
# Layers used as activations, which compute what the function of that name does.
_LAYERS: Mapping[str, str] = {"re_lu": "relu", "leaky_re_lu": "leaky_relu"}


def activation_cost(name: str) -> ActivationCost:
    """The row of ``name``; an unknown one counts 0 and says so in ``uncounted``."""
    return ACTIVATION_COSTS.get(ALIASES.get(name, name), UNKNOWN)


def choice_name(value: Any) -> str:
    """Keras's own short name of a configured activation or initializer: ``GlorotUniform`` is ``glorot_uniform``."""
    if value is None:
        return "linear"
    if isinstance(value, str):
        return ALIASES.get(value, value)
    name = value.get("config") if value.get("class_name") == "function" else value.get("class_name")
    if not isinstance(name, str):
        return "custom"
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    if snake in _LAYERS and value["config"].get("max_value") is None and not value["config"].get("threshold"):
        return _LAYERS[snake]
    return ALIASES.get(snake, snake)
