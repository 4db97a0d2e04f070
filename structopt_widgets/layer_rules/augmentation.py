"""Rules of layers that change images: most of them in training only, some whenever they are called."""

from __future__ import annotations

from dataclasses import dataclass

from ..graph import baseline_size
from .convolutional import split_channels
from .kept import Kept, as_keras_has_them
from .registry import register_layer_rule
from .regularization import Regularization
from .rule import Connection, Cost, LayerRule, Setting, Site

# Multiplications and additions of one value made: 4 + 3 between two by two neighbours, 16 + 15 among four by four.
INTERPOLATIONS = {"nearest": 0, "bilinear": 7, "bicubic": 31}


@dataclass(frozen=True)
class Resampling(LayerRule):
    """Images of another size, channel by channel. Interpolations beyond the table are listed as not counted."""

    def connect(self, site: Site) -> Connection:
        _, channels = split_channels(site, site.inputs[0])
        (shape,) = as_keras_has_them(site)
        place = 0 if site.config.get("data_format") == "channels_first" else len(shape) - 1
        return Connection(((*shape[:place], channels, *shape[place + 1 :]),))

    def cost(self, site: Site, at: Setting) -> Cost:
        kind = site.config.get("interpolation", "bilinear")
        flops = None if site.config.get("antialias") else INTERPOLATIONS.get(kind)
        return Cost(other=(flops or 0) * at.elements(site.outputs[0]), span=flops or 0, uncounted=int(flops is None))


class CenterCrop(Resampling):
    """The middle of an image; one that is too small is enlarged first, bilinearly."""

    def cost(self, site: Site, at: Setting) -> Cost:
        before, _ = split_channels(site, site.inputs[0])
        after, _ = split_channels(site, site.outputs[0])
        if all(old >= new for old, new in zip(before, map(baseline_size, after), strict=True)):
            return Cost()
        return super().cost(site, at)


class RandomCrop(Resampling):
    """A part of each image in training; when the model is used, its largest part of that shape, made to size."""

    random = True

    def cost(self, site: Site, at: Setting) -> Cost:
        before, after = (split_channels(site, shape)[0] for shape in (site.inputs[0], site.outputs[0]))
        return Cost() if before == after else super().cost(site, at)


_IN_TRAINING = (
    *("AugMix", "CutMix", "Equalization", "MaxNumBoundingBoxes", "MixUp", "RandAugment", "Solarization"),
    *("RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomElasticTransform"),
    *("RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert"),
    *("RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness"),
    *("RandomShear", "RandomTranslation", "RandomZoom"),
)
for _kind in _IN_TRAINING:
    register_layer_rule(_kind, Regularization())
register_layer_rule("Resizing", Resampling())
register_layer_rule("CenterCrop", CenterCrop())
register_layer_rule("RandomCrop", RandomCrop())
# To 0 ... 255 and back (4), the smallest and the largest (2), a factor and an offset (2), clipped (2).
register_layer_rule("AutoContrast", Kept("stretches each channel between its smallest and largest value", makes=10))
