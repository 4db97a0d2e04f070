"""Undo, redo and snapshots, held against a plain list."""

from __future__ import annotations

import json
import random

import pytest

import structopt_widgets as sw


def test_random_steps_go_as_in_a_list(space: sw.StructureSpace) -> None:
    rng = random.Random(0)
    history = sw.History(space.baseline)
    steps, at = [space.baseline], 0
    for _ in range(200):
        what = rng.choice(["choose", "choose", "undo", "redo"])
        if what == "choose":
            structure = space.sample(rng)
            steps, at = [*steps[: at + 1], structure], at + 1
            assert history.choose(structure) == structure
        else:
            at = max(0, at - 1) if what == "undo" else min(len(steps) - 1, at + 1)
            getattr(history, what)()
        assert (*history.before, history.current) == tuple(steps[: at + 1])
        assert history.after == tuple(reversed(steps[at + 1 :]))
    back = sw.History.from_json(history.to_json(), space)
    while at < len(steps) - 1:
        at += 1
        assert back.redo() == steps[at]
    while at:
        at -= 1
        assert back.undo() == steps[at]
    assert back.before == ()


def test_what_is_equal_is_no_step(space: sw.StructureSpace) -> None:
    history = sw.History(space.baseline)
    history.choose(space.baseline.with_width("dense", 40))
    assert history.before == ()


def test_snapshots_are_restored_by_a_step_and_survive(space: sw.StructureSpace) -> None:
    history = sw.History(space.baseline)
    history.snapshot("A")
    narrow = history.choose(space.scaled(0.5))
    history.snapshot("B")
    assert history.restore("A") == space.baseline
    assert history.undo() == narrow
    back = sw.History.from_json(history.to_json(), space)
    assert back.snapshots == {"A": space.baseline, "B": narrow}
    with pytest.raises(ValueError, match=r"Expected a snapshot, one of: A, B; got 'C'"):
        back.restore("C")


def test_a_damaged_or_foreign_history_is_refused(space: sw.StructureSpace) -> None:
    data = json.loads(sw.History(space.baseline).to_json())
    for change in ({"at": 3}, {"steps": []}, {"steps": 3}, {"snapshots": []}, {"model": "another"}, {"format": "x"}):
        with pytest.raises(ValueError, match="Expected the JSON text that History"):
            sw.History.from_json(json.dumps(data | change), space)
