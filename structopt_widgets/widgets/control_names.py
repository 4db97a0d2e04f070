"""What has a row of controls."""

from __future__ import annotations

from ..structure import StructureSpace


def control_names(space: StructureSpace) -> list[str]:
    """Layers that have a knob, in execution order, each followed by widths only it has (``attention heads``)."""
    labelled: dict[str | None, list[str]] = {}
    for name in space.width_groups:
        labelled.setdefault(space.home_of(name), []).append(name)
    names = []
    for layer in space.graph.layers:
        if space.group_at(layer) is not None or layer in space.switches or layer in space.derived:
            names.append(layer)
        names += labelled.get(layer, [])
    return names
