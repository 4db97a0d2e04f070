"""Floor 0: a model as plain data, whose channel dimensions are values (standard library and NumPy only)."""

from .arithmetic import ceil_log2, maximum, product, sum_depth
from .dimensions import (
    BATCH,
    Concat,
    Dim,
    DimensionError,
    Product,
    Shape,
    Symbol,
    baseline_size,
    cut,
    freeze,
    size,
    split,
    unify,
)
from .model_graph import UNREAD, WEIGHT, BatchSize, Call, Layer, ModelGraph, Tensor, TensorRef, Weight
from .recording import Expression, Program, Recorder

__all__ = [
    "BATCH",
    "UNREAD",
    "WEIGHT",
    "BatchSize",
    "Call",
    "Concat",
    "Dim",
    "DimensionError",
    "Expression",
    "Layer",
    "ModelGraph",
    "Product",
    "Program",
    "Recorder",
    "Shape",
    "Symbol",
    "Tensor",
    "TensorRef",
    "Weight",
    "baseline_size",
    "ceil_log2",
    "cut",
    "freeze",
    "maximum",
    "product",
    "size",
    "split",
    "sum_depth",
    "unify",
]
