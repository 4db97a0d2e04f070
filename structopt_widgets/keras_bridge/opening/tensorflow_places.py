"""Functions of TensorFlow that take parts by their places, put them there, or order them, as ``keras.ops``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from .tensorflow_arguments import dtype_of, lengths_of, number_of, refuse
from .tensorflow_complex import cast


class _Largest(NamedTuple):
    """What ``tf.math.top_k`` makes."""

    values: Any
    indices: Any


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
    axis, dtype = given["axis"], dtype_of(given["dtype"])
    made = ops.one_hot(given["indices"], given["depth"], axis=-1 if axis is None else axis, dtype=dtype)
    on, off = (default if given[key] is None else given[key] for key, default in (("on_value", 1), ("off_value", 0)))
    return made if (on, off) == (1, 0) else ops.add(ops.multiply(made, on - off), off)


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
    rank, rows = len(values.shape), number_of(rows)
    rows += len(places.shape) if rows < 0 else 0
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


PLACES: dict[str, Callable[[Any], Any]] = {
    "argsort": lambda a: _ordered(ops.argsort, a),
    "gather_nd_v2": lambda a: _gather_nd(a),
    "gather": lambda a: _gather(a),
    "gather_v2": lambda a: _gather(a),
    "one_hot": _one_hot,
    "segment_max": lambda a: ops.segment_max(a["data"], a["segment_ids"]),
    "segment_sum": lambda a: ops.segment_sum(a["data"], a["segment_ids"]),
    "sequence_mask": lambda a: _mask_of_lengths(a),
    "slice": lambda a: _slice(a),
    "sort": lambda a: _ordered(ops.sort, a),
    "split": lambda a: _split(a),
    "scatter_nd": lambda a: ops.scatter(a["indices"], a["updates"], tuple(lengths_of(a["shape"]))),
    "tensor_scatter_add": _written("add"),
    "tensor_scatter_max": _written("max"),
    "tensor_scatter_min": _written("min"),
    "tensor_scatter_nd_update": _written(None),
    "top_k": lambda a: _Largest(*ops.top_k(a["input"], number_of(a["k"]), sorted=a["sorted"])),
    "unsorted_segment_max": lambda a: ops.segment_max(a["data"], a["segment_ids"], number_of(a["num_segments"])),
    "unsorted_segment_mean": lambda a: _segment_mean(a),
    "unsorted_segment_sum": lambda a: ops.segment_sum(a["data"], a["segment_ids"], number_of(a["num_segments"])),
}
