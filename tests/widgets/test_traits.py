"""What an explorer stands at can be observed and linked, and nothing of it is left when it is closed."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path
from typing import Any

import ipywidgets
import keras
import numpy as np
import pytest
import sympy
import traitlets
from asked import ask, says
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.widgets.newest_wins import Latest


@pytest.fixture
def space() -> sw.StructureSpace:
    return sw.StructureSpace.from_keras(
        keras.Sequential([keras.Input((4,)), kl.Dense(8, "relu", name="a"), kl.Dense(6, name="b"), kl.Dense(2)])
    )


def a_trial() -> sw.Trial:
    written = Path(__file__).parent.parent / "study" / "written" / "second" / "trial.json"
    return sw.Trial.from_json(written.read_text())


def test_a_control_moves_the_structure_once(space: sw.StructureSpace) -> None:
    explorer, heard = sw.explore(space), []
    explorer.observe(lambda change: heard.append(change["new"]), names="structure")
    explorer.controls["a"].width.value = 5
    explorer.controls["a"].activation.value = "tanh"
    explorer.controls["b"].bias.value = False
    expected = space.baseline.with_width("a", 5), "tanh", False
    assert heard[0] == expected[0]
    assert heard[-1] == explorer.structure == expected[0].with_activation("a", "tanh").with_bias("b", False)
    assert len(heard) == 3


def test_a_structure_moves_every_control_and_is_heard_of_once(space: sw.StructureSpace) -> None:
    explorer, heard = sw.explore(space), []
    explorer.observe(lambda change: heard.append(change["new"]), names="structure")
    wanted = space.scaled(0.5).with_activation("b", "gelu").with_bias("a", False)
    explorer.structure = wanted
    assert heard == [wanted]
    row = explorer.controls["a"]
    assert (row.width.value, row.number.value, row.bias.value) == (4, 4, False)
    assert explorer.controls["b"].activation.value == "gelu"
    explorer.reset()
    assert heard[1:] == [space.baseline]


def test_without_a_page_the_number_follows_the_slider_and_the_multiplier_moves_both(space: sw.StructureSpace) -> None:
    explorer = sw.explore(space)
    row = explorer.controls["a"]
    row.width.value = 3
    assert row.number.value == 3
    explorer.controls.multiplier.value = 2.0
    assert (row.width.value, row.number.value) == (16, 16)
    assert explorer.structure == space.scaled(2.0)


def test_controls_are_made_when_asked_for_and_stand_where_the_page_does(space: sw.StructureSpace) -> None:
    explorer = sw.explore(space)
    assert explorer.controls.made == []
    says(explorer, standing={"structure": {"widths": [[0, 3]]}, "past": [{}], "future": [], "snapshots": {}})
    slider = explorer.controls["a"].width
    assert slider.value == explorer.controls["a"].number.value == 3
    assert explorer.controls["a"].width is slider
    assert len(explorer.controls.made) == 2
    says(explorer, standing={"structure": {}, "past": [], "future": [], "snapshots": {}})
    assert slider.value == 8


def test_fields_settings_and_budget_are_in_step(space: sw.StructureSpace) -> None:
    explorer = sw.explore(space)
    says(explorer, settings={**explorer.instrument.settings, "epochs": 7, "structures": 5})
    assert explorer.validation.epochs.value == explorer.exploration.budget.epochs == 7
    assert explorer.sweep.structures.value == 5
    explorer.validation.batch_size.value = 64
    assert explorer.exploration.budget.batch_size == explorer.instrument.settings["batch_size"] == 64
    explorer.exploration.budget = sw.Budget(epochs=2, seeds=[4, 9], learning_rate=0.1)
    assert (explorer.validation.epochs.value, explorer.validation.seeds.value) == (2, 2)
    explorer.validation.epochs.value = 4
    assert explorer.exploration.budget == sw.Budget(epochs=4, seeds=[4, 9], learning_rate=0.1)


def test_structures_are_linked(space: sw.StructureSpace) -> None:
    class Listener(traitlets.HasTraits):
        structure = traitlets.Any()
        busy = traitlets.Bool()

    explorer, other = sw.explore(space), Listener()
    traitlets.dlink((explorer, "structure"), (other, "structure"))
    traitlets.dlink((explorer, "busy"), (other, "busy"))
    explorer.controls["a"].width.value = 2
    assert other.structure.widths["a"] == 2
    explorer.background.set_trait("is_running", True)
    assert other.busy
    with pytest.raises(traitlets.TraitError, match="busy"):
        explorer.busy = False


def test_two_explorers_in_step(space: sw.StructureSpace) -> None:
    one, other = sw.explore(space), sw.explore(space)
    traitlets.link((one, "structure"), (other, "structure"))
    one.controls["a"].width.value = 7
    assert other.controls["a"].width.value == 7
    other.controls["b"].width.value = 1
    assert one.structure == other.structure == space.baseline.with_width("a", 7).with_width("b", 1)


def test_what_is_refused_leaves_the_structure_as_it_was(space: sw.StructureSpace) -> None:
    explorer = sw.explore(space)
    wide = sw.StructureSpace.from_keras(space.baseline.build(), growth=9).baseline
    with pytest.raises(ValueError, match=r"from 1 to 16, got 60"):
        explorer.structure = wide.with_width("a", 60)
    assert explorer.structure == explorer.exploration.structure == space.baseline


def test_trials_are_heard_of(space: sw.StructureSpace) -> None:
    study = sw.Study()
    explorer, heard = sw.explore(space, study=study), []
    assert len(explorer.trials) == 0
    explorer.observe(lambda change: heard.append(len(change["new"])), names="trials")
    study.add(a_trial())
    explorer.add(a_trial())
    assert heard == [1, 2]
    with pytest.raises(traitlets.TraitError, match="trials"):
        explorer.trials = None


def test_a_budget_is_fitted(space: sw.StructureSpace) -> None:
    explorer = sw.explore(space)
    ask(explorer, "fit", limits={"n_params": 60})
    assert explorer.structure == space.fit({"n_params": 60})
    explorer.fit(macs=50)
    assert explorer.structure.measure(batch_size=32).macs <= 50
    ask(explorer, "fit", limits={"n_params": 1})
    assert "cannot go below" in explorer.fitting.fits["why"]  # beside the budget's field, not among errors
    assert explorer.structure.measure().macs <= 50


def test_findings_follow_the_structure(space: sw.StructureSpace) -> None:
    explorer = sw.explore(space)
    explorer.controls["a"].initializer.value = "zeros"
    explorer._wiring._finder.wait()
    expected = sw.findings(explorer.structure, None, explorer.study)
    shown = explorer.instrument.findings
    assert [each["sentence"] for each in shown] == [each.sentence for each in expected]
    (zeros,) = [each for each in shown if "kernel of zeros" in each["sentence"]]
    # Only what it is about: other changes of the sliders stay.
    assert zeros["changes"] == {"initializers": [[0, space.baseline.initializers["a"]]]}
    assert next(iter(space.baseline.initializers)) == "a"


def test_a_budget_is_fitted_by_sensitivity_beside(space: sw.StructureSpace) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4)).astype("float32")
    explorer = sw.explore(space, data=sw.Data(x, (x[:, 0] > 0).astype("int64")))
    with pytest.raises(ValueError, match=r"measured yet.*fitting\.measure"):
        explorer.fit(by="sensitivity", n_params=60)
    with pytest.raises(ValueError, match="Expected by='uniform' or by='sensitivity'; got 'best'"):
        explorer.fit(by="best", n_params=60)
    ask(explorer, "fit", limits={"n_params": 60})
    (uniform,) = explorer.instrument.fits["found"]
    assert (uniform["by"], uniform["lost"], explorer.instrument.fits["score"]) == ("uniform", None, None)
    stood = explorer.structure
    ask(explorer, "sensitivity")
    explorer.background.wait(120)
    assert "cuts measured" in explorer.background.message.status
    # The map has every cut, in its group's row, from mild to hard.
    shown = explorer.instrument.sensitivity["rows"]
    measured = explorer.fitting.sensitivity
    assert measured is not None
    names = list(space.width_groups)
    cells = {(names[row["place"]], width): lost for row in shown for width, lost in row["cells"]}
    assert cells == {(row.group, row.width): row.lost for row in measured.table.itertuples()}
    assert all(row["cells"] == sorted(row["cells"], reverse=True) for row in shown)
    hardest = [row["cells"][-1][1] for row in shown]
    assert hardest == sorted(hardest)
    found = explorer.fitting.sensitivity
    assert found is not None
    # Both are there, and the sliders stay where they were.
    assert [each["by"] for each in explorer.instrument.fits["found"]] == ["uniform", "sensitivity"]
    assert explorer.instrument.fits["score"] == found.score
    assert explorer.structure == stood
    explorer.fit(by="sensitivity", n_params=60)
    assert explorer.structure == space.fit({"n_params": 60}, sensitivity=found, start=stood)
    # A width at which the table has a row loses what is written there, the model's own nothing.
    row = found.table.iloc[0]
    cut = space.baseline.with_width(row["group"], int(row["width"]))
    assert explorer.fitting._lost(cut, found) == pytest.approx(row["lost"])
    assert explorer.fitting._lost(space.baseline, found) == 0


def test_the_score_with_inherited_weights_follows(space: sw.StructureSpace) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4)).astype("float32")
    data = sw.Data(x, (x[:, 0] > 0).astype("int64"))
    explorer = sw.explore(space, data=data)
    assert explorer.instrument.preview == {}
    explorer.settings.preview = True
    explorer._wiring._previewer.wait()
    assert explorer.instrument.preview["score"] == pytest.approx(sw.inherited_score(space.baseline, data))
    explorer.structure = space.scaled(0.5)
    explorer._wiring._previewer.wait()
    shown = explorer.instrument.preview
    assert shown["structure"] == explorer.instrument.standing["structure"]
    assert shown["score"] == pytest.approx(sw.inherited_score(explorer.structure, data))
    explorer.close()
    # Without data it says what is missing.
    bare = sw.explore(space)
    bare.settings.preview = True
    bare._wiring._previewer.wait()
    assert "Expected data" in bare.instrument.preview["error"]
    bare.close()


def test_of_structures_that_come_meanwhile_the_last_counts(space: sw.StructureSpace) -> None:
    begun, may_end = threading.Event(), threading.Event()
    worked, shown = [], []

    def work(structure: sw.Structure) -> sw.Structure:
        worked.append(structure)
        begun.set()
        may_end.wait(60)
        return structure

    latest = Latest(work, shown.append, "test")
    first, *others = [space.scaled(factor) for factor in (0.9, 0.7, 0.5)]
    latest.look(first)
    assert begun.wait(60)
    for each in others:
        latest.look(each)
    may_end.set()
    latest.wait()
    assert worked == [first, others[-1]]
    assert shown == [others[-1]]
    latest.stop()
    latest.look(first)
    assert latest.thread is None


def test_where_no_thread_can_be_had_all_is_done_at_once(
    space: sw.StructureSpace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.chdir(tmp_path)
    explorer = sw.explore(space)
    for structure in (space.baseline, space.scaled(0.5)):
        explorer.structure = structure
        told = [each["sentence"] for each in explorer.instrument.findings]
        assert told == [each.sentence for each in sw.findings(structure)]
    ask(explorer, "receipt", metric="n_params", layer=None)
    assert explorer.instrument.receipt["lines"][0]["value"] == space.scaled(0.5).measure().n_params
    ask(explorer, "save", suffix=".json")
    (written,) = tmp_path.iterdir()
    assert sw.Structure.from_json(written.read_text()) == space.scaled(0.5)
    assert not explorer.background.is_running
    explorer.close()
    # What comes while it works waits for its turn, as it does for a thread.
    shown: list[int] = []
    rest = [2, 3]

    def show(value: int) -> None:
        shown.append(value)
        if rest:
            following = rest.pop(0)
            latest.look(space.baseline, lambda _: following)

    latest = Latest(lambda _: 1, show, "test")
    latest.look(space.baseline)
    assert shown == [1, 2, 3]
    assert latest.thread is None


def test_a_number_answers_with_its_receipt(space: sw.StructureSpace) -> None:
    explorer = sw.explore(space)
    explorer.controls["a"].width.value = 5

    def told(metric: str, layer: str | None) -> dict[str, Any]:
        ask(explorer, "receipt", metric=metric, layer=layer)
        explorer._wiring._teller.wait()
        receipt: dict[str, Any] = explorer.instrument.receipt
        return receipt

    receipt = told("n_params", None)
    assert receipt["structure"] == explorer.instrument.standing["structure"]
    assert receipt["batch_size"] == explorer.instrument.settings["batch_size"]
    whole, *layers = receipt["lines"]
    assert whole["value"] == explorer.structure.measure().n_params == sum(each["value"] for each in layers)
    for line in receipt["lines"]:
        # Plain arithmetic, which anybody can do again.
        text = line["numbers"].replace("·", "*") or line["formula"]
        assert sympy.sympify(text) == line["value"]
    assert "[a]" in whole["formula"]
    # The numbers stand where the names do, also where two widths are equal.
    assert space.baseline.widths["b"] == 6
    explorer.controls["a"].width.value = 6
    whole, *_ = told("n_params", None)["lines"]
    assert whole["formula"].replace("[a]", "6").replace("[b]", "6") == whole["numbers"]
    assert sympy.sympify(whole["numbers"].replace("·", "*")) == whole["value"]
    assert [each["name"] for each in told("macs", "a")["lines"]] == ["a"]
    # What one step more of a width costs: the next structure less this one, another one in the page's batch.
    place = list(space.width_groups).index("b")
    for metric in ("n_params", "flops", "training_bytes", "span"):
        ask(explorer, "receipt", metric=metric, layer=None, margin=place)
        explorer._wiring._teller.wait()
        (line,) = explorer.instrument.receipt["lines"]
        assert explorer.instrument.receipt["margin"] == "b"
        here = explorer.structure
        wider = here.with_width("b", here.widths["b"] + 1)
        cost = [getattr(each.measure(batch_size=32), metric) for each in (wider, here)]
        assert line["value"] == cost[0] - cost[1]
    # What has no formula is told without one.
    assert told("activation_bytes", "a")["lines"] == []
    # Of another structure than that at the sliders, and of a trial of another model.
    small = {"changes": {"widths": [[0, 3]]}, "name": "the fit", "batch_size": 1}
    ask(explorer, "receipt", metric="flops", layer=None, of=small)
    explorer._wiring._teller.wait()
    assert explorer.instrument.receipt["of"] == small
    assert explorer.instrument.receipt["lines"][0]["value"] == space.baseline.with_width("a", 3).measure().flops
    trial = explorer.add(a_trial())
    for metric, value in (("n_params", trial.n_params), ("score", trial.score)):
        ask(explorer, "receipt", metric=metric, layer=None, of={"trial": trial.number, "batch_size": 1})
        explorer._wiring._teller.wait()
        line = explorer.instrument.receipt["lines"][0]
        assert line["value"] == value
        assert float(
            sympy.sympify(line["formula"].replace("·", "*").replace("[", "").replace("]", "")).subs(
                {name: trial.structure.widths[name] for name in trial.structure.space.width_groups}
            )
        ) == pytest.approx(value)
    assert explorer.instrument.receipt["notes"] == trial.receipt(trial.metric).notes()


def live() -> set[str]:
    gc.collect()
    return set(ipywidgets.widgets.widget._instances)


@pytest.mark.slow
def test_closing_closes_every_widget(space: sw.StructureSpace) -> None:
    before = live()
    explorer = sw.explore(space)
    for row in explorer.controls.values():
        assert (row.width, row.number, row.activation, row.bias, row.initializer) != (None,) * 5
    assert [each.value for each in explorer.controls.blocks.values()] == [True] * len(space.blocks)
    controls, validation, sweep = explorer.controls, explorer.validation, explorer.sweep
    fields = {validation.epochs, validation.seeds, validation.batch_size, sweep.structures, sweep.sampler}
    assert len({controls.multiplier, controls.snap, sweep.at_most, *fields}) == 8
    assert len(live() - before) > 40
    explorer.close()
    assert live() - before == set()


@pytest.mark.slow
def test_a_closed_explorer_is_nobodys(space: sw.StructureSpace) -> None:
    study = sw.Study()

    def opened() -> list[weakref.ref[Any]]:
        explorer = sw.explore(space, study=study)
        explorer.close()
        return [weakref.ref(explorer), weakref.ref(explorer.exploration)]

    gone = opened()
    gc.collect()
    assert [each() for each in gone] == [None, None]
