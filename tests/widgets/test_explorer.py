"""The widgets without a browser: what the user sets is what the structure becomes, and errors are shown in words."""

from __future__ import annotations

import dataclasses
import random
import threading
import time

import keras
import numpy as np
import pytest
from zoo import ZOO

import structopt_widgets as sw
from structopt_widgets.structure import StructureSpace

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
    texts = [cell.value for cell in explorer.controls.grid.children[-1].children if hasattr(cell, "value")]
    assert "residual\nstem" in texts
    assert "as residual" in texts
    assert "sum adds stem and branch" in texts


def test_the_output_width_is_disabled_with_its_reason(explorer: sw.Explorer) -> None:
    assert explorer.controls["out"].width.disabled
    assert explorer.controls["out"].number.disabled
    texts = [cell.value for cell in explorer.controls.grid.children[-1].children if hasattr(cell, "value")]
    assert any("fixed: out makes the model's output" in str(text) for text in texts)


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
    explorer.controls.reset.click()
    assert explorer.structure == explorer.space.baseline


def test_a_multiplier_moved_in_the_browser_is_left_to_the_browser(explorer: sw.Explorer) -> None:
    # The browser moves the sliders itself; Python would answer late and pull them back.
    explorer.controls.multiplier.set_state({"value": 0.5})
    assert explorer.controls.multiplier.value == 0.5
    assert explorer.structure == explorer.space.baseline


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


def test_the_panel_holds_the_program_and_where_its_inputs_are(explorer: sw.Explorer) -> None:
    panel = explorer.panel
    assert len(panel.inputs) == len(panel.program["inputs"])
    assert panel.baseline["n_params"] == residual_model().count_params()
    ids = {spec["control"] for spec in panel.inputs if "control" in spec}
    assert explorer.controls["stem"].width.model_id in ids
    assert explorer.validation.batch_size.model_id in ids
    assert [group["control"] for group in panel.multiplier["groups"]] == [explorer.controls["stem"].width.model_id]


def test_the_front_end_is_offline() -> None:
    from structopt_widgets.widgets.live_panel import LivePanel

    for source in (LivePanel._esm, LivePanel._css):
        assert "http" not in str(source)


def test_a_run_ends_on_the_plot(explorer: sw.Explorer) -> None:
    explorer.validation.epochs.value = 2
    explorer.validation.run_button.click()
    assert explorer.validation.run_button.disabled
    assert not explorer.background.cancel_button.disabled
    explorer.background.wait(120)
    assert not explorer.background.is_running
    assert not explorer.validation.run_button.disabled
    assert len(explorer.trials) == 1
    assert explorer.trials.loc[0, "n_params"] == explorer.space.baseline.measure().n_params
    assert "95 % interval" in explorer.background.message.status
    assert explorer.background.progress.value == 1.0
    assert explorer.validation.curve_view.children == (explorer.validation.curve, explorer.validation.losses)
    assert len(explorer.validation.curve.validation) == 2
    assert [each["number"] for each in explorer.tradeoff.figure.points] == [0]
    assert "<table" in explorer.tradeoff.table.value


def test_clicking_a_point_sets_the_sliders(explorer: sw.Explorer) -> None:
    narrow = explorer.space.baseline.with_width("stem", 3)
    explorer.add(sw.quick_run(narrow, small_data(), sw.Budget(epochs=1, seeds=1)))
    assert explorer.structure == explorer.space.baseline
    explorer.tradeoff.figure._handle_msg(
        {"content": {"data": {"method": "custom", "content": {"choose": 0}}}, "buffers": []}
    )
    assert explorer.structure == narrow
    assert explorer.tradeoff.trial.value == explorer.tradeoff.figure.chosen == 0
    explorer.structure = explorer.space.baseline
    explorer.tradeoff.choose(0)
    assert explorer.structure == narrow


def test_the_cursor_follows_the_sliders(explorer: sw.Explorer) -> None:
    explorer.controls["stem"].width.value = 3
    assert explorer.tradeoff.figure.cursor == explorer.structure.measure().n_params
    explorer.tradeoff.size.value = "flops"
    assert explorer.tradeoff.figure.cursor == explorer.structure.measure().flops


