"""Checks on what hypothesis draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st


def on_draws(count: int, check: Callable[[Any], None]) -> None:
    """Run ``check`` with ``count`` ways to draw."""

    @settings(max_examples=count)
    @given(st.data())
    def on_each(data: st.DataObject) -> None:
        check(data.draw)

    on_each()
