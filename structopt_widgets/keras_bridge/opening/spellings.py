"""Ways to write an operation's arguments that TensorFlow takes and that Keras, given symbolic tensors, does not."""

from __future__ import annotations

import contextlib
import math
import string
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
from keras.src.ops import core, nn, numpy
from keras.src.tree.tree_api import register_tree_node_class

from ..batch import PRIMES
from ..nodes import PATCHING
from ..replayed import Add, Conv, ConvTranspose

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


@contextlib.contextmanager
def spellings_taken() -> Iterator[None]:
    """In this block bare operations on symbolic tensors take what is spelled in TensorFlow's and NumPy's ways.

    ``padding="VALID"``, lengths that were computed, capitals in an einsum, ``x[None]``, ``x[:n]``, lists as indices,
    ``slice`` with a length of -1, NumPy's numbers as factors, lists that are summed; shapes are :class:`Lengths`, with
    ``as_list()`` and ``rank``. A ``Dropout`` may be called as a part of a subclass's ``call()``: its draw is then seen.
    """
    real, shape, dropped = keras.Operation.symbolic_call, keras.KerasTensor.shape, keras.layers.Dropout.call

    def symbolic_call(operation: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(operation, keras.Layer):
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
        keras.KerasTensor.get_shape = lambda tensor: tensor.shape
        try:
            yield
        finally:
            keras.Operation.symbolic_call = real
            keras.layers.Dropout.call = dropped
            keras.KerasTensor.shape = shape
            if "get_shape" in vars(keras.KerasTensor):
                del keras.KerasTensor.get_shape


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
    for name, value in list(vars(operation).items()):
        if not name.startswith("_") and (respelled := _respelled(name, value)) is not value:
            setattr(operation, name, respelled)
            if operation._auto_config is not None and name in operation._auto_config.config:
                operation._auto_config.config[name] = respelled


def _respelled(name: str, value: Any) -> Any:
    if isinstance(value, Lengths):
        return tuple(value)
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
