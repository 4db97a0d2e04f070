"""The live panel and the message in a browser, without JupyterLab: what they show and speak for given controls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import keras
import pytest
import tensorflow as tf
from playwright.sync_api import Browser, Page, expect

import structopt_widgets as sw
from structopt_widgets.widgets.live_panel import LivePanel
from structopt_widgets.widgets.message import Message

pytestmark = pytest.mark.browser

# As much of a widget's model as the front ends use.
START = """async ([source, style, state, controls]) => {
    class Model {
        constructor(state) { this.state = state; this.listeners = []; }
        get(name) { return this.state[name]; }
        set(name, value) { this.state[name] = value; this.listeners.forEach((listener) => listener()); }
        on(_, listener) { this.listeners.push(listener); }
        off(_, listener) { this.listeners = this.listeners.filter((each) => each !== listener); }
        save_changes() {}
    }
    window.controls = Object.fromEntries(Object.entries(controls).map(([id, state]) => [id, new Model(state)]));
    window.model = new Model(state);
    window.model.widget_manager = { get_model: async (id) => window.controls[id] };
    document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
    const module = (await import("data:text/javascript," + encodeURIComponent(source))).default;
    await module.initialize?.({ model: window.model });
    await module.render({ model: window.model, el: document.body.appendChild(document.createElement("div")) });
}"""
SET = "([id, name, value]) => window.controls[id].set(name, value)"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture
def shown(page: Page) -> Callable[[sw.Explorer], Page]:
    """Show an explorer's live panel."""

    def show(explorer: sw.Explorer) -> Page:
        controls = explorer.controls
        widgets = [controls.multiplier, controls.snap, explorer.validation.batch_size]
        for group in (controls.sliders, controls.activations, controls.biases):
            widgets += group.values()
        states = {each.model_id: {"value": each.value, "index": getattr(each, "index", None)} for each in widgets}
        state = {name: getattr(explorer.panel, name) for name in explorer.panel.traits(sync=True) if name[0] != "_"}
        del state["layout"]
        state = {name: value for name, value in state.items() if isinstance(value, (dict, list, str))}
        page.evaluate(START, [str(LivePanel._esm), str(LivePanel._css), state, states])
        return page

    return show


def set_width(page: Page, explorer: sw.Explorer, layer: str, width: int) -> None:
    page.evaluate(SET, [explorer.controls[layer].width.model_id, "value", width])


def dense_model() -> keras.Model:
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, activation="relu", name="hidden")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, name="out")(x))


def total(page: Page, metric: str) -> Any:
    return page.locator(f".sw-totals [data-metric={metric}]")


@pytest.mark.parametrize(("typed", "width"), [(7, 8), (6, 6), (5, 6), (1, 2), (99, 16)])
def test_a_typed_width_is_rounded_as_python_does(shown: Callable[[sw.Explorer], Page], typed: int, width: int) -> None:
    inputs = keras.Input((6, 6, 2))
    x = keras.layers.Conv2D(8, 3, name="first")(inputs)
    model = keras.Model(inputs, keras.layers.Conv2D(4, 3, groups=2, name="second")(x))
    explorer = sw.explore(model)
    page = shown(explorer)
    set_width(page, explorer, "first", typed)
    explorer.controls["first"].width.value = typed
    assert explorer.structure.widths["first"] == width
    for metric in ("n_params", "flops", "training_bytes"):
        expected = getattr(explorer.structure.measure(batch_size=32), metric)
        expect(total(page, metric)).to_have_attribute("data-value", str(expected))


def test_changes_are_spoken_once_they_rest(page: Page, shown: Callable[[sw.Explorer], Page]) -> None:
    explorer = sw.explore(dense_model())
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # a busy machine's own time must not run on between the steps
    shown(explorer)
    line = page.get_by_role("status")
    expect(line).to_have_attribute("aria-live", "polite")
    page.clock.run_for(2000)
    expect(line).to_be_empty()
    # 8 units: (6 + 1) 8 + (8 + 1) 2 = 74 parameters; 4 units: 38.
    for width in (7, 6, 5, 4):
        set_width(page, explorer, "hidden", width)
        page.clock.run_for(400)
        expect(line).to_be_empty()
    expect(total(page, "n_params")).to_have_text("38")
    page.clock.run_for(400)
    # 64 products, with 10 biases and 8 relus, became 32, with 6 and 4.
    expect(line).to_have_text("Parameters 38, minus 49 percent; FLOPs 74, minus 49 percent")
    page.evaluate(SET, [explorer.validation.batch_size.model_id, "value", 64])
    page.clock.run_for(1000)
    expect(line).to_have_text(re.compile(r"^[^;]*activation[^;]*; Training[^;]*$", re.IGNORECASE))
    page.evaluate(SET, [explorer.validation.batch_size.model_id, "value", 32])
    set_width(page, explorer, "hidden", 8)
    page.clock.run_for(1000)
    expect(line).to_have_text("Parameters 74, as the model; FLOPs 146, as the model")


