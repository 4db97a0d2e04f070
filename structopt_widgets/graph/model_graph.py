"""A model as plain data: layers, the calls between them, and the tensors those calls make.

Nodes are *calls*, not layers: a shared layer is called twice and its weights count once. Shapes
leave the batch axis out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .dimensions import BATCH, Dim, Shape, of_batch
from .open_lengths import OpenLengths
from .plain import TensorRef, decode_plain, encode_plain
from .width_numbers import WidthNumbers

WEIGHT = "Weight"  # the kind of a call that reads one weight, and gives it as a tensor
WHOLE = "Whole"  # the kind of a layer that stays one call, and whose operations are known
CACHED = "cached"  # where the serialization of a call says which tensors, keys and values, a decoder keeps for it
PROVEN = "proven"  # where the serialization of such weights says that the model was run without them
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
    why one without a rule could not be opened to what is inside; ``inside`` is what is known of that all the same.
    ``functions`` are the activations that a user wrote, by their keys in the configuration, a layer inside with its own
    in front (``layer.activation``): operations an element, and how many of them wait for one another. ``elsewhere`` is
    the layer that has the same weights and counts them, as that of another wrapper of one cell.
    """

    name: str
    kinds: tuple[str, ...]
    weights: tuple[Weight, ...]
    serialized: Mapping[str, Any]
    path: tuple[str, ...] = ()
    closed: str = ""
    inside: Inside | None = None
    functions: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    elsewhere: str = ""

    @property
    def config(self) -> Mapping[str, Any]:
        """What the layer was constructed with."""
        return self.serialized["config"]

    @property
    def kind(self) -> str:
        """The class, as people know it."""
        return self.kinds[0]

    def functions_of(self, part: str) -> dict[str, tuple[int, int]]:
        """Those of a layer inside, by its own keys."""
        start = f"{part}."
        return {key.removeprefix(start): cost for key, cost in self.functions.items() if key.startswith(start)}

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dictionaries."""
        return {
            "name": self.name,
            "kinds": [*self.kinds],
            "weights": [asdict(weight) for weight in self.weights],
            "serialized": encode_plain(self.serialized),
            "path": [*self.path],
            "closed": self.closed,
            "inside": None if self.inside is None else self.inside.to_json(),
            "functions": {key: [*cost] for key, cost in self.functions.items()},
            "elsewhere": self.elsewhere,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Layer:
        """The layer that :meth:`to_json` wrote."""
        weights = (
            Weight(each["name"], tuple(each["shape"]), each["dtype"], each["trainable"]) for each in data["weights"]
        )
        inside = data.get("inside")
        return cls(
            data["name"],
            tuple(data["kinds"]),
            tuple(weights),
            decode_plain(data["serialized"]),
            tuple(data.get("path", ())),
            data.get("closed", ""),
            None if inside is None else Inside.from_json(inside),
            {key: (flops, span) for key, (flops, span) in data.get("functions", {}).items()},
            data.get("elsewhere", ""),
        )


@dataclass(frozen=True)
class Inside:
    """What a layer does that stays one call, operation by operation.

    Attributes:
        graphs: at inference, and in training where that is known to be something else.
        places: for each weight of the layer and each of ``graphs``, the layer there that has it, and its place among
            that one's; ``None`` where it is not read.
        entries: for each width, in the order in which :func:`~structopt_widgets.layer_rules.whole.widths_of` lists
            them, the entries of the layer's configuration that hold it; ``None`` where it has to stay as it is.
        ties: places of widths in that order that are one, as the layer is written.
    """

    graphs: tuple[ModelGraph, ...]
    places: tuple[tuple[tuple[str, int] | None, ...], ...]
    entries: tuple[tuple[str, ...] | None, ...] = ()
    ties: tuple[tuple[int, ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dictionaries."""
        return {
            "graphs": [graph.to_json() for graph in self.graphs],
            "places": [[None if place is None else [*place] for place in each] for each in self.places],
            "entries": [None if each is None else [*each] for each in self.entries],
            "ties": [[*each] for each in self.ties],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Inside:
        """What :meth:`to_json` wrote."""
        return cls(
            tuple(map(ModelGraph.from_json, data["graphs"])),
            tuple(tuple(None if place is None else (place[0], place[1]) for place in each) for each in data["places"]),
            tuple(None if each is None else tuple(each) for each in data["entries"]),
            tuple(map(tuple, data["ties"])),
        )


@dataclass(frozen=True)
class Tensor:
    """A value between calls; ``shape`` has no batch axis, and ``None`` for a length Keras does not know.

    ``batch_axis`` is where the batch is among the axes, or ``None`` for what is the same for all samples, as
    a weight is; ``rows`` are those a sample has there, or ``None`` where only the rules can say. ``others`` are further
    axes of all samples, as a matrix has that compares each with each.
    """

    shape: tuple[int | None, ...]
    dtype: str
    batch_axis: int | None = 0
    rows: int | None = None
    others: tuple[int, ...] = ()

    @property
    def full_shape(self) -> Shape:
        """Every axis, the batch too; -1 for a length Keras does not know."""
        lengths: list[Dim] = [-1 if length is None else length for length in self.shape]
        if self.batch_axis is not None:
            lengths.insert(self.batch_axis, of_batch((self.rows or 1) * BATCH.baseline))
        for axis in self.others:
            lengths.insert(axis, BATCH)
        return tuple(lengths)

    def to_json(self) -> dict[str, Any]:
        """Plain values; what few tensors have is left out of the others, so that files stay what they were."""
        written = {"shape": [*self.shape], "dtype": self.dtype, "batch_axis": self.batch_axis, "rows": self.rows}
        return written | ({"others": [*self.others]} if self.others else {})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tensor:
        """What :meth:`to_json` wrote."""
        # Files written before weights were tensors say neither where the batch is nor of how many rows.
        place, rows = data.get("batch_axis", 0), data.get("rows")
        return cls(tuple(data["shape"]), data["dtype"], place, rows, tuple(data.get("others", ())))


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
    ``differences`` say in what the model computes otherwise than its graph, and why. ``open_lengths`` are what a copy
    takes any length by, where the model does and was measured at one; ``width_numbers`` the numbers in a user's own
    code that follow from its widths.
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
    open_lengths: OpenLengths | None = None
    width_numbers: WidthNumbers | None = None

    @property
    def input_tensors(self) -> list[int]:
        """Indices of the model's input tensors."""
        return [ref.index for ref in tensor_refs(self.inputs)]

    @property
    def output_tensors(self) -> list[int]:
        """Indices of the model's output tensors, those of a dictionary by its sorted keys, as Keras has them."""
        return [ref.index for ref in tensor_refs(_sorted(self.outputs))]

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
        # What few models have is left out of the others, so that files stay what they were.
        few = {"open_lengths": self.open_lengths, "width_numbers": self.width_numbers}
        return {
            "name": self.name,
            "optimizer": self.optimizer,
            "optimizer_slots": self.optimizer_slots,
            "layers": [layer.to_json() for layer in self.layers.values()],
            "calls": calls,
            "tensors": [tensor.to_json() for tensor in self.tensors],
            "inputs": encode_plain(self.inputs),
            "outputs": encode_plain(self.outputs),
            "differences": dict(self.differences),
            **{key: each.to_json() for key, each in few.items() if each is not None},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ModelGraph:
        """The graph that :meth:`to_json` wrote; raises ``KeyError`` or ``TypeError`` on anything else."""
        layers = map(Layer.from_json, data["layers"])
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
            tuple(map(Tensor.from_json, data["tensors"])),
            decode_plain(data["inputs"]),
            decode_plain(data["outputs"]),
            data["optimizer"],
            data["optimizer_slots"],
            data.get("differences", {}),
            OpenLengths.from_json(data["open_lengths"]) if "open_lengths" in data else None,
            WidthNumbers.from_json(data["width_numbers"]) if "width_numbers" in data else None,
        )


def _sorted(structure: Any) -> Any:
    """The same with the entries of dictionaries in the order of their keys."""
    if isinstance(structure, Mapping):
        return {key: _sorted(structure[key]) for key in sorted(structure)}
    if isinstance(structure, (list, tuple)):
        return [_sorted(each) for each in structure]
    return structure


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
        made = [map_structure(function, value) for value in structure]
        return type(structure)(*made) if hasattr(structure, "_fields") else type(structure)(made)
    return function(structure)
