"""Numbers for people. Raw numbers live everywhere else; units are put on here, at the edge.

``widgets/page/format.js`` has the same rules for the page, which gets the units of :data:`~.catalogue.UNITS`
with a model.
"""

from __future__ import annotations

import math
import numbers
from decimal import ROUND_HALF_UP, Context, Decimal

from ..graph.checks import known, typed
from .catalogue import METRICS, UNITS, Unit

# Halves go up, as JavaScript rounds: format() would make 2,125 of them 2.12 K, the page 2.13 K.
_ROUNDING = Context(prec=400, rounding=ROUND_HALF_UP)
_EXACT_BELOW = 10**7
_DECIMAL_FROM = 0.01  # below it two decimals say nothing


def format_count(value: float) -> str:
    """``1234567`` as ``1.23 M``."""
    return _scaled(value, UNITS["count"])


def format_bytes(value: float) -> str:
    """``1536`` as ``1.50 KiB``."""
    return _scaled(value, UNITS["bytes"])


def format_metric(metric: str, value: float) -> str:
    """``value`` with the unit of ``metric``, one of the catalogue.

    >>> sw.format_metric("weight_bytes", 1536)
    '1.50 KiB'
    """
    known(metric, METRICS, "a metric")
    if not isinstance(value, numbers.Real):
        raise TypeError(f"Expected the value of {metric} as a number, got {typed(value)}.")
    return _scaled(value, UNITS[METRICS[metric].unit])


def format_exact(metric: str, value: float) -> str:
    """As :func:`format_metric`, but every digit of a count below ten million: ``1,234,567``."""
    short = format_metric(metric, value)
    is_count = UNITS[METRICS[metric].unit].is_counted and float(value).is_integer() and abs(value) < _EXACT_BELOW
    return f"{int(value):,}" if is_count else short


def _scaled(value: float, unit: Unit) -> str:
    base, units, power = unit.base, unit.names, 0
    # 999.5 would be rounded up to 1000 in the smaller unit.
    while abs(value) >= base - 0.5 and power < len(units) - 1:
        value /= base
        power += 1
    whole = power == 0 and float(value).is_integer()
    digits = 0 if whole or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    if not math.isfinite(value):
        return str(value)
    if 0 < abs(value) < _DECIMAL_FROM:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa}e{int(exponent)} {units[0]}".strip()
    rounded = Decimal(float(value)).quantize(Decimal(1).scaleb(-digits), context=_ROUNDING)
    return f"{rounded} {units[power]}".strip()
