"""A trial's memory is for one sample and the strip's for a batch: whatever shows the first says so."""

from __future__ import annotations

import keras
import pytest
from asked import ask
from front_end import in_node

import structopt_widgets as sw
from structopt_widgets.figures.style import column_title
from structopt_widgets.metrics import METRICS, trial_metrics
from structopt_widgets.widgets.page_model import page_model

PEAK = "peak_activation_bytes"


@pytest.fixture
def model() -> keras.Model:
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, activation="relu", name="hidden")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, name="out")(x))


def test_only_what_a_batch_multiplies_is_of_one_sample(model: keras.Model) -> None:
    structure = sw.StructureSpace.from_keras(model).baseline
    one, two = structure.measure(batch_size=1), structure.measure(batch_size=2)
    for name in trial_metrics():
        is_by_sample = METRICS[name].scope != "step" and getattr(one, name) != getattr(two, name)
        assert METRICS[name].trial_label.endswith("one sample") == is_by_sample, name
    assert column_title(PEAK) == "Peak activations, one sample, bytes"


def test_axis_and_cursor_are_of_one_sample_and_say_so(model: keras.Model) -> None:
    space = sw.StructureSpace.from_keras(model)
    shown = in_node(
        "saving",  # the module that knows both state and plot
        """(() => {
            const state = new State(given, () => {});
            state.setting({ batch_size: 32 });
            state.choose("peak_activation_bytes");
            const { x, cursor } = plotted(state);
            const [peak, flops] = ["peak_activation_bytes", "flops"]
                .map((name) => state.batchLabel(state.metrics.get(name)));
            return { label: x.label, cursor, strip: state.total("peak_activation_bytes"), peak, flops };
        })()""",
        page_model(space),
    )
    assert shown["label"] == "Peak activations, one sample"
    assert shown["cursor"] == space.baseline.measure(batch_size=1).peak_activation_bytes
    assert shown["strip"] == space.baseline.measure(batch_size=32).peak_activation_bytes == 32 * shown["cursor"]
    assert (shown["peak"], shown["flops"]) == ("Peak activations, batch of 32", "FLOPs")


@pytest.mark.parametrize(("batch_size", "of"), [(1, "for one sample"), (32, "for a batch of 32")])
def test_a_limit_that_cannot_be_met_says_of_how_many_samples(model: keras.Model, batch_size: int, of: str) -> None:
    space = sw.StructureSpace.from_keras(model)
    least = space.baseline.with_width("hidden", 1).measure(batch_size=batch_size).peak_activation_bytes
    with pytest.raises(ValueError, match=rf"smallest reachable is {PEAK} .*{least:,} ?B?\)? {of}\."):
        space.fit({PEAK: 1}, batch_size=batch_size)


def test_a_budget_out_of_reach_is_told_beside_it_in_a_sentence(model: keras.Model) -> None:
    explorer = sw.explore(model)
    least = explorer.space.baseline.with_width("hidden", 1).measure().n_params
    before = explorer.structure
    ask(explorer, "fit", limits={"n_params": 3}, batch_size=1)
    assert explorer.instrument.fits["why"] == f"Parameters cannot go below {least} here. Raise the budget."
    assert explorer.instrument.work["alert"] == ""
    assert explorer.structure == before
    explorer = sw.explore(model, language="zh")
    ask(explorer, "fit", limits={PEAK: 3}, batch_size=1)
    assert "单个样本" in explorer.instrument.fits["why"]
