"""The widgets without a browser: what the user sets is what the structure becomes, and errors are shown in words."""

from __future__ import annotations

import base64
import dataclasses
import json
import random
import re
import threading
import time
import zlib

import keras
import numpy as np
import pytest
from asked import ask, says, shown_trials
from front_end import page_costs
from zoo import ZOO

import structopt_widgets as sw
from structopt_widgets.structure import StructureSpace
from structopt_widgets.widgets.changes import changes
from structopt_widgets.widgets.instrument import Instrument
from structopt_widgets.widgets.modules import joined
from structopt_widgets.widgets.page_model import page_model

# Most of these train a model: together they take longer than the whole fast tier should.
pytestmark = pytest.mark.slow


def small_data(n: int = 400) -> sw.Data:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 6)).astype("float32")
    return sw.Data(x, (x.sum(axis=1) > 0).astype(int), name="sums")


def residual_model() -> keras.Model:
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, activation="relu", name="stem")(inputs)
    y = keras.layers.Dense(8, name="branch")(x)
    x = keras.layers.Add(name="sum")([x, y])
    return keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="out")(x), name="residual")


@pytest.fixture
def explorer() -> sw.Explorer:
    explorer = sw.explore(residual_model(), data=small_data())
    explorer.validation.seeds.value = 1
    return explorer


def test_controls_are_the_structure(explorer: sw.Explorer) -> None:
    explorer.controls["stem"].width.value = 5
    explorer.controls["stem"].activation.value = "tanh"
    explorer.controls["branch"].bias.value = False
    explorer.controls["branch"].initializer.value = "zeros"
    assert explorer.structure == (
        explorer.space.baseline.with_width("stem", 5)
        .with_activation("stem", "tanh")
        .with_bias("branch", False)
        .with_initializer("branch", "zeros")
    )
    assert explorer.model().count_params() == explorer.structure.measure().n_params


def test_controls_can_be_observed(explorer: sw.Explorer) -> None:
    seen = []
    explorer.controls["stem"].width.observe(lambda change: seen.append(change["new"]), names="value")
    explorer.controls["stem"].width.value = 3
    assert seen == [3]


def test_tied_layers_share_one_slider_and_say_why(explorer: sw.Explorer) -> None:
    assert explorer.controls["branch"].width is explorer.controls["stem"].width
    model = page_model(explorer.space)
    stem, branch = model["rows"][:2]
    assert stem["group"] == branch["group"]
    group = model["groups"][stem["group"]]
    assert (group["title"], group["why"]) == ("residual", "sum adds stem and branch")


def test_the_output_width_is_disabled_with_its_reason(explorer: sw.Explorer) -> None:
    assert explorer.controls["out"].width.disabled
    assert explorer.controls["out"].number.disabled
    (fixed,) = [each for each in page_model(explorer.space)["groups"] if each["fixed"]]
    assert "out makes the model's output" in fixed["why"]


def test_every_control_has_a_label_of_its_own(explorer: sw.Explorer) -> None:
    labels = [
        control.description
        for row in explorer.controls.values()
        for control in {row.width, row.number, row.activation, row.bias, row.initializer}
        if control is not None
    ]
    assert all(labels)
    assert len({label for label in labels if "width" not in label}) == sum("width" not in label for label in labels)


def test_the_multiplier_and_reset_move_every_free_width(explorer: sw.Explorer) -> None:
    explorer.controls["stem"].activation.value = "tanh"
    explorer.controls.multiplier.value = 0.5
    assert explorer.structure.widths == explorer.space.scaled(0.5).widths
    assert explorer.structure.activations["stem"] == "tanh"
    explorer.reset()
    assert explorer.structure == explorer.space.baseline


def test_what_a_page_saves_is_the_structure_and_nothing_is_said_back(explorer: sw.Explorer) -> None:
    told: list[str] = []
    explorer.instrument.observe(lambda change: told.append(change["name"]), names="standing")
    moved = changes(explorer.space.scaled(0.5))
    says(explorer, standing={"structure": moved, "past": [{}], "future": [], "snapshots": {"A": {}}})
    assert explorer.structure == explorer.space.scaled(0.5)
    assert explorer.exploration.snapshots == {"A": explorer.space.baseline}
    # The page's own word, once: an answer would be late and pull its sliders back.
    assert told == ["standing"]
    explorer.undo()
    assert explorer.structure == explorer.space.baseline


def test_what_a_page_cannot_mean_is_refused_in_words(explorer: sw.Explorer) -> None:
    for structure in ({"widths": [[0, 99]]}, {"widths": [[7, 1]]}, {"colours": []}):
        says(explorer, standing={"structure": structure, "past": [], "future": [], "snapshots": {}})
        assert "Expected" in explorer.background.message.alert
        assert explorer.structure == explorer.space.baseline
        assert explorer.instrument.standing["structure"] == {}
    ask(explorer, "dance")
    assert "Expected to be asked for run" in explorer.background.message.alert


