"""The rule of indexing: ``x[:, 0]``, ``x[..., :n]``, ``x[..., ::2]``, ``x[:, None]``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from ..graph import Concat, Dim, Product, baseline_size
from ..graph.dimensions import has_batch, resolve
from ..graph.wording import say
from .bare_axes import Bare, parts_of, register_bare
from .rule import Connection, Setting, Site, UnsupportedLayerError


class GetItem(Bare):
    """Part of a tensor. An axis taken whole keeps its width; a range of one is a part with a width of its own.

    Where a single place of an axis is taken, it stays as long as it is. One sample may be taken for all.
    """

    def connect(self, site: Site) -> Connection:
        output: list[Dim] = []
        for part, dim in self._parts(site):
            if part is None:
                output.append(1)
            elif dim is not None and _is_whole(part, dim):
                output.append(dim)
            elif dim is not None:
                if has_batch(dim) and not isinstance(part, int):
                    raise UnsupportedLayerError("there is none for taking part of the batch")
                output.extend(self._taken(site, part, dim))
        return Connection((tuple(output),))

    def arguments(self, site: Site, at: Setting) -> tuple[Any, Mapping[str, Any]]:
        keys = [
            _moved(part, dim, at) if isinstance(part, slice) and dim is not None else part
            for part, dim in self._parts(site)
        ]
        key = tuple(keys) if len(keys) != 1 else keys[0]
        args, kwargs = site.call.args, site.call.kwargs or {}
        return ((args[0], key), kwargs) if len(args) > 1 else (args, {**kwargs, "key": key})

    def _parts(self, site: Site) -> Iterator[tuple[Any, Dim | None]]:
        """For each place of the key what it takes of which axis; nothing for an axis that it adds."""
        key = site.call.args[1] if len(site.call.args) > 1 else (site.call.kwargs or {})["key"]
        keys = list(key) if isinstance(key, tuple) else [key]
        if any(not isinstance(each, (int, slice, type(None), type(Ellipsis))) for each in keys):
            raise UnsupportedLayerError("there is none for this kind of indexing")
        taken = len(site.inputs[0]) - sum(isinstance(each, (int, slice)) for each in keys)
        place = keys.index(Ellipsis) if Ellipsis in keys else len(keys)
        keys[place : place + 1] = [slice(None)] * taken
        rest = iter(site.inputs[0])
        for part in keys:
            yield part, None if part is None else next(rest)

    def _taken(self, site: Site, part: Any, dim: Dim) -> list[Dim]:
        size = baseline_size(dim)
        # The first and the last there are of any width.
        is_free = site.is_blank and part in (0, -1, slice(1), slice(0, 1), slice(-1, None))
        if isinstance(part, int):
            if not is_free:
                site.fix((dim,), "takes a part of it")
            return []
        if is_free:
            return [1]
        start, stop, step = part.indices(size)
        length = len(range(start, stop, step))
        if isinstance(dim, int):
            return [length]
        if step > 1 and start < step and size % step == 0 and length == size // step:
            return [site.every(dim, step, say("takes every {n} of it", n=step))]
        if step != 1 or (min(length, size - length) <= 1 and not _has_seams(dim, start, stop)):
            # One place alone is no width.
            site.fix((dim,), "takes a part of it")
            return [length]
        return [_range(site, dim, start, stop)]


def _is_whole(part: Any, dim: Dim) -> bool:
    return (
        isinstance(part, slice)
        and part.step in (None, 1)
        and part.indices(baseline_size(dim))[:2]
        == (
            0,
            baseline_size(dim),
        )
    )


def _has_seams(dim: Dim, start: int, stop: int) -> bool:
    """Whether ``dim`` is made of parts, and a range of it of whole ones."""
    ends = {0, *(begin + baseline_size(part) for part, begin in _side_by_side(dim))}
    return {start, stop} <= ends


def _range(site: Site, dim: Dim, start: int, stop: int) -> Dim:
    """The part of ``dim`` from ``start`` to ``stop``, cut out where it has no seam there."""
    for seam in (start, stop):
        for part, begin in _side_by_side(dim):
            if begin < seam < begin + baseline_size(part):
                site.cut(part, (seam - begin, begin + baseline_size(part) - seam), "takes a part of it")
    inside = [part for part, begin in _side_by_side(dim) if start <= begin and begin + baseline_size(part) <= stop]
    if sum(map(baseline_size, inside)) != stop - start:
        site.fix((dim,), "takes a part of it")
        return stop - start
    if all(isinstance(part, int) for part in inside):
        return stop - start
    return inside[0] if len(inside) == 1 else Concat(tuple(inside))


def _side_by_side(dim: Dim) -> list[tuple[Dim, int]]:
    """The parts of ``dim``, with where each begins; a fixed number of blocks is as many parts."""
    parts: list[Dim] = []
    for part in parts_of(dim):
        outer = resolve(part.outer) if isinstance(part, Product) else None
        if isinstance(part, Product) and isinstance(outer, int):
            parts.extend(flat for _ in range(outer) for flat in parts_of(part.inner))
        else:
            parts.append(part)
    begins = itertools.accumulate(map(baseline_size, parts), initial=0)
    return list(zip(parts, begins, strict=False))


def _moved(part: slice, dim: Dim, at: Setting) -> slice:
    """A range at a setting: from the same seam to the same seam."""
    if isinstance(dim, int) or has_batch(dim) or part.step not in (None, 1):
        return part
    size = baseline_size(dim)
    start, stop, _ = part.indices(size)
    seams, before = {0: 0}, 0
    for piece, begin in _side_by_side(dim):
        before += at.size(piece)
        seams[begin + baseline_size(piece)] = before
    if start not in seams or stop not in seams:
        return part  # it is kept as it is
    return slice(None if part.start is None else seams[start], None if part.stop is None else seams[stop], part.step)


register_bare(GetItem(), "GetItem")
