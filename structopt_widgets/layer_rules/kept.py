"""Layers and operations around which every width stays as it is: only their costs follow from a rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..graph import Shape
from .rule import Connection, Cost, LayerRule, Setting, Site, UnsupportedLayerError, WeightAxes


def as_keras_has_them(site: Site) -> tuple[Shape, ...]:
    """The output shapes that Keras found. Raises :class:`UnsupportedLayerError` where one has an open length."""
    if any(None in shape for shape in site.found):
        raise UnsupportedLayerError("the length of an axis of its output is known only when it runs")
    return tuple(tuple(length for length in shape if length is not None) for shape in site.found)


def fix_inputs(site: Site, because: str) -> None:
    """Keep every width that a call reads as it is."""
    for shape in site.inputs:
        site.fix(shape, because)


@dataclass(frozen=True)
class Kept(LayerRule):
    """A call whose sizes stay as Keras has them, its weights as they are stored.

    ``reads`` and ``makes`` are its operations for each element that it reads and makes; ``counted``, if there is
    one, says the whole cost instead. ``span`` of them wait for one another.
    """

    keeps_sizes = True

    because: str
    reads: int = 0
    makes: int = 0
    span: int = 0
    counted: Callable[[Site, Setting], Cost] | None = None

    def connect(self, site: Site) -> Connection:
        outputs = as_keras_has_them(site)
        fix_inputs(site, self.because)
        return Connection(outputs, tuple(WeightAxes(each.name, each.shape) for each in site.layer.weights))

    def cost(self, site: Site, at: Setting) -> Cost:
        if self.counted is not None:
            return self.counted(site, at)
        read: Any = sum(at.elements(shape) for shape in site.inputs)
        made: Any = sum(at.elements(shape) for shape in site.outputs)
        return Cost(other=self.reads * read + self.makes * made, span=self.span)
