"""A model as plain data: layers, the calls between them, and the tensors those calls make.

Nodes are *calls*, not layers: a shared layer is called twice and its weights count once. Shapes
leave the batch axis out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Weight:
    """A weight of a layer, in the order of ``keras.Layer.weights``."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool


@dataclass(frozen=True)
class Layer:
    """A layer or a bare operation.

    ``kinds`` are the names a layer rule may be registered under, most special first: Keras's own
    classes by name (``Dense``), bare operations with a prefix (``ops.Add``), a user's classes by
    module and name. ``serialized`` is Keras's own serialization, from which a fresh one is made.
    """

    name: str
    kinds: tuple[str, ...]
    weights: tuple[Weight, ...]
    serialized: Mapping[str, Any]

    @property
    def config(self) -> Mapping[str, Any]:
        """What the layer was constructed with."""
        return self.serialized["config"]

    @property
    def kind(self) -> str:
        """The class, as people know it."""
        return self.kinds[0]


@dataclass(frozen=True)
class TensorRef:
    """Stands for a tensor inside the arguments of a call."""

    index: int


@dataclass(frozen=True)
class Tensor:
    """A value between calls; ``shape`` has no batch axis, and ``None`` for a length Keras does not know."""

    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True)
class Call:
    """One use of a layer. ``args`` and ``kwargs`` hold :class:`TensorRef` where tensors go."""

    layer: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ModelGraph:
    """Layers by name, calls in execution order, tensors by index.

    ``inputs`` and ``outputs`` are the model's own structures (a tensor, a list or a dictionary)
    with :class:`TensorRef` in them. ``optimizer`` is the class name of the compiled one, or ``None``;
    ``optimizer_slots`` the arrays it keeps for each trainable weight, or ``None`` where that is not known.
    """

    name: str
    layers: Mapping[str, Layer]
    calls: tuple[Call, ...]
    tensors: tuple[Tensor, ...]
    inputs: Any
    outputs: Any
    optimizer: str | None = None
    optimizer_slots: int | None = None

    @property
    def input_tensors(self) -> list[int]:
        """Indices of the model's input tensors."""
        return [ref.index for ref in tensor_refs(self.inputs)]

    @property
    def output_tensors(self) -> list[int]:
        """Indices of the model's output tensors."""
        return [ref.index for ref in tensor_refs(self.outputs)]

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dictionaries.

        Raises ``ValueError`` naming the call whose arguments are not plain data.
        """
        calls = []
        for call in self.calls:
            try:
                args, kwargs = _encode(call.args), _encode(call.kwargs)
            except TypeError as error:
                raise ValueError(f"The call of {call.layer!r} cannot be written to JSON: {error}") from None
            calls.append(
                {
                    "layer": call.layer,
                    "inputs": [*call.inputs],
                    "outputs": [*call.outputs],
                    "args": args,
                    "kwargs": kwargs,
                }
            )
        return {
            "name": self.name,
            "optimizer": self.optimizer,
            "optimizer_slots": self.optimizer_slots,
            "layers": [{**asdict(layer), "serialized": _encode(layer.serialized)} for layer in self.layers.values()],
            "calls": calls,
            "tensors": [{"shape": [*tensor.shape], "dtype": tensor.dtype} for tensor in self.tensors],
            "inputs": _encode(self.inputs),
            "outputs": _encode(self.outputs),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ModelGraph:
        """The graph that :meth:`to_json` wrote; raises ``KeyError`` or ``TypeError`` on anything else."""
        layers = [
            Layer(
                each["name"],
                tuple(each["kinds"]),
                tuple(
                    Weight(weight["name"], tuple(weight["shape"]), weight["dtype"], weight["trainable"])
                    for weight in each["weights"]
                ),
                _decode(each["serialized"]),
            )
            for each in data["layers"]
        ]
        calls = [
            Call(
                each["layer"],
                tuple(each["inputs"]),
                tuple(each["outputs"]),
                _decode(each["args"]),
                _decode(each["kwargs"]),
            )
            for each in data["calls"]
        ]
        return cls(
            data["name"],
            {layer.name: layer for layer in layers},
            tuple(calls),
            tuple(Tensor(tuple(each["shape"]), each["dtype"]) for each in data["tensors"]),
            _decode(data["inputs"]),
            _decode(data["outputs"]),
            data["optimizer"],
            data["optimizer_slots"],
        )


def tensor_refs(structure: Any) -> list[TensorRef]:
    """The tensor references in nested lists, tuples and dictionaries, in order."""
    found: list[TensorRef] = []
    map_structure(lambda leaf: found.append(leaf) if isinstance(leaf, TensorRef) else None, structure)
    return found


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """``structure`` with ``function`` applied to every leaf of its lists, tuples and dictionaries."""
    if isinstance(structure, Mapping):
        return {key: map_structure(function, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(map_structure(function, value) for value in structure)
    return function(structure)


def _encode(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _encode(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_encode(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    # What JSON has no word for is a dictionary of one key, which starts with a dollar sign.
    if isinstance(value, TensorRef):
        return {"$tensor": value.index}
    if isinstance(value, tuple):
        return {"$tuple": [_encode(each) for each in value]}
    if isinstance(value, slice):
        return {"$slice": [_encode(each) for each in (value.start, value.stop, value.step)]}
    if isinstance(value, (np.ndarray, np.generic)):
        return {"$array": _encode(value.tolist()), "dtype": str(value.dtype)}
    if value is Ellipsis:
        return {"$ellipsis": True}
    raise TypeError(f"expected numbers, text, arrays and tensors as arguments, got {type(value).__name__}")


def _decode(structure: Any) -> Any:
    if isinstance(structure, Mapping):
        kind = next(iter(structure), None)
        if kind == "$tensor":
            return TensorRef(structure["$tensor"])
        if kind == "$tuple":
            return tuple(_decode(value) for value in structure["$tuple"])
        if kind == "$slice":
            return slice(*(_decode(value) for value in structure["$slice"]))
        if kind == "$array":
            return np.array(_decode(structure["$array"]), dtype=structure["dtype"])
        if kind == "$float":
            return float(structure["$float"])
        if kind == "$ellipsis":
            return Ellipsis
        return {key: _decode(value) for key, value in structure.items()}
    if isinstance(structure, list):
        return [_decode(value) for value in structure]
    return structure
