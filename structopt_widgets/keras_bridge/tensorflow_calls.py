"""Functions of TensorFlow that a layer's own code calls on symbolic tensors: each is done by one of ``keras.ops``.

TensorFlow asks dispatchers whenever a function of it is given what it does not know. Ours answers only while a model
is traced, and only for the functions listed here; for any other the layer stays one call, as before.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

# Of one tensor, element by element.
_ELEMENTWISE = (
    "abs acos:arccos asin:arcsin atan:arctan ceil cos cosh erf exp expm1 floor log log1p logical_not negative "
    "reciprocal round rsqrt sigmoid sign sin sinh softplus sqrt square tan tanh is_nan:isnan is_finite:isfinite"
)
_OF_TWO = (
    "add subtract multiply divide truediv:true_divide maximum minimum pow:power equal not_equal greater greater_equal "
    "less less_equal logical_and logical_or floordiv:floor_divide floormod:mod"
)
_REDUCTIONS = (
    "reduce_sum:sum reduce_mean:mean reduce_max:max reduce_min:min reduce_prod:prod reduce_any:any reduce_all:all "
    "reduce_variance:var reduce_std:std reduce_logsumexp:logsumexp"
)
_ACTIVATIONS = "relu relu6 elu selu gelu softsign silu swish:silu leaky_relu"


@contextlib.contextmanager
def tensorflow_traced(is_tracing: Callable[[], bool]) -> Iterator[None]:
    """In this block the functions listed here take symbolic tensors, wherever ``is_tracing()``."""
    _dispatcher()
    _is_tracing.append(is_tracing)
    try:
        yield
    finally:
        _is_tracing.pop()


_is_tracing: list[Callable[[], bool]] = []
_registered: list[Any] = []


def _dispatcher() -> None:
    """Register ours, once."""
    if _registered:
        return

    class _Dispatcher(tf.__internal__.dispatch.GlobalOpDispatcher):
        def __init__(self) -> None:
            self._table = _table()

        def handle(self, op: Any, args: Any, kwargs: Any) -> Any:
            leaves = keras.tree.flatten((args, kwargs))
            is_ours = _is_tracing and _is_tracing[-1]() and any(isinstance(each, keras.KerasTensor) for each in leaves)
            function = self._table.get(_name(op)) if is_ours else None
            return self.NOT_SUPPORTED if function is None else function(*_bound(op, args, kwargs))

    _registered.append(_Dispatcher())
    _registered[0].register()


def _name(op: Any) -> str:
    return getattr(op, "__name__", "")


def _bound(op: Any, args: Any, kwargs: Any) -> list[dict[str, Any]]:
    bound = inspect.signature(op).bind(*args, **kwargs)
    bound.apply_defaults()
    return [dict(bound.arguments)]


def _table() -> dict[str, Callable[[dict[str, Any]], Any]]:
    table: dict[str, Callable[[dict[str, Any]], Any]] = {}
    for names, make in ((_ELEMENTWISE, _of_one), (_ACTIVATIONS, _of_one), (_OF_TWO, _of_two), (_REDUCTIONS, _reduced)):
        for each in names.split():
            theirs, _, ours = each.partition(":")
            table[theirs] = make(getattr(ops, ours or theirs))
    aliases = {"logical_not": "logical_not", "multiply": "mul", "subtract": "sub"}
    table |= {short: table[name] for name, short in aliases.items()}
    return table | {
        "argmax_v2": lambda a: ops.argmax(a["input"], axis=a["axis"]),
        "argmin_v2": lambda a: ops.argmin(a["input"], axis=a["axis"]),
        "batch_matmul": lambda a: ops.matmul(a["x"], a["y"]),
        "bias_add": lambda a: ops.add(a["value"], a["bias"]),
        "broadcast_to": lambda a: ops.broadcast_to(a["input"], _lengths(a["shape"])),
        "cast": lambda a: ops.cast(a["x"], tf.as_dtype(a["dtype"]).name),
        "clip_by_value": lambda a: ops.clip(a["t"], a["clip_value_min"], a["clip_value_max"]),
        "concat": lambda a: ops.concatenate(a["values"], axis=_number(a["axis"])),
        "einsum": lambda a: ops.einsum(a["equation"], *a["inputs"]),
        "expand_dims_v2": lambda a: ops.expand_dims(a["input"], _number(a["axis"])),
        "gather_v2": lambda a: _gather(a),
        "identity": lambda a: a["input"],
        "l2_normalize": lambda a: ops.normalize(a["x"], axis=a["axis"], order=2),
        "matmul": lambda a: _matmul(a),
        "one_hot": lambda a: ops.one_hot(a["indices"], a["depth"], dtype=a["dtype"] and tf.as_dtype(a["dtype"]).name),
        "ones_like_v2": lambda a: ops.ones_like(a["input"]),
        "pad_v2": lambda a: ops.pad(a["tensor"], _lengths(a["paddings"]), mode=a["mode"].lower()),
        "norm_v2": lambda a: (
            ops.norm(a["tensor"], axis=a["axis"], keepdims=bool(a["keepdims"]))
            if a["ord"] == "euclidean"
            else _refuse("norm of this order")
        ),
        "repeat": lambda a: ops.repeat(a["input"], _lengths(a["repeats"]), axis=a["axis"]),
        "reshape": lambda a: ops.reshape(a["tensor"], _lengths(a["shape"])),
        "reverse_v2": lambda a: ops.flip(a["tensor"], axis=_lengths(a["axis"])),
        "shape_v2": lambda a: tuple(a["input"].shape),
        "slice": lambda a: _slice(a),
        "softmax_v2": lambda a: ops.softmax(a["logits"], axis=-1 if a["axis"] is None else a["axis"]),
        "split": lambda a: _split(a),
        "squeeze_v2": lambda a: ops.squeeze(a["input"], axis=a["axis"]),
        "squared_difference": lambda a: ops.square(ops.subtract(a["x"], a["y"])),
        "stack": lambda a: ops.stack(a["values"], axis=a["axis"]),
        "stop_gradient": lambda a: ops.stop_gradient(a["input"]),
        "tensordot": lambda a: ops.tensordot(a["a"], a["b"], axes=a["axes"]),
        "tile": lambda a: ops.tile(a["input"], _lengths(a["multiples"])),
        "transpose_v2": lambda a: ops.transpose(a["a"], None if a["perm"] is None else _lengths(a["perm"])),
        "unstack": lambda a: ops.unstack(a["value"], num=a["num"], axis=a["axis"]),
        "where_v2": lambda a: ops.where(a["condition"], a["x"], a["y"]),
        "zeros_like_v2": lambda a: ops.zeros_like(a["input"]),
    }


def _of_one(function: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    def call(given: dict[str, Any]) -> Any:
        first, *others = (value for key, value in given.items() if key != "name")
        if others and function is ops.leaky_relu:
            return function(first, negative_slope=others[0])
        if others and function is ops.gelu:
            return function(first, approximate=bool(others[0]))
        return _refuse("function with such arguments") if others not in ([], [1.0]) else function(first)

    return call


def _of_two(function: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    def call(given: dict[str, Any]) -> Any:
        first, second = (value for key, value in given.items() if key != "name")
        return function(first, second)

    return call


def _reduced(function: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    def call(given: dict[str, Any]) -> Any:
        axis = given["axis"]
        axis = None if axis is None else tuple(_lengths(axis)) if isinstance(axis, (list, tuple)) else _number(axis)
        return function(given["input_tensor"], axis=axis, keepdims=bool(given["keepdims"]))

    return call


def _matmul(given: dict[str, Any]) -> Any:
    if any(given[key] for key in ("adjoint_a", "adjoint_b", "a_is_sparse", "b_is_sparse")):
        _refuse("matmul of such matrices")
    one, other = given["a"], given["b"]
    return ops.matmul(
        ops.swapaxes(one, -1, -2) if given["transpose_a"] else one,
        ops.swapaxes(other, -1, -2) if given["transpose_b"] else other,
    )


def _gather(given: dict[str, Any]) -> Any:
    rows, last = given["batch_dims"], len(given["params"].shape) - 1
    if rows and rows == last == len(given["indices"].shape) - 1 and given["axis"] in (None, -1, last):
        return ops.take_along_axis(given["params"], given["indices"], axis=-1)
    if rows:
        _refuse("gather with such batch_dims")
    return ops.take(given["params"], given["indices"], axis=given["axis"] or 0)


def _split(given: dict[str, Any]) -> Any:
    sizes, axis = given["num_or_size_splits"], _number(given["axis"])
    if isinstance(sizes, int):
        return ops.split(given["value"], sizes, axis=axis)
    return ops.split(given["value"], [int(each) for each in np.cumsum(_lengths(sizes))[:-1]], axis=axis)


def _slice(given: dict[str, Any]) -> Any:
    begin, size = _lengths(given["begin"]), _lengths(given["size"])
    return given["input_"][
        tuple(slice(start, None if length == -1 else start + length) for start, length in zip(begin, size, strict=True))
    ]


def _lengths(value: Any) -> Any:
    """Whole numbers that TensorFlow may have made tensors of on the way."""
    if isinstance(value, (list, tuple)):
        return [_lengths(each) for each in value]
    if isinstance(value, keras.KerasTensor):
        _refuse("lengths that are computed")
    return value if isinstance(value, int) else np.asarray(value).tolist()


def _number(value: Any) -> int:
    return int(_lengths(value))


def _refuse(what: str) -> Any:
    raise ValueError(f"there is no operation of keras.ops here for TensorFlow's {what}")
