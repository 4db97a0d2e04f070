"""Complex tensors of TensorFlow in a layer's own code: a real and an imaginary one, and what is done with the two."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ..nodes import PATCHING
from .tensorflow_arguments import lengths_of, number_of, refuse

Given = dict[str, Any]


class Complex(NamedTuple):
    """A complex tensor, as Keras has it: two real ones. Arithmetic is that of complex numbers."""

    real: Any
    imaginary: Any

    @property
    def shape(self) -> Any:
        return self.real.shape

    @property
    def dtype(self) -> str:
        return "complex64"

    def __getitem__(self, key: Any) -> Complex:  # a tensor's, where a tuple has two
        return Complex(self.real.__getitem__(key), self.imaginary.__getitem__(key))

    def __add__(self, other: Any) -> Complex:
        one = as_complex(other)
        return Complex(ops.add(self.real, one.real), ops.add(self.imaginary, one.imaginary))

    def __radd__(self, other: Any) -> Complex:
        return self + other

    def __sub__(self, other: Any) -> Complex:
        return self + -as_complex(other)

    def __rsub__(self, other: Any) -> Complex:
        return -self + other

    def __neg__(self) -> Complex:
        return Complex(ops.negative(self.real), ops.negative(self.imaginary))

    def __mul__(self, other: Any) -> Complex:
        return _product(ops.multiply, self, as_complex(other))

    def __rmul__(self, other: Any) -> Complex:
        return self * other

    def __truediv__(self, other: Any) -> Complex:
        one = as_complex(other)
        size = ops.add(ops.square(one.real), ops.square(one.imaginary))
        made = self * one.conjugate()
        return Complex(ops.divide(made.real, size), ops.divide(made.imaginary, size))

    def __rtruediv__(self, other: Any) -> Complex:
        return as_complex(other) / self

    def conjugate(self) -> Complex:
        """The same with the imaginary part negative."""
        return Complex(self.real, ops.negative(self.imaginary))


def as_complex(value: Any) -> Complex:
    """A number, an array or a tensor as a complex one."""
    if isinstance(value, Complex):
        return value
    if isinstance(value, keras.KerasTensor):
        return Complex(value, ops.zeros_like(value))
    array = np.asarray(value)
    return Complex(array.real.astype("float32"), array.imag.astype("float32"))


def has_complex(given: Given) -> bool:
    """Whether one of a function's arguments is complex."""
    return any(isinstance(each, Complex) for each in _listed(given))


def _listed(given: Given) -> Iterator[Any]:
    for value in given.values():
        yield from value if _is_many(value) else [value]


