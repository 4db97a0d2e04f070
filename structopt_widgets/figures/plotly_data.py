"""What a plotly figure is drawn of, as plain lists: its values, its axes, and what its traces share."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .plotly_marks import Trace, png_size


def plain_values(value: Any) -> Any:
    """Lists and numbers, of what plotly packs as bytes and NumPy as arrays."""
    if isinstance(value, Mapping):
        if "bdata" in value:
            array = np.frombuffer(base64.b64decode(value["bdata"]), dtype=np.dtype(value["dtype"]))
            shape = [int(each) for each in str(value.get("shape") or len(array)).split(",")]
            return array.reshape(shape).tolist()
        return {name: plain_values(each) for name, each in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [plain_values(each) for each in value] if isinstance(value, list | tuple) else value


def shared_colours(traces: Sequence[Trace], layout: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
    """What heat maps with one scale of colours have in common; nothing for a trace with its own."""
    name = trace.get("coloraxis")
    if name is None:
        return {}
    shared = layout.get(name) or {}
    values = [
        each
        for other in traces
        if other.get("coloraxis") == name
        for row in other["z"]
        for each in row
        if each is not None
    ]
    return {
        "colorscale": shared.get("colorscale"),
        "showscale": shared.get("showscale"),
        "zmin": shared.get("cmin", min(values, default=0)),
        "zmax": shared.get("cmax", max(values, default=1)),
    }


def axes_of(trace: Trace) -> tuple[str, str]:
    return str(trace.get("xaxis") or "x"), str(trace.get("yaxis") or "y")


def cell_range(trace: Trace, along: str) -> list[Any] | None:
    """The ends of what a heat map or a picture covers; ``None`` for what has values of its own."""
    if trace["type"] == "image":
        return [-0.5, png_size(str(trace["source"]))["xy".index(along)] - 0.5]
    if trace["type"] == "heatmap" and not trace.get(along):
        rows = trace.get("z") or ()
        return [-0.5, (len(rows) if along == "y" else len(rows[0]) if rows else 1) - 0.5]
    return None


def key_entries(traces: Sequence[Trace], layout: Mapping[str, Any]) -> list[tuple[str, Trace]]:
    """What the key names: each group once, and nothing where there is only one."""
    named: dict[str, tuple[str, Trace]] = {}
    for place, trace in enumerate(traces):
        if trace.get("showlegend") is not False and trace.get("name") and trace["type"] in ("bar", "scatter"):
            named.setdefault(str(trace.get("legendgroup") or place), (str(trace["name"]), trace))
    asked = layout.get("showlegend") or any(trace.get("showlegend") for trace in traces)
    return list(named.values()) if len(named) > 1 or asked else []
