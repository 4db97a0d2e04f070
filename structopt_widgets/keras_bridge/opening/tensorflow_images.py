"""Functions of TensorFlow on images and convolutions, as operations of ``keras.ops``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from .tensorflow_arguments import lengths_of, number_of, refuse


def _resize(given: dict[str, Any]) -> Any:
    if given["preserve_aspect_ratio"]:
        refuse("resizing that keeps proportions")
    size = tuple(lengths_of(given["size"]))
    return ops.image.resize(given["images"], size, interpolation=given["method"], antialias=bool(given["antialias"]))


def _resized_by_corners(given: dict[str, Any]) -> Any:
    """Linearly, along one axis after the other, where the corners of both images are the same places."""
    if not given["align_corners"] or given["preserve_aspect_ratio"] or given["method"] not in (0, "bilinear"):
        refuse("resizing as in version 1")
    made = ops.cast(given["images"], "float32")
    for axis, length in zip((-3, -2), lengths_of(given["size"]), strict=True):
        last = made.shape[axis] - 1
        places = np.linspace(0, last, length, dtype="float32")
        before = np.floor(places).astype("int32")
        one, other = (ops.take(made, np.minimum(each, last), axis=axis) for each in (before, before + 1))
        share = (places - before).reshape(-1, *(1,) * (-axis - 1))
        made = ops.add(one, ops.multiply(ops.subtract(other, one), share))
    return made


def _cropped(given: dict[str, Any]) -> Any:
    top, left, height, width = _box(given)
    return given["image"][..., top : top + height, left : left + width, :]


def _padded(given: dict[str, Any]) -> Any:
    top, left, height, width = _box(given)
    *rest, rows, columns, _ = given["image"].shape
    space = [[top, height - top - rows], [left, width - left - columns]]
    return ops.pad(given["image"], [*[[0, 0]] * len(rest), *space, [0, 0]])


def _box(given: dict[str, Any]) -> list[int]:
    names = ("offset_height", "offset_width", "target_height", "target_width")
    return [number_of(given[name]) for name in names]


def _patches(given: dict[str, Any]) -> Any:
    size, strides, rates = (tuple(lengths_of(given[name])[1:3]) for name in ("sizes", "strides", "rates"))
    """By slices: Keras's own is a convolution with ones and zeros, which computes what here is only moved."""
    images, spans = given["images"], [rate * (each - 1) + 1 for each, rate in zip(size, rates, strict=True)]
    lengths = images.shape[1:3]
    if given["padding"].upper() == "SAME":
        more = [
            max(0, (math.ceil(length / stride) - 1) * stride + span - length)
            for length, stride, span in zip(lengths, strides, spans, strict=True)
        ]
        images = ops.pad(images, [[0, 0], *([each // 2, each - each // 2] for each in more), [0, 0]])
        lengths = images.shape[1:3]
    made = [(length - span) // stride + 1 for length, stride, span in zip(lengths, strides, spans, strict=True)]
    if size == strides and rates == (1, 1):
        # Side by side, as an image is cut for a vision transformer.
        (rows, columns), (high, wide), width = made, size, images.shape[-1]
        tiles = ops.reshape(images[:, : rows * high, : columns * wide], (-1, rows, high, columns, wide, width))
        return ops.reshape(ops.transpose(tiles, (0, 1, 3, 2, 4, 5)), (-1, rows, columns, high * wide * width))
    parts = [
        images[
            :,
            row : row + (made[0] - 1) * strides[0] + 1 : strides[0],
            column : column + (made[1] - 1) * strides[1] + 1 : strides[1],
        ]
        for row in range(0, spans[0], rates[0])
        for column in range(0, spans[1], rates[1])
    ]
    return ops.concatenate(parts, axis=-1)


def _convolution(function: Callable[..., Any], kernel: str, strides: str) -> Callable[[dict[str, Any]], Any]:
    def call(given: dict[str, Any]) -> Any:
        rank = len(given["input"].shape) - 2
        inner, outer = (_each_axis(given[name], rank) for name in ("dilations", strides))
        x, padding = _edged(given)
        return function(x, given[kernel], outer, padding, _channels_last(given), inner)

    return call


def _edged(given: dict[str, Any]) -> tuple[Any, str]:
    """The input, and how it is padded: by so many on each side beforehand where that is said."""
    if isinstance(given["padding"], str):
        return given["input"], _padding(given)
    return ops.pad(given["input"], lengths_of(given["padding"])), "valid"


def _separable(given: dict[str, Any]) -> Any:
    inner, outer = (_each_axis(given[name], 2) for name in ("dilations", "strides"))
    x, padding = _edged(given)
    apart = ops.depthwise_conv(x, given["depthwise_filter"], outer, padding, _channels_last(given), inner)
    return ops.conv(apart, given["pointwise_filter"], 1, "valid")


def _as_version_2(function: Callable[[dict[str, Any]], Any], **names: str) -> Callable[[dict[str, Any]], Any]:
    """What version 1 of TensorFlow calls by other names, of which some may be given instead of others."""

    def call(given: Any) -> Any:
        for new, old in names.items():
            given.data[new] = given[new] if given.data.get(new) is not None else given[old]
        return function(given)

    return call


def _transposed(given: dict[str, Any]) -> Any:
    """The size that is asked for says how much of the last stride is there."""
    x, kernel, padding = given["input"], given["filters"], _padding(given)
    rank = len(x.shape) - 2
    strides, dilations = (_each_axis(given[name], rank) for name in ("strides", "dilations"))
    if _channels_last(given) != "channels_last":
        refuse("channels before space")
    wanted = _each_axis(given["output_shape"], rank)
    spans = [rate * (size - 1) + 1 for rate, size in zip(dilations, kernel.shape[:rank], strict=True)]
    least = [
        (length - 1) * stride + span - (2 * (span // 2) if padding == "same" else 0)
        for length, stride, span in zip(x.shape[1:-1], strides, spans, strict=True)
    ]
    more = tuple(size - start for size, start in zip(wanted, least, strict=True))
    return ops.conv_transpose(x, kernel, strides, padding, more, "channels_last", dilations)


def _pool(function: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    def call(given: dict[str, Any]) -> Any:
        rank = len(given["input"].shape) - 2
        size, strides = (_each_axis(given[name], rank) for name in ("ksize", "strides"))
        return function(given["input"], size, strides, _padding(given), _channels_last(given))

    return call


def _each_axis(value: Any, rank: int) -> tuple[int, ...]:
    """One number for each axis of space, of what may name batch and channels as well."""
    value = 1 if value is None else lengths_of(value)
    many = value if isinstance(value, list) else [value]
    return tuple(many[1:-1] if len(many) == rank + 2 else many * rank if len(many) == 1 else many)


def _padding(given: dict[str, Any]) -> str:
    padding = given["padding"]
    return str(padding).lower() if isinstance(padding, str) else refuse("padding by so many")


def _channels_last(given: dict[str, Any]) -> str:
    layout = given["data_format"]
    return "channels_last" if layout is None or layout.endswith("C") else refuse("channels before space")


IMAGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "atrous_conv2d": lambda a: ops.conv(a["value"], a["filters"], 1, _padding(a), dilation_rate=number_of(a["rate"])),
    "avg_pool1d": _pool(ops.average_pool),
    "avg_pool2d": _pool(ops.average_pool),
    "avg_pool": _as_version_2(_pool(ops.average_pool), input="value"),
    "avg_pool_v2": _pool(ops.average_pool),
    "conv1d_v2": _convolution(ops.conv, "filters", "stride"),
    "conv1d_transpose": _transposed,
    "conv2d_transpose_v2": _transposed,
    "conv2d_v2": _convolution(ops.conv, "filters", "strides"),
    "conv3d_transpose_v2": _transposed,
    "conv_transpose": _transposed,
    "convolution_v2": _convolution(ops.conv, "filters", "strides"),
    "convolution": _as_version_2(
        _convolution(ops.conv, "filters", "strides"), filters="filter", dilations="dilation_rate"
    ),
    "crop_to_bounding_box": _cropped,
    "depth_to_space_v2": lambda a: ops.nn.depth_to_space(a["input"], number_of(a["block_size"]), _channels_last(a)),
    "depthwise_conv2d_v2": _convolution(ops.depthwise_conv, "filter", "strides"),
    "extract_image_patches_v2": _patches,
    "flip_left_right": lambda a: ops.flip(a["image"], axis=-2),
    "flip_up_down": lambda a: ops.flip(a["image"], axis=-3),
    "max_pool": _as_version_2(_pool(ops.max_pool), input="value"),
    "max_pool1d": _pool(ops.max_pool),
    "max_pool2d": _pool(ops.max_pool),
    "max_pool_v2": _pool(ops.max_pool),
    "pad_to_bounding_box": _padded,
    "resize_images": _resized_by_corners,
    "resize_images_v2": _resize,
    "separable_conv2d_v2": _separable,
    "space_to_depth_v2": lambda a: ops.nn.space_to_depth(a["input"], number_of(a["block_size"]), _channels_last(a)),
}