def test_running_twice_at_once_is_refused_in_words(explorer: sw.Explorer) -> None:
    explorer.validation.epochs.value = 200
    explorer.validation.run()
    with pytest.raises(RuntimeError, match="Expected nothing to be going on, but a run is"):
        explorer.validation.run()
    explorer.validation.run_button.click()
    assert "but a run is" in explorer.background.message.alert
    explorer.background.cancel()


def test_cancel_answers_within_a_second_and_keeps_nothing_half_done(explorer: sw.Explorer) -> None:
    explorer.validation.epochs.value = 1000
    explorer.validation.run()
    thread = explorer.background._task.thread
    time.sleep(1)
    start = time.perf_counter()
    explorer.background.cancel_button.click()
    assert not explorer.background.is_running
    assert time.perf_counter() - start < 1
    assert explorer.background.status.value == "cancelled"
    thread.join(60)
    assert not thread.is_alive()
    assert len(explorer.trials) == 0
    assert explorer.background.status.value == "cancelled"


def test_without_data_run_says_what_to_pass() -> None:
    explorer = sw.explore(residual_model())
    explorer.validation.run_button.click()
    assert "Expected data to validate on" in explorer.background.message.alert


def test_an_error_of_a_run_is_shown_in_the_widget() -> None:
    x = np.random.default_rng(0).normal(size=(60, 6)).astype("float32")
    explorer = sw.explore(residual_model(), data=sw.Data(x, np.arange(60) % 5))
    explorer.validation.run()
    explorer.background.wait(60)
    assert "ValueError" in explorer.background.message.alert
    assert not explorer.background.message.status
    assert not explorer.validation.run_button.disabled


def test_names_are_escaped_wherever_html_is_made() -> None:
    inputs = keras.Input((6,))
    hostile = keras.layers.Dense(4, name="a<img src=x onerror=alert(1)>")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="out")(hostile))
    explorer = sw.explore(model, data=small_data())
    explorer.structure = explorer.structure.with_width("a<img src=x onerror=alert(1)>", 2)
    # TensorFlow refuses to train a layer of that name, so the result is another model's.
    result = sw.quick_run(residual_model(), small_data(), sw.Budget(epochs=1, seeds=1))
    explorer.add(dataclasses.replace(result, structure=explorer.structure))
    assert "a&lt;img" in explorer.tradeoff.table.value
    assert "<img" not in explorer.tradeoff.table.value
    assert "<img" not in explorer.structure.measure()._repr_html_()
    # The plot's words are text, which the page sets as text; see tests/browser/test_tradeoff_plot.py.
    (point,) = explorer.tradeoff.figure.points
    assert "a<img src=x onerror=alert(1)>" in point["text"]


def test_a_study_can_be_continued() -> None:
    study = sw.Study()
    model = residual_model()
    first = sw.explore(model, data=small_data(), study=study)
    first.add(sw.quick_run(first.space.baseline, small_data(), sw.Budget(epochs=1, seeds=1)))
    second = sw.explore(model, data=small_data(), study=study)
    assert len(second.trials) == 1
    assert [each["number"] for each in second.tradeoff.figure.points] == [0]


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
    assert explorer.controls.grid.shown == ["attention", "attention heads", "attention head size", "out"]
    explorer.controls["attention heads"].width.value = 3
    assert explorer.controls["attention"].width is None
    assert explorer.structure.widths["attention heads"] == 3
    assert explorer.model().count_params() == explorer.structure.measure().n_params


def test_the_panel_shows_flops_per_token_of_a_model_that_reads_tokens() -> None:
    explorer = sw.explore(ZOO["decoder_with_tied_embeddings"].make())
    panel, cost = explorer.panel, explorer.structure.measure()
    assert [each["label"] for each in panel.metrics if each["name"] == "flops_per_token" and each["total"]]
    assert panel.baseline["flops_per_token"] == cost.flops / 7
    kind, flops, tokens = panel.program["operations"][panel.program["outputs"]["flops_per_token"]]
    assert (kind, flops) == ("/", panel.program["outputs"]["flops"])
    assert panel.program["operations"][tokens] == ["constant", 7]
