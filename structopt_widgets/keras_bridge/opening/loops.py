"""Loops and choices that a layer's own code leaves to ``keras.ops`` or TensorFlow, run step by step while it is traced.

A scan, a map, a loop of so many steps: each step's operations are recorded like any others, as if they had been
written one after the other. A choice by a value that is computed is both results and one of them taken.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops, tree

from ..batch import PRIMES
from ..nodes import PATCHING
from .samples_mapped import mapped_over_samples
from .tensorflow_arguments import number_of

LONGEST = 256  # steps that are written out; a graph of more is no longer looked at by anybody


class TooLongError(ValueError):
    """A loop of more steps than are written out, or over the samples of the batch."""


def _length(tensors: Any) -> int:
    return _counted(int(tree.flatten(tensors)[0].shape[0]))


def _counted(length: int) -> int:
    if length in PRIMES:
        raise TooLongError("a loop over the samples of a batch is not written out")
    if length > LONGEST:
        raise TooLongError(f"a loop of {length} steps is not written out, of {LONGEST} it is")
    return length


def _at(tensors: Any, step: int) -> Any:
    return tree.map_structure(lambda each: each[step], tensors)


def _stacked(made: Sequence[Any]) -> Any:
    return tree.map_structure(lambda *each: None if each[0] is None else ops.stack(each), *made)


def _mapped(f: Callable[..., Any], xs: Any, *_: Any, **__: Any) -> Any:
    lengths = {each.shape[0] for each in tree.flatten(xs) if isinstance(each, keras.KerasTensor)}
    if lengths & {*PRIMES}:
        return mapped_over_samples(f, xs, *lengths)
    return _stacked([f(_at(xs, step)) for step in range(_length(xs))])


def _mapped_by_tensorflow(fn: Callable[..., Any], elems: Any, *_: Any, **__: Any) -> Any:
    return _mapped(fn, elems)


def _scanned(
    f: Callable[..., Any], init: Any, xs: Any = None, length: Any = None, reverse: bool = False, *_: Any, **__: Any
) -> Any:
    count = _counted(number_of(length)) if xs is None else _length(xs)
    order = range(count)[:: -1 if reverse else 1]
    made: dict[int, Any] = {}
    for step in order:
        init, made[step] = f(init, None if xs is None else _at(xs, step))
    return init, _stacked([made[step] for step in range(count)])


def _folded(fn: Callable[..., Any], elems: Any, initializer: Any, reverse: bool = False) -> list[Any]:
    """What is carried after each step, by its place."""
    order = list(range(_length(elems)))[:: -1 if reverse else 1]
    made: dict[int, Any] = {}
    if initializer is None:
        first = order.pop(0)
        made[first] = initializer = _at(elems, first)
    for step in order:
        made[step] = initializer = fn(initializer, _at(elems, step))
    return [made[step] for step in range(len(made))]


def _scanned_by_tensorflow(fn: Any, elems: Any, initializer: Any = None, *arguments: Any, **named: Any) -> Any:
    # Hints about threads, memory and shapes come before the direction.
    backwards = arguments[4] if len(arguments) > 4 else named.get("reverse", False)
    return _stacked(_folded(fn, elems, initializer, bool(backwards)))


def _while_of_tensorflow(cond: Any, body: Any, loop_vars: Any, *arguments: Any, **named: Any) -> Any:
    # Before the greatest number of steps come hints about shapes, threads and gradients.
    return _while(cond, body, loop_vars, arguments[4] if len(arguments) > 4 else named.get("maximum_iterations"))


def _for(lower: Any, upper: Any, body_fun: Callable[..., Any], init_val: Any) -> Any:
    first = number_of(lower)
    for step in range(first, first + _counted(number_of(upper) - first)):
        init_val = body_fun(step, init_val)
    return init_val


def _while(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: Any = None,
) -> Any:
    """As long as that can be told without values: a condition that is computed raises, and the layer is not opened."""
    is_one = not isinstance(loop_vars, (list, tuple))
    state, steps = [loop_vars] if is_one else list(loop_vars), 0
    most = None if maximum_iterations is None else number_of(maximum_iterations)
    while steps != most and bool(cond(*state)):
        made = body(*state)
        state = list(made) if isinstance(made, (list, tuple)) else [made]
        steps = _counted(steps + 1)
    return state[0] if is_one else type(loop_vars)(state)


def _either(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], *_: Any, **__: Any) -> Any:
    if not isinstance(pred, keras.KerasTensor):
        return true_fn() if bool(pred) else false_fn()
    return tree.map_structure(
        lambda one, other: None if one is None else ops.where(pred, one, other), true_fn(), false_fn()
    )


def _scanned_by_halves(f: Callable[..., Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Each two neighbours joined, those scanned, and what lies between them joined to what is before it, as in Keras.

    Blelloch 1990: as many steps as the length has digits.
    """
    parts = tree.flatten(elems)
    axis %= len(parts[0].shape)
    if axis == 0 and parts[0].shape[0] in PRIMES:
        raise TooLongError("a scan over the samples of a batch is not written out")

    def cut(part: Any, start: int, stop: int | None, step: int) -> Any:
        return part[(*[slice(None)] * axis, slice(start, stop, step))]

    def joined(one: list[Any], other: list[Any]) -> list[Any]:
        made: list[Any] = tree.flatten(f(tree.pack_sequence_as(elems, one), tree.pack_sequence_as(elems, other)))
        return made

    def scanned(given: list[Any]) -> list[Any]:
        length = given[0].shape[axis]
        if length < 2:
            return given
        pairs = ([cut(each, start, stop, 2) for each in given] for start, stop in ((0, length - 1), (1, length)))
        odd = scanned(joined(*pairs))
        even = [cut(each, 0, 1, 1) for each in given]
        if length > 2:
            before = odd if length % 2 else [cut(each, 0, length // 2 - 1, 1) for each in odd]
            after = joined(before, [cut(each, 2, length, 2) for each in given])
            even = [ops.concatenate(each, axis=axis) for each in zip(even, after, strict=True)]
        return [_in_turns(*each, axis) for each in zip(even, odd, strict=True)]

    given = [ops.flip(each, axis) for each in parts] if reverse else parts
    made = scanned(given)
    return tree.pack_sequence_as(elems, [ops.flip(each, axis) for each in made] if reverse else made)


def _in_turns(even: Any, odd: Any, axis: int) -> Any:
    """One of each, one after the other; there may be one ``even`` more."""
    count, shape = odd.shape[axis], list(even.shape)
    shape[axis] = 2 * count
    first = even[(*[slice(None)] * axis, slice(0, count))]
    mixed = ops.reshape(ops.stack([first, odd], axis + 1), shape)
    rest = even[(*[slice(None)] * axis, slice(count, None))]
    return mixed if even.shape[axis] == count else ops.concatenate([mixed, rest], axis=axis)


def _one_of(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    last = len(branches) - 1
    if not isinstance(index, keras.KerasTensor):
        return branches[max(0, min(number_of(index), last))](*operands)
    made = branches[last](*operands)
    for place in reversed(range(last)):
        # As in XLA, what lies beyond an end is that end.
        chosen = branches[place](*operands)
        made = tree.map_structure(lambda one, other, at=place: ops.where(index <= at, one, other), chosen, made)
    return made


def _one_of_tensorflow(branch_index: Any, branch_fns: Any, default: Any = None, **_: Any) -> Any:
    if default is not None or not all(map(callable, branch_fns)):
        raise ValueError("there is nothing here for TensorFlow's switch_case with numbers or a default")
    # Beyond either end TensorFlow takes the last.
    if isinstance(branch_index, keras.KerasTensor):
        return _one_of(ops.where(branch_index < 0, len(branch_fns), branch_index), branch_fns)
    index = number_of(branch_index)
    return _one_of(index if index >= 0 else len(branch_fns), branch_fns)


class _Array:
    """``tf.TensorArray``: tensors by their number, each of which may be symbolic."""

    def __init__(self, dtype: Any, size: Any = 0) -> None:
        self.dtype, self._size, self._parts = dtype, number_of(size), dict[int, Any]()

    def write(self, index: Any, value: Any, name: str | None = None) -> _Array:
        made = _Array(self.dtype, self._size)
        made._parts = {**self._parts, number_of(index): value}
        return made

    def read(self, index: Any, name: str | None = None) -> Any:
        return self._parts[number_of(index)]

    def size(self, name: str | None = None) -> int:
        return max([self._size, *(each + 1 for each in self._parts)])

    def stack(self, name: str | None = None) -> Any:
        return ops.stack([self._parts[each] for each in range(self.size())])

    def concat(self, name: str | None = None) -> Any:
        return ops.concatenate([self._parts[each] for each in range(self.size())])

    def gather(self, indices: Any, name: str | None = None) -> Any:
        return ops.stack([self._parts[number_of(each)] for each in indices])

    def unstack(self, value: Any, name: str | None = None) -> _Array:
        made = _Array(self.dtype, _length(value))
        made._parts = {each: value[each] for each in range(made._size)}
        return made

    def identity(self) -> _Array:
        return self


def _array(dtype: Any, size: Any = None, *_: Any, **__: Any) -> _Array:
    return _Array(dtype, size or 0)


_KERAS: dict[str, Callable[..., Any]] = {
    "associative_scan": _scanned_by_halves,
    "cond": _either,
    "fori_loop": _for,
    "map": _mapped,
    "scan": _scanned,
    "switch": _one_of,
    "vectorized_map": _mapped,
    "while_loop": _while,
}
_TENSORFLOW: dict[str, Callable[..., Any]] = {
    "TensorArray": _array,
    "cond": _either,
    "foldl": lambda fn, elems, initializer=None, *_, **__: _folded(fn, elems, initializer)[-1],
    "foldr": lambda fn, elems, initializer=None, *_, **__: _folded(fn, elems, initializer, True)[0],
    "map_fn": _mapped_by_tensorflow,
    "scan": _scanned_by_tensorflow,
    "switch_case": _one_of_tensorflow,
    "vectorized_map": _mapped_by_tensorflow,
    "while_loop": _while_of_tensorflow,
}


@contextlib.contextmanager
def loops_written_out(is_tracing: Callable[[], bool]) -> Iterator[None]:
    """In this block loops of Keras and of TensorFlow make their steps one by one, wherever ``is_tracing()``."""
    replaced = [
        (module, name, vars(module)[name], ours)
        for module, table in ((ops, _KERAS), (tf, _TENSORFLOW))
        for name, ours in table.items()
    ]
    with PATCHING:
        try:
            for module, name, real, ours in replaced:
                setattr(module, name, _when(is_tracing, real, ours))
            yield
        finally:
            for module, name, real, _ in replaced:
                setattr(module, name, real)


def _when(is_tracing: Callable[[], bool], real: Any, ours: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: (ours if is_tracing() else real)(*args, **kwargs)
