"""Whether a structure can be trained in the memory there is: an operating system out of it ends the whole process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import psutil

from ..metrics.formatting import format_bytes
from ..structure import Structure
from ..training import Budget

DEATHS = 2  # processes that must have ended while a structure was trained until it is to blame
LARGE = 0.25  # share of the free memory below which it is not
# Files of a control group's limit, use, and statistics, in the two versions of Linux's.
GROUPS = (
    ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def why_too_large(structure: Structure, budget: Budget, deaths: int = 0) -> MemoryError | None:
    """Why a structure should not be trained here, if so.

    Its weights, gradients and optimizer slots, and the activations of one sample, do not fit; or
    ``deaths`` processes have ended while it was trained, and it takes a good part of the memory.
    """
    free = free_bytes()
    least = structure.measure(optimizer=budget.optimizer).training_bytes
    if least > free:
        return MemoryError(f"training it takes at least {format_bytes(least)}, and {format_bytes(free)} are free")
    about = structure.measure(batch_size=budget.batch_size, optimizer=budget.optimizer).training_bytes
    if deaths >= DEATHS and about > LARGE * free:
        return MemoryError(
            f"{deaths} processes ended while they trained it, which takes about {format_bytes(about)}; "
            f"{format_bytes(free)} are free"
        )
    return None


def free_bytes() -> int:
    """Memory that this process may still take, within the limits of its container."""
    return max(0, min([psutil.virtual_memory().available, *_left_in_groups()]))


def _left_in_groups(processes: str = "/proc/self/cgroup") -> Iterator[int]:
    try:
        own = [line.split(":", 2) for line in Path(processes).read_text().splitlines()]
    except OSError:  # not Linux
        return
    for (root, limit, used, reclaimable), version in zip(GROUPS, ("", "memory"), strict=True):
        for _, controllers, place in own:
            if version not in controllers.split(","):
                continue
            # A container may see its own group as the root; the limits of groups above hold as well.
            for group in (PurePosixPath(place), *PurePosixPath(place).parents):
                folder = Path(root) / group.relative_to("/")
                try:
                    most, now = (int((folder / name).read_text()) for name in (limit, used))
                    rows = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
                    yield most - now + int(rows[reclaimable])
                except (OSError, ValueError, KeyError):  # no such group, or the limit is "max"
                    continue
