"""Fitting samples to the inputs a model reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from ..graph import ModelGraph, TensorRef
from ..graph.model_graph import map_structure
from ..graph.wording import say
from ..layer_rules import find_layer_rule
from ..structure import StructureSpace

Samples: TypeAlias = np.ndarray | dict[str, np.ndarray]  # one array, or one for each input by name


def inputs_of(x: Samples) -> dict[str, np.ndarray]:
    """The array of each input by name; of a single one the name is empty."""
    return x if isinstance(x, dict) else {"": x}


def each_input(function: Callable[[np.ndarray], Any], x: Samples) -> Any:
    """``function`` of each input's array, in the form of ``x``."""
    return {name: function(each) for name, each in x.items()} if isinstance(x, dict) else function(x)


def count(x: Samples) -> int:
    """How many samples there are."""
    return len(next(iter(inputs_of(x).values())))


def input_names(graph: ModelGraph) -> list[str]:
    """A name for each input tensor of a model, in their order: the key it is passed by, else its layer's name."""
    if isinstance(graph.inputs, Mapping) and all(isinstance(each, TensorRef) for each in graph.inputs.values()):
        by_tensor = {each.index: str(key) for key, each in graph.inputs.items()}
        return [by_tensor[tensor] for tensor in graph.input_tensors]
    makers = {output: call.layer for call in graph.calls for output in call.outputs}
    return [makers[tensor] for tensor in graph.input_tensors]


def fit_inputs(x: Samples, space: StructureSpace) -> Any:
    """Samples as the models of a space read them: one array, or a tuple or dictionary as their inputs are.

    Each is fitted by :func:`fit_x`. Raises ``ValueError`` for inputs of other names or of another
    number, and for tokens that an embedding has no row for.
    """
    graph = space.graph
    names, given = input_names(graph), inputs_of(x)
    if len(names) == len(given) == 1:
        given = dict.fromkeys(names, next(iter(given.values())))
    if set(given) != set(names):
        wanted = ", ".join(f"{name!r}: ..." for name in names)
        came = ", ".join(map(repr, x)) if isinstance(x, dict) else "one array"
        raise ValueError(
            f"Expected samples for each of the {len(names)} inputs of {graph.name!r}, got {came}. "
            f"Pass Data({{{wanted}}}, y)."
        )
    fitted = {}
    for name, tensor in zip(names, graph.input_tensors, strict=True):
        shape, dtype = space.connected.lengths(tensor), graph.tensors[tensor].dtype
        fitted[tensor] = fit_x(given[name], shape, dtype, name if len(names) > 1 else "")
        check_tokens(fitted[tensor], tensor, graph)
    if len(fitted) == 1 and not isinstance(graph.inputs, Mapping):
        return next(iter(fitted.values()))
    filled = map_structure(lambda leaf: fitted[leaf.index], graph.inputs)
    return tuple(filled) if isinstance(filled, list) else filled  # TensorFlow makes one tensor of a list


def fit_x(x: np.ndarray, shape: tuple[int, ...], dtype: str = "float32", name: str = "") -> np.ndarray:
    """Samples in the shape and dtype of a model's input.

    Args:
        x: samples ``(n, ...)``.
        shape: what the model reads, without the batch axis.
        dtype: what the model reads; for bfloat16 they become float32.
        name: of the input, where there are several.

    Samples are flattened, unflattened, or given and taken axes of length 1, so that pictures
    ``(28, 28)`` fit ``(784,)`` and ``(28, 28, 1)``. Raises ``ValueError`` for any other difference,
    and for fractions where the model reads whole numbers.
    """
    of = say(" for the input {name}", name=repr(name)) if name else ""
    if x.shape[1:] != shape:
        if not _is_same_layout(x.shape[1:], shape):
            raise ValueError(
                say(
                    "Expected samples of shape {shape}{input}, which the model reads, got {own} ({n} numbers each "
                    "against {n_own}). {advice}, or make the model for the data's: keras.Input({own}).",
                    shape=shape,
                    input=of,
                    own=x.shape[1:],
                    n=math.prod(shape),
                    n_own=math.prod(x.shape[1:]),
                    advice=say("Reshape x")
                    if math.prod(shape) == math.prod(x.shape[1:])
                    else say("Pass data of that shape"),
                )
            )
        x = x.reshape(len(x), *shape)
    # bfloat16 is not NumPy's; Keras casts to it by itself.
    wanted = np.dtype("float32" if dtype == "bfloat16" else dtype)
    if x.dtype == wanted:
        return x
    if wanted.kind in "iu":
        if x.dtype.kind == "f" and (x != np.round(x)).any():
            raise ValueError(f"Expected whole numbers in x{of}, since the model reads {dtype}; got fractions.")
        limits = np.iinfo(wanted)
        if x.size and (x.min() < limits.min or x.max() > limits.max):
            raise ValueError(
                f"Expected numbers in x{of} from {limits.min} to {limits.max}, since the model reads {dtype}; "
                f"got {x.min()} to {x.max()}. Make the input of a wider type, or number the tokens from 0."
            )
    return x.astype(wanted)


def check_tokens(x: np.ndarray, tensor: int, graph: ModelGraph) -> None:
    """Raise ``ValueError`` for tokens that a layer which looks up the input ``tensor`` has no row for.

    On a CPU, TensorFlow raises in the middle of an epoch for those; on a GPU they become zeros.
    """
    for call in graph.calls:
        if call.inputs[:1] != (tensor,):
            continue
        layer = graph.layers[call.layer]
        rule = find_layer_rule(layer.kinds)
        if rule is not None and rule.keeps_values:
            check_tokens(x, call.outputs[0], graph)
        known = None if rule is None or rule.tokens_key is None else layer.config.get(rule.tokens_key)
        if known is None:
            continue
        if x.dtype.kind == "f" and (x != np.round(x)).any():
            raise ValueError(
                f"Expected whole numbers as tokens, which {call.layer!r} looks up, got fractions. Round them, or "
                "number what they stand for."
            )
        bad = (x < 0) | (x >= known)
        if bad.any():
            sample = int(np.argwhere(bad)[0][0])
            raise ValueError(
                f"Expected tokens from 0 to {known - 1}, which {call.layer!r} knows, got {x.min():g} to {x.max():g}: "
                f"{int(bad.sum()):,} outside, the first in sample {sample}. "
                "Number the tokens from 0, or read a model that knows more of them."
            )


def _is_same_layout(have: tuple[int, ...], want: tuple[int, ...]) -> bool:
    if math.prod(have) != math.prod(want):
        return False
    # (24, 16) into (16, 24) would have the right size and scrambled contents.
    return len(have) == 1 or len(want) == 1 or _long_axes(have) == _long_axes(want)


def _long_axes(shape: tuple[int, ...]) -> list[int]:
    return [length for length in shape if length != 1]
