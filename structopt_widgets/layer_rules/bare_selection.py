"""Rules of bare ``keras.ops`` calls that take part of an array, or repeat it to a shape."""

from __future__ import annotations

from typing import Any

from ..graph import Dim, Symbol, baseline_size
from ..graph.dimensions import has_batch, of_batch
from .bare_axes import Bare, baseline_length, flattened_without_axis, lengths_at, positions, register_bare
from .rule import Connection, Setting, Site


class BroadcastTo(Bare):
    """An array repeated along axes where it has length 1, or that it does not have."""

    def connect(self, site: Site) -> Connection:
        shape, target = site.operand(0, "x"), [baseline_length(each) for each in site.config["shape"]]
        padded = (*(1,) * (len(target) - len(shape)), *shape)
        return Connection((tuple(self._axis(site, dim, length) for dim, length in zip(padded, target, strict=True)),))

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"shape": lengths_at(site.outputs[0], at)}

    def _axis(self, site: Site, dim: Dim, length: int) -> Dim:
        if baseline_size(dim) == length or length == -1 or has_batch(dim):
            return dim  # the batch stays, whatever its size
        site.fix((dim,), "repeats its single channel")
        made = of_batch(length)
        # What is the same all along an axis is as long as it is read.
        return Symbol(made) if isinstance(made, int) and not site.call.inputs else made


class Slice(Bare):
    """Part of an array from a start on; an axis that is taken whole keeps its width."""

    def connect(self, site: Site) -> Connection:
        made = []
        for dim, length in zip(site.inputs[0], map(baseline_length, site.config["shape"]), strict=True):
            if baseline_size(dim) != length:
                site.fix((dim,), "takes a part of it")
            made.append(dim if baseline_size(dim) == length else of_batch(length))
        return Connection((tuple(made),))

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"shape": lengths_at(site.outputs[0], at)}


class Take(Bare):
    """What stands at the given places of an axis, whose length then belongs to the task: rows of a table, say."""

    def connect(self, site: Site) -> Connection:
        table, places = site.operand(0, "x"), site.operand(1, "indices")
        axis = site.config["axis"]
        if axis is None:
            table, axis = (flattened_without_axis(table, "taking elements of a flattened array"),), 0
        (axis,) = positions(axis, len(table))
        site.fix((table[axis],), "looks parts of it up by their number")
        if site.of_weights[0]:
            site.contract(0, table[axis])  # as the product with a one-hot row would
        return Connection(((*table[:axis], *places, *table[axis + 1 :]),))


register_bare(BroadcastTo(), "BroadcastTo")
register_bare(Slice(), "Slice")
register_bare(Take(), "Take")
