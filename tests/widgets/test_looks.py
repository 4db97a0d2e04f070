"""What the page shows, chosen from a cell."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers as kl

import structopt_widgets as sw


@pytest.fixture(scope="module")
def explorer() -> sw.Explorer:
    return sw.explore(keras.Sequential([keras.Input((4,)), kl.Dense(8, name="hidden"), kl.Dense(2, name="out")]))


def test_looks_are_the_page_s_and_add_up(explorer: sw.Explorer) -> None:
    explorer.look(metric="macs", order="place")
    explorer.look(limits={"n_params": 50}, dtype="int8")
    expected = {"metric": "macs", "against": "macs", "order": "place", "limits": {"n_params": 50}, "dtype": "int8"}
    assert explorer.instrument.looks == expected
    explorer.look(against="flash_bytes", limits={"flash_bytes": 40})
    assert explorer.instrument.looks["limits"] == {"flash_bytes": 40}
    explorer.look(metric="flops", against="n_params")
    assert explorer.instrument.looks["against"] == "n_params"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"metric": "flop"}, "Did you mean 'flops'"),
        ({"metirc": "flops"}, "Did you mean 'metric'"),
        ({"log": 1}, "True or False as log"),
        ({"chosen": 7}, "the number of a trial"),
        ({"limits": {"n_params": -1}}, "above 0"),
        ({"sort": ["size", 1]}, "a column"),
    ],
)
def test_what_the_page_cannot_show_is_refused(explorer: sw.Explorer, given: dict[str, Any], error: str) -> None:
    before = explorer.instrument.looks
    with pytest.raises((TypeError, ValueError), match=error):
        explorer.look(**given)
    assert explorer.instrument.looks == before
