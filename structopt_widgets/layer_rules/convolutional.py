"""Rules of convolutions. Space is fixed by the model's input; channels are widths."""

from __future__ import annotations

from typing import Any

from ..graph import Dim, Product, Shape, ceil_log2
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Setting, Site, WeightAxes, activation_of, fixed_size


def split_channels(site: Site, shape: Shape) -> tuple[list[int], Dim]:
    """Space and channels of a shape, in either data format. A width that a reshape made a length stays as it is."""
    first = site.config.get("data_format") == "channels_first"
    space, channels = (shape[1:], shape[0]) if first else (shape[:-1], shape[-1])
    site.freeze(space, "slides a window along it")
    return [fixed_size(dim) for dim in space], channels


def join_channels(site: Site, space: list[int], channels: Dim) -> Shape:
    """The shape :func:`split_channels` took apart."""
    if site.config.get("data_format") == "channels_first":
        return (channels, *space)
    return (*space, channels)


def window_positions(
    space: list[int], window: list[int], strides: list[int], padding: str, dilation: list[int]
) -> list[int]:
    """How many places a window stops at along each axis, as Keras defines its paddings."""
    if padding in ("same", "causal"):
        return [-(-n // step) for n, step in zip(space, strides, strict=True)]
    reach = [(k - 1) * gap + 1 for k, gap in zip(window, dilation, strict=True)]
    return [(n - k) // step + 1 for n, k, step in zip(space, reach, strides, strict=True)]


def as_list(value: Any, length: int) -> list[int]:
    """A configuration entry that may be one number for all axes, as a list of ``length``."""
    return [value] * length if isinstance(value, int) else list(value)


def _convolved(site: Site, channels: Dim) -> Shape:
    space, _ = split_channels(site, site.inputs[0])
    config, rank = site.config, len(space)
    positions = window_positions(
        space,
        as_list(config["kernel_size"], rank),
        as_list(config["strides"], rank),
        config["padding"],
        as_list(config["dilation_rate"], rank),
    )
    return join_channels(site, positions, channels)


class _Convolution(LayerRule):
    """What convolutions share: each output sums ``taps`` products; then bias and activation."""

    bias_key = "use_bias"
    activation_key = "activation"

    def taps(self, site: Site, at: Setting) -> Any:
        """Products summed into one output."""
        window = 1
        for length in as_list(site.config["kernel_size"], len(site.inputs[0]) - 1):
            window *= length
        return window

    def cost(self, site: Site, at: Setting) -> Cost:
        taps = self.taps(site, at)
        outputs = at.elements(site.outputs[0])
        activation = activation_of(site, at)
        return Cost(
            macs=taps * outputs,
            other=at.bias(site) * outputs + activation.other,
            # An activation inside a convolution runs along the last axis, whatever the data format.
            span=1 + ceil_log2(taps) + at.bias(site) + activation.span,
            uncounted=activation.uncounted,
        )


class Convolution(_Convolution):
    """Conv1D, Conv2D, Conv3D, with groups: each group sees its share of the input channels."""

    initializer_key = "kernel_initializer"

    def connect(self, site: Site) -> Connection:
        _, channels = split_channels(site, site.inputs[0])
        groups, filters = site.config["groups"], site.config["filters"]
        fan_in = site.split(channels, groups, f"convolves them in {groups} groups")
        width = site.new_width(filters)
        filters_a_group = site.split(width, groups, f"makes them in {groups} groups")
        output: Dim = width if groups == 1 else Product(groups, filters_a_group)
        window = as_list(site.config["kernel_size"], len(site.inputs[0]) - 1)
        return Connection(
            outputs=(_convolved(site, output),),
            weights=(
                WeightAxes("kernel", (*window, fan_in, output), incoming=len(window) + 1),
                WeightAxes("bias", (output,), is_bias=True),
            ),
        )

    def taps(self, site: Site, at: Setting) -> Any:
        _, channels = split_channels(site, site.inputs[0])
        groups = site.config["groups"]
        fan_in = at.size(channels) if groups == 1 else at.size(channels) // groups
        return super().taps(site, at) * fan_in

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"filters": at.size(split_channels(site, site.outputs[0])[1])}


class DepthwiseConvolution(_Convolution):
    """Each channel is convolved by itself, ``depth_multiplier`` times."""

    initializer_key = "depthwise_initializer"

    def connect(self, site: Site) -> Connection:
        _, channels = split_channels(site, site.inputs[0])
        multiplier = site.config["depth_multiplier"]
        output: Dim = channels if multiplier == 1 else Product(channels, multiplier)
        window = as_list(site.config["kernel_size"], len(site.inputs[0]) - 1)
        return Connection(
            outputs=(_convolved(site, output),),
            weights=(
                WeightAxes("kernel", (*window, channels, multiplier)),
                WeightAxes("bias", (output,), is_bias=True),
            ),
        )


for _kind in ("Conv1D", "Conv2D", "Conv3D"):
    register_layer_rule(_kind, Convolution())
for _kind in ("DepthwiseConv1D", "DepthwiseConv2D"):
    register_layer_rule(_kind, DepthwiseConvolution())