def _is_many(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and not isinstance(value, Complex)


def cast(x: Any, dtype: str) -> Any:
    """``tf.cast``, to complex numbers too."""
    if isinstance(x, Complex):
        return x if dtype.startswith("complex") else ops.cast(x.real, dtype)
    if not dtype.startswith("complex"):
        return ops.cast(x, dtype)
    real = ops.cast(x, "float32")
    return Complex(real, ops.zeros_like(real))


def on_complex(name: str, real: Callable[[Given], Any]) -> Callable[[Given], Any]:
    """What a function of TensorFlow's does that is given complex tensors; ``real`` is what it does with real ones."""
    if name in _OWN:
        return _OWN[name]
    if name in _BY_PARTS:
        return lambda given: _by_parts(real, given)
    if name in _PRODUCTS:
        return lambda given: _of_two(real, given, _PRODUCTS[name])
    return lambda _: refuse(f"{name} of complex numbers")


def _product(multiply: Callable[[Any, Any], Any], one: Complex, other: Complex) -> Complex:
    return Complex(
        ops.subtract(multiply(one.real, other.real), multiply(one.imaginary, other.imaginary)),
        ops.add(multiply(one.real, other.imaginary), multiply(one.imaginary, other.real)),
    )


def _by_parts(real: Callable[[Given], Any], given: Given) -> Any:
    """A function that moves or sums up values, of the real and the imaginary parts."""

    def part(place: str) -> Any:
        def one(value: Any) -> Any:
            if _is_many(value) and any(isinstance(each, Complex) for each in value):
                return [getattr(as_complex(each), place) for each in value]
            return getattr(value, place) if isinstance(value, Complex) else value

        # What a space is filled with is a real number.
        filled = {"constant_values": 0} if place == "imaginary" and "constant_values" in given else {}
        return real({key: one(value) for key, value in given.items()} | filled)

    both = part("real"), part("imaginary")
    several = isinstance(both[0], (list, tuple))
    return [Complex(*each) for each in zip(*both, strict=True)] if several else Complex(*both)


def _of_two(real: Callable[[Given], Any], given: Given, keys: tuple[str, ...]) -> Complex:
    """A product of two, in which one may be real."""
    if any(given.get(key) for key in ("adjoint_a", "adjoint_b")):
        refuse("product of conjugated matrices")
    pair = list(given["inputs"]) if keys == ("inputs",) else [given[key] for key in keys]
    if len(pair) != 2:
        return _by_parts(real, given) if len(pair) == 1 else refuse("product of several complex numbers")

    def multiply(one: Any, other: Any) -> Any:
        return real(given | ({"inputs": [one, other]} if keys == ("inputs",) else {keys[0]: one, keys[1]: other}))

    return _product(multiply, as_complex(pair[0]), as_complex(pair[1]))


def _absolute(given: Given) -> Any:
    x = given["x"]
    return ops.sqrt(ops.add(ops.square(x.real), ops.square(x.imaginary)))


def _exponential(given: Given) -> Complex:
    x = given["x"]
    size = ops.exp(x.real)
    return Complex(ops.multiply(size, ops.cos(x.imaginary)), ops.multiply(size, ops.sin(x.imaginary)))


def _transform(function: Callable[..., Any]) -> Callable[[Given], Any]:
    return lambda given: Complex(*function(tuple(as_complex(given["input"]))))


def _inverse(given: Given) -> Complex:
    """By the transform of the conjugate (there is no other operation for it), divided by the length."""
    x = as_complex(given["input"])
    made = Complex(*ops.fft(tuple(x.conjugate()))).conjugate()
    return Complex(*(ops.divide(each, x.shape[-1]) for each in made))


def _two(given: Given) -> tuple[Any, Any]:
    first, second = (value for key, value in given.items() if key != "name")
    return as_complex(first), second


_OWN: dict[str, Callable[[Given], Any]] = {
    "abs": _absolute,
    "add": lambda a: _two(a)[0] + _two(a)[1],
    "angle": lambda a: ops.arctan2(a["input"].imaginary, a["input"].real),
    "cast": lambda a: cast(a["x"], tf.as_dtype(a["dtype"]).name),
    "conj": lambda a: a["x"].conjugate(),
    "divide": lambda a: _two(a)[0] / _two(a)[1],
    "exp": _exponential,
    "fft": _transform(ops.fft),
    "fft2d": _transform(ops.fft2),
    "ifft": _inverse,
    "ifft2d": _transform(ops.ifft2),
    "imag": lambda a: a["input"].imaginary,
    "multiply": lambda a: _two(a)[0] * _two(a)[1],
    "negative": lambda a: -a["x"],
    "real": lambda a: a["input"].real,
    "square": lambda a: a["x"] * a["x"],
    "subtract": lambda a: _two(a)[0] - _two(a)[1],
    "truediv": lambda a: _two(a)[0] / _two(a)[1],
}
_OWN |= {"mul": _OWN["multiply"], "sub": _OWN["subtract"]}
_BY_PARTS = frozenset(
    "broadcast_to concat cumsum expand_dims_v2 gather_v2 identity pad_v2 reduce_mean reduce_sum repeat reshape "  # noqa: SIM905  # as the tables of real ones
    "reverse_v2 roll slice split squeeze_v2 stack stop_gradient tile transpose_v2 unstack zeros_like_v2".split()
)
_PRODUCTS = {"einsum": ("inputs",), "matmul": ("a", "b"), "matvec": ("a", "b"), "tensordot": ("a", "b")}
MADE: dict[str, Callable[[Given], Any]] = {"complex": lambda a: Complex(a["real"], a["imag"])}  # of real tensors


@contextlib.contextmanager
def spectra_traced(is_tracing: Callable[[], bool]) -> Iterator[None]:
    """In this block ``tf.signal.rfft`` and ``irfft``, which ask no dispatcher, take symbolic tensors."""
    real = {name: getattr(tf.signal, name) for name in ("rfft", "irfft")}

    def transform(name: str, ours: Callable[[Any, int | None], Any]) -> Callable[..., Any]:
        def call(input_tensor: Any, fft_length: Any = None, **kwargs: Any) -> Any:
            is_symbolic = any(isinstance(each, keras.KerasTensor) for each in keras.tree.flatten(input_tensor))
            if not (is_symbolic and is_tracing()):
                return real[name](input_tensor, fft_length, **kwargs)
            return ours(input_tensor, None if fft_length is None else number_of(np.ravel(lengths_of(fft_length))[0]))

        return call

    with PATCHING:
        tf.signal.rfft = transform("rfft", lambda x, length: Complex(*ops.rfft(x, length)))
        tf.signal.irfft = transform("irfft", lambda x, length: ops.irfft(tuple(as_complex(x)), length))
        try:
            yield
        finally:
            for name, function in real.items():
                setattr(tf.signal, name, function)
