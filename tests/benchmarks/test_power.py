"""How large a difference between structures is told apart, with how many seeds: by simulated studies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from study.simulated import Truth, any_worse, weighed

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(3600)]

SEEDS = (1, 2, 3, 5, 10)
BEHIND = (0.01, 0.02, 0.03)  # how far one structure lies under the others, which are equal
STUDIES = 200
OWN = 0.1  # structures that differ in size err on other samples, too


@pytest.mark.parametrize("n_structures", [2, 24])
def test_the_power_curve(n_structures: int, report: Callable[..., None]) -> None:
    rng = np.random.default_rng(0)
    rows = [("seeds", *(f"{100 * each:.0f} points" for each in BEHIND), "equal: any worse")]
    for seeds in SEEDS:
        found, studies = [], STUDIES if seeds > 1 else 5  # one run each: never comparable
        for behind in BEHIND:
            truth = Truth(np.array([0.0] * (n_structures - 1) + [-behind]), own=OWN)
            found.append(np.mean([weighed(truth.study(rng, seeds))["verdict"][-1] == "worse" for _ in range(studies)]))
        equal = Truth(np.zeros(n_structures), own=OWN)
        found.append(np.mean([any_worse(equal.study(rng, seeds)) for _ in range(studies)]))
        rows.append((str(seeds), *(f"{each:.0%}" for each in found)))
        assert seeds > 1 or max(found) == 0
    report(f"2,000 samples, one of {n_structures} structures behind the others: how often it is called worse", *rows)
