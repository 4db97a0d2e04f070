"""All costs of a structure in one pass of plain arithmetic, on any kind of number.

This is the only place where the metrics come together. Run on integers it measures a structure, on
arrays a hundred thousand of them, on recorded expressions it gives the program of the live panel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..graph import maximum
from ..layer_rules import ConnectedGraph, Setting
from .depth import layer_presence, presence
from .memory import live_bytes, peak, tensor_bytes
from .operations import call_costs, flops
from .parallelism import critical_path
from .parameters import bytes_of, layer_parameters

Number = Any

# Metrics whose layers add up to the model's total.
ADDITIVE = ("n_params", "n_trainable", "macs", "flops", "weight_bytes", "training_bytes", "uncounted")


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
    graph = connected.graph
    present = presence(connected, at)
    used = layer_presence(connected, present)
    each_cost = call_costs(connected, at)
    sizes = tensor_bytes(connected, at)
    live = [batch_size * alive for alive in live_bytes(connected, at, sizes, present)]
    layers: dict[str, dict[str, Number]] = {
        layer: {
            "n_params": used[layer] * each.n_params,
            "n_trainable": used[layer] * each.n_trainable,
            "macs": 0,
            "flops": 0,
            "weight_bytes": used[layer] * each.weight_bytes,
            "training_bytes": used[layer] * (each.weight_bytes + each.trainable_bytes * (1 + slots)),
            "activation_bytes": 0,
            "live_bytes": 0,
            "span": 0,
            "uncounted": used[layer] * int(layer in connected.uncounted),
        }
        for layer, each in layer_parameters(connected, at).items()
    }
    for each, cost, alive, runs in zip(connected.calls, each_cost, live, present, strict=True):
        row = layers[each.call.layer]
        made = sum((sizes[index] for index in each.call.outputs), 0)
        kept = made if cost.kept is None else cost.kept * bytes_of(graph.tensors[each.call.outputs[0]].dtype)
        row["macs"] = row["macs"] + runs * cost.macs
        row["flops"] = row["flops"] + runs * flops(cost)
        row["span"] = row["span"] + runs * cost.span
        row["training_bytes"] = row["training_bytes"] + runs * (batch_size * kept)
        row["activation_bytes"] = row["activation_bytes"] + runs * (batch_size * made)
        row["live_bytes"] = maximum(row["live_bytes"], alive)
        row["uncounted"] = row["uncounted"] + runs * cost.uncounted
    totals = {metric: sum((row[metric] for row in layers.values()), 0) for metric in ADDITIVE}
    totals["peak_activation_bytes"] = peak(live)
    totals["span"] = critical_path(connected, [runs * cost.span for cost, runs in zip(each_cost, present, strict=True)])
    totals["parallelism"] = totals["flops"] / totals["span"]
    return Costs(totals, layers)
