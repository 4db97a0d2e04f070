"""Rules of regularization layers: nothing to compute at inference, a mask to keep in training."""

from __future__ import annotations

from .meaning import Role
from .registry import register_layer_rule
from .rule import Elementwise


class Regularization(Elementwise):
    """What it reads, unchanged, when the model is used; something random in training."""

    keeps_values = True
    random = True


class Dropout(Regularization):
    """Each element is dropped with the layer's rate."""

    role: Role | None = Role.DROPOUT
    ignores_padding = True


class SpatialDropout(Dropout):
    """Whole channels are dropped."""

    role = Role.SPATIAL_DROPOUT


class ActivityRegularization(Elementwise):
    """What it reads, unchanged; the loss gets a penalty of it."""

    keeps_values = True


register_layer_rule("Dropout", Dropout(kept=2))
for _rank in ("1D", "2D", "3D"):
    register_layer_rule(f"SpatialDropout{_rank}", SpatialDropout(kept=2))
for _kind in ("GaussianDropout", "AlphaDropout"):
    register_layer_rule(_kind, Regularization(kept=2))
register_layer_rule("GaussianNoise", Regularization())
register_layer_rule("ActivityRegularization", ActivityRegularization(kept=0))
