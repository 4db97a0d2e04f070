"""What the widgets say to those who do not see the plots, and by what they are worked without a mouse."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from asked import ask

import structopt_widgets as sw
from structopt_widgets.widgets import validation
from structopt_widgets.widgets.exploration import Exploration
from structopt_widgets.widgets.message import Message
from structopt_widgets.widgets.page_model import page_model

SAMPLES = np.random.default_rng(0).normal(size=(60, 6)).astype("float32")


def small_data() -> sw.Data:
    x = np.random.default_rng(0).normal(size=(60, 6)).astype("float32")
    return sw.Data(x, (x.sum(axis=1) > 0).astype(int), name="sums")


@pytest.fixture
def explorer() -> sw.Explorer:
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, activation="relu", name="hidden")(inputs)
    explorer = sw.explore(keras.Model(inputs, keras.layers.Dense(2, name="out")(x)), data=small_data())
    assert explorer.validation.seeds.value == 3
    explorer.validation.seeds.value = 1
    return explorer


def test_a_trial_is_chosen_by_its_number(explorer: sw.Explorer) -> None:
    trial = sw.quick_run(explorer.space.baseline, small_data(), sw.Budget(epochs=1, seeds=1))
    narrow = explorer.space.baseline.with_width("hidden", 3)
    explorer.add(trial)
    explorer.add(dataclasses.replace(trial, structure=narrow))
    assert explorer.structure == explorer.space.baseline
    explorer.choose(1)
    assert explorer.structure == narrow
    with pytest.raises(ValueError, match="Expected the number of a trial"):
        explorer.choose(7)


@pytest.mark.slow
def test_the_page_says_what_can_be_told_apart(explorer: sw.Explorer) -> None:
    budget = sw.Budget(epochs=1, seeds=1)
    trial = explorer.add(sw.quick_run(explorer.space.baseline, small_data(), budget))
    assert [each["verdict"] for each in explorer.instrument.study["trials"]] == ["the best"]
    assert explorer.instrument.study["trials"][0]["seeds"] == 1
    assert "of this network" in trial.summary()
    explorer.add(trial)
    # The same words in the table, in the study, in the plot and after a sweep.
    shown = [each["verdict"] for each in explorer.instrument.study["trials"]]
    assert shown == ["one run each: not comparable"] * 2
    assert set(explorer.study.compare()["verdict"]) == {"one run each: not comparable"}
    assert explorer.sweep._verdicts() == "Of all on the plot: 2 one run each: not comparable."
    explorer.add(sw.quick_run(explorer.space.baseline, small_data(), sw.Budget(epochs=1)))
    assert not any("one run" in each["verdict"] for each in explorer.instrument.study["trials"])
    assert "of 3 seeds" in explorer.study.trial(2).summary()
    assert "so its own is optimistic" in explorer.instrument.study["note"]


def test_a_message_is_plain_text_and_one_of_its_kind() -> None:
    message = Message()
    message.info("<img src=x>")
    assert (message.status, message.alert) == ("<img src=x>", "")
    message.error("no")
    assert (message.status, message.alert) == ("", "no")
    message.clear()
    assert (message.status, message.alert) == ("", "")
    with message.shows_errors():
        raise ValueError("Expected better.")
    assert message.alert == "ValueError: Expected better."


def test_an_error_that_comes_again_is_said_again(explorer: sw.Explorer) -> None:
    explorer = sw.explore(explorer.space)
    said: list[str] = []
    explorer.background.message.observe(lambda change: said.append(change["new"]), names="alert")
    ask(explorer, "run")
    ask(explorer, "run")
    assert [bool(text) for text in said] == [True, False, True]


@pytest.mark.slow
def test_the_curve_ends_in_words(explorer: sw.Explorer) -> None:
    validation = explorer.validation
    validation.epochs.value = 2
    validation.run()
    explorer.background.wait(120)
    training, validated = validation.curve["training"][-1], validation.curve["validation"][-1]
    assert validation.curve["words"] == f"After epoch 2: training loss {training:.3g}, validation loss {validated:.3g}"


@pytest.mark.slow
def test_the_curve_of_many_epochs_is_drawn_now_and_then_and_at_the_end(
    explorer: sw.Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A clock that stands still: each epoch ends in no time.
    monkeypatch.setattr(validation.time, "monotonic", lambda: 0.0)
    drawn: list[int] = []
    explorer.validation.observe(lambda change: drawn.append(len(change["new"].get("validation", []))), "curve")
    explorer.validation.epochs.value = 30
    explorer.validation.run()
    explorer.background.wait(120)
    assert drawn == [0, 1, 30, 30]  # at last under its number


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "ValueError: Expected data to validate on. Open the explorer with sw.explore(model, data="),
        (sw.Data(SAMPLES, np.arange(60) % 4), "labels go up to 3, so the model needs at least 4 output units"),
        (sw.Data(SAMPLES, np.linspace(0, 2, 60)), "one for each value of y, got (2,)"),
        (sw.Data(SAMPLES[:, :5], np.arange(60) % 2), "Expected samples of shape (6,), which the model reads, got (5,)"),
    ],
    ids=["none", "classes", "quantities", "shape"],
)
def test_data_that_does_not_fit_is_refused_in_words(explorer: sw.Explorer, data: sw.Data | None, said: str) -> None:
    explorer = sw.explore(explorer.space, data=data)
    for what in ("run", "sweep"):
        explorer.background.message.clear()
        ask(explorer, what)
        explorer.background.wait(60)
        assert said in explorer.background.message.alert
        assert not explorer.busy
    assert len(explorer.study) == 0


def test_what_is_no_data_no_study_and_no_structure_is_refused(explorer: sw.Explorer) -> None:
    with pytest.raises(TypeError, match=r"Expected a Data, such as sw.Data\(x, y\), or None; got str"):
        sw.explore(explorer.space, data="fashion")  # type: ignore[arg-type] # the point of the test
    with pytest.raises(TypeError, match=r"Expected a Study, such as sw.Study\('trials.journal'\), or None; got str"):
        sw.explore(explorer.space, study="trials.journal")  # type: ignore[arg-type] # the point of the test
    with pytest.raises(TypeError, match=r"Expected a Structure, such as explorer.space.scaled\(0.5\), got dict"):
        explorer.structure = {"hidden": 3}


def test_run_stays_usable_when_there_is_no_structure_to_run(
    explorer: sw.Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_: object) -> None:
        raise ValueError("Expected a structure.")

    monkeypatch.setattr(Exploration, "needed_data", unreadable)
    ask(explorer, "run")
    assert "Expected a structure." in explorer.background.message.alert
    assert explorer.instrument.work["what"] == ""
    assert not explorer.background.is_running


def test_the_panel_says_why_a_layer_is_not_counted() -> None:
    class Doubled(keras.layers.Layer):
        """TensorFlow's own code, which cannot be opened."""

        def call(self, inputs: object) -> object:
            return tf.math.cumulative_logsumexp(inputs, axis=-1)

        def compute_output_shape(self, input_shape: object) -> object:
            return input_shape

    inputs = keras.Input((6,))
    space = sw.StructureSpace.from_keras(keras.Model(inputs, Doubled(name="own")(keras.layers.Dense(4)(inputs))))
    assert page_model(space)["uncounted"] == dict(space.connected.uncounted)
    assert set(space.connected.uncounted) == {"own"}


@pytest.mark.slow
def test_a_page_that_is_loaded_again_gets_the_figures_as_they_are(explorer: sw.Explorer) -> None:
    explorer.validation.epochs.value = 2
    explorer.validation.run()
    explorer.background.wait(120)
    state = explorer.instrument.get_state()
    (trial,) = state["study"]["trials"]
    assert (trial["number"], trial["score"]) == (0, explorer.trials.loc[0, "accuracy"])
    assert len(state["curve"]["validation"]) == 2
    assert state["curve"]["validation"][-1] == explorer.study.trial(0).history[0][-1]["val_loss"]
    assert state["curve"]["starts"] == [0]
    explorer.controls["hidden"].width.value = 3
    assert explorer.instrument.get_state()["standing"]["structure"] == {"widths": [[0, 3]]}
