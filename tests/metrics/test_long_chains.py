"""A chain of many blocks is recorded in steps that grow as its length does: nobody waits minutes for 500 blocks."""

from __future__ import annotations

import itertools
from collections import Counter

import keras
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.graph import dominance, recording


def chain(blocks: int) -> keras.Model:
    inputs = keras.Input((8,))
    stream = kl.Dense(16)(inputs)
    for _ in range(blocks):
        stream = kl.Add()([stream, kl.Dense(16)(kl.Dense(32, activation="relu")(stream))])
    return keras.Model(inputs, kl.Dense(3)(stream))


@pytest.mark.slow
def test_twice_the_blocks_take_about_twice_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: Counter[str] = Counter()
    apply, terms = recording.Recorder.apply, dominance.Sums.terms

    def counted(self: recording.Recorder, *args: object) -> object:
        steps["recorded"] += 1
        return apply(self, *args)  # type: ignore[arg-type]

    def looked_at(self: dominance.Sums, slot: int) -> dominance.Terms:
        found = terms(self, slot)
        steps["terms"] += len(found)
        return found

    monkeypatch.setattr(recording.Recorder, "apply", counted)
    monkeypatch.setattr(dominance.Sums, "terms", looked_at)
    taken = []
    for blocks in (20, 40, 80):
        steps.clear()
        sw.StructureSpace.from_keras(chain(blocks)).baseline.measure()
        taken.append(dict(steps))
    for few, many in itertools.pairwise(taken):
        assert set(few) == {"recorded", "terms"}
        assert all(many[kind] < 3 * few[kind] for kind in few), taken
