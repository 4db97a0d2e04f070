"""Every operation of ``keras.ops``: how a model may call it, or why it is listed as not counted."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops
from keras.layers import Layer

Called = Callable[[Any], Any]

WIDE = np.linspace(0.1, 1, 24).reshape(6, 4).astype("float32")
ROW = np.linspace(0.1, 1, 6).astype("float32")


PLACES = np.array([[0], [3]])
SEGMENTS = np.array([0, 0, 1, 2, 2])


def _rows_first(x: Any) -> Any:
    return ops.transpose(x, (1, 0, 2))


def _integers(x: Any) -> Any:
    return ops.cast(x * 7, "int32")


def _of(function: str, call: Callable[[Called, Any], Any]) -> Called:
    return functools.partial(call, getattr(ops, function))


def _kernel(*shape: int) -> np.ndarray:
    return np.linspace(-1, 1, int(np.prod(shape))).reshape(shape).astype("float32")


class _Opened(Layer):
    """A function as a layer of one's own."""

    def __init__(self, function: Called) -> None:
        super().__init__()
        self.function = function

    def call(self, x: Any) -> Any:
        return self.function(x)


# Of a tensor of shape (5, 6), all values between 0 and 1, whose last axis is a width. The width goes through.


def _square(x: Any) -> Any:
    """A matrix of the width on both sides, far from singular."""
    return ops.add(ops.matmul(ops.transpose(x, (0, 2, 1)), x), np.eye(6, dtype="float32"))


