"""One choice of every knob, in any kind of number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..graph import BATCH, Dim, Shape, Symbol, product, size
from .activation_costs import ActivationCost, layer_activation

if TYPE_CHECKING:
    from .rule import Site

Number = Any


@dataclass(frozen=True)
class Setting:
    """One choice of every knob, in any kind of number: what turns dimensions into sizes.

    ``widths`` maps each free symbol to its channels (a multiple of its divisor), ``biases`` each
    layer with a bias switch to 0 or 1, ``activations`` each layer with an activation to its cost,
    ``blocks`` each part that can be left out to 1 or 0. ``ConnectedGraph.setting`` makes one. It is what a
    rule's ``cost(site, at)`` is given as ``at``.

    >>> at = space.scaled(0.5).setting
    >>> isinstance(at, sw.Setting), at.elements((3, space.symbols["hidden"]))
    (True, 12)
    """

    widths: Mapping[Symbol, Number]
    biases: Mapping[str, Number]
    activations: Mapping[str, ActivationCost]
    blocks: Mapping[str, Number] = field(default_factory=dict)

    def size(self, dim: Dim) -> Number:
        """Size of a dimension."""
        return dim if isinstance(dim, int) else size(dim, self._units)

    def elements(self, shape: Shape) -> Number:
        """Elements of a shape."""
        return product(self.size(dim) for dim in shape)

    def bias(self, site: Site) -> Number:
        """1 when the layer adds a bias, else 0; where nobody can choose, as configured."""
        return self.biases.get(site.layer.name, int(bool(site.config.get("use_bias"))))

    def activation(self, site: Site) -> ActivationCost:
        """Cost of the layer's own activation; where nobody can choose, of the configured one."""
        chosen = self.activations.get(site.layer.name)
        return layer_activation(site.layer) if chosen is None else chosen

    def _units(self, symbol: Symbol) -> Number:
        channels = self.widths.get(symbol)
        if channels is None:
            return 1 if symbol is BATCH else symbol.baseline
        return channels if symbol.divisor == 1 else channels // symbol.divisor
