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
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ..nodes import PATCHING
from ..tables import tables_traced
from .tensorflow_arguments import Arguments, lengths_of, number_of, refuse
from .tensorflow_complex import MADE, cast, has_complex, on_complex, spectra_traced
from .tensorflow_images import IMAGES
from .tensorflow_matrices import MATRICES

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


class _Largest(NamedTuple):
    """What ``tf.math.top_k`` makes."""

    values: Any
    indices: Any


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
        | dict.fromkeys(_CHECKS.split(), lambda _: None)
        | {
            "add_n": lambda a: functools.reduce(ops.add, a["inputs"]),
            "argmax_v2": lambda a: ops.argmax(a["input"], axis=a["axis"]),
            "argmin_v2": lambda a: ops.argmin(a["input"], axis=a["axis"]),
            "argsort": lambda a: _ordered(ops.argsort, a),
            "bias_add": lambda a: ops.add(a["value"], a["bias"]),
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
            "gather_nd_v2": lambda a: _gather_nd(a),
            "gather_v2": lambda a: _gather(a),
            "identity": lambda a: a["input"],
            # TensorFlow's is the least square of a norm, Keras's the least norm.
            "l2_normalize": lambda a: ops.normalize(a["x"], a["axis"], 2, math.sqrt(a["epsilon"])),
            "log_softmax_v2": lambda a: ops.log_softmax(a["logits"], axis=-1 if a["axis"] is None else a["axis"]),
            "moments_v2": lambda a: ops.moments(a["x"], axes=lengths_of(a["axes"]), keepdims=bool(a["keepdims"])),
            "one_hot": _one_hot,
            "ones_like_v2": lambda a: ops.ones_like(a["input"], dtype=_type(a["dtype"])),
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
            "segment_max": lambda a: ops.segment_max(a["data"], a["segment_ids"]),
            "segment_sum": lambda a: ops.segment_sum(a["data"], a["segment_ids"]),
            "sequence_mask": lambda a: _mask_of_lengths(a),
            # Numbers that can be indexed, as tensors without axes can.
            "shape_v2": lambda a: tuple(map(np.int32, a["input"].shape)),
            "sigmoid_cross_entropy_with_logits_v2": _cross_entropy_of_sigmoids,
            "size_v2": lambda a: math.prod(a["input"].shape),
            "slice": lambda a: _slice(a),
            "softmax_cross_entropy_with_logits_v2": _cross_entropy_of_softmax,
            "softmax_v2": lambda a: ops.softmax(a["logits"], axis=-1 if a["axis"] is None else a["axis"]),
            "sort": lambda a: _ordered(ops.sort, a),
            "split": lambda a: _split(a),
            "squeeze_v2": lambda a: ops.squeeze(a["input"], axis=a["axis"]),
            "squared_difference": lambda a: ops.square(ops.subtract(a["x"], a["y"])),
            "stack": lambda a: ops.stack(a["values"], axis=a["axis"]),
            "stop_gradient": lambda a: ops.stop_gradient(a["input"]),
            "scatter_nd": lambda a: ops.scatter(a["indices"], a["updates"], tuple(lengths_of(a["shape"]))),
            "tensor_scatter_add": _written("add"),
            "tensor_scatter_max": _written("max"),
            "tensor_scatter_min": _written("min"),
            "tensor_scatter_nd_update": _written(None),
            "tensor_equals": lambda a: ops.equal(a["self"], a["other"]),
            "tensor_not_equals": lambda a: ops.not_equal(a["self"], a["other"]),
            "tile": lambda a: ops.tile(a["input"], lengths_of(a["multiples"])),
            "top_k": lambda a: _Largest(*ops.top_k(a["input"], number_of(a["k"]), sorted=a["sorted"])),
            "transpose_v2": lambda a: ops.transpose(a["a"], None if a["perm"] is None else lengths_of(a["perm"])),
            "unsorted_segment_max": lambda a: ops.segment_max(
                a["data"], a["segment_ids"], number_of(a["num_segments"])
            ),
            "unsorted_segment_mean": lambda a: _segment_mean(a),
            "unsorted_segment_sum": lambda a: ops.segment_sum(
                a["data"], a["segment_ids"], number_of(a["num_segments"])
            ),
            "unstack": lambda a: ops.unstack(a["value"], num=a["num"], axis=a["axis"]),
            "verify_tensor_all_finite_v2": lambda a: a["x"],
            "where_v2": lambda a: ops.where(a["condition"], a["x"], a["y"]),
            "zeros_like_v2": lambda a: ops.zeros_like(a["input"], dtype=_type(a["dtype"])),
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


def _ordered(function: Callable[..., Any], given: dict[str, Any]) -> Any:
    values, axis = given["values"], number_of(given["axis"])
    # Largest first is the order of what is turned round; equal ones stay in theirs, as TensorFlow has it.
    return (
        function(values, axis=axis)
        if given["direction"] == "ASCENDING"
        else ops.negative(ops.sort(ops.negative(values), axis=axis))
        if function is ops.sort
        else function(ops.negative(values), axis=axis)
    )


def _one_hot(given: dict[str, Any]) -> Any:
    axis, dtype = given["axis"], _type(given["dtype"])
    made = ops.one_hot(given["indices"], given["depth"], axis=-1 if axis is None else axis, dtype=dtype)
    on, off = (default if given[key] is None else given[key] for key, default in (("on_value", 1), ("off_value", 0)))
    return made if (on, off) == (1, 0) else ops.add(ops.multiply(made, on - off), off)


def _cross_entropy_of_sigmoids(given: dict[str, Any]) -> Any:
    labels, logits = given["labels"], given["logits"]
    return ops.subtract(ops.softplus(logits), ops.multiply(labels, logits))


def _cross_entropy_of_softmax(given: dict[str, Any]) -> Any:
    shares = ops.log_softmax(given["logits"], axis=given["axis"])
    return ops.negative(ops.sum(ops.multiply(given["labels"], shares), axis=given["axis"]))


def _type(dtype: Any) -> str | None:
    return None if dtype is None else str(tf.as_dtype(dtype).name)


def _padded(given: dict[str, Any]) -> Any:
    mode, value = given["mode"].lower(), given["constant_values"]
    filled = {"constant_values": value} if mode == "constant" else {}  # keras.ops refuse a value that is not used
    return ops.pad(given["tensor"], lengths_of(given["paddings"]), mode=mode, **filled)


def _segment_mean(given: dict[str, Any]) -> Any:
    segments, ids = number_of(given["num_segments"]), given["segment_ids"]
    if isinstance(ids, keras.KerasTensor):
        refuse("mean of segments that are computed")
    members = np.maximum(np.bincount(np.ravel(ids), minlength=segments), 1).astype("float32")
    data = given["data"]
    return ops.divide(ops.segment_sum(data, ids, segments), members.reshape(-1, *(1,) * (len(data.shape) - 1)))


def _mask_of_lengths(given: dict[str, Any]) -> Any:
    if given["maxlen"] is None:
        refuse("mask of as many places as the longest has")
    places = np.arange(number_of(given["maxlen"]), dtype="int32")
    whole = ops.cast(ops.expand_dims(given["lengths"], -1), "int32")  # as TensorFlow does: half a place is none
    return cast(ops.less(places, whole), tf.as_dtype(given["dtype"]).name)


def _gather(given: dict[str, Any]) -> Any:
    values, places, rows = given["params"], given["indices"], given["batch_dims"]
    rank = len(values.shape)
    axis = number_of(rows if given["axis"] is None else given["axis"]) % rank
    if not rows:
        return ops.take(values, places, axis=axis)
    if axis != rows:
        refuse("gather along such an axis")
    # For each of the first axes by places of its own, each of which is taken all along the axes that follow.
    several, rest = places.shape[rows:], rank - rows - 1
    flat = places if len(several) == 1 else ops.reshape(places, (*places.shape[:rows], math.prod(several)))
    made = ops.take_along_axis(values, ops.expand_dims(flat, [*range(rows + 1, rows + 1 + rest)]), axis=axis)
    return made if len(several) == 1 else ops.reshape(made, (*places.shape, *values.shape[rows + 1 :]))


def _norm(given: dict[str, Any]) -> Any:
    tensor, order, axis, keepdims = given["tensor"], given["ord"], given["axis"], bool(given["keepdims"])
    if order != "euclidean" and not (order in (1, 2) and isinstance(axis, int)):
        refuse("norm of this order")  # of matrices, or of all elements as one vector
    if order == 1:
        return ops.sum(ops.abs(tensor), axis=axis, keepdims=keepdims)
    return ops.norm(tensor, axis=axis, keepdims=keepdims)


def _written(how: str | None) -> Callable[[dict[str, Any]], Any]:
    return lambda given: ops.scatter_update(given["tensor"], given["indices"], given["updates"], how)


def _gather_nd(given: dict[str, Any]) -> Any:
    """By one number each, a row; by a sample's own and another, a row of that sample."""
    values, places = given["params"], given["indices"]
    if not given["batch_dims"] and places.shape[-1] == 1:
        return ops.take(values, ops.squeeze(places, -1), axis=0)
    in_sample = None if given["batch_dims"] else _in_its_sample(places)
    if in_sample is None:
        refuse("gather_nd by several numbers each")
    return _gather({"params": values, "indices": in_sample, "batch_dims": 1, "axis": 1})


def _in_its_sample(places: Any) -> Any:
    """The second numbers, where ``places`` are pairs whose first is the sample's own number."""
    history = getattr(places, "_keras_history", None)
    if history is None or type(history.operation).__name__ != "Stack" or places.shape[-1] != 2:
        return None
    first, second = keras.tree.flatten(history.operation._inbound_nodes[history.node_index].arguments.args)
    is_last = history.operation.axis in (-1, len(places.shape) - 1)
    if not is_last or isinstance(first, keras.KerasTensor) or not isinstance(second, keras.KerasTensor):
        return None
    counted = np.arange(places.shape[0]).reshape(-1, *(1,) * (len(places.shape) - 2))
    return second if np.array_equal(first, np.broadcast_to(counted, places.shape[:-1])) else None


def _split(given: dict[str, Any]) -> Any:
    sizes, axis = given["num_or_size_splits"], number_of(given["axis"])
    if isinstance(sizes, int):
        return ops.split(given["value"], sizes, axis=axis)
    sizes = np.array(lengths_of(sizes))
    sizes[sizes == -1] = given["value"].shape[axis] - sizes[sizes != -1].sum()  # what is left
    return ops.split(given["value"], [int(each) for each in np.cumsum(sizes)[:-1]], axis=axis)


def _slice(given: dict[str, Any]) -> Any:
    begin, size = lengths_of(given["begin"]), lengths_of(given["size"])
    return given["input_"][
        tuple(slice(start, None if length == -1 else start + length) for start, length in zip(begin, size, strict=True))
    ]
