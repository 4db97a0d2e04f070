"""Rules of convolutions. Space is fixed by the model's input; channels are widths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import Dim, Product, Shape, baseline_size, product
from ..graph.dimensions import symbols
from ..graph.wording import say
from .meaning import Role
from .operations import Operations
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, WeightAxes, fixed_size, weighted_cost


def split_channels(site: Site, shape: Shape) -> tuple[list[int], Dim]:
    """Space and channels of a shape, in either data format. A width that a reshape made a length stays as it is."""
    space, channels = channels_aside(site, shape)
    site.fix(space, "slides a window along it")
    return [fixed_size(dim) for dim in space], channels


def channels_aside(site: Site, shape: Shape) -> tuple[Shape, Dim]:
    """The same, of which any length may be a width that moves."""
    first = site.config.get("data_format") == "channels_first"
    return (shape[1:], shape[0]) if first else (shape[:-1], shape[-1])


def slid(site: Site, window: list[int], strides: list[int], dilation: list[int]) -> list[Dim]:
    """The lengths that a window makes of those it slides along. One that stays as it is may be a width."""
    space, _ = channels_aside(site, site.inputs[0])
    padding = str(site.config["padding"])
    site.fix(
        tuple(dim for dim, *move in zip(space, window, strides, strict=True) if not _stays(padding, *move)),
        "slides a window along it",
    )
    moved = window_positions([fixed_size(dim) for dim in space], window, strides, padding, dilation)
    moves = zip(space, moved, window, strides, strict=True)
    return [dim if _stays(padding, *move) else length for dim, length, *move in moves]


def slides_along(site: Site, window: list[int], strides: list[int]) -> Shape:
    """The widths among the lengths that a window slides along: there one place is computed from its neighbours."""
    space, _ = channels_aside(site, site.inputs[0])
    moves = zip(space, window, strides, strict=True)
    found = [dim for dim, *move in moves if move[0] > 1 and _stays(str(site.config["padding"]), *move)]
    return tuple(dim for dim in found if any(each.fixed is None for each in symbols(dim)))


def _stays(padding: str, window: int, step: int) -> bool:
    return step == 1 and (window == 1 or padding in ("same", "causal"))


def join_channels(site: Site, space: Sequence[Dim], channels: Dim) -> Shape:
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
    window, strides = _window(site)
    return join_channels(
        site, slid(site, window, strides, as_list(site.config["dilation_rate"], len(window))), channels
    )


def _window(site: Site) -> tuple[list[int], list[int]]:
    rank = len(site.inputs[0]) - 1
    return as_list(site.config["kernel_size"], rank), as_list(site.config["strides"], rank)


class _Convolution(LayerRule):
    """What convolutions share: each output sums ``taps`` products; then bias and activation."""

    bias_key = "use_bias"
    activation_key = "activation"

    def ignores_padding_at(self, site: Site) -> bool:
        return super().ignores_padding_at(site) and not slides_along(site, *_window(site))

    def mixing(self, site: Site) -> Mixing:
        return super().mixing(site) + Mixing(summed=slides_along(site, *_window(site)))

    def taps(self, site: Site, at: Setting) -> Any:
        """Products summed into one output."""
        return product(_window(site)[0])

    def cost(self, site: Site, at: Setting) -> Cost:
        # An activation inside a convolution runs along the last axis, whatever the data format.
        return weighted_cost(site, at, over=self.taps(site, at))


class Convolution(_Convolution):
    """Conv1D, Conv2D, Conv3D, with groups: each group sees its share of the input channels.

    A group a channel is a depthwise convolution under another name: its groups follow its input.
    """

    role = Role.CONVOLUTION
    ignores_padding = True
    initializer_key = "kernel_initializer"

    def connect(self, site: Site) -> Connection:
        _, channels = channels_aside(site, site.inputs[0])
        groups, filters = site.config["groups"], site.config["filters"]
        if _is_depthwise(site):
            each = filters // groups
            output: Dim = channels if each == 1 else Product(channels, each)
            window = _window(site)[0]
            return Connection(
                outputs=(_convolved(site, output),),
                weights=(WeightAxes("kernel", (*window, 1, output)), WeightAxes("bias", (output,), is_bias=True)),
            )
        fan_in = site.split(channels, groups, say("convolves them in {n} groups", n=groups))
        width = site.new_width(filters)
        filters_a_group = site.split(width, groups, say("makes them in {n} groups", n=groups))
        output = width if groups == 1 else Product(groups, filters_a_group)
        window = _window(site)[0]
        return Connection(
            outputs=(_convolved(site, output),),
            weights=(
                WeightAxes("kernel", (*window, fan_in, output), incoming=len(window) + 1),
                WeightAxes("bias", (output,), is_bias=True),
            ),
        )

    def taps(self, site: Site, at: Setting) -> Any:
        _, channels = channels_aside(site, site.inputs[0])
        groups = site.config["groups"]
        if _is_depthwise(site):
            return super().taps(site, at)
        fan_in = at.size(channels) if groups == 1 else at.size(channels) // groups
        return super().taps(site, at) * fan_in

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        sizes = {"filters": at.size(channels_aside(site, site.outputs[0])[1])}
        if _is_depthwise(site):
            sizes["groups"] = at.size(channels_aside(site, site.inputs[0])[1])
        return sizes


def _is_depthwise(site: Site) -> bool:
    groups = site.config["groups"]
    return groups > 1 and groups == baseline_size(channels_aside(site, site.inputs[0])[1])


class DepthwiseConvolution(_Convolution):
    """Each channel is convolved by itself, ``depth_multiplier`` times."""

    role = Role.DEPTHWISE_CONVOLUTION
    ignores_padding = True
    initializer_key = "depthwise_initializer"

    def connect(self, site: Site) -> Connection:
        _, channels = channels_aside(site, site.inputs[0])
        multiplier = site.config["depth_multiplier"]
        output: Dim = channels if multiplier == 1 else Product(channels, multiplier)
        window = _window(site)[0]
        return Connection(
            outputs=(_convolved(site, output),),
            weights=(
                WeightAxes("kernel", (*window, channels, multiplier)),
                WeightAxes("bias", (output,), is_bias=True),
            ),
        )


class SeparableConvolution(_Convolution):
    """A depthwise convolution, then a product over channels at each position."""

    initializer_key = "pointwise_initializer"

    def connect(self, site: Site) -> Connection:
        _, channels = channels_aside(site, site.inputs[0])
        width = site.new_width(site.config["filters"])
        window = _window(site)[0]
        return Connection(
            outputs=(_convolved(site, width),),
            weights=(
                WeightAxes("depthwise_kernel", (*window, channels, site.config["depth_multiplier"])),
                WeightAxes(
                    "pointwise_kernel",
                    (*[1] * len(window), self._between(site), width),
                    incoming=len(window) + 1,
                ),
                WeightAxes("bias", (width,), is_bias=True),
            ),
        )

    def cost(self, site: Site, at: Setting) -> Cost:
        depthwise, pointwise = self.taps(site, at), at.size(self._between(site))
        outputs = at.elements(site.outputs[0])
        positions = at.elements(channels_aside(site, site.outputs[0])[0])
        operations = Operations(site)
        between = operations.weighted(0, positions * pointwise, over=depthwise)
        made = operations.weighted(between, outputs, over=pointwise)
        made = operations.biased(made, outputs, at.bias(site))
        operations.activated(made, outputs, at.activation(site), at.size(site.outputs[0][-1]))
        return operations.cost()

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"filters": at.size(channels_aside(site, site.outputs[0])[1])}

    def _between(self, site: Site) -> Dim:
        """The channels between the two convolutions."""
        _, channels = channels_aside(site, site.inputs[0])
        multiplier = site.config["depth_multiplier"]
        return channels if multiplier == 1 else Product(channels, multiplier)


class TransposedConvolution(LayerRule):
    """Each input spreads over a window of outputs: the products are those of its inputs, not of its outputs."""

    bias_key = "use_bias"
    activation_key = "activation"
    initializer_key = "kernel_initializer"

    def connect(self, site: Site) -> Connection:
        space, channels = split_channels(site, site.inputs[0])
        config, rank = site.config, len(space)
        width = site.new_width(config["filters"])
        window = as_list(config["kernel_size"], rank)
        lengths = zip(
            space,
            window,
            as_list(config["strides"], rank),
            as_list(config["dilation_rate"], rank),
            [None] * rank if config["output_padding"] is None else as_list(config["output_padding"], rank),
            strict=True,
        )
        positions = [_transposed_length(*each, padding=config["padding"]) for each in lengths]
        return Connection(
            outputs=(join_channels(site, positions, width),),
            weights=(
                WeightAxes("kernel", (*window, width, channels), incoming=rank),
                WeightAxes("bias", (width,), is_bias=True),
            ),
        )

    def cost(self, site: Site, at: Setting) -> Cost:
        space, channels = split_channels(site, site.inputs[0])
        _, width = split_channels(site, site.outputs[0])
        lengths, rank = as_list(site.config["kernel_size"], len(space)), len(space)
        window = product(lengths)
        # Neighbouring windows overlap: that many of them meet in one output.
        meeting = product(-(-k // step) for k, step in zip(lengths, as_list(site.config["strides"], rank), strict=True))
        fan_in = at.size(channels)
        return weighted_cost(site, at, over=meeting * fan_in, macs=product(space) * window * fan_in * at.size(width))

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"filters": at.size(split_channels(site, site.outputs[0])[1])}


def _transposed_length(length: int, window: int, step: int, gap: int, extra: int | None, *, padding: str) -> int:
    """Positions a transposed convolution makes along one axis, as Keras defines its paddings."""
    reach = (window - 1) * gap + 1
    if extra is None:
        return length * step if padding == "same" else length * step + max(reach - step, 0)
    return (length - 1) * step + reach - (2 * (reach // 2) if padding == "same" else 0) + extra


for _kind in ("Conv1D", "Conv2D", "Conv3D"):
    register_layer_rule(_kind, Convolution())
for _kind in ("DepthwiseConv1D", "DepthwiseConv2D"):
    register_layer_rule(_kind, DepthwiseConvolution())
for _kind in ("SeparableConv1D", "SeparableConv2D"):
    register_layer_rule(_kind, SeparableConvolution())
for _kind in ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"):
    register_layer_rule(_kind, TransposedConvolution())