def test_a_lesson_shows_what_it_teaches(explorer: sw.Explorer) -> None:
    space = explorer.space
    everything = explorer.instrument.lesson
    assert everything["predict"] is False
    assert everything["costs"] == space.baseline.measure()._rows()
    shown = sw.explore(space, show=["macs", "levers", "picture"], predict=True).instrument.lesson
    assert shown == {"parts": ["picture", "levers"], "costs": ["macs"], "predict": True}
    # Without a cost among them, all costs.
    assert sw.explore(space, show=["levers"]).instrument.lesson["costs"] == everything["costs"]
    with pytest.raises(ValueError, match=r"Expected parts .* picture, levers.*or costs.*n_params.*got 'plot'"):
        sw.explore(space, show=["plot"])
    with pytest.raises(TypeError, match="Expected show as a list"):
        sw.explore(space, show="levers")
    with pytest.raises(TypeError, match="Expected True or False as predict"):
        sw.explore(space, predict="yes")  # type: ignore[arg-type]


def test_every_move_is_a_step_that_can_be_undone(explorer: sw.Explorer) -> None:
    stops = [explorer.space.baseline, explorer.space.scaled(0.5), explorer.space.scaled(2)]
    explorer.structure = stops[1]
    explorer.keep("half")
    explorer.structure = stops[2]
    for expected in (stops[1], stops[0]):
        explorer.undo()
        assert explorer.structure == expected
    with pytest.raises(ValueError, match="Expected a step to undo, but there is none"):
        explorer.undo()
    for expected in (stops[1], stops[2]):
        explorer.redo()
        assert explorer.structure == expected
    with pytest.raises(ValueError, match="Expected a step to redo, but there is none"):
        explorer.redo()
    explorer.recall("half")
    assert explorer.structure == stops[1]
    explorer.undo()
    assert explorer.structure == stops[2]
    with pytest.raises(ValueError, match="Expected a snapshot, one of: half; got 'hal'"):
        explorer.recall("hal")


def test_random_structures_go_through_the_controls_unchanged(explorer: sw.Explorer) -> None:
    rng = random.Random(3)
    for _ in range(20):
        structure = explorer.space.sample(rng)
        explorer.structure = structure
        assert explorer.structure == structure


def test_a_structure_of_another_model_is_refused(explorer: sw.Explorer) -> None:
    other = StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="other")]))
    with pytest.raises(ValueError, match="Expected a structure of the model explored here, 'residual'"):
        explorer.structure = other.baseline


def test_an_unknown_layer_is_named(explorer: sw.Explorer) -> None:
    with pytest.raises(KeyError, match="Expected a layer with controls, one of stem, branch"):
        explorer.controls["stern"]


def test_the_front_end_is_offline() -> None:
    for source in (joined("instrument"), str(Instrument._css)):
        assert "http" not in re.sub(r"http://www\.w3\.org/(2000/svg|1998/Math/MathML)", "", source)  # XML's names


def test_a_page_of_three_explorers_weighs_little(explorer: sw.Explorer) -> None:
    # What is sent for one: its front end, its model and where it stands.
    sent = len(json.dumps(explorer.instrument.get_state()))
    assert 3 * sent < 400_000
    # It unpacks to what the tests of its modules run.
    (packed,) = re.findall(r'atob\("(.*?)"\)', Instrument._esm)
    assert zlib.decompress(base64.b64decode(packed)).decode() == joined("instrument")


def test_a_run_ends_on_the_plot(explorer: sw.Explorer) -> None:
    explorer.validation.epochs.value = 2
    ask(explorer, "run")
    assert explorer.instrument.work["what"] == "a run"
    explorer.background.wait(120)
    assert not explorer.background.is_running
    assert explorer.instrument.work["what"] == ""
    assert len(explorer.trials) == 1
    assert explorer.trials.loc[0, "n_params"] == explorer.space.baseline.measure().n_params
    assert "95 % interval" in explorer.background.message.status
    assert explorer.background.fraction == 1.0
    assert explorer.instrument.curve == explorer.validation.curve
    assert len(explorer.validation.curve["validation"]) == 2
    assert explorer.validation.curve["title"] == "trial 0: baseline"
    assert shown_trials(explorer) == [0]


def test_clicking_a_point_sets_the_sliders(explorer: sw.Explorer) -> None:
    narrow = explorer.space.baseline.with_width("stem", 3)
    explorer.add(sw.quick_run(narrow, small_data(), sw.Budget(epochs=1, seeds=1)))
    assert explorer.structure == explorer.space.baseline
    ask(explorer, "choose", number=0)
    assert explorer.structure == narrow
    assert explorer.validation.curve["title"] == "trial 0: stem 8→3"
    explorer.structure = explorer.space.baseline
    explorer.choose(0)
    assert explorer.structure == narrow
    # The page does it without Python, from the changes that come with the trial.
    assert explorer.instrument.study["trials"][0]["changes"] == changes(narrow)


