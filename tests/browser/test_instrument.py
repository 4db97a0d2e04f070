"""The instrument in a browser, without JupyterLab: what it shows, speaks, saves and answers to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import keras
import pytest
import tensorflow as tf
from playwright.sync_api import Browser, Page, expect

import structopt_widgets as sw

from .plain_page import put, show, total

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []
    page.close()


def dense_model(name: str = "hidden") -> keras.Model:
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, activation="relu", name=name)(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, name="out")(x))


@pytest.mark.parametrize(("typed", "width"), [(7, 8), (6, 6), (5, 6), (1, 2), (99, 16)])
def test_a_typed_width_is_rounded_as_python_does(page: Page, typed: int, width: int) -> None:
    inputs = keras.Input((6, 6, 2))
    x = keras.layers.Conv2D(8, 3, name="first")(inputs)
    explorer = sw.explore(keras.Model(inputs, keras.layers.Conv2D(4, 3, groups=2, name="second")(x)))
    show(page, explorer)
    number = page.get_by_label("width of first, as a number")
    number.fill(str(typed))
    number.press("Enter")
    expect(number).to_have_value(str(width))
    structure = explorer.space.baseline.with_width("first", width)
    for metric in ("n_params", "flops", "training_bytes"):
        expected = getattr(structure.measure(batch_size=32), metric)
        expect(total(page, metric)).to_have_attribute("data-value", str(expected))


def test_changes_are_spoken_once_they_rest(page: Page) -> None:
    explorer = sw.explore(dense_model())
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # a busy machine's own time must not run on between the steps
    show(page, explorer)
    line = page.locator(".sw-live-panel [role=status]")
    expect(line).to_have_attribute("aria-live", "polite")
    page.clock.run_for(2000)
    expect(line).to_be_empty()
    # 8 units: (6 + 1) 8 + (8 + 1) 2 = 74 parameters; 4 units: 38.
    for width in (7, 6, 5, 4):
        put(page, "width of hidden", width)
        page.clock.run_for(400)
        expect(line).to_be_empty()
    expect(total(page, "n_params")).to_have_text("38")
    page.clock.run_for(400)
    # 64 products, with 10 biases and 8 relus, became 32, with 6 and 4.
    expect(line).to_have_text("Parameters 38, minus 49 percent; FLOPs 74, minus 49 percent")
    put(page, "width of hidden", 8)
    page.clock.run_for(1000)
    expect(line).to_have_text("Parameters 74, as the model; FLOPs 146, as the model")


def test_a_drag_is_saved_once_and_is_one_step(page: Page) -> None:
    show(page, sw.explore(dense_model()))
    slider = page.get_by_label("width of hidden", exact=True)
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    for share in (0.4, 0.3, 0.2):
        page.mouse.move(box["x"] + share * box["width"], middle)
        page.wait_for_timeout(200)
    saved = "window.saved.filter(([name]) => name === 'standing').map(([, value]) => value)"
    assert page.evaluate(saved) == []
    # The hand that holds a slider has the last word.
    page.evaluate("window.python('standing', { structure: {}, past: [], future: [], snapshots: {} })")
    width = int(slider.input_value())
    assert width < 6
    page.mouse.up()
    (standing,) = page.evaluate(saved)
    assert standing == {"structure": {"widths": [[0, width]]}, "past": [{}], "future": [], "snapshots": {}}
    page.keyboard.press("Control+z")
    expect(slider).to_have_value("8")
    page.keyboard.press("Control+Shift+z")
    expect(slider).to_have_value(str(width))
    page.get_by_role("button", name="Reset").click()
    expect(slider).to_have_value("8")
    page.get_by_role("button", name="undo").click()
    expect(slider).to_have_value(str(width))


def test_a_button_that_is_done_leaves_the_keys_to_the_instrument(page: Page) -> None:
    show(page, sw.explore(dense_model()))
    slider = page.get_by_label("width of hidden", exact=True)
    put(page, "width of hidden", 5)
    undo = page.get_by_role("button", name="undo")
    undo.click()
    expect(slider).to_have_value("8")
    expect(undo).to_be_disabled()
    # Keys that nothing hears would go to the notebook, whose undo takes back cells.
    page.keyboard.press("Control+Shift+z")
    expect(slider).to_have_value("5")


def test_snapshots_and_mixed_widths(page: Page) -> None:
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, name="one")(inputs)
    x = keras.layers.Dense(12, name="two")(x)
    show(page, sw.explore(keras.Model(inputs, keras.layers.Dense(2, name="out")(x))))
    factor, times = page.locator(".sw-all .sw-factor"), "\N{MULTIPLICATION SIGN}"
    expect(factor).to_have_text(f"{times} 1.00")
    page.get_by_role("button", name="Keep").click()
    put(page, "all widths", -1)
    expect(factor).to_have_text(f"{times} 0.50")
    page.get_by_role("button", name="Keep").click()
    put(page, "width of one", 7)
    expect(factor).to_have_text("mixed")
    page.get_by_role("button", name="go to snapshot B").click()
    expect(factor).to_have_text(f"{times} 0.50")
    expect(page.get_by_label("width of two", exact=True)).to_have_value("6")
    page.get_by_role("button", name="go to snapshot A").click()
    expect(page.get_by_label("width of two", exact=True)).to_have_value("12")


def test_what_python_sets_is_shown(page: Page) -> None:
    explorer = sw.explore(dense_model())
    show(page, explorer)
    explorer.controls["hidden"].width.value = 3
    explorer.controls["hidden"].activation.value = "tanh"
    page.evaluate("(value) => window.python('standing', value)", explorer.instrument.standing)
    expect(page.get_by_label("width of hidden", exact=True)).to_have_value("3")
    expect(page.get_by_label("activation of hidden")).to_have_value("tanh")
    expect(total(page, "n_params")).to_have_attribute("data-value", str(7 * 3 + 4 * 2))
    assert page.evaluate("window.saved") == []


def test_a_run_is_asked_for_with_what_is_shown(page: Page) -> None:
    show(page, sw.explore(dense_model()))
    put(page, "width of hidden", 5)
    page.locator(".sw-settings summary").click()
    page.get_by_label("epochs", exact=True).fill("7")
    page.get_by_role("button", name="Run", exact=True).click()
    (asked,) = page.evaluate("window.sent")
    assert asked["do"] == "run"
    assert asked["standing"]["structure"] == {"widths": [[0, 5]]}
    assert asked["settings"]["epochs"] == 7
    page.evaluate("window.python('work', { what: 'a run', fraction: 0.25, text: 'epoch 2', status: '', alert: '' })")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")
    page.get_by_role("button", name="Cancel").click()
    assert page.evaluate("window.sent.at(-1).do") == "cancel"


def test_a_layer_of_the_picture_is_dragged_and_worked_by_keys(page: Page) -> None:
    show(page, sw.explore(dense_model()))
    slider = page.get_by_label("width of hidden", exact=True)
    box = page.locator(".sw-made").nth(1).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4 + 2)
    page.mouse.up()
    # Both edges have come a quarter nearer to the middle.
    expect(slider).to_have_value("4")
    expect(page.locator(".sw-picture h2")).to_have_text("hidden 4 (was 8)")
    expect(page.locator(".sw-row.sw-selected .sw-name")).to_have_text("hidden")
    for key, width in (("ArrowUp", 5), ("ArrowDown", 4), ("Shift+ArrowUp", 12)):
        page.keyboard.press(key)
        expect(slider).to_have_value(str(width))
    expect(page.locator(".sw-picture")).to_contain_text(f"(6 + 1) × {12} = {7 * 12}")  # noqa: RUF001 - a product
    # The largest memory that is drawn is the peak.
    peak = page.locator(".sw-live-panel [data-metric=peak_activation_bytes]").get_attribute("data-value")
    expected = page.evaluate(f"(() => ({int(peak or 0)} / 1024).toFixed(2))()")
    expect(page.locator(".sw-picture")).to_contain_text(f"peak {expected} KiB")


def test_a_budget_is_a_line_and_fit_asks_for_it(page: Page) -> None:
    show(page, sw.explore(dense_model()))
    field = page.get_by_label("budget of Parameters")
    expect(page.get_by_role("button", name="Fit")).to_be_disabled()
    field.fill("50")
    field.press("Enter")
    expect(page.locator(".sw-limit-line")).to_have_count(1)
    expect(page.locator(".sw-limit")).to_contain_text("over by 48 %")  # 74 of 50
    page.get_by_role("button", name="Fit").click()
    asked = page.evaluate("window.sent.at(-1)")
    assert (asked["do"], asked["limits"]) == ("fit", {"n_params": 50})


def test_findings_are_mended_by_a_button(page: Page) -> None:
    finding = {"sentence": "hidden <img> is odd.", "why": "So it is.", "changes": {"widths": [[0, 3]]}}
    show(page, sw.explore(dense_model()), findings=[finding, {**finding, "changes": None}])
    expect(page.locator(".sw-finding")).to_have_count(2)
    page.get_by_role("button", name="Mend: hidden <img> is odd.").click()
    expect(page.get_by_label("width of hidden", exact=True)).to_have_value("3")
    assert page.locator("img").count() == 0


def test_what_is_not_counted_is_named_with_the_reason(page: Page) -> None:
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
    show(page, explorer)
    expect(page.locator(".sw-live-panel [data-metric=flops]")).to_have_text(
        re.compile("^\N{GREATER-THAN OR EQUAL TO} ")
    )
    notes = page.locator(".sw-notes")
    expect(notes).to_contain_text("odd (the cost of its activation is not known)")
    expect(notes).to_contain_text("larger (does something that its layer rule cannot count)")
    expect(notes).to_contain_text(f"free ({explorer.space.connected.uncounted['free']})")
    expect(notes).not_to_contain_text("plain")
    page.get_by_label("activation of odd").select_option("relu")
    expect(notes).not_to_contain_text("odd")


def test_messages_change_inside_regions_that_stay(page: Page) -> None:
    explorer = sw.explore(dense_model())
    show(page, explorer)
    status, alert = page.locator(".sw-info"), page.get_by_role("alert")
    kept = status.element_handle()
    work = explorer.instrument.work
    page.evaluate("(work) => window.python('work', work)", {**work, "status": "accuracy <img src=x> 90 %"})
    expect(status).to_have_text("accuracy <img src=x> 90 %")
    expect(alert).to_be_empty()
    page.evaluate("(work) => window.python('work', work)", {**work, "alert": "no data"})
    expect(status).to_be_empty()
    expect(alert).to_have_text("no data")
    assert page.evaluate("(node) => node.isConnected", kept)


def test_names_of_layers_are_text(page: Page) -> None:
    name = "a<img src=x onerror=alert(1)>"
    show(page, sw.explore(dense_model(name)))
    page.locator(".sw-row", has_text=name).click()
    for part in (".sw-rows", ".sw-detail", ".sw-where"):
        expect(page.locator(part)).to_contain_text(name)
    assert page.locator("img").count() == 0


def test_tab_stops_are_few_and_every_control_has_a_name(page: Page) -> None:
    show(page, sw.explore(dense_model()))
    stops = page.evaluate("""() => {
        const all = [...document.querySelectorAll("button, input, select, summary, [tabindex]")];
        const isStop = (each) => each.tabIndex >= 0 && !each.disabled && each.checkVisibility();
        return all.filter((each) => isStop(each) && !each.closest(".sw-rows")).length;
    }""")
    assert stops <= 20
    unnamed = page.evaluate("""() => [...document.querySelectorAll("input, select, button")].filter((each) =>
        !(each.getAttribute("aria-label") || each.textContent || each.closest("label")?.textContent)).length""")
    assert unnamed == 0


@pytest.mark.parametrize("width", [480, 800, 1280, 1920])
def test_nothing_sticks_out(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    show(page, sw.explore(dense_model()))
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    # The strip stays in sight.
    page.evaluate("document.body.append(Object.assign(document.createElement('div'), { style: 'height: 2000px' }))")
    page.mouse.wheel(0, 150)
    page.wait_for_function("window.scrollY > 100")
    box = page.locator(".sw-live-panel").bounding_box()
    assert box is not None
    assert box["y"] == pytest.approx(0, abs=1)


# What JupyterLab tells of a kernel: killed by the system; restarted by its user, as ipywidgets has it; shut down.
@pytest.mark.parametrize(
    "told",
    [
        "session.statusChanged.emit('autorestarting')",
        "tell('comm_live_update', { comm_live: false })",
        "session.kernelChanged.emit({ newValue: null })",
    ],
)
def test_a_kernel_that_is_gone_is_said_and_frees_the_buttons(page: Page, told: str) -> None:
    explorer = sw.explore(dense_model())
    show(page, explorer, work={**explorer.instrument.work, "what": "a run", "fraction": 0.5, "text": "epoch 3 of 6"})
    run, cancel = (page.get_by_role("button", name=name, exact=True) for name in ("Run", "Cancel"))
    # None of this ends a kernel.
    page.evaluate("session.statusChanged.emit('busy')")
    page.evaluate("session.kernelChanged.emit({ newValue: { id: 'first' } })")
    expect(run).to_be_disabled()
    expect(page.locator(".sw-error")).to_be_empty()
    page.evaluate(told)
    expect(page.locator(".sw-error")).to_contain_text("The kernel has stopped or was restarted")
    expect(run).to_be_enabled()
    expect(cancel).to_be_disabled()
    expect(page.locator(".sw-progress-text")).to_be_empty()
    run.click()
    assert page.evaluate("sent") == []
    # Costs are the page's own.
    put(page, "width of hidden", 4)
    expect(total(page, "n_params")).to_have_text(str((6 + 1) * 4 + (4 + 1) * 2))
    page.evaluate("end()")
    assert page.evaluate("session.statusChanged.slots.size + session.kernelChanged.slots.size") == 0
