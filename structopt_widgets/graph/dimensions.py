"""Dimensions as values: what a channel axis is made of, and which axes are one and the same.

A dimension is an ``int`` (fixed), a :class:`Symbol` (a width somebody may choose), a
:class:`Concat` (parts side by side) or a :class:`Product` (``outer`` blocks of ``inner``, row-major,
as flattening makes it). Two axes that must be equal are *unified*: a symbol is bound to the other
side by a forward pointer, so that from then on both are the same object (Robinson 1965).
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

_serial = itertools.count()


class DimensionError(ValueError):
    """Two dimensions that cannot be the same were asked to be."""


@dataclass(eq=False)
class Symbol:
    """A width that can be chosen: ``baseline`` units times ``divisor`` channels a unit.

    ``layers`` produce it; ``label`` tells several of one layer's widths apart (``"heads"``);
    ``ties`` says in words why they are one; ``fixed`` is the reason it cannot be changed, or
    ``None``; ``bound`` is what it turned out to be made of, or ``None``.
    """

    baseline: int
    layers: list[str] = field(default_factory=list)
    divisor: int = 1
    ties: list[str] = field(default_factory=list)
    fixed: str | None = None
    bound: Dim | None = None
    label: str | None = None
    serial: int = field(default_factory=lambda: next(_serial))


@dataclass(frozen=True, eq=False)
class Concat:
    """Parts laid side by side: its size is their sum."""

    parts: tuple[Dim, ...]


@dataclass(frozen=True, eq=False)
class Product:
    """``outer`` blocks of ``inner`` each, row-major: index ``outer * |inner| + inner``.

    >>> heads_of_size_8 = sw.Product(4, 8)
    """

    outer: Dim
    inner: Dim


Dim: TypeAlias = int | Symbol | Concat | Product
Shape: TypeAlias = tuple[Dim, ...]

# How many samples there are. Its length is one that no other axis has or divides, so that axes that are regrouped
# are told apart by their sizes; costs are those of one sample.
BATCH = Symbol(2**61 - 1, fixed="is the batch")


def has_batch(dim: Dim) -> bool:
    """Whether ``dim`` has the samples of the batch in it."""
    if isinstance(dim, int):
        return False
    return dim is BATCH or any(symbol is BATCH for symbol in symbols(dim))


def of_batch(length: int) -> Dim:
    """A length in the model as read as a dimension: a multiple of the batch is so many rows a sample."""
    rows, rest = divmod(length, BATCH.baseline)
    if rest or not rows:
        return length
    return BATCH if rows == 1 else Product(BATCH, rows)


def per_sample(shape: Shape) -> Shape:
    """What ``shape`` has for each sample: without the batch, where an axis is nothing else."""
    dims = (dim for dim in map(resolve, shape) if dim is not BATCH)
    return tuple(_rows(dim) if has_batch(dim) else dim for dim in dims)


def factors(dim: Dim) -> list[Dim]:
    """What ``dim`` is a product of, the outermost first."""
    dim = resolve(dim)
    return [*factors(dim.outer), *factors(dim.inner)] if isinstance(dim, Product) else [dim]


def _rows(dim: Dim) -> Dim:
    parts = [part for part in factors(dim) if part is not BATCH]
    result = parts[0]
    for part in parts[1:]:
        result = result * part if isinstance(result, int) and isinstance(part, int) else Product(result, part)
    return result


def resolve(dim: Dim) -> Dim:
    """``dim`` with its outermost bindings followed."""
    while isinstance(dim, Symbol) and dim.bound is not None:
        dim = dim.bound
    return dim


def size(dim: Dim, value_of: Callable[[Symbol], Any]) -> Any:
    """Size of ``dim`` when each free symbol counts ``value_of(symbol)`` units; works on any kind of number."""
    dim = resolve(dim)
    if isinstance(dim, int):
        return dim
    if isinstance(dim, Symbol):
        return value_of(dim)
    if isinstance(dim, Concat):
        return sum((size(part, value_of) for part in dim.parts[1:]), size(dim.parts[0], value_of))
    return size(dim.outer, value_of) * size(dim.inner, value_of)


def baseline_size(dim: Dim) -> int:
    """Size of ``dim`` in the model as it was read."""
    return dim if isinstance(dim, int) else size(dim, lambda symbol: symbol.baseline)


def symbols(dim: Dim) -> Iterator[Symbol]:
    """The free symbols ``dim`` is made of."""
    dim = resolve(dim)
    if isinstance(dim, Symbol):
        yield dim
    elif isinstance(dim, Concat):
        for part in dim.parts:
            yield from symbols(part)
    elif isinstance(dim, Product):
        yield from symbols(dim.outer)
        yield from symbols(dim.inner)


def fix(dim: Dim, reason: str) -> None:
    """Keep every width in ``dim`` as it is; the first reason given stays."""
    for symbol in symbols(dim):
        symbol.fixed = symbol.fixed or reason


def unify(left: Dim, right: Dim, why: str) -> None:
    """Make two dimensions one.

    ``why`` is a sentence for people, kept with the width it ties. Raises :class:`DimensionError`
    when their sizes in the model as read differ. Where the algebra cannot express the tie, both
    sides are fixed: a slider less, never a wrong number.
    """
    left, right = resolve(left), resolve(right)
    if left is right:
        return
    if baseline_size(left) != baseline_size(right):
        raise DimensionError(f"{why}: expected equal sizes, got {baseline_size(left)} and {baseline_size(right)}.")
    if isinstance(left, Symbol) and isinstance(right, Symbol):
        first, second = sorted((left, right), key=lambda symbol: symbol.serial)
        _merge(first, second, why)
    elif isinstance(left, Symbol):
        _bind(left, right, why)
    elif isinstance(right, Symbol):
        _bind(right, left, why)
    elif (
        Concat in (type(left), type(right))
        and (mine := _side_by_side(left) or _as_many_as(right, left, why))
        and (theirs := _side_by_side(right) or _as_many_as(left, right, why))
    ):
        _align(mine, theirs, why)
    elif isinstance(left, Product) and isinstance(right, Product) and _same_factors(left, right):
        unify(left.outer, right.outer, why)
        unify(left.inner, right.inner, why)
    else:
        fix(left, why)
        fix(right, why)


def split(dim: Dim, outer: int, why: str, is_unit: bool = False) -> Dim:
    """The inner part of ``dim`` seen as ``outer`` equal blocks; binds a free symbol to that product.

    People count all blocks together, or the size of one where it ``is_unit``.

    Raises :class:`DimensionError` when the size is not a multiple of ``outer``.
    """
    dim = resolve(dim)
    if outer == 1:
        return dim
    inner, rest = divmod(baseline_size(dim), outer)
    if rest:
        raise DimensionError(f"{why}: expected a multiple of {outer}, got {baseline_size(dim)}.")
    if isinstance(dim, Symbol) and dim.fixed is None:
        divisor = dim.divisor if is_unit else dim.divisor * outer
        part = Symbol(inner, list(dim.layers), divisor, [*dim.ties, why], label=dim.label)
        dim.bound = Product(outer, part)
        return part
    if isinstance(dim, Product) and resolve(dim.outer) == outer:
        return dim.inner
    if (side := _side_by_side(dim)) is not None:
        # Equal runs of parts, as windows laid side by side have them.
        parts = _flat_parts(side)
        run, rest = divmod(len(parts), outer)
        first, sizes = parts[:run], [*map(baseline_size, parts)]
        if not rest and sizes == sizes[:run] * outer:
            for place, each in enumerate(parts):
                unify(first[place % run], each, why)
            return first[0] if run == 1 else Concat(tuple(first))
    fix(dim, why)
    return inner


def divide(dim: Dim, number: int, why: str) -> None:
    """Keep ``dim`` a multiple of ``number``, wherever in it a block ends: what is side by side is one part by part."""
    parts = _flat_parts(dim)
    if len(parts) == 1 or any(baseline_size(part) % number for part in parts):
        split(dim, number, why)
        return
    for part in parts:
        if not isinstance(part, int):
            split(part, number, why)


def every(dim: Dim, step: int, why: str) -> Dim:
    """The outer part of ``dim`` seen as blocks of ``step``: how many places are ``step`` apart.

    Raises :class:`DimensionError` when the size is not a multiple of ``step``.
    """
    dim = resolve(dim)
    outer, rest = divmod(baseline_size(dim), step)
    if rest:
        raise DimensionError(f"{why}: expected a multiple of {step}, got {baseline_size(dim)}.")
    if isinstance(dim, Symbol) and dim.fixed is None:
        part = Symbol(outer, list(dim.layers), dim.divisor * step, [*dim.ties, why], label=dim.label)
        dim.bound = Product(part, step)
        return part
    if isinstance(dim, Product) and resolve(dim.inner) == step:
        return dim.outer
    fix(dim, why)
    return outer


def cut(dim: Dim, lengths: Sequence[int], why: str) -> tuple[Dim, ...]:
    """``dim`` as consecutive parts of ``lengths``, each free to move by itself; of what is not free, their lengths.

    Raises :class:`DimensionError` when they do not add up to the size.
    """
    dim = resolve(dim)
    if sum(lengths) != baseline_size(dim) or min(lengths) < 1:
        raise DimensionError(f"{why}: expected lengths that add up to {baseline_size(dim)}, got {list(lengths)}.")
    if isinstance(dim, Symbol) and dim.fixed is None:
        parts = tuple(
            Symbol(length, list(dim.layers), dim.divisor, [*dim.ties, why], label=f"part {place}")
            for place, length in enumerate(lengths, start=1)
        )
        dim.bound = Concat(parts)
        return parts
    if isinstance(dim, Concat) and [baseline_size(part) for part in _flat_parts(dim)] == list(lengths):
        return tuple(_flat_parts(dim))
    fix(dim, why)
    return tuple(lengths)


def _merge(keep: Symbol, drop: Symbol, why: str) -> None:
    drop.bound = keep
    keep.layers.extend(layer for layer in drop.layers if layer not in keep.layers)
    keep.ties.extend([*(tie for tie in drop.ties if tie not in keep.ties), why])
    keep.fixed = keep.fixed or drop.fixed


def _bind(symbol: Symbol, dim: Dim, why: str) -> None:
    if not any(True for _ in symbols(dim)):
        fix(symbol, why)
    elif symbol.fixed is not None or symbol in set(symbols(dim)):
        reason = symbol.fixed or why
        fix(symbol, reason)
        fix(dim, reason)
    else:
        symbol.bound = dim
        symbol.ties.append(why)


def _same_factors(left: Product, right: Product) -> bool:
    return baseline_size(left.outer) == baseline_size(right.outer)


def _side_by_side(dim: Dim) -> Concat | None:
    """``dim`` as parts, if it is made of any: a fixed number of blocks is as many equal ones."""
    if isinstance(dim, Product) and isinstance(outer := resolve(dim.outer), int):
        return Concat((dim.inner,) * outer)
    return dim if isinstance(dim, Concat) else None


def _as_many_as(parts: Dim, dim: Dim, why: str) -> Concat | None:
    """``dim`` as equal parts where it is a product of as many: their number, places of a window say, then stays."""
    sizes = [*map(baseline_size, _flat_parts(parts))]
    blocks = factors(dim)
    for first in range(1, len(blocks)):
        outer, inner = blocks[:first], blocks[first:]
        if math.prod(map(baseline_size, outer)) == len(sizes) and len({*sizes}) == 1:
            for each in outer:
                fix(each, why)
            return Concat((functools.reduce(Product, inner),) * len(sizes))
    return None


def _align(left: Concat, right: Concat, why: str) -> None:
    """Unify two concatenations part by part, cutting symbols where the other side has a boundary."""
    left_parts, right_parts = _flat_parts(left), _flat_parts(right)
    while left_parts and right_parts:
        # A part that occurs twice may have been cut the first time.
        left_parts[:1], right_parts[:1] = _flat_parts(left_parts[0]), _flat_parts(right_parts[0])
        one, other = left_parts.pop(0), right_parts.pop(0)
        excess = baseline_size(one) - baseline_size(other)
        if excess > 0:
            one, rest = _cut(one, baseline_size(other), why)
            left_parts.insert(0, rest)
        elif excess < 0:
            other, rest = _cut(other, baseline_size(one), why)
            right_parts.insert(0, rest)
        unify(one, other, why)


def _flat_parts(dim: Dim) -> list[Dim]:
    dim = resolve(dim)
    return [flat for part in dim.parts for flat in _flat_parts(part)] if isinstance(dim, Concat) else [dim]


def _cut(dim: Dim, first: int, why: str) -> tuple[Dim, Dim]:
    rest = baseline_size(dim) - first
    if isinstance(dim, Symbol) and dim.fixed is None and dim.divisor == 1:
        head = Symbol(first, list(dim.layers), ties=[*dim.ties, why])
        tail = Symbol(rest, list(dim.layers), ties=[*dim.ties, why])
        dim.bound = Concat((head, tail))
        return head, tail
    fix(dim, why)
    return first, rest
