"""Ways to write an operation's arguments that TensorFlow takes and that Keras, given symbolic tensors, does not."""

from __future__ import annotations

import contextlib
import inspect
import math
import string
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
from keras.src.ops import core, nn, numpy
from keras.src.saving.serialization_lib import SerializableDict
from keras.src.tree.tree_api import register_tree_node_class

from ..backend import is_tensorflow
from ..batch import PRIMES
from ..nodes import PATCHING
from ..replayed import Add, Conv, ConvTranspose
from .symbolic_weight import ClosedError

# Operations that Keras mistakes, and what they are instead.
_TOLD_BETTER = {nn.Conv: Conv, nn.ConvTranspose: ConvTranspose}
# Reductions, which take a list of tensors for a stack of them.
_OF_ONE_TENSOR = {"Max", "Mean", "Min", "Prod", "Std", "Sum", "Var"}


@register_tree_node_class  # for Keras it is any other tuple of lengths
class Lengths(tuple[Any, ...]):
    """A shape that can be asked what TensorFlow's can."""

    __slots__ = ()

    @property
    def rank(self) -> int:
        return len(self)

    ndims = rank

    def as_list(self) -> list[Any]:
        return [*self]

    def num_elements(self) -> int | None:
        return None if None in self else math.prod(self)

    def is_fully_defined(self) -> bool:
        return None not in self

    def assert_is_fully_defined(self) -> None:
        if None in self:
            raise ValueError(f"Expected all lengths to be known, got {tuple(self)}.")

    def with_rank(self, rank: int) -> Lengths:
        return self._of_rank(len(self) == rank, f"{rank}")

    def with_rank_at_least(self, rank: int) -> Lengths:
        return self._of_rank(len(self) >= rank, f"{rank} or more")

    def with_rank_at_most(self, rank: int) -> Lengths:
        return self._of_rank(len(self) <= rank, f"{rank} or fewer")

    def _of_rank(self, is_so: bool, expected: str) -> Lengths:
        if not is_so:
            raise ValueError(f"Expected {expected} axes, got {tuple(self)}.")
        return self

    @property
    def dims(self) -> list[Any]:
        return [*self]

    def concatenate(self, other: Iterable[Any]) -> Lengths:
        return Lengths((*self, *other))

    __add__ = concatenate  # of lists as well

    def __radd__(self, other: Iterable[Any]) -> Lengths:
        return Lengths((*other, *self))

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        return Lengths(part) if isinstance(key, slice) else part

    def tree_flatten(self) -> tuple[tuple[Any, ...], None]:
        return tuple(self), None

    @classmethod
    def tree_unflatten(cls, _: None, lengths: Any) -> tuple[Any, ...]:
        return tuple(lengths)

    # The same for PyTorch's trees, which are told apart by these names.

    def torchtree_flatten(self) -> tuple[list[Any], None]:
        return list(self), None

    def torchtree_flatten_with_keys(self) -> tuple[list[tuple[Any, Any]], None]:
        from torch.utils._pytree import SequenceKey

        return [(SequenceKey(place), each) for place, each in enumerate(self)], None

    @classmethod
    def torchtree_unflatten(cls, lengths: Any, _: None) -> tuple[Any, ...]:
        return tuple(lengths)


class Dtype(str):
    """The name of a type that can be asked what TensorFlow's can."""

    __slots__ = ()
    _ASKED = ("as_numpy_dtype", "base_dtype", "is_bool", "is_complex", "is_floating", "is_integer")
    _OF_NUMBERS = ("limits", "max", "min", "name", "real_dtype", "size")

    def __getattr__(self, name: str) -> Any:
        if name not in self._ASKED + self._OF_NUMBERS or not is_tensorflow():
            raise AttributeError(f"'str' object has no attribute {name!r}")
        import tensorflow as tf

        return getattr(tf.as_dtype(str(self)), name)