def test_tables_read_without_sight(shown: Callable[[sw.Explorer], Page]) -> None:
    page = shown(sw.explore(dense_model()))
    assert all(text.strip() for text in page.locator("thead th").all_inner_texts())
    tracks = page.locator(".sw-track")
    assert tracks.count() > 7
    assert page.locator(".sw-track[aria-hidden=true]").count() == tracks.count()


def test_what_is_not_counted_is_named_with_the_reason(shown: Callable[[sw.Explorer], Page]) -> None:
    def own(x: Any) -> Any:
        return tf.math.bessel_i0(x)

    inputs = keras.Input((4, 4, 2))
    x = keras.layers.Conv2D(3, 1, activation=own, name="odd")(inputs)
    x = keras.layers.Conv2D(3, 1, activation="relu", name="plain")(x)
    x = keras.layers.UpSampling2D(2, interpolation="bicubic", name="larger")(x)
    explorer = sw.explore(
        keras.Model(inputs, keras.layers.Lambda(tf.math.bessel_i0, output_shape=lambda shape: shape, name="free")(x))
    )
    assert set(explorer.structure.measure().uncounted) == {"odd", "larger", "free"}
    page = shown(explorer)
    notes = page.locator(".sw-notes")
    expect(notes).to_contain_text("odd (the cost of its activation is not known)")
    expect(notes).to_contain_text("larger (does something that its layer rule cannot count)")
    expect(notes).to_contain_text(f"free ({explorer.space.connected.uncounted['free']})")
    expect(notes).not_to_contain_text("plain")
    options = explorer.controls["odd"].activation.options
    page.evaluate(SET, [explorer.controls["odd"].activation.model_id, "index", options.index("relu")])
    expect(notes).not_to_contain_text("odd")


def test_messages_change_inside_regions_that_stay(page: Page) -> None:
    page.evaluate(START, [str(Message._esm), "", {"status": "", "alert": ""}, {}])
    status, alert = page.locator("[role=status]"), page.locator("[role=alert]")
    kept = status.element_handle()
    page.evaluate("window.model.set('status', 'accuracy <img src=x> 90 %')")
    expect(status).to_have_text("accuracy <img src=x> 90 %")
    expect(alert).to_be_empty()
    page.evaluate("window.model.set('status', ''); window.model.set('alert', 'no data')")
    expect(status).to_be_empty()
    expect(alert).to_have_text("no data")
    assert page.evaluate("(node) => node.isConnected", kept)
    assert page.locator("img").count() == 0


def test_the_multiplier_keeps_to_multiples_as_python_does(shown: Callable[[sw.Explorer], Page]) -> None:
    inputs = keras.Input((6, 6, 1))
    x = keras.layers.Conv2D(20, 3, name="first")(inputs)
    x = keras.layers.Conv2D(12, 3, groups=2, name="second")(x)
    x = keras.layers.Dense(70, name="third")(keras.layers.Flatten()(x))
    explorer = sw.explore(keras.Model(inputs, keras.layers.Dense(3, name="out")(x)))
    page = shown(explorer)
    controls, names = explorer.controls, ("first", "second", "third")
    sliders = [controls[name].width.model_id for name in names]
    for index, (_, multiple) in enumerate(controls.snap.options):
        page.evaluate(SET, [controls.snap.model_id, "index", index])
        for factor in (0.05, 0.3, 0.55, 0.9, 1.0, 1.35, 2.0):
            page.evaluate(SET, [controls.multiplier.model_id, "value", factor])
            widths = page.evaluate("(ids) => ids.map((id) => window.controls[id].get('value'))", sliders)
            expected = explorer.space.scaled(factor, multiple_of=multiple).widths
            assert widths == [expected[name] for name in names]
