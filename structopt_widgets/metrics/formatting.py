"""Numbers for people. Raw numbers live everywhere else; units are put on here, at the edge."""

from __future__ import annotations

import numbers

from ..graph.checks import known, typed
from .catalogue import METRICS


def format_count(value: float) -> str:
    """``1234567`` as ``1.23 M``."""
    return _scaled(value, 1000, ("", "K", "M", "G", "T", "P"))


def format_bytes(value: float) -> str:
    """``1536`` as ``1.50 KiB``."""
    return _scaled(value, 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"))


def format_metric(metric: str, value: float) -> str:
    """``value`` with the unit of ``metric``, one of the catalogue.

    >>> sw.format_metric("weight_bytes", 1536)
    '1.50 KiB'
    """
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