EDITABLE: dict[str, Called] = {
    **{
        name: getattr(ops, function)
        for name, function in {
            "Absolute": "absolute",
            "Angle": "angle",
            "Arccos": "arccos",
            "Arcsin": "arcsin",
            "Arcsinh": "arcsinh",
            "Arctan": "arctan",
            "Arctanh": "arctanh",
            "Cbrt": "cbrt",
            "Celu": "celu",
            "Conjugate": "conjugate",
            "Copy": "copy",
            "Cosh": "cosh",
            "Deg2rad": "deg2rad",
            "Elu": "elu",
            "Erf": "erf",
            "Erfc": "erfc",
            "Erfinv": "erfinv",
            "Exp": "exp",
            "Exp2": "exp2",
            "Expm1": "expm1",
            "Fabs": "fabs",
            "Floor": "floor",
            "Ceil": "ceil",
            "Cos": "cos",
            "Gelu": "gelu",
            "HardShrink": "hard_shrink",
            "HardSigmoid": "hard_sigmoid",
            "HardSilu": "hard_silu",
            "I0": "i0",
            "HardTanh": "hard_tanh",
            "Imag": "imag",
            "LeakyRelu": "leaky_relu",
            "Log": "log",
            "Log10": "log10",
            "Log1p": "log1p",
            "Log2": "log2",
            "LogSigmoid": "log_sigmoid",
            "LogSoftmax": "log_softmax",
            "NanToNum": "nan_to_num",
            "Negative": "negative",
            "Rad2deg": "rad2deg",
            "Real": "real",
            "Reciprocal": "reciprocal",
            "Relu": "relu",
            "Relu6": "relu6",
            "Round": "round",
            "Rsqrt": "rsqrt",
            "Selu": "selu",
            "Sigmoid": "sigmoid",
            "Sign": "sign",
            "Silu": "silu",
            "Sin": "sin",
            "Sinc": "sinc",
            "Sinh": "sinh",
            "SoftShrink": "soft_shrink",
            "Softmax": "softmax",
            "Softplus": "softplus",
            "Softsign": "softsign",
            "SparsePlus": "sparse_plus",
            "SparseSigmoid": "sparse_sigmoid",
            "Sparsemax": "sparsemax",
            "Sqrt": "sqrt",
            "Square": "square",
            "Squareplus": "squareplus",
            "Tan": "tan",
            "Tanh": "tanh",
            "TanhShrink": "tanh_shrink",
            "Trunc": "trunc",
            "ZerosLike": "zeros_like",
            "OnesLike": "ones_like",
            "Sort": "sort",
            "Normalize": "normalize",
            "StopGradient": "stop_gradient",
        }.items()
    },
    "Arccosh": lambda x: ops.arccosh(x + 1.0),
    **{
        name: _of(function, lambda f, x: f(x, x + 0.5))
        for name, function in {
            "Add": "add",
            "Arctan2": "arctan2",
            "Divide": "divide",
            "DivideNoNan": "divide_no_nan",
            "FloorDivide": "floor_divide",
            "Fmax": "fmax",
            "Fmin": "fmin",
            "Fmod": "fmod",
            "Heaviside": "heaviside",
            "Hypot": "hypot",
            "Logaddexp": "logaddexp",
            "Logaddexp2": "logaddexp2",
            "Maximum": "maximum",
            "Minimum": "minimum",
            "Mod": "mod",
            "Multiply": "multiply",
            "Nextafter": "nextafter",
            "Power": "power",
            "Subtract": "subtract",
            "TrueDivide": "true_divide",
        }.items()
    },
    **{
        name: _of(function, lambda f, x: ops.cast(f(x), "float32"))
        for name, function in {
            "Isfinite": "isfinite",
            "Isinf": "isinf",
            "Isnan": "isnan",
            "Isneginf": "isneginf",
            "Isposinf": "isposinf",
            "Isreal": "isreal",
            "Signbit": "signbit",
            "Argsort": "argsort",
        }.items()
    },
    **{
        name: _of(function, lambda f, x: ops.cast(f(x, x * x), "float32"))
        for name, function in {
            "Equal": "equal",
            "Greater": "greater",
            "GreaterEqual": "greater_equal",
            "Isclose": "isclose",
            "Less": "less",
            "LessEqual": "less_equal",
            "NotEqual": "not_equal",
        }.items()
    },
    **{
        name: functools.partial(
            lambda function, x: ops.cast(function(x > 0.3, x > 0.6), "float32"), getattr(ops, function)
        )
        for name, function in {
            "LogicalAnd": "logical_and",
            "LogicalOr": "logical_or",
            "LogicalXor": "logical_xor",
        }.items()
    },
    "LogicalNot": lambda x: ops.cast(ops.logical_not(x > 0.3), "float32"),
    **{
        name: functools.partial(
            lambda function, x: ops.cast(function(_integers(x), _integers(x * x)), "float32"), getattr(ops, function)
        )
        for name, function in {
            "BitwiseAnd": "bitwise_and",
            "BitwiseLeftShift": "bitwise_left_shift",
            "BitwiseOr": "bitwise_or",
            "BitwiseRightShift": "bitwise_right_shift",
            "BitwiseXor": "bitwise_xor",
            "Gcd": "gcd",
            "Lcm": "lcm",
            "LeftShift": "left_shift",
            "RightShift": "right_shift",
        }.items()
    },
    **{
        name: _of(function, lambda f, x: ops.cast(f(_integers(x)), "float32"))
        for name, function in {"BitwiseInvert": "bitwise_invert", "BitwiseNot": "bitwise_not"}.items()
    },
    "Ldexp": lambda x: ops.ldexp(x, 2),
    "Cast": lambda x: ops.cast(ops.cast(x, "float16"), "float32"),
    "SaturateCast": lambda x: ops.cast(ops.saturate_cast(x, "float16"), "float32"),
    "Clip": lambda x: ops.clip(x, 0.2, 0.8),
    "FullLike": lambda x: x + ops.full_like(x, 2.0),
    "Threshold": lambda x: ops.threshold(x, 0.5, 0.1),
    "Where": lambda x: ops.where(x > 0.5, x, 0.0),
    **{
        name: _of(function, lambda f, x: ops.cast(f(x, axis=1), "float32"))
        for name, function in {
            "All": "all",
            "Amax": "amax",
            "Amin": "amin",
            "Any": "any",
            "Argmax": "argmax",
            "Argmin": "argmin",
            "CountNonzero": "count_nonzero",
            "Logsumexp": "logsumexp",
            "Max": "max",
            "Mean": "mean",
            "Min": "min",
            "Nanargmax": "nanargmax",
            "Nanargmin": "nanargmin",
            "Nanmax": "nanmax",
            "Nanmean": "nanmean",
            "Nanmin": "nanmin",
            "Nanprod": "nanprod",
            "Nanstd": "nanstd",
            "Nansum": "nansum",
            "Nanvar": "nanvar",
            "Prod": "prod",
            "Ptp": "ptp",
            "Std": "std",
            "Sum": "sum",
            "Var": "var",
            "Cumprod": "cumprod",
            "Cumsum": "cumsum",
            "Nancumprod": "nancumprod",
            "Nancumsum": "nancumsum",
            "Norm": "norm",
            "Flip": "flip",
        }.items()
    },
    "ConvertToTensor": ops.convert_to_tensor,
    "BinaryCrossentropy": lambda x: ops.binary_crossentropy(x * 0.5, x),
    "CategoricalCrossentropy": lambda x: ops.categorical_crossentropy(x * 0.5, x),
    "ScatterUpdate": lambda x: _rows_first(ops.scatter_update(_rows_first(x), PLACES, _rows_first(x)[:2, :], "add")),
    "SliceUpdate": lambda x: ops.slice_update(x, (0, 2, 0), x[:, :2]),
    **{
        name: _of(function, lambda call, x: ops.transpose(call(_rows_first(x), SEGMENTS, num_segments=3), (1, 0, 2)))
        for name, function in {"SegmentSum": "segment_sum", "SegmentMax": "segment_max"}.items()
    },
    "Moments": lambda x: ops.add(*ops.moments(x, axes=[1])),
    "Roll": lambda x: ops.roll(x, 2, axis=1),
    "Pad": lambda x: ops.pad(x, [[0, 0], [1, 2], [3, 1]]),
    "Take": lambda x: ops.take(x, [0, 3, 3], axis=1),
    "Unstack": lambda x: ops.unstack(x, axis=1)[2],
    "Glu": lambda x: ops.glu(x),
    "GetItem": lambda x: x[:, None, 1:3],
    "Hstack": lambda x: ops.hstack([x, x]),
    "Dstack": lambda x: ops.dstack([x, x]),
    "Concatenate": lambda x: ops.concatenate([x, x * 2.0], axis=-1),
    "Stack": lambda x: ops.stack([x, x * 2.0], axis=1),
    "Split": lambda x: ops.split(x, 2, axis=-1)[1],
    "Reshape": lambda x: ops.reshape(x, (-1, 5, 1, 6)),
    "Transpose": lambda x: ops.transpose(x, (0, 2, 1)),
    "Swapaxes": lambda x: ops.swapaxes(x, 1, 2),
    "Moveaxis": lambda x: ops.moveaxis(x, 1, 2),
    "ExpandDims": lambda x: ops.expand_dims(x, 1),
    "Squeeze": lambda x: ops.squeeze(ops.expand_dims(x, 1), 1),
    "Tile": lambda x: ops.tile(x, (1, 2, 1)),
    "Repeat": lambda x: ops.repeat(x, 2, axis=1),
    "BroadcastTo": lambda x: ops.broadcast_to(ops.max(x, 1, keepdims=True), (2, 5, 6)),
    "Matmul": lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))),
    "Einsum": lambda x: ops.einsum("abc,abc->ab", x, x),
    "DotProductAttention": lambda x: ops.dot_product_attention(*[ops.expand_dims(x, 2)] * 3),
    "AveragePool": lambda x: ops.average_pool(x, 2),
    "MaxPool": lambda x: ops.max_pool(x, 2),
    "Resize": lambda x: ops.image.resize(ops.expand_dims(x, 1), (2, 3)),
    "AffineTransform": lambda x: ops.image.affine_transform(ops.expand_dims(x, 1), np.eye(8, dtype="float32")[0] * 0.9),
    "FFT": lambda x: ops.fft((x, x))[0],
    "FFT2": lambda x: ops.fft2((x, x))[0],
    "IFFT2": lambda x: ops.ifft2((x, x))[0],
    "ExtractPatches": lambda x: ops.image.extract_patches(ops.expand_dims(x, 1), (1, 2)),
    "Average": lambda x: ops.average(x, axis=1),
    "Diff": lambda x: ops.diff(x, axis=1),
    "Median": lambda x: ops.median(x, axis=1),
    "Nanmedian": lambda x: ops.nanmedian(x, axis=1),
    "Nanpercentile": lambda x: ops.nanpercentile(x, 30, axis=1),
    "Nanquantile": lambda x: ops.nanquantile(x, 0.3, axis=1),
    "Percentile": lambda x: ops.percentile(x, 30, axis=1),
    "Quantile": lambda x: ops.quantile(x, 0.3, axis=1),
    "Trapezoid": lambda x: ops.trapezoid(x, axis=1),
}
# With the number of samples, their second argument, among theirs, as an opened layer calls them.
SIZED: dict[str, Callable[[Any, Any], Any]] = {
    "Scatter": lambda x, samples: _rows_first(ops.scatter(PLACES, _rows_first(x)[:2, :], (5, samples, x.shape[-1]))),
    "Slice": lambda x, samples: ops.slice(x, (0, 1, 0), (samples, 3, x.shape[-1])),
}
# The width stays as it is; what they compute is counted.
COUNTED: dict[str, Called] = {
    "Append": lambda x: ops.append(x, x, axis=1),
    "ArraySplit": lambda x: ops.array_split(x, 2, axis=1)[0],
    "BatchNorm": lambda x: ops.batch_normalization(x, ROW, ROW, -1),
    "Conv": lambda x: ops.conv(x, _kernel(2, 6, 3)),
    # Called by itself it cannot be run, which is an error of Keras 3.15; in the call() of a layer it can.
    "ConvTranspose": lambda x: _Opened(lambda y: ops.conv_transpose(y, _kernel(2, 3, 6)))(x),
    "Cholesky": lambda x: ops.cholesky(_square(x)),
    "Cross": lambda x: ops.cross(x[..., :3], x[..., 3:]),
    "SparseCategoricalCrossentropy": lambda x: ops.sparse_categorical_crossentropy(ops.argmax(x, axis=-1), x),
    "STFT": lambda x: ops.add(*ops.stft(x, 4, 2, 4)),
    "CTCLoss": lambda x: ops.ctc_loss(
        ops.cast(x[:, :2, 0] * 4 + 1, "int32"),
        x,
        *(ops.sum(ops.ones_like(each, dtype="int32"), axis=1) for each in (x[:, :2, 0], x[..., 0])),
    ),
    "CropImages": lambda x: ops.image.crop_images(
        ops.reshape(x, (-1, 5, 3, 2)), top_cropping=1, left_cropping=1, target_height=2, target_width=2
    ),
    "DepthToSpace": lambda x: ops.depth_to_space(ops.matmul(ops.reshape(x, (-1, 1, 5, 6)), WIDE), 2),
    "DepthwiseConv": lambda x: ops.depthwise_conv(x, _kernel(2, 6, 2)),
    "Det": lambda x: ops.det(_square(x)),
    "Diagonal": lambda x: ops.diagonal(x, axis1=1, axis2=2),
    "Digitize": lambda x: ops.cast(ops.digitize(x, ROW), "float32"),
    "Dot": lambda x: ops.dot(x, WIDE),
    "Dsplit": lambda x: ops.dsplit(x, 2)[0],
    "ExtractSequences": lambda x: ops.extract_sequences(x, 3, 1),
    "HSVToRGB": lambda x: ops.image.hsv_to_rgb(ops.reshape(x, (-1, 5, 2, 3))),
    "Hsplit": lambda x: ops.hsplit(x[:, :4], 2)[0],
    "IRFFT": lambda x: ops.irfft((x, x)),
    "Inner": lambda x: ops.inner(x, ROW),
    "LayerNorm": lambda x: ops.layer_normalization(x, ROW, ROW),
    "MultiHot": lambda x: ops.multi_hot(_integers(x), 7),
    "OneHot": lambda x: ops.one_hot(_integers(x), 7),
    "Inv": lambda x: ops.inv(_square(x)),
    "Logdet": lambda x: ops.logdet(_square(x)),
    "PadImages": lambda x: ops.image.pad_images(
        ops.reshape(x, (-1, 5, 3, 2)), top_padding=1, left_padding=1, target_height=7, target_width=5
    ),
    "RFFT": lambda x: ops.rfft(x)[0],
    "RGBToGrayscale": lambda x: ops.image.rgb_to_grayscale(ops.reshape(x, (-1, 5, 2, 3))),
    "RGBToHSV": lambda x: ops.image.rgb_to_hsv(ops.reshape(x, (-1, 5, 2, 3))),
    "RMSNorm": lambda x: ops.rms_normalization(x, ROW),
    "Rot90": lambda x: ops.rot90(x, axes=(1, 2)),
    "SeparableConv": lambda x: ops.separable_conv(x, _kernel(2, 6, 2), _kernel(1, 12, 3)),
    "Slogdet": lambda x: ops.slogdet(_square(x))[1],
    "Solve": lambda x: ops.solve(_square(x), ops.transpose(x, (0, 2, 1))),
    "SolveTriangular": lambda x: ops.solve_triangular(_square(x), ops.transpose(x, (0, 2, 1)), lower=True),
    "SpaceToDepth": lambda x: ops.space_to_depth(ops.reshape(x, (-1, 5, 6, 1))[:, :4], 2),
    "TakeAlongAxis": lambda x: ops.take_along_axis(x, np.zeros((2, 2, 6), "int32"), axis=1),
    "Tensordot": lambda x: ops.tensordot(x, WIDE, 1),
    "TopK": lambda x: ops.top_k(x, 2)[0],
    "Trace": lambda x: ops.trace(x, axis1=1, axis2=2),
    "Tril": lambda x: ops.tril(x),
    "Triu": lambda x: ops.triu(x),
}
# Of samples they would relate one to another: they work on weights, and on what is made of weights.
OF_WEIGHTS: dict[str, Called] = {
    "Outer": lambda w: ops.outer(w[0], w[:, 0]),
    "Ravel": lambda w: ops.ravel(w),
    "Size": lambda w: ops.cast(ops.size(w), "float32") * w,
}
# Their layers keep what is around them as it is, and are listed as not counted.
LISTED: dict[str, str] = {
    "holds a function": "AssociativeScan Cond ForiLoop Function JVP Map Scan Switch VectorizedMap WhileLoop",
    "of matrices, mostly by iteration": "CholeskyInverse Eig Eigh Lstsq MatrixRank Pinv Qr SVD",
    "fails in Keras itself on a batch": "LuFactor",
    "a score, not part of a model": "CTCDecode InTopK PSNR SSIM",
    "made of numbers, not of a tensor of the model": "Arange Array EmptyLike Full Geomspace Linspace Logspace Ndim",
    "works along the batch": "AllClose Corrcoef Diag Diagflat Histogram Vdot Vsplit Vstack",
    "makes what only the values decide": "Bincount Nonzero SearchSorted SegmentMin SegmentProd "
    "SegmentReduction Unique UnravelIndex",
    "a transformation of images that no model in the field holds": "ElasticTransform GaussianBlur "
    "MapCoordinates PerspectiveTransform ScaleAndTranslate SobelEdges",
    "fails in Keras itself on a symbolic tensor": "AdaptiveAveragePool AdaptiveMaxPool Mish",
    "another name of an operation in the tables, or never made": "Abs Conj Fliplr Flipud ReLU Rearrange",
    "of complex numbers": "ISTFT Polar View ViewAsComplex ViewAsReal",
    "has no rule yet": "Argpartition CDist Correlate FakeQuantWithMinMaxVars Fold IsIn Kron Meshgrid Select "
    "Unfold Vander",
}
