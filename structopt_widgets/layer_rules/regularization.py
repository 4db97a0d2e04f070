"""Rules of regularization layers: nothing to compute at inference, a mask to keep in training."""

from __future__ import annotations

from .operations import Operations
from .registry import register_layer_rule
from .rule import Cost, Elementwise, LayerRule, Setting, Site, passes_places


class Dropout(LayerRule):
    """Passes its input on; in training a mask, a byte an element, is kept."""

    def cost(self, site: Site, at: Setting) -> Cost:
        operations = Operations(site)
        operations.dropped(0, at.elements(site.outputs[0]))
        return operations.cost(passes=passes_places(site))


for _kind in ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "AlphaDropout"):
    register_layer_rule(_kind, Dropout())
register_layer_rule("GaussianNoise", Elementwise(kept=0))
register_layer_rule("ActivityRegularization", Elementwise(kept=0))
# Augmentation of images, which happens in training only.
for _kind in ("Brightness", "Contrast", "Flip", "Rotation", "Shear", "Translation", "Zoom"):
    register_layer_rule(f"Random{_kind}", Elementwise(kept=0))
