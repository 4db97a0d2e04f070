"""Rules of bare ``keras.ops`` calls that pick, pad, turn or repeat parts of a tensor: nothing is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..graph import Concat, Dim, Product, baseline_size, ceil_log2
from ..graph.dimensions import has_batch
from ..graph.wording import say
from .bare_axes import positions, register_bare
from .kept import Kept, as_keras_has_them
from .merging import broadcast, side_by_side
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, UnsupportedLayerError


class _Movement(LayerRule):
    ignores_padding = True

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost()


class Pad(_Movement):
    """Zeros, or what lies at the edge, around a tensor. A width that is padded is still one, with more beside it."""

    sees_batch = True

    def connect(self, site: Site) -> Connection:
        shape, mode = site.inputs[0], site.config.get("mode", "constant")
        sides = _pairs(site.config["pad_width"], len(shape))
        if any(has_batch(dim) and side != (0, 0) for dim, side in zip(shape, sides, strict=True)):
            raise UnsupportedLayerError("there is none for padding the batch")
        made: list[Dim] = []
        for dim, (before, after) in zip(shape, sides, strict=True):
            if isinstance(dim, int) or before == after == 0:
                made.append(dim + before + after if isinstance(dim, int) else dim)
                continue
            if mode != "constant":
                site.fix((dim,), "mirrors its edge")
            parts = [*([before] if before else []), dim, *([after] if after else [])]
            made.append(Concat(tuple(parts)))
        return Connection((tuple(made),))


def _pairs(widths: Any, rank: int) -> list[tuple[int, int]]:
    """Keras's padding, as (before, after) for each axis."""
    if isinstance(widths, int):
        return [(widths, widths)] * rank
    pairs = [(each, each) if isinstance(each, int) else tuple(each) for each in widths]
    return pairs * rank if len(pairs) == 1 else pairs


@dataclass(frozen=True)
class Shuffle(_Movement):
    """The elements of some axes in another order: those keep their lengths, the others their widths."""

    sees_batch = True

    because: str

    def connect(self, site: Site) -> Connection:
        shape, axis = site.inputs[0], self._axis(site)
        for place in range(len(shape)) if axis is None else positions(axis, len(shape)):
            if has_batch(shape[place]):
                raise UnsupportedLayerError("there is none for moving elements along the batch")
            site.fix((shape[place],), self.because)
        return Connection((shape,))

    def _axis(self, site: Site) -> Any:
        return site.config.get("axis")


class Triangle(_Movement):
    """The upper or lower triangle of matrices, zeros elsewhere."""

    def connect(self, site: Site) -> Connection:
        site.fix(site.inputs[0][-2:], "keeps a triangle of it")
        return Connection((site.inputs[0],))


class Segments(_Movement):
    """Rows summed up, or compared, by the segment that each belongs to; segments belong to the task."""

    sees_batch = True

    def connect(self, site: Site) -> Connection:
        rows, *rest = site.inputs[0]
        if has_batch(rows) or site.config.get("num_segments") is None:
            raise UnsupportedLayerError("there is none for segments of the batch, or for any number of them")
        site.fix((rows,), "takes segments of it")
        return Connection(((site.config["num_segments"], *rest),))

    def cost(self, site: Site, at: Setting) -> Cost:
        # As many as there are elements, one after the other if all are of one segment.
        return Cost(other=at.elements(site.inputs[0]), span=baseline_size(site.inputs[0][0]), saves="nothing")


class TakeAlongAxis(_Movement):
    """Elements of one axis by their place, another one for each of the other axes, whose single places are repeated."""

    sees_batch = True

    def connect(self, site: Site) -> Connection:
        values, places = site.operand(0, "x"), site.operand(1, "indices")
        if site.config["axis"] is None or len(values) != len(places):
            raise UnsupportedLayerError("there is none for taking elements of a flattened array")
        (axis,) = positions(site.config["axis"], len(values))
        if has_batch(values[axis]):
            raise UnsupportedLayerError("there is none for taking along the batch")
        if len(site.inputs) == 1 and has_batch(values[0]):
            places = (values[0], *places[1:])  # a constant for so many samples
        site.fix((values[axis],), "takes a part of it")
        site.fix((places[axis],), "takes by it")
        rest = [(*each[:axis], 1, *each[axis + 1 :]) for each in (values, places)]
        joined = broadcast(site, rest[0], rest[1], "takes by them")
        return Connection(((*joined[:axis], places[axis], *joined[axis + 1 :]),))


class OneHot(_Movement):
    """A place for each class: as many as the axis has whose places are read; else the number belongs to the task."""

    ignores_padding = False

    def connect(self, site: Site) -> Connection:
        width = self._width(site)
        if width is not None:
            return Connection(((*site.inputs[0], width),))
        outputs = as_keras_has_them(site)
        site.fix(site.inputs[0], "makes a place for each class")
        return Connection(outputs)

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        width = self._width(site)
        return {} if width is None else {"num_classes": at.size(width)}

    def mixing(self, site: Site) -> Mixing:
        width = self._width(site)
        return Mixing() if width is None else Mixing(summed=(width,))  # of equal ones one is chosen

    def _width(self, site: Site) -> Dim | None:
        width = site.places[0] if site.places and site.config["axis"] == -1 else None
        if width is None or isinstance(width, int) or baseline_size(width) != site.config["num_classes"]:
            return None
        return width


