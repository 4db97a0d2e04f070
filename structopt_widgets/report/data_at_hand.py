"""The data that a report's trials were trained on, found again, or what differs in those that are at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..training import Data, load_data
from ..training.datasets import DATASETS, changed_files
from ..training.inputs import inputs_of
from .manifest import PARTS, sample_sums, sums_of

MOST_NAMED = 10  # samples that differ


def data_at_hand(stored: Mapping[str, Any], wanted: Iterable[str], given: Sequence[Data]) -> dict[str, Data | str]:
    """By fingerprint the data, among ``given`` and those that are shipped; else why there are none."""
    return {fingerprint: _find(fingerprint, stored[fingerprint], given) for fingerprint in wanted}


def _find(fingerprint: str, stored: Mapping[str, Any], given: Sequence[Data]) -> Data | str:
    name = stored["name"]
    candidates = [*given, *shipped(name)]
    for each in candidates:
        if each.fingerprint == fingerprint:
            return each
    if not candidates:
        return f"the data {name!r} are not at hand: a report keeps no samples. Pass them: data=..."
    told = [each for each in candidates if each.name == name] or candidates
    differences = [difference for each in told if (difference := _difference(stored, each)) is not None]
    fewest = min(
        differences, default=(0, "they differ; in what, the report does not hold (write_report(..., data=) would)")
    )[1]
    changed = changed_files() if name in DATASETS else []
    files = f"; of the files that came with the package {', '.join(changed)} is not as it was" if changed else ""
    return f"the data {name!r} are not those of the report: {fewest}{files}"


def shipped(name: str) -> Iterator[Data]:
    """Shipped data of a name in all forms that the package gives them."""
    if name in DATASETS:
        for data in (load_data(name), load_data(name, test=True)):
            yield data
            yield data.flattened()


_FLOATS = ("float16", "float32", "float64")


def _difference(stored: Mapping[str, Any], data: Data) -> tuple[int, str] | None:
    """How many samples differ, and which; ``None`` where either side has no checksums."""
    here = sample_sums(data)
    if not here or not all(part in stored for part in PARTS):
        return None
    for dtype in _FLOATS:
        if sample_sums(data, dtype) == {part: stored[part] for part in PARTS} and here != sample_sums(data, dtype):
            return 0, f"the same numbers, which are {_types(data)} here and were {dtype}"
    count, parts = 0, []
    for part in PARTS:
        then, now = sums_of(stored[part]), sums_of(here[part])
        if len(then) != len(now):
            count += abs(len(then) - len(now))
            parts.append(f"{len(now):,} {part} samples, where there were {len(then):,}")
        elif len(places := np.flatnonzero(then != now)):
            count += len(places)
            if len(places) == len(now):
                parts.append(f"all {len(now):,} {part} samples differ: other numbers, or not {_types(data)} as here")
                continue
            shown = ", ".join(str(each) for each in places[:MOST_NAMED])
            more = f" and {len(places) - MOST_NAMED:,} more" if len(places) > MOST_NAMED else ""
            parts.append(f"{len(places):,} of {len(now):,} {part} samples differ: {PARTS[part][0]}[{shown}]{more}")
    return count, "; ".join(parts) or "samples are the same, but not their shape, their type or the names of classes"


def _types(data: Data) -> str:
    return ", ".join(dict.fromkeys(str(each.dtype) for each in inputs_of(data.x).values()))
