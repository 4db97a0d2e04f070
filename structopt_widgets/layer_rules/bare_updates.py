"""Rules of bare ``keras.ops`` calls that write into a copy of a tensor, or into zeros."""

from __future__ import annotations

from typing import Any

from ..graph import Shape, baseline_size
from ..graph.dimensions import has_batch
from .bare_axes import Bare, lengths_at, register_bare
from .rule import Connection, Cost, Setting, Site, UnsupportedLayerError


class _Written(Bare):
    """Costs nothing, or one operation for each element that is put together with what was there."""

    def cost(self, site: Site, at: Setting) -> Cost:
        combines = int(site.config.get("reduction") is not None)
        return Cost(other=combines * at.elements(self._updates(site)), span=combines, saves="nothing")

    def _updates(self, site: Site) -> Shape:
        return site.operand(2, "updates")


def _write(site: Site, shape: Shape, places: Shape, updates: Shape) -> Connection:
    """Into ``shape``, whose first axes each row of ``places`` is a place of; what is written is as wide as the rest."""
    count = baseline_size(places[-1])
    if any(map(has_batch, shape[:count])):
        raise UnsupportedLayerError("there is none for writing to some samples of the batch")
    site.fix((*shape[:count], *places), "writes to parts of it")
    for there, new in zip(shape[count:], updates[len(places) - 1 :], strict=True):
        site.tie(there, new, "writes to parts of them")
    return Connection((shape,))


class ScatterUpdate(_Written):
    """Places of the first axes, by their numbers, with other values; axes that are taken whole keep their widths."""

    def connect(self, site: Site) -> Connection:
        shape, places = site.operand(0, "inputs"), site.operand(1, "indices")
        return _write(site, shape, places, self._updates(site))


class Scatter(_Written):
    """The same into zeros."""

    def connect(self, site: Site) -> Connection:
        places, values = site.operand(0, "indices"), self._updates(site)
        count, rank = baseline_size(places[-1]), len(places) - 1
        lengths = site.config["shape"]
        if any(not isinstance(each, int) for each in lengths[:count]):
            raise UnsupportedLayerError("there is none for writing to some samples of the batch")
        return _write(site, (*lengths[:count], *values[rank:]), places, values)

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"shape": lengths_at(site.outputs[0], at)}

    def _updates(self, site: Site) -> Shape:
        return site.operand(1, "values")


class SliceUpdate(_Written):
    """A range of each axis with other values; an axis that is written whole keeps its width."""

    def connect(self, site: Site) -> Connection:
        shape, updates = site.operand(0, "inputs"), self._updates(site)
        for there, new in zip(shape, updates, strict=True):
            if baseline_size(there) == baseline_size(new):
                site.tie(there, new, "writes to parts of them")
            elif has_batch(there):
                raise UnsupportedLayerError("there is none for writing to some samples of the batch")
            else:
                site.fix((there, new), "writes to a part of it")
        return Connection((shape,))


register_bare(ScatterUpdate(), "ScatterUpdate")
register_bare(Scatter(), "Scatter")
register_bare(SliceUpdate(), "SliceUpdate")
