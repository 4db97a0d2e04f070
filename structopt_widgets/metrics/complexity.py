"""C: complexity, as multiply-accumulates and as floating-point operations. They are not the same.

One MAC is two operations, a multiplication and an addition. ``macs`` counts those of matrix,
convolution, recurrent and attention products only; ``flops`` is twice that plus every other scalar
operation (``layer_rules/activation_costs.py`` has the table). Both are for one sample.
"""

from __future__ import annotations

from typing import Any

from ..layer_rules import ConnectedGraph, Cost, Setting
from .depth import presence


def call_costs(connected: ConnectedGraph, at: Setting) -> list[Cost]:
    """Cost of every call, in execution order.

    A call without a rule counts 0 and is reported; one in a block that is left out costs nothing.
    """
    present = presence(connected, at)
    return [call.cost(at).times(runs) for call, runs in zip(connected.calls, present, strict=True)]


def flops(cost: Cost) -> Any:
    """Floating-point operations of a call: two a MAC, and everything else."""
    return 2 * cost.macs + cost.other
