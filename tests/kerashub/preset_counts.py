"""Every preset's published number of parameters beside Keras's and ours; no weight is allocated."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras

import structopt_widgets as sw

from .presets import configurations, published

LENGTH = 8  # of a sequence whose length a configuration leaves open: parameters do not depend on it


@dataclass(frozen=True)
class PresetCount:
    """One preset: what is published, what Keras counts in the backbone built here, what we count.

    ``ours`` is ``None`` where reading failed, ``problem`` then says how.
    """

    name: str
    published: int
    keras: int
    ours: int | None
    problem: str = ""


def preset_counts(classes: Sequence[str] = ()) -> Iterator[PresetCount]:
    """The presets whose configuration is written down here, of some backbone classes or of all."""
    sizes = published()
    for names, build in configurations(classes):
        with sw.without_weights():
            model = build()
            shapes = {
                each.name: tuple(LENGTH if size is None else size for size in each.shape[1:]) for each in model.inputs
            }
            ours, problem = _ours(model, shapes)
            theirs = model.count_params()
        for name in names:
            yield PresetCount(name, sizes[name], theirs, ours, problem)


def _ours(model: keras.Model, shapes: dict[str, Any]) -> tuple[int | None, str]:
    try:
        return sw.measure(model, input_shape=shapes).n_params, ""
    # What fails here is the result.
    except Exception as error:
        return None, f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"


def table(classes: Sequence[str] = ()) -> Iterator[str]:
    """A line a preset, and how many agree."""
    found = []
    for each in preset_counts(classes):
        found.append(each)
        what = "agrees" if each.ours == each.published else "differs"
        if each.keras != each.published:
            what = "Keras's own count of this configuration is another than the published"
        numbers = f"{each.published:>16,} {each.keras:>16,} {each.ours or 0:>16,}"
        yield f"{each.name:45} {numbers}  {what} {each.problem}"
    total = len(published())
    agree = sum(each.ours == each.published for each in found)
    built = sum(each.keras == each.published for each in found)
    keras_too = sum(each.ours == each.keras for each in found)
    yield f"{total} presets publish a number; {len(found)} are built here, {built} of them as published;"
    yield f"ours equals the published number for {agree}, and Keras's count of what was built for {keras_too}."


if __name__ == "__main__":
    for line in table(sys.argv[1:]):
        print(line)
        sys.stdout.flush()
