"""Rules of Keras's activation layers; their costs are rows of the activation table."""

from __future__ import annotations

from ..graph import Shape, ceil_log2
from .activation_costs import ACTIVATION_COSTS
from .meaning import Role
from .registry import register_layer_rule
from .rule import Connection, Cost, Elementwise, LayerRule, Mixing, Setting, Site, WeightAxes


class Softmax(LayerRule):
    """Softmax over one axis (or several)."""

    role: Role | None = Role.SOFTMAX

    def cost(self, site: Site, at: Setting) -> Cost:
        softmax = ACTIVATION_COSTS["softmax"]
        return Cost(
            other=softmax.flops * at.elements(site.outputs[0]),
            span=softmax.span + softmax.span_log2 * ceil_log2(at.elements(self._reduced(site))),
        )

    def mixing(self, site: Site) -> Mixing:
        return Mixing(summed=self._reduced(site))

    def _reduced(self, site: Site) -> Shape:
        """The axes a softmax runs over. Keras counts them with the batch; shapes here leave it out."""
        axes = site.config.get("axis", -1)
        return tuple(
            site.outputs[0][axis if axis < 0 else axis - 1]
            for axis in (axes if isinstance(axes, (list, tuple)) else [axes])
        )


class LogSoftmax(Softmax):
    """Its logarithm, at the same cost."""

    role = None


class ReLU(LayerRule):
    """``max(x, 0)``, with an optional ceiling and an optional negative slope: one more operation each."""

    elementwise = True

    def cost(self, site: Site, at: Setting) -> Cost:
        extras = (site.config.get("max_value") is not None) + bool(site.config.get("negative_slope"))
        return Cost(other=(1 + extras) * at.elements(site.outputs[0]), span=1)


class PReLU(LayerRule):
    """A leaky relu whose slope is learned, one an element unless axes share it."""

    ignores_padding = True
    initializer_key = "alpha_initializer"

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        shared = site.config["shared_axes"] or []
        slopes = tuple(1 if axis + 1 in shared else dim for axis, dim in enumerate(shape))
        return Connection((shape,), (WeightAxes("alpha", slopes),))

    def cost(self, site: Site, at: Setting) -> Cost:
        # max(x, 0) + alpha * min(x, 0)
        return Cost(other=4 * at.elements(site.outputs[0]), span=3)


def _row(name: str) -> Elementwise:
    return Elementwise(flops=ACTIVATION_COSTS[name].flops, span=ACTIVATION_COSTS[name].span)


register_layer_rule("Softmax", Softmax())
register_layer_rule("ReLU", ReLU())
register_layer_rule("LeakyReLU", _row("leaky_relu"))
register_layer_rule("ELU", _row("elu"))
register_layer_rule("PReLU", PReLU())
