"""Rule of ``SpectralNormalization`` (Miyato et al. 2018): the layer it wraps, whose kernel it scales in training."""

from __future__ import annotations

from typing import Any

from .registry import register_layer_rule
from .rnn import Wrapper
from .rule import Connection, Cost, Mixing, Setting, Site, WeightAxes


class SpectralNormalization(Wrapper):
    """At inference the wrapped layer, nothing else. Its estimate of a singular vector has an entry for each unit."""

    assigns = True

    def ignores_padding_at(self, site: Site) -> bool:
        return False  # it divides the kernel by its largest singular value, which nothing here computes for a member

    def connect(self, site: Site) -> Connection:
        rule, inner = self.inner(site)
        connection = rule.connect(inner)
        # The kernel is a weight of this layer as well, and comes before its own.
        kernel, *others = self.weights_of(rule, inner, connection)
        return Connection(connection.outputs, (kernel, WeightAxes("vector_u", (1, kernel.axes[-1])), *others))

    def cost(self, site: Site, at: Setting) -> Cost:
        rule, inner = self.inner(site)
        return rule.cost(inner, at)

    def mixing(self, site: Site) -> Mixing:
        rule, inner = self.inner(site)
        return rule.mixing(inner)

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        rule, inner = self.inner(site)
        return {"layer": self.resized(site, at, "layer", rule, inner)}


register_layer_rule("SpectralNormalization", SpectralNormalization())
