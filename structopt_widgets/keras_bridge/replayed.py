"""Layers that stand in a rebuilt model for what opened layers did beside their own layers: weights, sizes of the batch.

They are saved with a model, in Keras's safe format, and loaded wherever this package is imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.src.ops import nn, numpy

from ..graph import BatchSize, TensorRef
from ..graph.model_graph import map_structure
from ..graph.open_lengths import Path, map_leaves
from ..graph.plain import Computed, Length, decode_plain, encode_plain

_PACKAGE = "structopt_widgets"
MAKERS = ("arange", "eye", "full", "linspace", "ones", "tri", "zeros")  # of an array, from numbers alone


def _as_tensor(value: Any) -> Any:
    """Some operations of Keras do not take TensorFlow's variables. While a model is read there are none."""
    return value if isinstance(value, keras.KerasTensor) else ops.copy(value)


@keras.saving.register_keras_serializable(_PACKAGE)
class OwnWeight(keras.layers.Layer):
    """A weight as a tensor. It is called on any tensor of the model, which says no more than that it is there."""

    def __init__(
        self,
        shape: Any,
        weight_dtype: str,
        initializer: Any,
        regularizer: Any = None,
        constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shape, self.weight_dtype = tuple(shape), weight_dtype
        self.initializer = keras.initializers.get(initializer)
        self.regularizer = keras.regularizers.get(regularizer)
        self.constraint = keras.constraints.get(constraint)

    def build(self, _: Any) -> None:
        self.weight = self.add_weight(
            shape=self.shape,
            initializer=self.initializer,
            dtype=self.weight_dtype,
            regularizer=self.regularizer,
            constraint=self.constraint,
            name="weight",
        )

    def call(self, _: Any) -> Any:
        return _as_tensor(self.weight.value)

    def compute_output_spec(self, _: Any) -> keras.KerasTensor:
        is_cast = keras.backend.is_float_dtype(self.weight_dtype)
        return keras.KerasTensor(self.shape, dtype=self.compute_dtype if is_cast else self.weight_dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "shape": self.shape,
            "weight_dtype": self.weight_dtype,
            "initializer": keras.initializers.serialize(self.initializer),
            "regularizer": keras.regularizers.serialize(self.regularizer),
            "constraint": keras.constraints.serialize(self.constraint),
        }


@keras.saving.register_keras_serializable(_PACKAGE)
class WeightOf(keras.layers.Layer):
    """A weight of another layer as a tensor, as a tied output reads it."""

    def __init__(self, owner: Any, place: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.owner, self.place = owner, place

    def build(self, _: Any) -> None:
        # Past Keras's record of variables: it stays the owner's.
        self.__dict__["weight"] = self.owner.weights[self.place]

    def call(self, _: Any) -> Any:
        return _as_tensor(self.weight.value)

    def compute_output_spec(self, _: Any) -> keras.KerasTensor:
        return keras.KerasTensor(self.weight.shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        owner = keras.saving.serialize_keras_object(self.owner)
        return super().get_config() | {"owner": owner, "place": self.place}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> WeightOf:
        return cls(**config | {"owner": keras.saving.deserialize_keras_object(config["owner"])})


@keras.saving.register_keras_serializable(_PACKAGE)
class KeepsWeights(keras.layers.Layer):
    """Weights that nothing reads, so that a rebuilt model has them too; passes on what it is called on."""

    def __init__(self, weights: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kept = weights

    def build(self, _: Any) -> None:
        for each in self.kept:
            self.add_weight(
                shape=each["shape"],
                initializer=keras.saving.deserialize_keras_object(each["initializer"]),
                dtype=each["weight_dtype"],
                trainable=each["trainable"],
                regularizer=keras.saving.deserialize_keras_object(each["regularizer"]),
                constraint=keras.saving.deserialize_keras_object(each["constraint"]),
                name=each["name"],
            )

    def call(self, inputs: Any) -> Any:
        return inputs

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"weights": self.kept}


@keras.saving.register_keras_serializable(_PACKAGE)
class ConvTranspose(nn.ConvTranspose):
    """Keras's own, called as it means to be: version 3.15 mistakes the order of its arguments, and cannot run it."""

    __module__ = nn.__name__  # it has that one's rule

    def call(self, inputs: Any, kernel: Any) -> Any:
        by_name = ("strides", "padding", "output_padding", "data_format", "dilation_rate")
        return ops.conv_transpose(inputs, kernel, **{name: getattr(self, name) for name in by_name})


@keras.saving.register_keras_serializable(_PACKAGE)
class Conv(nn.Conv):
    """Keras's own, of symbolic tensors too where the kernel is of groups: only there Keras asks for all channels."""

    __module__ = nn.__name__  # it has that one's rule

    def compute_output_spec(self, inputs: Any, kernel: Any) -> keras.KerasTensor:
        is_first = (self.data_format or keras.config.image_data_format()) == "channels_first"
        channels, (each, made) = inputs.shape[1 if is_first else -1], kernel.shape[-2:]
        is_grouped = channels and each and channels % each == 0 and made % (channels // each) == 0
        of_all = keras.KerasTensor((*kernel.shape[:-2], channels, made), dtype=kernel.dtype)
        return super().compute_output_spec(inputs, of_all if is_grouped else kernel)


@keras.saving.register_keras_serializable(_PACKAGE)
class Add(numpy.Add):
    """Keras's own, of any two tensors: Keras takes the second for a bias where only one of its axes is longer than 1.

    On TensorFlow it then adds along the last axis or the second one, whichever is as long: rows and columns of scores
    are so for one sample, and a number for each sample is where there are as many samples as channels.
    """

    __module__ = numpy.__name__  # it has that one's rule

    def call(self, x1: Any, x2: Any) -> Any:
        dtype = keras.backend.result_type(x1.dtype, x2.dtype)
        return ops.convert_to_tensor(x1, dtype) + ops.convert_to_tensor(x2, dtype)


@dataclass(frozen=True)
class Unsized:
    """A bare operation that can only be made when the size of the batch is known, by its serialization."""

    serialized: Mapping[str, Any]


@keras.saving.register_keras_serializable(_PACKAGE)
class BatchSized(keras.layers.Layer):
    """A bare operation with the size of the batch, or a length that is open, among its arguments.

    It is called on a list: a tensor with the batch as its first axis, then what the operation reads, then what else
    lengths are taken from.
    """

    def __init__(self, operation: Any, arguments: Any, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.operation, self.arguments = operation, arguments

    @classmethod
    def of(
        cls, operation: Unsized, given: tuple[Any, Any], tensors: Sequence[int], name: str, entries: Mapping[Path, Any]
    ) -> BatchSized:
        """The layer for one call of an operation, ``given`` such arguments, that is called on those ``tensors``.

        ``entries`` stand in the place of what they say.
        """

        def placed(leaf: Any) -> Any:
            if isinstance(leaf, Computed):
                return Computed(*map_leaves(lambda _, each: placed(each), (leaf.operation, leaf.args, leaf.kwargs)))
            if isinstance(leaf, Length):
                return replace(leaf, tensor=tensors.index(leaf.tensor))
            return TensorRef(tensors.index(leaf.index)) if isinstance(leaf, TensorRef) else leaf

        made = map_leaves(
            lambda path, leaf: placed(entries.get(path, leaf)),
            {"config": operation.serialized["config"], "args": given[0], "kwargs": given[1]},
        )
        serialized = {**operation.serialized, "config": made["config"]}
        return cls(encode_plain(serialized), encode_plain([made["args"], made["kwargs"]]), name=name)

    def call(self, inputs: Any) -> Any:
        reference, *tensors = inputs
        samples = ops.shape(reference)[0]

        def filled(_: Path, leaf: Any) -> Any:
            if isinstance(leaf, BatchSize):
                return leaf.rows * samples
            if isinstance(leaf, Length):
                length = ops.shape(tensors[leaf.tensor])[leaf.axis]
                return length * leaf.times // leaf.over + leaf.plus
            if isinstance(leaf, Computed):
                # Of NumPy's arrays no part can be taken whose length is a tensor.
                return run(leaf.operation, *map_leaves(_as_array, (leaf.args, leaf.kwargs)))
            return tensors[leaf.index] if isinstance(leaf, TensorRef) else leaf

        def run(operation: Any, args: Any, kwargs: Any) -> Any:
            args, kwargs = map_leaves(filled, args), map_leaves(filled, kwargs)
            if isinstance(operation, str):
                return maker(operation)(*args, **kwargs)
            config = map_leaves(filled, operation["config"])
            return operation_class(operation).from_config(config)(*args, **kwargs)

        return run(decode_plain(self.operation), *decode_plain(self.arguments))

    def compute_output_spec(self, inputs: Any) -> Any:
        # Keras takes what is multiplied by a number to be sparse, and not every operation takes that.
        return super().compute_output_spec([keras.KerasTensor(each.shape, dtype=each.dtype) for each in inputs])

    def get_config(self) -> dict[str, Any]:
        config = super().get_config() | {"operation": self.operation, "arguments": self.arguments}
        return {key: value for key, value in config.items() if key != "autocast"}


def _as_array(_: Path, leaf: Any) -> Any:
    return ops.convert_to_tensor(leaf) if isinstance(leaf, np.ndarray) else leaf


def maker(name: str) -> Any:
    """What makes an array of numbers in ``keras.ops``."""
    if name not in MAKERS:
        raise ValueError(f"Expected what makes an array of numbers, one of {', '.join(MAKERS)}, got {name!r}.")
    return getattr(ops, name)


def operation_class(serialized: Mapping[str, Any]) -> Any:
    """The class of a bare operation; only Keras's own are known by name."""
    module = serialized["module"]
    if not module.startswith("keras."):
        raise ValueError(f"Expected an operation of Keras, got {serialized['class_name']!r} of {module!r}.")
    if serialized["class_name"] == ConvTranspose.__name__:
        return ConvTranspose
    import importlib

    return getattr(importlib.import_module(module), serialized["class_name"])


def counts_samples(structure: Any) -> bool:
    """Whether an argument or configuration has the size of the batch in it."""
    found: list[bool] = []
    map_structure(lambda leaf: found.append(isinstance(leaf, BatchSize)), structure)
    return any(found)
