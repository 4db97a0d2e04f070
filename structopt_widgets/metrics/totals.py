"""All costs of a structure in one pass of plain arithmetic, on any kind of number.

This is the only place where the metrics come together. Run on integers it measures a structure, on
arrays a hundred thousand of them, on recorded expressions it gives the program of the live panel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..graph import maximum
from ..layer_rules import ConnectedGraph, Cost, Setting
from .depth import layer_presence, presence
from .memory import live_bytes, peak, tensor_bytes
from .operations import call_costs, flops
from .parallelism import critical_path
from .parameters import bytes_of, layer_parameters

Number = Any

# Metrics whose layers add up to the model's total.
ADDITIVE = ("n_params", "n_trainable", "macs", "flops", "weight_bytes", "training_bytes", "kv_cache_bytes", "uncounted")


@dataclass(frozen=True)
class Costs:
    """``totals`` by metric; ``layers`` by layer, then by metric."""

    totals: dict[str, Number]
    layers: dict[str, dict[str, Number]]


def costs(connected: ConnectedGraph, at: Setting, batch_size: Number, slots: Number) -> Costs:
    """Every metric of ``connected`` at a setting.

    Args:
        connected: the model's graph with its dimensions.
        at: the choice of every knob.
        batch_size: samples a step, for the memory metrics.
        slots: arrays the optimizer keeps for each trainable weight.
    """
    each_cost = call_costs(connected, at)
    live = [batch_size * alive for alive in live_bytes(connected, at, tensor_bytes(connected, at))]
    layers = layer_costs(connected, at, each_cost, live, batch_size, slots)
    totals = {metric: sum((row[metric] for row in layers.values()), 0) for metric in ADDITIVE}
    totals["peak_activation_bytes"] = peak(live)
    totals["span"] = critical_path(connected, [cost.span for cost in each_cost])
    totals["parallelism"] = totals["flops"] / totals["span"]
    return Costs(totals, layers)


def layer_costs(
    connected: ConnectedGraph, at: Setting, each_cost: list[Cost], live: list[Number], batch_size: Number, slots: Number
) -> dict[str, dict[str, Number]]:
    """Costs by layer, then by metric, from the cost of each call and the bytes alive while it runs."""
    sizes, present = tensor_bytes(connected, at), presence(connected, at)
    used = layer_presence(connected, present)
    layers: dict[str, dict[str, Number]] = {
        layer: {
            "n_params": each.n_params,
            "n_trainable": each.n_trainable,
            "macs": 0,
            "flops": 0,
            "weight_bytes": each.weight_bytes,
            "training_bytes": each.weight_bytes + each.trainable_bytes * (1 + slots),
            "activation_bytes": 0,
            "live_bytes": 0,
            "span": 0,
            "kv_cache_bytes": 0,
            "uncounted": used[layer] * int(layer in connected.uncounted),
        }
        for layer, each in layer_parameters(connected, at).items()
    }
    for each, cost, alive, runs in zip(connected.calls, each_cost, live, present, strict=True):
        row = layers[each.call.layer]
        made = runs * sum((sizes[index] for index in each.call.outputs), 0)
        element = bytes_of(connected.graph.tensors[each.call.outputs[0]].dtype)
        kept = made if cost.kept is None else cost.kept * element
        row["macs"] = row["macs"] + cost.macs
        row["flops"] = row["flops"] + flops(cost)
        row["span"] = row["span"] + cost.span
        row["training_bytes"] = row["training_bytes"] + batch_size * kept
        row["kv_cache_bytes"] = row["kv_cache_bytes"] + batch_size * cost.cached * element
        row["activation_bytes"] = row["activation_bytes"] + batch_size * made
        row["live_bytes"] = maximum(row["live_bytes"], alive)
        row["uncounted"] = row["uncounted"] + cost.uncounted
    return layers
