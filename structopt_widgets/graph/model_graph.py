"""A model as plain data: layers, the calls between them, and the tensors those calls make.

Nodes are *calls*, not layers: a shared layer is called twice and its weights count once. Shapes
leave the batch axis out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from .dimensions import BATCH, Dim, Shape, of_batch

WEIGHT = "Weight"  # the kind of a call that reads one weight, and gives it as a tensor
UNREAD = "Unread"  # the kind of a call that holds weights which no operation reads, and passes a tensor on


@dataclass(frozen=True)
class Weight:
    """A weight of a layer, in the order of ``keras.Layer.weights``."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool


@dataclass(frozen=True)
class Layer:
    """A layer, a bare operation, or a weight that operations read (of kind :data:`WEIGHT`).

    ``kinds`` are the names a layer rule may be registered under, most special first: Keras's own
    classes by name (``Dense``), bare operations with a prefix (``ops.Add``), a user's classes by
    module and name. ``serialized`` is Keras's own serialization, from which a fresh one is made.
    ``path`` names the layers without a rule that it was found inside of, the outermost first; ``closed`` is
    why one without a rule could not be opened to what is inside.
    """

    name: str
    kinds: tuple[str, ...]
    weights: tuple[Weight, ...]
    serialized: Mapping[str, Any]
    path: tuple[str, ...] = ()
    closed: str = ""

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
class BatchSize:
    """Stands for ``rows`` times the number of samples, where arguments and configurations hold a length."""

    rows: int = 1


@dataclass(frozen=True)
class Tensor:
    """A value between calls; ``shape`` has no batch axis, and ``None`` for a length Keras does not know.

    ``batch_axis`` is where the batch is among the axes, or ``None`` for what is the same for all samples, as
    a weight is; ``rows`` are those a sample has there, or ``None`` where only the rules can say.
    """

    shape: tuple[int | None, ...]
    dtype: str
    batch_axis: int | None = 0
    rows: int | None = None

    @property
    def full_shape(self) -> Shape:
        """Every axis, the batch too; -1 for a length Keras does not know."""
        lengths: list[Dim] = [-1 if length is None else length for length in self.shape]
        if self.batch_axis is not None:
            lengths.insert(self.batch_axis, of_batch((self.rows or 1) * BATCH.baseline))
        return tuple(lengths)


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
    ``differences`` say in what the model computes otherwise than its graph, and why.
    """

    name: str
    layers: Mapping[str, Layer]
    calls: tuple[Call, ...]
    tensors: tuple[Tensor, ...]
    inputs: Any
    outputs: Any
    optimizer: str | None = None
    optimizer_slots: int | None = None
    differences: Mapping[str, str] = field(default_factory=dict)

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
                args, kwargs = encode_plain(call.args), encode_plain(call.kwargs)
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
            "layers": [
                {**asdict(layer), "path": [*layer.path], "serialized": encode_plain(layer.serialized)}
                for layer in self.layers.values()
            ],
            "calls": calls,
            "tensors": [asdict(tensor) | {"shape": [*tensor.shape]} for tensor in self.tensors],
            "inputs": encode_plain(self.inputs),
            "outputs": encode_plain(self.outputs),
            "differences": dict(self.differences),
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
                decode_plain(each["serialized"]),
                tuple(each.get("path", ())),
                each.get("closed", ""),
            )
            for each in data["layers"]
        ]
        calls = [
            Call(
                each["layer"],
                tuple(each["inputs"]),
                tuple(each["outputs"]),
                decode_plain(each["args"]),
                decode_plain(each["kwargs"]),
            )
            for each in data["calls"]
        ]
        return cls(
            data["name"],
            {layer.name: layer for layer in layers},
            tuple(calls),
            # Files written before weights were tensors say neither where the batch is nor of how many rows.
            tuple(
                Tensor(tuple(each["shape"]), each["dtype"], each.get("batch_axis", 0), each.get("rows"))
                for each in data["tensors"]
            ),
            decode_plain(data["inputs"]),
            decode_plain(data["outputs"]),
            data["optimizer"],
            data["optimizer_slots"],
            data.get("differences", {}),
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


def encode_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: encode_plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [encode_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    # What JSON has no word for is a dictionary of one key, which starts with a dollar sign.
    if isinstance(value, TensorRef):
        return {"$tensor": value.index}
    if isinstance(value, BatchSize):
        return {"$batch": value.rows}
    if isinstance(value, tuple):
        return {"$tuple": [encode_plain(each) for each in value]}
    if isinstance(value, slice):
        return {"$slice": [encode_plain(each) for each in (value.start, value.stop, value.step)]}
    if isinstance(value, (np.ndarray, np.generic)):
        return {"$array": encode_plain(value.tolist()), "dtype": str(value.dtype)}
    if value is Ellipsis:
        return {"$ellipsis": True}
    raise TypeError(f"expected numbers, text, arrays and tensors as arguments, got {type(value).__name__}")


def decode_plain(structure: Any) -> Any:
    if isinstance(structure, Mapping):
        kind = next(iter(structure), None)
        if kind == "$tensor":
            return TensorRef(structure["$tensor"])
        if kind == "$batch":
            return BatchSize(structure["$batch"])
        if kind == "$tuple":
            return tuple(decode_plain(value) for value in structure["$tuple"])
        if kind == "$slice":
            return slice(*(decode_plain(value) for value in structure["$slice"]))
        if kind == "$array":
            return np.array(decode_plain(structure["$array"]), dtype=structure["dtype"])
        if kind == "$float":
            return float(structure["$float"])
        if kind == "$ellipsis":
            return Ellipsis
        return {key: decode_plain(value) for key, value in structure.items()}
    if isinstance(structure, list):
        return [decode_plain(value) for value in structure]
    return structure
