"""Functions of TensorFlow that a layer's own code calls on symbolic tensors: each is done by one of ``keras.ops``.

TensorFlow asks dispatchers whenever a function of it is given what it does not know. Ours answers only while a model
is traced, and only for the functions listed here; for any other the layer stays one call, as before.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ..nodes import PATCHING
from ..tables import tables_traced
from .tensorflow_arguments import Arguments, dtype_of, lengths_of, number_of, refuse
from .tensorflow_complex import MADE, cast, has_complex, on_complex, spectra_traced
from .tensorflow_images import IMAGES
from .tensorflow_matrices import MATRICES
from .tensorflow_places import PLACES

# Of one tensor, element by element.
_ELEMENTWISE = (
    "abs acos:arccos acosh:arccosh asin:arcsin asinh:arcsinh atan:arctan atanh:arctanh "
    "ceil cos cosh erf exp expm1 floor log log1p logical_not negative "
    "reciprocal round rsqrt sigmoid sign sin sinh softplus sqrt square tan tanh is_nan:isnan is_finite:isfinite "
    "log_sigmoid"
)
_OF_TWO = (
    "add subtract multiply divide truediv:true_divide maximum minimum pow:power equal not_equal greater greater_equal "
    "less less_equal logical_and logical_or floordiv:floor_divide floormod:mod floor_mod:mod atan2:arctan2 logical_xor "
    "div_no_nan:divide_no_nan"
)
_REDUCTIONS = (
    "reduce_sum:sum reduce_mean:mean reduce_max:max reduce_min:min reduce_prod:prod reduce_any:any reduce_all:all "
    "reduce_variance:var reduce_std:std reduce_logsumexp:logsumexp"
)
# Arguments that are one tensor, whatever they are given as.
_TENSORS = set(
    "a b x y t input input_tensor tensor data params indices segment_ids features logits condition".split()  # noqa: SIM905  # as the names above
)
_ACTIVATIONS = "relu relu6 elu selu gelu softsign silu swish:silu leaky_relu"

# What stops a run with an error, and computes nothing.
_CHECKS = (
    "assert_equal_v2 assert_none_equal_v2 assert_less_v2 assert_less_equal_v2 assert_greater_v2 "
    "assert_greater_equal_v2 assert_near_v2 assert_positive_v2 assert_negative_v2 assert_non_negative_v2 "
    "assert_non_positive_v2 assert_rank_v2 assert_rank_at_least_v2 assert_rank_in_v2 assert_shapes_v2 assert_type_v2 "
    "assert_integer_v2 assert_scalar_v2 Assert"
)


@contextlib.contextmanager
def tensorflow_traced(is_tracing: Callable[[], bool]) -> Iterator[None]:
    """In this block the functions listed here take symbolic tensors, wherever ``is_tracing()``.

    A ``tf.function`` that is given such is run as it is written.
    """
    kind: Any = type(_compiled)
    real = kind.__call__

    def call(function: Any, *args: Any, **kwargs: Any) -> Any:
        is_symbolic = is_tracing() and any(
            isinstance(each, keras.KerasTensor) for each in keras.tree.flatten((args, kwargs))
        )
        return function.python_function(*args, **kwargs) if is_symbolic else real(function, *args, **kwargs)

    _dispatcher()
    _is_tracing.append(is_tracing)
    with PATCHING:
        kind.__call__ = call
        try:
            with lengths_told(), spectra_traced(is_tracing), tables_traced(is_tracing):
                yield
        finally:
            kind.__call__ = real
            _is_tracing.pop()


@tf.function
def _compiled() -> None:
    """For its class alone."""


@contextlib.contextmanager
def lengths_told() -> Iterator[None]:
    """``len(tf.shape(x))`` is the number of axes while Keras infers shapes, as it is where TensorFlow compiles it."""
    theirs = tf.Tensor.__len__

    def length(tensor: Any) -> int:
        shape = tensor.shape
        return int(shape[0]) if shape.rank and shape[0] is not None else theirs(tensor)

    with PATCHING:
        tf.Tensor.__len__ = length
        try:
            yield
        finally:
            tf.Tensor.__len__ = theirs


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
            if not is_ours:
                return self.NOT_SUPPORTED
            name, given = _name(op), _bound(op, args, kwargs)
            function = self._table.get(name)
            if has_complex(given.data):
                return on_complex(name, function or (lambda _: refuse(name)))(given.data)
            if function is None:
                # Functions made of others are asked for last, so that what is named is what was written.
                return refuse(name.removesuffix("_v2"))
            made = function(given)
            if made is not None:  # as a check, whose message and tolerance are for nobody
                given.require_all_read()
            return made

    _registered.append(_Dispatcher())
    _registered[0].register()


def _name(op: Any) -> str:
    return getattr(op, "__name__", "")


def _bound(op: Any, args: Any, kwargs: Any) -> Arguments:
    bound = inspect.signature(op).bind(*args, **kwargs)
    bound.apply_defaults()
    taken = {key: _stacked(value) if key in _TENSORS else value for key, value in bound.arguments.items()}
    return Arguments(op, taken)


def _stacked(value: Any) -> Any:
    """What TensorFlow makes of a list where it wants a tensor."""
    if not isinstance(value, (list, tuple)) or hasattr(value, "_fields"):
        return value
    is_known = not any(isinstance(each, keras.KerasTensor) for each in keras.tree.flatten(value))
    return ops.convert_to_tensor(value) if is_known else ops.stack([_stacked(each) for each in value])


def _table() -> dict[str, Callable[[Any], Any]]:
    table: dict[str, Callable[[Any], Any]] = {}
    for names, make in ((_ELEMENTWISE, _of_one), (_ACTIVATIONS, _of_one), (_OF_TWO, _of_two), (_REDUCTIONS, _reduced)):
        for each in names.split():
            theirs, _, ours = each.partition(":")
            table[theirs] = make(getattr(ops, ours or theirs))
    aliases = {"logical_not": "logical_not", "multiply": "mul", "subtract": "sub"}
    table |= {short: table[name] for name, short in aliases.items()}
    return (
        table
        | IMAGES
        | MADE
        | MATRICES
        | PLACES
        | dict.fromkeys(_CHECKS.split(), lambda _: None)
        | {
            "add_n": lambda a: functools.reduce(ops.add, a["inputs"]),
            "argmax_v2": lambda a: ops.argmax(a["input"], axis=a["axis"] or 0),
            "argmin_v2": lambda a: ops.argmin(a["input"], axis=a["axis"] or 0),
            "bias_add": lambda a: _biased(a),
            "broadcast_to": lambda a: ops.broadcast_to(a["input"], lengths_of(a["shape"])),
            "batch_normalization": lambda a: ops.batch_normalization(
                a["x"], a["mean"], a["variance"], -1, a["offset"], a["scale"], a["variance_epsilon"]
            ),
            "cast": lambda a: cast(a["x"], tf.as_dtype(a["dtype"]).name),
            "check_numerics": lambda a: a["tensor"],
            "clip_by_value": lambda a: ops.clip(a["t"], a["clip_value_min"], a["clip_value_max"]),
            "concat": lambda a: ops.concatenate(a["values"], axis=number_of(a["axis"])),
            "convert_to_tensor_v2_with_dispatch": lambda a: (
                a["value"] if a["dtype"] is None else cast(a["value"], tf.as_dtype(a["dtype"]).name)
            ),
            "crelu_v2": lambda a: ops.relu(
                ops.concatenate([a["features"], ops.negative(a["features"])], axis=a["axis"])
            ),
            "dropout_v2": lambda a: (
                keras.random.dropout(a["x"], a["rate"])
                if a["noise_shape"] is None
                else refuse("dropout of such a shape")
            ),
            "einsum": lambda a: ops.einsum(a["equation"], *a["inputs"]),
            "embedding_lookup_v2": lambda a: ops.take(a["params"], a["ids"], axis=0),
            "ensure_shape": lambda a: a["x"],
            "expand_dims_v2": lambda a: ops.expand_dims(a["input"], number_of(a["axis"])),
            "identity": lambda a: a["input"],
            # TensorFlow's is the least square of a norm, Keras's the least norm.
            "l2_normalize": lambda a: ops.normalize(a["x"], a["axis"], 2, math.sqrt(a["epsilon"])),
            "l2_loss": lambda a: ops.multiply(ops.sum(ops.square(a["t"])), 0.5),
            "log_softmax_v2": lambda a: ops.log_softmax(a["logits"], axis=-1 if a["axis"] is None else a["axis"]),
            "moments_v2": lambda a: ops.moments(a["x"], axes=lengths_of(a["axes"]), keepdims=bool(a["keepdims"])),
            "ones_like_v2": lambda a: ops.ones_like(a["input"], dtype=dtype_of(a["dtype"])),
            "pad_v2": lambda a: _padded(a),
            "norm_v2": lambda a: _norm(a),
            "rank": lambda a: len(a["input"].shape),
            "reduce_euclidean_norm": lambda a: ops.norm(
                a["input_tensor"], axis=a["axis"], keepdims=bool(a["keepdims"])
            ),
            "repeat": lambda a: ops.repeat(a["input"], lengths_of(a["repeats"]), axis=a["axis"]),
            "reshape": lambda a: ops.reshape(a["tensor"], lengths_of(a["shape"])),
            "reverse_v2": lambda a: ops.flip(a["tensor"], axis=lengths_of(a["axis"])),
            "roll": lambda a: ops.roll(a["input"], lengths_of(a["shift"]), axis=lengths_of(a["axis"])),
            # Numbers that can be indexed, as tensors without axes can.
            "scalar_mul_v2": lambda a: ops.multiply(a["scalar"], a["x"]),
            "shape_v2": lambda a: tuple(map(np.int32, a["input"].shape)),
            "sigmoid_cross_entropy_with_logits_v2": _cross_entropy_of_sigmoids,
            "size_v2": lambda a: math.prod(a["input"].shape),
            "softmax_cross_entropy_with_logits_v2": _cross_entropy_of_softmax,
            "softmax_v2": lambda a: ops.softmax(a["logits"], axis=-1 if a["axis"] is None else a["axis"]),
            "squeeze_v2": lambda a: ops.squeeze(a["input"], axis=a["axis"]),
            "squared_difference": lambda a: ops.square(ops.subtract(a["x"], a["y"])),
            "stack": lambda a: ops.stack(a["values"], axis=a["axis"]),
            "stop_gradient": lambda a: ops.stop_gradient(a["input"]),
            "tensor_equals": lambda a: ops.equal(a["self"], a["other"]),
            "tensor_not_equals": lambda a: ops.not_equal(a["self"], a["other"]),
            "tile": lambda a: ops.tile(a["input"], lengths_of(a["multiples"])),
            "transpose_v2": lambda a: ops.transpose(a["a"], None if a["perm"] is None else lengths_of(a["perm"])),
            "unstack": lambda a: ops.unstack(a["value"], num=a["num"], axis=a["axis"]),
            "verify_tensor_all_finite_v2": lambda a: a["x"],
            "where_v2": lambda a: ops.where(a["condition"], a["x"], a["y"]),
            "zeros_like_v2": lambda a: ops.zeros_like(a["input"], dtype=dtype_of(a["dtype"])),
        }
    )


def _of_one(function: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    def call(given: dict[str, Any]) -> Any:
        first, *others = (value for key, value in given.items() if key != "name")
        if others and function is ops.leaky_relu:
            return function(first, negative_slope=others[0])
        if others and function is ops.gelu:
            return function(first, approximate=bool(others[0]))
        return refuse("function with such arguments") if others not in ([], [1.0]) else function(first)

    return call


def _of_two(function: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    def call(given: dict[str, Any]) -> Any:
        first, second = (value for key, value in given.items() if key != "name")
        return function(first, second)

    return call


def _reduced(function: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    def call(given: dict[str, Any]) -> Any:
        axis = given["axis"]
        axis = None if axis is None else tuple(lengths_of(axis)) if isinstance(axis, (list, tuple)) else number_of(axis)
        return function(given["input_tensor"], axis=axis, keepdims=bool(given["keepdims"]))

    return call


def _cross_entropy_of_sigmoids(given: dict[str, Any]) -> Any:
    labels, logits = given["labels"], given["logits"]
    return ops.subtract(ops.softplus(logits), ops.multiply(labels, logits))


def _cross_entropy_of_softmax(given: dict[str, Any]) -> Any:
    shares = ops.log_softmax(given["logits"], axis=given["axis"])
    return ops.negative(ops.sum(ops.multiply(given["labels"], shares), axis=given["axis"]))


def _biased(given: dict[str, Any]) -> Any:
    if str(given["data_format"]).startswith("NC"):
        refuse("bias_add with channels before space")
    return ops.add(given["value"], given["bias"])


def _padded(given: dict[str, Any]) -> Any:
    mode, value = given["mode"].lower(), given["constant_values"]
    filled = {"constant_values": value} if mode == "constant" else {}  # keras.ops refuse a value that is not used
    return ops.pad(given["tensor"], lengths_of(given["paddings"]), mode=mode, **filled)


def _norm(given: dict[str, Any]) -> Any:
    tensor, order, axis, keepdims = given["tensor"], given["ord"], given["axis"], bool(given["keepdims"])
    if order != "euclidean" and not (order in (1, 2) and isinstance(axis, int)):
        refuse("norm of this order")  # of matrices, or of all elements as one vector
    if order == 1:
        return ops.sum(ops.abs(tensor), axis=axis, keepdims=keepdims)
    return ops.norm(tensor, axis=axis, keepdims=keepdims)
