"""What a function of TensorFlow computes, counted over the operations of its graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from ...graph import ceil_log2
from ...layer_rules.rule import UnsupportedLayerError
from ..backend import backend_name, is_tensorflow

# Operations an element of the result: the numbers of layer_rules/activation_costs.py, by TensorFlow's names.
_MOVES = (
    "BatchToSpaceND BroadcastTo Cast Const ConcatV2 DepthToSpace EnsureShape ExpandDims ExtractImagePatches Fill "
    "Gather GatherNd GatherV2 Identity IdentityN MirrorPad NoOp OneHot OnesLike Pack Pad PadV2 Placeholder "
    "PreventGradient Range Rank Reshape ReverseV2 Roll Shape ShapeN Size Slice SpaceToBatchND SpaceToDepth Split "
    "SplitV Squeeze StopGradient StridedSlice Tile Transpose Unpack ZerosLike StringJoin StringLower AsString"
)
_EACH = {
    0: _MOVES,
    1: "Abs Acos Acosh Add AddV2 Asin Asinh Atan Atan2 Atanh BiasAdd Ceil Cos Cosh Digamma Div DivNoNan Equal Erf Erfc "
    "Exp Expm1 Floor FloorDiv FloorMod Greater GreaterEqual IsFinite IsInf IsNan Less LessEqual Lgamma Log Log1p "
    "LogicalAnd LogicalNot LogicalOr Maximum Minimum Mul MulNoNan Neg NotEqual Pow RealDiv Reciprocal Relu Rint Round "
    "Select SelectV2 Sign Sin Sinh Sqrt Square Sub Tan Tanh Xdivy Xlog1py Xlogy",
    2: "ClipByValue LeakyRelu Relu6 Rsqrt SquaredDifference",
    3: "Softplus Softsign",
    4: "Elu Sigmoid",
    5: "Selu LogSoftmax Softmax",
}
_PER_ELEMENT = {name: flops for flops, names in _EACH.items() for name in names.split()}
_REDUCTIONS = {**dict.fromkeys(("All", "Any", "ArgMax", "ArgMin", "Max", "Min", "Prod", "Sum"), 0), "Mean": 1}
# Bilinear: 4 products and 3 sums an element, as layer_rules/resizing.py counts it.
_RESAMPLED = {"CropAndResize": 7, "ResizeBilinear": 7, "ResizeNearestNeighbor": 0}
_PRODUCTS = ("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")


def graph_costs(function: Callable[..., Any], shapes: Sequence[Any], dtypes: Sequence[str]) -> dict[str, int]:
    """``macs``, ``flops`` besides them and ``span`` of ``function``, called on tensors of such shapes.

    Raises :class:`UnsupportedLayerError` for an operation that is not in the tables here.
    """
    if not is_tensorflow():
        raise UnsupportedLayerError(f"its operations are counted in TensorFlow's graph, and {backend_name()} computes")
    specs = [tf.TensorSpec(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
    graph = tf.function(function).get_concrete_function(*specs).graph
    depends = _depending(graph)
    macs = flops = span = 0
    for operation in graph.get_operations():
        if operation.name not in depends:
            continue  # the arithmetic of shapes and constants
        products, others, steps = _costs_of(operation)
        macs, flops, span = macs + products, flops + others, span + steps
    return {"macs": macs, "flops": flops, "span": span}


def _depending(graph: Any) -> set[str]:
    """The operations that values of the inputs go into."""
    found = {tensor.op.name for tensor in graph.inputs}
    for operation in graph.get_operations():
        reads_shape_only = operation.type in ("Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike")
        if not reads_shape_only and any(tensor.op.name in found for tensor in operation.inputs):
            found.add(operation.name)
    return found


def _costs_of(operation: Any) -> tuple[int, int, int]:
    made = sum(_elements(each) for each in operation.outputs)
    if operation.type in _PER_ELEMENT:
        each = _PER_ELEMENT[operation.type]
        return 0, each * made, each
    read = _elements(operation.inputs[0]) if operation.inputs else 0
    if operation.type in _REDUCTIONS:
        mean = _REDUCTIONS[operation.type]
        return 0, read - made + mean * made, ceil_log2(max(1, read // max(1, made))) + mean
    if operation.type == "LRN":  # a square and its share of a window, scaled, shifted, raised to a power, divided by
        window = 2 * operation.get_attr("depth_radius") + 1
        return 0, (window + 4) * made, ceil_log2(window) + 5
    if operation.type == "AddN":
        return 0, (len(operation.inputs) - 1) * made, ceil_log2(len(operation.inputs))
    if operation.type in _PRODUCTS:
        is_turned = operation.get_attr("transpose_a" if operation.type == "MatMul" else "adj_x")
        over = int(operation.inputs[0].shape[-2 if is_turned else -1])
        return over * made, 0, 1 + ceil_log2(over)
    if operation.type in _RESAMPLED:
        flops = _RESAMPLED[operation.type]
        if operation.type == "CropAndResize" and operation.get_attr("method") == b"nearest":
            flops = 0
        return 0, flops * made, 3 if flops else 0
    raise UnsupportedLayerError(f"there is no count for TensorFlow's {operation.type}")


def _elements(tensor: Any) -> int:
    if not tensor.shape.is_fully_defined():
        raise UnsupportedLayerError("there is no count for what makes tensors of any length")
    return math.prod(int(length) for length in tensor.shape)
