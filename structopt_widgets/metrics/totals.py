"""All costs of a structure in one pass of plain arithmetic, on any kind of number.

This is the only place where the metrics come together. Run on integers it measures a structure, on
arrays a hundred thousand of them, on recorded expressions it gives the program of the live panel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..graph import maximum
from ..layer_rules import ConnectedGraph, Cost, Setting
from .catalogue import METRICS, UNCOUNTED, derive, layer_metrics, model_metrics
from .complexity import call_costs, flops
from .depth import layer_presence, presence
from .memory import activation_bytes_of, memory_of, peak, tensor_bytes
from .moments import Memory
from .parallelism import critical_path
from .parameters import layer_parameters

Number = Any


@dataclass(frozen=True)
class Costs:
    """``totals`` by metric; ``layers`` by layer, then by metric."""

    totals: dict[str, Number]
    layers: dict[str, dict[str, Number]]


def costs(
    connected: ConnectedGraph,
    at: Setting,
    batch_size: Number,
    slots: Number,
    precision: str | None = None,
    recompute: bool | str = False,
) -> Costs:
    """Every metric of ``connected`` at a setting.

    Args:
        connected: the model's graph with its dimensions.
        at: the choice of every knob.
        batch_size: samples a step, for the memory metrics.
        slots: arrays the optimizer keeps for each trainable weight.
        precision: ``"mixed_float16"`` or ``"mixed_bfloat16"``: activations of two bytes; the model's own by default.
        recompute: what training computes again instead of keeping it: ``"attention"``, or ``True`` for residual blocks.
    """
    each_cost = call_costs(connected, at)
    in_time = memory_of(connected, at, each_cost, precision, recompute)
    layers = layer_costs(connected, at, each_cost, in_time, batch_size, slots, precision)
    additive = [name for name, each in METRICS.items() if each.is_total and each.is_additive]
    totals = {metric: _sum(row[metric] for row in layers.values()) for metric in (*additive, UNCOUNTED)}
    totals["peak_activation_bytes"] = batch_size * peak(in_time.moments)
    states = _sum(weights_in_training(connected, at, slots).values())
    totals["training_bytes"] = states + batch_size * maximum(*(moment.training for moment in in_time.moments))
    totals["span"] = critical_path(connected, at, each_cost)
    derive(totals, model_metrics())
    return Costs(totals, layers)


def weights_in_training(connected: ConnectedGraph, at: Setting, slots: Number) -> dict[str, Number]:
    """Bytes of each layer's weights, their gradients and the optimizer's slots."""
    return {
        layer: each.weight_bytes + each.trainable_bytes * (1 + slots)
        for layer, each in layer_parameters(connected, at).items()
    }


def layer_costs(
    connected: ConnectedGraph,
    at: Setting,
    each_cost: Sequence[Cost],
    in_time: Memory | None,
    batch_size: Number,
    slots: Number,
    precision: str | None = None,
) -> dict[str, dict[str, Number]]:
    """Costs by layer, then by metric, from the cost of each call and what is alive in time, where that is asked for."""
    sizes, present = tensor_bytes(connected, at, precision), presence(connected, at)
    used, states = layer_presence(connected, present), weights_in_training(connected, at, slots)
    layers: dict[str, dict[str, Number]] = {
        layer: {
            "n_params": each.n_params,
            "n_trainable": each.n_trainable,
            "macs": 0,
            "flops": 0,
            "weight_bytes": each.weight_bytes,
            "flash_bytes": each.flash_bytes,
            "training_bytes": states[layer],
            "activation_bytes": 0,
            "live_bytes": 0,
            "backward_bytes": 0,
            "span": 0,
            "kv_cache_bytes": 0,
            "uncounted": used[layer] * int(layer in connected.uncounted),
        }
        for layer, each in layer_parameters(connected, at).items()
    }
    saved = in_time.saved if in_time else [0] * len(connected.calls)
    for each, cost, kept, runs in zip(connected.calls, each_cost, saved, present, strict=True):
        row = layers[each.call.layer]
        made = runs * _sum(sizes[index] for index in each.call.outputs)
        element = activation_bytes_of(connected.graph.tensors[each.call.outputs[0]].dtype, precision)
        row["macs"] = row["macs"] + cost.macs
        row["flops"] = row["flops"] + flops(cost)
        row["span"] = row["span"] + cost.span
        row["training_bytes"] = row["training_bytes"] + batch_size * kept
        cached = cost.cached + runs * connected.cached(each.call, at)
        row["kv_cache_bytes"] = row["kv_cache_bytes"] + batch_size * cached * element
        row["activation_bytes"] = row["activation_bytes"] + batch_size * made
        row["uncounted"] = row["uncounted"] + cost.uncounted
    live: dict[str, list[Number]] = {}
    training: dict[str, list[Number]] = {}
    last = len(connected.calls) - 1
    for moment in in_time.moments if in_time else ():
        # The loss is no layer; its gradients are the first of the last layer's.
        layer = connected.calls[min(moment.position, last)].call.layer
        training.setdefault(layer, []).append(moment.training)
        if moment.position <= last:
            live.setdefault(layer, []).append(moment.alive)
    for metric, found in (("live_bytes", live), ("backward_bytes", training)):
        for layer, moments in found.items():
            layers[layer][metric] = batch_size * maximum(*moments)
    for row in layers.values():
        derive(row, layer_metrics())
    return layers


def _sum(values: Iterable[Number]) -> Number:
    return sum(values, 0)
