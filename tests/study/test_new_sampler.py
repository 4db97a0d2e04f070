"""A sampler is one row of a table: the panel, the sweep and the errors read it there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from toys import toy_data, toy_space

import structopt_widgets as sw
from structopt_widgets.study.knobs import Knob
from structopt_widgets.study.samplers import SAMPLERS, Sampler


@pytest.mark.usefixtures("no_training")
def test_a_new_sampler_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def descending(knobs: Sequence[Knob], _: int, n_trials: int) -> Iterator[list[Any]]:
        return ([knob.at(1 - step / n_trials) for knob in knobs] for step in range(1, n_trials + 1))

    monkeypatch.setitem(SAMPLERS, "descending", Sampler("from large to small", points=descending))
    space = toy_space()
    trials = sw.Study().sweep(space, toy_data(), n_trials=3, sampler="descending", show_progress=False)
    sizes = trials["n_params"].tolist()
    assert len(sizes) == 3
    assert sizes == sorted(sizes, reverse=True)
    assert ("from large to small", "descending") in sw.explore(space).sweep.sampler.options
    with pytest.raises(ValueError, match="descending"):
        sw.Study().sweep(space, toy_data(), sampler="none such")