def test_a_run_is_of_what_the_page_shows_when_it_asks(explorer: sw.Explorer) -> None:
    # A busy kernel hears of changes later than of what is asked for.
    narrow = explorer.space.scaled(0.5)
    standing = {"structure": changes(narrow), "past": [{}], "future": [], "snapshots": {}}
    settings = {**explorer.instrument.settings, "epochs": 1, "batch_size": 16}
    ask(explorer, "run", standing=standing, settings=settings)
    explorer.background.wait(120)
    trial = explorer.study.trial(0)
    assert trial.structure == explorer.structure == narrow
    assert (trial.budget.epochs, trial.budget.batch_size) == (1, 16)
    assert explorer.validation.epochs.value == 1


def test_running_twice_at_once_is_refused_in_words(explorer: sw.Explorer) -> None:
    explorer.validation.epochs.value = 200
    explorer.validation.run()
    with pytest.raises(RuntimeError, match="Expected nothing to be going on, but a run is"):
        explorer.validation.run()
    ask(explorer, "run")
    assert "but a run is" in explorer.background.message.alert
    explorer.background.cancel()


def test_cancel_answers_within_a_second_and_keeps_nothing_half_done(explorer: sw.Explorer) -> None:
    explorer.validation.epochs.value = 1000
    explorer.validation.run()
    thread = explorer.background._task.thread
    time.sleep(1)
    start = time.perf_counter()
    ask(explorer, "cancel")
    assert not explorer.background.is_running
    assert time.perf_counter() - start < 1
    assert explorer.background.status == "cancelled"
    thread.join(60)
    assert not thread.is_alive()
    assert len(explorer.trials) == 0
    assert explorer.background.status == "cancelled"


def test_without_data_run_says_what_to_pass() -> None:
    explorer = sw.explore(residual_model())
    ask(explorer, "run")
    assert "Expected data to validate on" in explorer.background.message.alert


def test_an_error_of_a_run_is_shown_in_the_widget() -> None:
    x = np.random.default_rng(0).normal(size=(60, 6)).astype("float32")
    explorer = sw.explore(residual_model(), data=sw.Data(x, np.arange(60) % 5))
    explorer.validation.run()
    explorer.background.wait(60)
    assert "ValueError" in explorer.background.message.alert
    assert not explorer.background.message.status
    assert explorer.instrument.work["what"] == ""


def test_names_are_escaped_wherever_html_is_made() -> None:
    inputs = keras.Input((6,))
    hostile = keras.layers.Dense(4, name="a<img src=x onerror=alert(1)>")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="out")(hostile))
    explorer = sw.explore(model, data=small_data())
    explorer.structure = explorer.structure.with_width("a<img src=x onerror=alert(1)>", 2)
    # TensorFlow refuses to train a layer of that name, so the result is another model's.
    result = sw.quick_run(residual_model(), small_data(), sw.Budget(epochs=1, seeds=1))
    explorer.add(dataclasses.replace(result, structure=explorer.structure))
    assert "<img" not in explorer.structure.measure()._repr_html_()
    # The page gets names as data and sets them as text; see tests/browser/test_instrument.py.
    assert page_model(explorer.space)["keys"]["widths"][0] == "a<img src=x onerror=alert(1)>"


def test_a_study_can_be_continued() -> None:
    study = sw.Study()
    model = residual_model()
    first = sw.explore(model, data=small_data(), study=study)
    first.add(sw.quick_run(first.space.baseline, small_data(), sw.Budget(epochs=1, seeds=1)))
    second = sw.explore(model, data=small_data(), study=study)
    assert len(second.trials) == 1
    assert shown_trials(second) == [0]


def test_sliders_stay_usable_during_a_run(explorer: sw.Explorer) -> None:
    explorer.validation.epochs.value = 100
    explorer.validation.run()
    explorer.controls["stem"].width.value = 2
    assert explorer.structure.measure().n_params < explorer.space.baseline.measure().n_params
    assert threading.active_count() > 1
    explorer.background.cancel()


def test_heads_and_their_size_have_lines_of_their_own() -> None:
    inputs = keras.Input((6, 8))
    x = keras.layers.MultiHeadAttention(2, 4, name="attention")(inputs, inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, name="out")(x))
    explorer = sw.explore(model)
    assert list(explorer.controls) == ["attention", "attention heads", "attention head size", "out"]
    explorer.controls["attention heads"].width.value = 3
    assert explorer.controls["attention"].width is None
    assert explorer.structure.widths["attention heads"] == 3
    assert explorer.model().count_params() == explorer.structure.measure().n_params


def test_the_page_shows_flops_per_token_of_a_model_that_reads_tokens() -> None:
    explorer = sw.explore(ZOO["decoder_with_tied_embeddings"].make())
    (metric,) = [each for each in page_model(explorer.space)["metrics"] if each["name"] == "flops_per_token"]
    assert (metric["shown"], metric["bars"]) == (True, "flops")
    (costs,) = page_costs(explorer.space, [explorer.structure])
    assert costs["totals"]["flops_per_token"] == explorer.structure.measure().flops / 7