class TopK(LayerRule):
    """The largest values of the last axis, sorted, and their places."""

    sees_batch = True

    def connect(self, site: Site) -> Connection:
        *rest, last = site.inputs[0]
        site.fix((last,), "takes its largest values")
        made = (*rest, site.config["k"])
        return Connection((made, made))

    def cost(self, site: Site, at: Setting) -> Cost:
        length = ceil_log2(max(1, baseline_size(site.inputs[0][-1])))
        return Cost(other=length * at.elements(site.inputs[0]), span=length)


class Unstack(_Movement):
    """The slices along one axis, each a tensor of its own."""

    sees_batch = True

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        (axis,) = positions(site.config["axis"], len(shape))
        if has_batch(shape[axis]):
            raise UnsupportedLayerError("there is none for taking the batch apart")
        site.fix((shape[axis],), "takes it apart")
        rest = (*shape[:axis], *shape[axis + 1 :])
        return Connection((rest,) * len(site.call.outputs))


class Halves(LayerRule):
    """``glu``: the first half of an axis times the sigmoid of the second (Dauphin et al. 2017)."""

    sees_batch = True
    ignores_padding = True

    def connect(self, site: Site) -> Connection:
        shape = site.inputs[0]
        (axis,) = positions(site.config["axis"], len(shape))
        half = site.split(shape[axis], 2, "splits it into 2 parts")
        return Connection(((*shape[:axis], half, *shape[axis + 1 :]),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(other=5 * at.elements(site.outputs[0]), span=5)


@dataclass(frozen=True)
class Stacked(_Movement):
    """``hstack`` and ``dstack``: tensors side by side along an axis that NumPy counts with the batch."""

    axis: int

    def connect(self, site: Site) -> Connection:
        if min(map(len, site.inputs)) < self.axis:
            raise UnsupportedLayerError("there is none for tensors of so few axes")
        return side_by_side(site, self.axis - 1)


class Patches(_Movement):
    """``extract_patches``: the pixels of each window side by side, so many blocks of channels."""

    def connect(self, site: Site) -> Connection:
        (shape,) = as_keras_has_them(site)
        channels = site.inputs[0][-1]
        if site.config.get("data_format") == "channels_first" or len(shape) != len(site.inputs[0]):
            site.fix(site.inputs[0], "cuts it into patches")
            return Connection((shape,))
        site.fix(site.inputs[0][:-1], "slides a window along it")
        blocks = shape[-1]
        pixels = (blocks if isinstance(blocks, int) else 0) // baseline_size(channels)
        made: Dim = pixels * channels if isinstance(channels, int) else Product(pixels, channels)
        return Connection(((*shape[:-1], made),))


class Traded(_Movement):
    """``space_to_depth``: the pixels of a block side by side, so many times the channels; or the other way round."""

    def connect(self, site: Site) -> Connection:
        (shape,), channels = as_keras_has_them(site), site.inputs[0][-1]
        block = site.config["block_size"] ** 2
        more = shape[-1] == block * baseline_size(channels)
        if site.config.get("data_format") == "channels_first" or len(shape) != len(site.inputs[0]):
            site.fix(site.inputs[0], "trades space for channels")
            return Connection((shape,))
        site.fix(site.inputs[0][:-1], "takes blocks of it")
        if not more:
            return Connection(((*shape[:-1], site.split(channels, block, say("spreads it over {n} pixels", n=block))),))
        made: Dim = block * channels if isinstance(channels, int) else Product(block, channels)
        return Connection(((*shape[:-1], made),))


register_bare(Traded(), "DepthToSpace", "SpaceToDepth")
register_bare(Pad(), "Pad")
register_bare(Shuffle("turns it round"), "Flip", "Roll")
register_bare(Triangle(), "Tril", "Triu")
register_bare(TakeAlongAxis(), "TakeAlongAxis")
register_bare(Segments(), "SegmentSum", "SegmentMax")
register_bare(TopK(), "TopK")
register_bare(OneHot(), "OneHot")
register_bare(Unstack(), "Unstack")
register_bare(Halves(), "Glu")
register_bare(Stacked(1), "Hstack")
register_bare(Stacked(2), "Dstack")
register_bare(Patches(), "ExtractPatches")
for _names, _because in {
    "Append ArraySplit Diagonal Dsplit Hsplit Rot90": "moves parts of it",
    "CropImages PadImages": "moves its edges",
    "ExtractSequences": "cuts it into frames",
    "MultiHot": "makes a place for each class",
}.items():
    register_bare(Kept(_because), *_names.split())
