"""The table of what was found, one model a line, for a command and for a benchmark."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from .grades import Examination, Grade, write_expected


def examine_all(
    names: Iterable[str],
    examine: Callable[[str], Examination],
    keep: Callable[[Examination], None] = lambda _: None,
) -> list[Examination]:
    """Examine the models of those names, worst first; progress goes to the standard error, each to ``keep``."""
    found = []
    for name in names:
        start = time.perf_counter()
        each = examine(name)
        found.append(each)
        keep(each)
        took = time.perf_counter() - start
        print(f"{took:5.1f} s  {each.grade.words:16} {name}: {each.cause}", file=sys.stderr, flush=True)
    return sorted(found, key=lambda each: (each.grade, each.name))


def lines(found: list[Examination]) -> Iterable[str]:
    """A line a model, with everything else that was found indented below it, and how many there are of each grade."""
    for each in found:
        yield f"{each.grade.words:16} {each.name}: {each.cause}"
        for other in [*(what for _, what in each.findings if what != each.cause), *each.notes]:
            yield f"{'':20} {other}"
    counts = Counter(each.grade for each in found)
    yield ", ".join(f"{counts[grade]} {grade.words}" for grade in reversed(Grade)) + f" of {len(found)}"


def command(arguments: list[str], known: Iterable[str], examine: Callable[[str], Examination], path: Path) -> None:
    """What ``python -m`` runs: names restrict it to those models, ``--write`` makes the grades the expected ones."""

    def keep(each: Examination) -> None:
        if "--write" in arguments:
            write_expected(path, [each])

    names = [each for each in arguments if not each.startswith("-")] or known
    print("\n".join(lines(examine_all(names, examine, keep))))
