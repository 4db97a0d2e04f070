"""All widgets that belong to some: what they show or will show, their layouts and styles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import ipywidgets


def family(widgets: Iterable[ipywidgets.Widget]) -> list[ipywidgets.Widget]:
    """``widgets`` and every widget that one of them holds, in a trait or an attribute, each once."""
    found: dict[int, ipywidgets.Widget] = {}
    waiting = list(widgets)
    while waiting:
        widget = waiting.pop()
        if id(widget) not in found:
            found[id(widget)] = widget
            waiting += _held(vars(widget))  # the values of its traits are there as well
    return list(found.values())


def _held(value: Any) -> Iterator[ipywidgets.Widget]:
    if isinstance(value, ipywidgets.Widget):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _held(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _held(each)
