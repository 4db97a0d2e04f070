"""Rules of Keras's activation layers; their costs are rows of the activation table."""

from __future__ import annotations

from ..graph import Shape, sum_depth
from ..graph.dimensions import has_batch, per_sample
from .activation_costs import ACTIVATION_COSTS
from .bare_axes import positions
from .meaning import Role
from .registry import register_layer_rule
from .rule import (
    Connection,
    Cost,
    Elementwise,
    LayerRule,
    Mixing,
    Setting,
    Site,
    UnsupportedLayerError,
    WeightAxes,
    passes_places,
)


class Softmax(LayerRule):
    """Softmax over one axis (or several), which Keras counts with the batch."""

    sees_batch = True
    role: Role | None = Role.SOFTMAX

    def connect(self, site: Site) -> Connection:
        if 0 in self._axes(site) and has_batch(site.inputs[0][0]):
            raise UnsupportedLayerError("there is none for a softmax over the batch")
        return super().connect(site)

    def cost(self, site: Site, at: Setting) -> Cost:
        softmax = ACTIVATION_COSTS["softmax"]
        return Cost(
            other=softmax.flops * at.elements(site.outputs[0]),
            span=softmax.span + softmax.span_log2 * sum_depth(at.elements(self._reduced(site))),
            saves="outputs",
            passes=self._is_over_the_last_axis(site),
        )

    def mixing(self, site: Site) -> Mixing:
        return Mixing(summed=self._reduced(site))

    def _is_over_the_last_axis(self, site: Site) -> bool:
        shape = site.inputs[0]
        return len(per_sample(shape)) > 1 and self._axes(site) == [len(shape) - 1]

    def _reduced(self, site: Site) -> Shape:
        """The axes a softmax runs over."""
        return tuple(site.inputs[0][axis] for axis in self._axes(site))

    def _axes(self, site: Site) -> list[int]:
        return positions(site.config.get("axis", -1), len(site.inputs[0]))


class LogSoftmax(Softmax):
    """Its logarithm, at the same cost."""

    role = None


class ReLU(LayerRule):
    """``max(x, 0)``, with an optional ceiling and an optional negative slope: one more operation each."""

    elementwise = True

    def cost(self, site: Site, at: Setting) -> Cost:
        extras = (site.config.get("max_value") is not None) + bool(site.config.get("negative_slope"))
        return Cost(
            other=(1 + extras) * at.elements(site.outputs[0]),
            span=1 + extras,
            saves="outputs",
            passes=passes_places(site),
        )


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
        return Cost(other=4 * at.elements(site.outputs[0]), span=3, passes=passes_places(site))


def row(name: str) -> Elementwise:
    """The rule of an activation that is a layer or an operation by itself."""
    cost = ACTIVATION_COSTS[name]
    return Elementwise(flops=cost.flops, span=cost.span, saves="inputs" if cost.saves_input else "outputs")


register_layer_rule("Softmax", Softmax())
register_layer_rule("ReLU", ReLU())
register_layer_rule("LeakyReLU", row("leaky_relu"))
register_layer_rule("ELU", row("elu"))
register_layer_rule("PReLU", PReLU())
