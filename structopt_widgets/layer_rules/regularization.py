"""Rules of regularization layers: nothing to compute at inference, a mask to keep in training."""

from __future__ import annotations

from .registry import register_layer_rule
from .rule import Elementwise

for _kind in ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "AlphaDropout"):
    register_layer_rule(_kind, Elementwise(kept=2))
register_layer_rule("GaussianNoise", Elementwise())
register_layer_rule("ActivityRegularization", Elementwise(kept=0))
# Augmentation of images, which happens in training only.
for _kind in ("Brightness", "Contrast", "Flip", "Rotation", "Shear", "Translation", "Zoom"):
    register_layer_rule(f"Random{_kind}", Elementwise())
