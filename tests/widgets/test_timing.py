"""Structures timed side by side: what is measured is told as it was, and in words that follow from it."""

from __future__ import annotations

import keras
import pandas as pd
import pytest
from asked import ask
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.widgets.timing import _line


def rows(*times: tuple[float, float, float, float]) -> pd.DataFrame:
    names = ("low", "seconds", "high", "flops")
    return pd.DataFrame([{"batch_size": 1, **dict(zip(names, each, strict=True))} for each in times])


MODEL = (0.0010, 0.0011, 0.0012, 200.0)


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        ((0.0005, 0.00055, 0.0006, 100.0), "Batch 1: 0.55 ms, the model 1.1 ms: -50%, with -50% FLOPs."),
        (
            (0.0009, 0.00099, 0.0011, 100.0),
            "Batch 1: 0.99 ms, the model 1.1 ms: -10%, with -50% FLOPs. Fewer FLOPs are not faster here.",
        ),
        (
            (0.0010, 0.0011, 0.0012, 300.0),
            "Batch 1: 1.1 ms, the model 1.1 ms: +0%, with +50% FLOPs. More FLOPs are not slower here.",
        ),
    ],
)
def test_words_follow_from_quartiles(mine: tuple[float, float, float, float], words: str) -> None:
    assert _line(rows(mine, MODEL)) == words
    assert _line(rows(mine)) == words.split(",")[0] + "."


def test_both_are_timed_with_one_sample_and_a_batch() -> None:
    inputs = [keras.Input((6,), dtype="int32", name="tokens"), keras.Input((3,), name="more")]
    x = kl.Flatten()(kl.Embedding(11, 4, name="words")(inputs[0]))
    explorer = sw.explore(keras.Model(inputs, kl.Dense(2, name="out")(kl.Concatenate()([x, inputs[1]]))))
    explorer.settings.batch_size = 5
    ask(explorer, "latency")
    explorer.background.wait(120)
    assert [line.split(":")[0] for line in explorer.instrument.latency["lines"]] == ["Batch 1", "Batch 5"]
    explorer.timing.fit(seconds=60, batch_size=5)
    explorer.background.wait(120)
    fit = {"seconds": 60, "batch_size": 5, "structure": explorer.instrument.standing["structure"]}
    assert explorer.instrument.latency["fit"] == fit
    explorer.controls["words"].width.value = 2
    ask(explorer, "latency")
    explorer.background.wait(120)
    table = explorer.timing.table
    assert table is not None
    assert table[["structure", "batch_size"]].values.tolist() == [[0, 1], [0, 5], [1, 1], [1, 5]]
    here, model = explorer.structure.measure().flops, explorer.space.baseline.measure().flops
    assert table["flops"].tolist() == [here, 5 * here, model, 5 * model]
    assert (table["low"] <= table["seconds"]).all()
    assert (table["seconds"] <= table["high"]).all()
    assert explorer.instrument.latency["structure"] == explorer.instrument.standing["structure"]
    assert explorer.instrument.latency["fit"] == fit  # still the line in the plot
    assert "the model" in explorer.background.message.status
