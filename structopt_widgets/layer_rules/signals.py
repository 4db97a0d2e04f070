"""Rules of what is made of signals: Fourier transforms and spectrograms."""

from __future__ import annotations

from ..graph import baseline_size, ceil_log2
from .bare_axes import register_bare
from .kept import Kept
from .registry import register_layer_rule
from .rule import Cost, Setting, Site

BECAUSE = "transforms it as a signal"


def fourier(length: int, is_real: bool = False) -> int:
    """Operations of a fast Fourier transform: 5 n log2 n, half of it for real values (Frigo and Johnson 2005)."""
    flops = 5 * length * ceil_log2(length)
    return flops // 2 if is_real else flops


def _transformed(axes: int, is_real: bool = False) -> Kept:
    def cost(site: Site, at: Setting) -> Cost:
        shape = [baseline_size(dim) for dim in site.inputs[0]]
        if is_real:
            # The real side is the longer one, of the transform and of its inverse.
            shape[-1] = max(shape[-1], baseline_size(site.outputs[0][-1]))
        lengths = shape[-axes:]
        elements = at.elements(tuple(shape))
        other = sum(elements // length * fourier(length, is_real) for length in lengths)
        return Cost(other=other, span=sum(5 * ceil_log2(length) for length in lengths))

    return Kept(BECAUSE, counted=cost)


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
register_bare(_transformed(1), "FFT")
register_bare(_transformed(2), "FFT2", "IFFT2")
register_bare(_transformed(1, is_real=True), "RFFT", "IRFFT")
register_layer_rule("STFTSpectrogram", Kept(BECAUSE, counted=_spectrogram))
register_layer_rule("MelSpectrogram", Kept(BECAUSE, counted=_mel))
