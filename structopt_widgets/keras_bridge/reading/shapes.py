"""Is it the shape of a sample? And shapes that Keras leaves open though they are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...graph.checks import short, typed, whole

LONGEST = 2**40  # elements along an axis: more fit into no memory
_WANTED = "input_shape as the shape of one sample, such as (28, 28), or a list or a dictionary of them"


def check_shape(shape: Any, deepest: int = 3, least: int = 1) -> None:
    """Raise for what is no shape of a sample, nor several of them; ``None`` is an axis whose length is open.

    Of several inputs one may have nothing in it, as no masks among the prompts.
    """
    if shape is None or isinstance(shape, int):
        shape = () if shape is None else (shape,)
    elif not isinstance(shape, (tuple, list, Mapping)):
        raise TypeError(f"Expected {_WANTED}, got {typed(shape)}.")
    elif not deepest or (isinstance(shape, Mapping) and not (shape and all(isinstance(name, str) for name in shape))):
        raise ValueError(f"Expected {_WANTED}, got {short(shape)}.")
    elif len({isinstance(each, (tuple, list)) for each in shape}) > 1:  # lengths, or shapes
        raise ValueError(f"Expected {_WANTED}, got {short(shape)}, which mixes lengths and shapes.")
    for each in shape.values() if isinstance(shape, Mapping) else shape:
        if isinstance(each, (tuple, list)):
            check_shape(each, deepest - 1, least=0)
        elif each is not None:
            whole(each, f"a length in input_shape={short(shape)}", least=least, most=LONGEST)


def say_lengths(projection: Any, shape: Any) -> None:
    """Give an ``EinsumDense`` that is called on ``shape``, and only there, the lengths that it passes on.

    Attention makes such projections without, and what comes after one may need to know its lengths.
    """
    read, _, made = projection.equation.replace(",", "->").split("->")
    if "." in read + made:
        return
    known = dict(zip(read, shape, strict=True))
    wanted = zip(made[1:], projection.partial_output_shape, strict=True)
    projection.partial_output_shape = tuple(known.get(axis) if length is None else length for axis, length in wanted)
