"""Rules of what is made of signals: Fourier transforms and spectrograms."""

from __future__ import annotations

from dataclasses import dataclass

from ..graph import Shape, baseline_size, ceil_log2
from ..graph.dimensions import has_batch
from .bare_axes import register_bare
from .kept import Kept
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, UnsupportedLayerError

BECAUSE = "transforms it as a signal"


def fourier(length: int, is_real: bool = False) -> int:
    """Operations of a fast Fourier transform: 5 n log2 n, half of it for real values (Frigo and Johnson 2005)."""
    flops = 5 * length * ceil_log2(length)
    return flops // 2 if is_real else flops


@dataclass(frozen=True)
class Transform(LayerRule):
    """A Fourier transform along the last ``axes``: as many values come out as go in, and each is made of all."""

    sees_batch = True
    axes: int = 1

    def connect(self, site: Site) -> Connection:
        shape, *others = site.inputs
        for other in others:  # the imaginary part
            for one, two in zip(shape, other, strict=True):
                site.tie(one, two, "transforms them as one signal")
        if any(map(has_batch, shape[-self.axes :])):
            raise UnsupportedLayerError("there is none for transforming the samples of a batch")
        made = self.made(site, shape)
        return Connection((made,) * len(site.call.outputs))

    def made(self, site: Site, shape: Shape) -> Shape:
        """The shape of what comes out."""
        return shape

    def cost(self, site: Site, at: Setting) -> Cost:
        shape = site.inputs[0]
        depth = sum(5 * ceil_log2(at.size(dim)) for dim in shape[-self.axes :])
        return Cost(other=depth * at.elements(shape), span=depth, passes=len(shape) > self.axes)

    def mixing(self, site: Site) -> Mixing:
        return Mixing(summed=tuple(site.inputs[0][-self.axes :]))


class RealTransform(Transform):
    """The same of real values, whose spectrum has one half; or back (``inverse``). The length stays as it is."""

    inverse: bool = False

    def made(self, site: Site, shape: Shape) -> Shape:
        site.fix((shape[-1],), BECAUSE)
        length, given = baseline_size(shape[-1]), site.config.get("fft_length")
        if self.inverse:
            return (*shape[:-1], given or 2 * (length - 1))
        return (*shape[:-1], (given or length) // 2 + 1)

    def cost(self, site: Site, at: Setting) -> Cost:
        *rest, last = site.inputs[0]
        # The real side is the longer one, of the transform and of its inverse.
        length = max(baseline_size(last), baseline_size(site.outputs[0][-1]))
        return Cost(
            other=at.elements(tuple(rest)) * fourier(length, is_real=True),
            span=5 * ceil_log2(length),
            passes=len(rest) > 0,
        )


class RealInverse(RealTransform):
    """From a spectrum to real values."""

    inverse = True


def _spectrogram(site: Site, at: Setting) -> Cost:
    """A filter of ``frame_length`` for each frequency, real, imaginary or both; then what the mode makes of them."""
    config = site.config
    per_value = {"real": 0, "imag": 0, "stft": 0, "angle": 1, "psd": 4, "magnitude": 5, "log": 7}[config["mode"]]
    parts = 1 if config["mode"] in ("real", "imag", "stft") else 2
    made = at.elements(site.outputs[0])
    return Cost(
        macs=parts * made * config["frame_length"],
        other=per_value * made,
        span=1 + ceil_log2(config["frame_length"]) + per_value,
    )


def _mel(site: Site, at: Setting) -> Cost:
    """Frames, windowed and transformed; the size of each frequency; a product with the bank of filters; decibels."""
    config = site.config
    made = at.elements(site.outputs[0])
    length, bins = config["fft_length"], config["fft_length"] // 2 + 1
    frames = made // config["num_mel_bins"]
    decibels = 5 * int(config["power_to_db"])  # maximum, logarithm, multiply, subtract, maximum
    return Cost(
        macs=made * bins,
        # Two squares, their sum, its root, a power.
        other=frames * (length + fourier(length, is_real=True) + 5 * bins) + decibels * made,
        span=1 + 5 * ceil_log2(length) + 4 + 1 + ceil_log2(bins) + decibels,
    )


def _short_time(site: Site, at: Setting) -> Cost:
    """A window, then a transform of each frame."""
    length, bins = site.config["fft_length"], site.config["fft_length"] // 2 + 1
    frames = at.elements(site.outputs[0]) // bins
    windowed = int(site.config.get("window") is not None) * site.config["sequence_length"]
    return Cost(other=frames * (windowed + fourier(length, is_real=True)), span=1 + 5 * ceil_log2(length))


register_bare(Kept(BECAUSE, counted=_short_time), "STFT")
register_bare(Transform(), "FFT")
register_bare(Transform(2), "FFT2", "IFFT2")
register_bare(RealTransform(), "RFFT")
register_bare(RealInverse(), "IRFFT")
register_layer_rule("STFTSpectrogram", Kept(BECAUSE, counted=_spectrogram))
register_layer_rule("MelSpectrogram", Kept(BECAUSE, counted=_mel))