@contextlib.contextmanager
def spellings_taken() -> Iterator[None]:
    """In this block bare operations on symbolic tensors take what is spelled in TensorFlow's and NumPy's ways.

    ``padding="VALID"``, lengths that were computed, capitals in an einsum, ``x[None]``, ``x[:n]``, lists as indices,
    ``slice`` with a length of -1, NumPy's numbers as factors, lists that are summed; shapes are :class:`Lengths`, with
    ``as_list()`` and ``rank``, types :class:`Dtype`, with ``is_floating`` and ``min``. A ``Dropout`` may be called as a
    part of a subclass's ``call()``: its draw is then seen.
    """
    real, shape, dropped = keras.Operation.symbolic_call, keras.KerasTensor.shape, keras.layers.Dropout.call
    dtype = keras.KerasTensor.dtype

    def symbolic_call(operation: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(operation, keras.Layer):
            if type(operation) is numpy.Clip and any(map(_is_tensor, (operation.x_min, operation.x_max))):
                return keras.ops.minimum(keras.ops.maximum(args[0], operation.x_min), operation.x_max)
            if type(operation) in (nn.Softmax, nn.LogSoftmax) and isinstance(operation.axis, (list, tuple)):
                return _over_axes(operation, args[0])
            _respell(operation)
            # As TensorFlow's operators do: NumPy's number has the tensor's dtype, where Keras would make it the wider.
            args = tuple(float(each) if isinstance(each, np.floating) else each for each in args)
        if type(operation) is numpy.Add and len(args) == 2 and _is_taken_for_a_bias(*args):
            operation.__class__ = Add
        if type(operation).__name__ == "Ndim":
            return len(args[0].shape)
        if type(operation).__name__ in _OF_ONE_TENSOR and args and isinstance(args[0], (list, tuple)):
            args = (keras.ops.stack(args[0]), *args[1:])
        if type(operation).__name__ == "GetItem" and len(args) > 1:
            args = (args[0], _key(args[1]), *args[2:])
        if type(operation) is core.Slice and len(args) > 1 and (key := _ranges(args[0], args[1], operation.shape)):
            return args[0][key]
        return real(operation, *args, **kwargs)

    def dropout(layer: Any, inputs: Any, training: bool = False) -> Any:
        # A subclass may call it as its own call()'s part.
        if not training or not layer.rate or not isinstance(inputs, keras.KerasTensor):
            return dropped(layer, inputs, training)
        return keras.random.dropout(inputs, layer.rate, noise_shape=layer.noise_shape, seed=layer.seed_generator)

    with PATCHING:
        keras.Operation.symbolic_call = symbolic_call
        keras.layers.Dropout.call = dropout
        keras.KerasTensor.shape = property(lambda tensor: Lengths(shape.fget(tensor)))
        keras.KerasTensor.dtype = property(lambda tensor: Dtype(dtype.fget(tensor)))
        keras.KerasTensor.get_shape = lambda tensor: tensor.shape
        keras.KerasTensor.set_shape = lambda *_: None  # what is known here is all there is
        try:
            yield
        finally:
            keras.Operation.symbolic_call = real
            keras.layers.Dropout.call = dropped
            keras.KerasTensor.shape, keras.KerasTensor.dtype = shape, dtype
            for name in {"get_shape", "set_shape"} & {*vars(keras.KerasTensor)}:
                delattr(keras.KerasTensor, name)


def _over_axes(softmax: Any, x: Any) -> Any:
    """A softmax over several axes, which Keras's own operation cannot compute: only its function can."""
    axes = tuple(softmax.axis)
    shifted = x - keras.ops.max(x, axes, keepdims=True)
    powers = keras.ops.exp(shifted)
    total = keras.ops.sum(powers, axes, keepdims=True)
    return powers / total if type(softmax) is nn.Softmax else shifted - keras.ops.log(total)


def _is_taken_for_a_bias(one: Any, other: Any) -> bool:
    """Whether Keras may take the second of two tensors for a bias that it is not, for one sample or for some number."""
    if not all(hasattr(each, "shape") and len(each.shape) for each in (one, other)) or len(one.shape) < 2:
        return False
    longer = [axis for axis, length in enumerate(other.shape) if length != 1]
    of_samples = [axis for axis in longer if any(other.shape[axis] % prime == 0 for prime in PRIMES)]
    last = len(other.shape) - 1
    is_bias = longer == [last] and other.shape[-1] == one.shape[-1] and last not in of_samples
    return 1 in (len(longer), len(longer) - len(of_samples)) and not is_bias


def _key(key: Any) -> Any:
    """An index as a tuple, where it is ``None``, a range or a list that takes from several axes."""
    if key is None or isinstance(key, slice):
        return (key,)
    is_of_axes = isinstance(key, list) and any(each is None or isinstance(each, slice) for each in key)
    return tuple(key) if is_of_axes else key


def _ranges(tensor: Any, starts: Any, lengths: Any) -> tuple[slice, ...] | None:
    """The index that a ``slice`` of known places is; a length of -1 is all that is left."""
    if not all(isinstance(each, (int, np.integer)) for each in (*starts, *lengths)):
        return None
    axes = zip(tensor.shape, map(int, starts), map(int, lengths), strict=True)
    return tuple(
        slice(start or None, None if length in (-1, whole - start) else start + length) for whole, start, length in axes
    )


def _respell(operation: Any) -> None:
    # Made for this one call: nobody else sees it change.
    if (told := _TOLD_BETTER.get(type(operation))) is not None:
        operation.__class__ = told
    changed = {}
    for name, value in list(vars(operation).items()):
        if name.startswith("_"):
            continue
        if isinstance(value, keras.KerasTensor):
            raise ClosedError(f"calls {type(operation).__name__} with a tensor for its {name}")
        if (respelled := _respelled(name, value)) is not value:
            changed[name] = respelled
            setattr(operation, name, respelled)
    if changed:
        known = operation._auto_config.config if operation._auto_config is not None else _made_with(operation)
        if known.keys() >= changed.keys():
            operation._auto_config = SerializableDict(**{**known, **changed})


def _made_with(operation: Any) -> dict[str, Any]:
    """What a bare operation was made with, of which Keras keeps nothing where one of it is no plain value."""
    names = inspect.signature(type(operation).__init__).parameters.keys() - {"self", "name"}
    return {name: value for name, value in vars(operation).items() if name in names}


def _is_tensor(value: Any) -> bool:
    """Whether it is a tensor, and no single number that is known."""
    is_known = keras.ops.is_tensor(value) and not len(value.shape) and hasattr(value, "numpy")
    return isinstance(value, (keras.KerasTensor, keras.Variable)) or (keras.ops.is_tensor(value) and not is_known)


def _respelled(name: str, value: Any) -> Any:
    if isinstance(value, Lengths):
        return tuple(value)
    if isinstance(value, Dtype):
        return str(value)
    if isinstance(value, np.number):
        return value.item()
    if keras.ops.is_tensor(value) and not len(value.shape) and hasattr(value, "numpy"):
        return value.numpy().item()
    if isinstance(value, (list, tuple)) and any(map(keras.ops.is_tensor, value)):
        return type(value)(int(each) if _is_length(each) else each for each in value)
    if name == "padding" and isinstance(value, str):
        return value.lower()
    return _small(value.replace(" ", "")) if name == "subscripts" and isinstance(value, str) else value


def _is_length(value: Any) -> bool:
    """Whether it is a length that was computed, as the smaller one of two is."""
    return bool(keras.ops.is_tensor(value) and not len(value.shape) and keras.backend.is_int_dtype(value.dtype))


def _small(subscripts: str) -> str:
    """The same with a small letter of its own for each capital."""
    unused = iter(sorted({*string.ascii_lowercase} - {*subscripts}))
    capitals = sorted({*subscripts} & {*string.ascii_uppercase})
    return subscripts.translate({ord(each): next(unused) for each in capitals})
