"""Every preset's published number of parameters beside Keras's and ours; no weight is allocated."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras

import structopt_widgets as sw

from .presets import configurations, published

LENGTH = 8  # of a sequence whose length a configuration leaves open: parameters do not depend on it
# Where another length is needed: what SAM is asked by, one point or box and a mask of four times its patches, and a
# second of sound.
LENGTHS = {
    "points": (1, 2),
    "labels": (1,),
    "boxes": (1, 2, 2),
    "masks": (1, 256, 256, 1),
    "encoder_input_values": (16000, 1),
    "encoder_padding_mask": (40,),
}


@dataclass(frozen=True)
class PresetCount:
    """One preset: what is published, what Keras counts in the backbone built here, what we count.

    ``trained`` are the two without what training leaves alone (moving statistics, tables), which some publish.
    ``ours`` is ``None`` where reading failed, ``problem`` then says how.
    """

    name: str
    published: int
    keras: int
    ours: int | None
    trained: tuple[int, int | None]
    problem: str = ""

    @property
    def is_as_published(self) -> bool:
        """Whether what was built here is what was published: Keras counts as many weights, or as many trained ones."""
        return self.published in (self.keras, self.trained[0])

    @property
    def agrees(self) -> bool:
        """Whether our count is the published one, of the same weights."""
        ours = self.ours if self.published == self.keras else self.trained[1]
        return self.is_as_published and ours == self.published


def preset_counts(classes: Sequence[str] = ()) -> Iterator[PresetCount]:
    """The presets whose configuration is written down here, of some backbone classes or of all."""
    sizes = published()
    for names, build in configurations(classes):
        with sw.without_weights():
            model = build()
            shapes = {each.name: _shape(each) for each in model.inputs}
            ours, trained, problem = _ours(model, shapes)
            theirs = model.count_params()
            theirs_trained = sum(math.prod(weight.shape) for weight in model.trainable_weights)
        for name in names:
            yield PresetCount(name, sizes[name], theirs, ours, (theirs_trained, trained), problem)


def _shape(tensor: Any) -> tuple[int, ...]:
    if tensor.name in LENGTHS:
        return LENGTHS[tensor.name]
    return tuple(LENGTH if size is None else size for size in tensor.shape[1:])


def _ours(model: keras.Model, shapes: dict[str, Any]) -> tuple[int | None, int | None, str]:
    try:
        cost = sw.measure(model, input_shape=shapes)
    # What fails here is the result.
    except Exception as error:
        return None, None, f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"
    return cost.n_params, cost.n_trainable, ""


def table(classes: Sequence[str] = ()) -> Iterator[str]:
    """A line a preset, and how many agree."""
    found = []
    for each in preset_counts(classes):
        found.append(each)
        what = "agrees" if each.agrees else "differs"
        if not each.is_as_published:
            what = "Keras's own count of this configuration is another than the published"
        numbers = f"{each.published:>16,} {each.keras:>16,} {each.ours or 0:>16,}"
        yield f"{each.name:45} {numbers}  {what} {each.problem}"
    total = len(published())
    agree = sum(each.agrees for each in found)
    built = sum(each.is_as_published for each in found)
    keras_too = sum((each.ours, each.trained[1]) == (each.keras, each.trained[0]) for each in found)
    yield f"{total} presets publish a number; {len(found)} are built here, {built} of them as published;"
    yield f"ours equals the published number for {agree}, and Keras's count of what was built for {keras_too}."


if __name__ == "__main__":
    for line in table(sys.argv[1:]):
        print(line)
        sys.stdout.flush()
