"""Examine all foreign models and print the table: ``uv run python -m foreign_models`` in ``tests/``.

``--write`` makes the grades found the expected ones; names restrict it to those models.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter

from . import FOREIGN
from .examine import examine
from .grades import Grade, write_expected


def main(arguments: list[str]) -> None:
    """Print one line a model, worst first, and the number of each grade."""
    warnings.simplefilter("ignore")
    names = [each for each in arguments if not each.startswith("-")] or list(FOREIGN)
    found = []
    for name in names:
        start = time.perf_counter()
        each = examine(FOREIGN[name])
        found.append(each)
        print(f"{time.perf_counter() - start:5.1f} s  {name}", file=sys.stderr, flush=True)
    for each in sorted(found, key=lambda each: (each.grade, FOREIGN[each.name].source, each.name)):
        others = [what for grade, what in each.findings if what != each.cause]
        print(f"{each.grade.words:16} {FOREIGN[each.name].source}/{each.name}: {each.cause}")
        for other in [*others, *each.notes]:
            print(f"{'':20} {other}")
    counts = Counter(each.grade for each in found)
    print(", ".join(f"{counts[grade]} {grade.words}" for grade in reversed(Grade)), f"of {len(found)}")
    if "--write" in arguments:
        write_expected(found)


if __name__ == "__main__":
    main(sys.argv[1:])
