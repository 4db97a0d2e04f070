"""Numbers for people. Raw numbers live everywhere else; units are put on here, at the edge."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass

from ..graph.checks import known, typed


@dataclass(frozen=True)
class Metric:
    """How a metric is called and written. ``unit``: ``"count"``, ``"bytes"`` or ``"ratio"``."""

    label: str
    unit: str
    meaning: str


METRICS: Mapping[str, Metric] = {
    "n_params": Metric("Parameters", "count", "elements of all weights, trainable and not"),
    "n_trainable": Metric("Trainable parameters", "count", "elements of the weights that training changes"),
    "macs": Metric("MACs", "count", "multiply-accumulates of products, one sample"),
    "flops": Metric("FLOPs", "count", "2 x MACs + every other scalar operation, one sample"),
    "flops_per_token": Metric("FLOPs per token", "count", "FLOPs over the length of the sequence"),
    "weight_bytes": Metric("Weights", "bytes", "bytes of all weights"),
    "peak_activation_bytes": Metric("Peak activations", "bytes", "largest sum of live tensors at inference, one batch"),
    "training_bytes": Metric(
        "Training memory",
        "bytes",
        "the most alive in a training step: weights, gradients, slots, activations, one batch",
    ),
    "kv_cache_bytes": Metric("KV cache", "bytes", "keys and values a decoder keeps of a sequence, one batch"),
    "activation_bytes": Metric("Activations", "bytes", "bytes of the tensors a layer makes, one batch"),
    "live_bytes": Metric("Live tensors", "bytes", "bytes alive while a layer runs, one batch"),
    "span": Metric("Critical path", "count", "span: longest chain of operations that wait for one another"),
    "parallelism": Metric("Parallelism", "ratio", "work / span: operations that could run at once, one sample"),
}


def format_count(value: float) -> str:
    """``1234567`` as ``1.23 M``."""
    return _scaled(value, 1000, ("", "K", "M", "G", "T", "P"))


def format_bytes(value: float) -> str:
    """``1536`` as ``1.50 KiB``."""
    return _scaled(value, 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"))


def format_metric(metric: str, value: float) -> str:
    """``value`` with the unit of ``metric``, a key of :data:`METRICS`."""
    known(metric, METRICS, "a metric")
    if not isinstance(value, numbers.Real):
        raise TypeError(f"Expected the value of {metric} as a number, got {typed(value)}.")
    return format_bytes(value) if METRICS[metric].unit == "bytes" else format_count(value)


def _scaled(value: float, base: int, units: tuple[str, ...]) -> str:
    power = 0
    # 999.5 would be rounded up to 1000 in the smaller unit.
    while abs(value) >= base - 0.5 and power < len(units) - 1:
        value /= base
        power += 1
    whole = power == 0 and float(value).is_integer()
    digits = 0 if whole or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f} {units[power]}".strip()
