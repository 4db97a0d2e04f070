"""Numbers for people, at the edges of their units."""

from __future__ import annotations

import pytest

from structopt_widgets.metrics import format_bytes, format_count, format_metric


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.5, "0.50"),
        (1, "1"),
        (12.34, "12.3"),
        (999, "999"),
        (999.4, "999"),
        (999.9, "1.00 K"),
        (1000, "1.00 K"),
        (1_234_567, "1.23 M"),
        (999_499, "999 K"),
        (999_999, "1.00 M"),
        (12_345, "12.3 K"),
        (-1500, "-1.50 K"),
        (3e12, "3.00 T"),
        (5e18, "5000 P"),
    ],
)
def test_counts(value: float, text: str) -> None:
    assert format_count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1000 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (1536, "1.50 KiB"),
        (2**20 - 1, "1.00 MiB"),
        (5 * 2**30, "5.00 GiB"),
    ],
)
def test_bytes(value: float, text: str) -> None:
    assert format_bytes(value) == text


def test_a_metric_knows_its_unit() -> None:
    assert format_metric("weight_bytes", 2048) == "2.00 KiB"
    assert format_metric("n_params", 2048) == "2.05 K"
    assert format_metric("parallelism", 28.5) == "28.5"
