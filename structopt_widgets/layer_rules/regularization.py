"""Rules of regularization layers: nothing to compute at inference, a mask to keep in training."""

from __future__ import annotations

from .meaning import Role
from .operations import Operations
from .registry import register_layer_rule
from .rule import Cost, Elementwise, LayerRule, Setting, Site, passes_places


class Regularization(LayerRule):
    """What it reads, unchanged, when the model is used; in training times something random, of which a mask is kept."""

    keeps_values = True
    elementwise = True
    random = True

    def cost(self, site: Site, at: Setting) -> Cost:
        operations = Operations(site)
        operations.dropped(0, at.elements(site.outputs[0]))
        return operations.cost(passes=passes_places(site))


class Dropout(Regularization):
    """Each element is dropped with the layer's rate; a mask, a byte an element, is kept."""

    role: Role | None = Role.DROPOUT
    ignores_padding = True


class SpatialDropout(Dropout):
    """Whole channels are dropped."""

    role = Role.SPATIAL_DROPOUT


class Noise(Elementwise):
    """What it reads, plus something random in training, which its derivative does not read."""

    keeps_values = True
    random = True


class ActivityRegularization(Elementwise):
    """What it reads, unchanged; the loss gets a penalty of it."""

    keeps_values = True


register_layer_rule("Dropout", Dropout())
for _rank in ("1D", "2D", "3D"):
    register_layer_rule(f"SpatialDropout{_rank}", SpatialDropout())
for _kind in ("GaussianDropout", "AlphaDropout"):
    register_layer_rule(_kind, Regularization())
register_layer_rule("GaussianNoise", Noise(kept=0))
register_layer_rule("ActivityRegularization", ActivityRegularization(kept=0))
