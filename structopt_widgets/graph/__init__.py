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
    divide,
    every,
    fix,
    size,
    split,
    unify,
)
from .model_graph import PROVEN, UNREAD, WEIGHT, WHOLE, Call, Inside, Layer, ModelGraph, Tensor, Weight
from .plain import BatchSize, TensorRef
from .recording import Expression, Program, Recorder

freeze = fix  # its name before the word was one everywhere

__all__ = [
    "BATCH",
    "PROVEN",
    "UNREAD",
    "WEIGHT",
    "WHOLE",
    "BatchSize",
    "Call",
    "Concat",
    "Dim",
    "DimensionError",
    "Expression",
    "Inside",
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
    "divide",
    "every",
    "fix",
    "freeze",
    "maximum",
    "product",
    "size",
    "split",
    "sum_depth",
    "unify",
]
