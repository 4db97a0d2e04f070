"""The instrument in a browser, without JupyterLab: what it shows, speaks, saves and answers to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import keras
import pytest
import tensorflow as tf
from playwright.sync_api import Browser, Page, expect

import structopt_widgets as sw
from structopt_widgets.metrics import format_exact
from structopt_widgets.widgets.changes import changed
from structopt_widgets.widgets.page_model import page_model
from structopt_widgets.widgets.receipt_text import shown_receipt
from structopt_widgets.widgets.set_many import set_many
from structopt_widgets.widgets.static_twin import twin_html

from .plain_page import put, show, total
from .test_random_actions import residual

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
    put(page, "width of one", 5)
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="go to snapshot B").click()
    expect(page.get_by_label("width of two", exact=True)).to_have_value("6")  # B stays what it was
    page.get_by_role("button", name="go to snapshot C").click()
    expect(page.get_by_label("width of one", exact=True)).to_have_value("5")
    # What a cell keeps under a name of its own stands beside them.
    named = {"wide <b>": {"widths": [[1, 20]]}}
    page.evaluate("(more) => window.python('standing', { ...window.model.get('standing'), snapshots: more })", named)
    page.get_by_role("button", name="go to snapshot wide <b>").click()
    expect(page.get_by_label("width of two", exact=True)).to_have_value("20")
    expect(page.get_by_role("button", name="go to snapshot A")).to_be_disabled()


def test_all_activations_and_biases_at_once(page: Page) -> None:
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, "relu", name="one")(inputs)
    x = keras.layers.Dense(12, "tanh", name="two")(x)
    x = keras.layers.Dense(4, name="plain")(x)
    show(page, sw.explore(keras.Model(inputs, keras.layers.Dense(2, "softmax", name="out")(x))))
    every = page.get_by_label("all activations")
    expect(every).to_have_value("")  # mixed
    every.select_option("gelu")
    for name, activation in (("one", "gelu"), ("two", "gelu"), ("plain", "linear"), ("out", "softmax")):
        expect(page.get_by_label(f"activation of {name}")).to_have_value(activation)
    biases = page.get_by_label("all biases")
    page.get_by_label("bias of two").uncheck()
    assert biases.evaluate("(box) => box.indeterminate")
    biases.check()
    biases.uncheck()
    # One step each: 6 x 8 + 8 x 12 + 12 x 4 + 4 x 2 weights without a bias.
    expect(total(page, "n_params")).to_have_attribute("data-value", str(6 * 8 + 8 * 12 + 12 * 4 + 4 * 2))
    for _ in range(4):
        page.get_by_role("button", name="undo").click()
    expect(page.get_by_label("activation of one")).to_have_value("relu")
    expect(page.get_by_role("button", name="undo")).to_be_disabled()


def test_fits_stand_side_by_side(page: Page) -> None:
    explorer = sw.explore(dense_model())
    fits = {"limits": {"n_params": 50}, "batch_size": 1, "score": 0.8, "unit": "share"}
    uniform = {"by": "uniform", "changes": {"widths": [[0, 5]]}, "costs": {"n_params": 47}, "lost": 0.125}
    other = {"by": "sensitivity", "changes": {"widths": [[0, 4]]}, "costs": {"n_params": 38}, "lost": -0.01}
    show(page, explorer, fits={**fits, "found": [uniform, other]})
    lines = page.locator(".sw-fits .sw-line")
    expect(lines).to_have_count(0)  # no budget, no fit
    page.get_by_label("budget of Parameters").fill("50")
    page.keyboard.press("Enter")
    expect(lines.first).to_contain_text("47, −12.5 points before training")  # noqa: RUF001 - as shown
    expect(lines.last).to_contain_text("38, +1.0 points before training")
    # R2 has no points.
    page.evaluate("(fits) => window.python('fits', fits)", {**fits, "unit": "number", "found": [uniform, other]})
    expect(lines.first).to_contain_text("47, −0.125 of R² before training")  # noqa: RUF001 - as shown
    # While a run tells how far it is the buttons are those that were there.
    take = page.get_by_role("button", name="take the fit by sensitivity")
    work = {**explorer.instrument.work, "what": "a run"}
    page.evaluate("(work) => window.python('work', work)", {**work, "fraction": 0.1})
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "10")
    kept = take.element_handle()
    page.evaluate("(work) => window.python('work', work)", {**work, "fraction": 0.2})
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "20")
    assert page.evaluate("(node) => node.isConnected", kept)
    take.click()
    expect(page.get_by_label("width of hidden", exact=True)).to_have_value("4")


def test_a_cell_that_runs_at_once_sees_the_sliders(page: Page) -> None:
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # nothing ever rests
    show(page, sw.explore(dense_model()))
    page.evaluate("document.body.append(document.createElement('textarea'))")
    saved = "window.saved.filter(([name]) => name === 'standing').map(([, value]) => value.structure)"
    slider = page.get_by_label("width of hidden", exact=True)
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(saved) == []
    page.locator("textarea").focus()
    assert page.evaluate(saved) == [{"widths": [[0, 9]]}]
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+Enter")
    assert page.evaluate(saved)[1:] == [{"widths": [[0, 10]]}]


def test_weights_are_counted_in_another_dtype(page: Page) -> None:
    explorer = sw.explore(dense_model())
    show(page, explorer)
    cost = explorer.space.baseline.with_width("hidden", 5).measure()
    page.locator(".sw-cell", has_text="Weights").click()
    put(page, "width of hidden", 5)
    dtype = page.get_by_label("dtype of the weights")
    for name, expected in (
        ("own dtype", cost.weight_bytes),
        *((each, cost.weight_bytes_in(each)) for each in ("float32", "bfloat16", "float16", "int8", "int4")),
        ("int8 deployment", cost.flash_bytes),
    ):
        dtype.select_option(name)
        expect(total(page, "weight_bytes")).to_have_attribute("data-value", str(expected))
    expect(page.locator(".sw-cell", has_text="Flash, int8")).to_have_count(1)
    page.locator(".sw-cell", has_text="Flash, int8").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="help").locator("h2")).to_contain_text("Flash, int8")
    page.keyboard.press("Escape")
    page.locator(".sw-cell", has_text="FLOPs").click()
    expect(dtype).to_be_hidden()


def test_a_number_waits_for_its_prediction(page: Page) -> None:
    show(page, sw.explore(dense_model(), show=["n_params", "macs", "levers"], predict=True))
    expect(page.locator(".sw-cell")).to_have_count(2)
    expect(page.locator(".sw-picture")).to_be_hidden()
    expect(page.locator(".sw-tradeoff")).to_be_hidden()
    number = total(page, "n_params")
    expect(number).to_be_visible()
    answer = page.locator(".sw-prediction [role=status]")

    def predict(said: int, right: int, words: str) -> None:
        expect(number).to_be_hidden()
        expect(page.locator(".sw-prediction")).to_contain_text("Parameters now?")
        page.get_by_label("prediction", exact=True).fill(str(said))
        page.keyboard.press("Enter")
        expect(answer).to_have_text(words)
        expect(number).to_have_text(str(right))
        expect(number).to_be_visible()
        # The formula stands under the verdict, not over it, and makes way for the next question.
        assert page.evaluate("window.sent.at(-1).do") == "receipt"
        formula = page.get_by_role("dialog", name="help")
        verdict, under = answer.bounding_box(), formula.bounding_box()
        assert verdict is not None
        assert under is not None
        assert under["y"] >= verdict["y"] + verdict["height"]

    put(page, "width of hidden", 4)
    predict(38, 38, "Right: 38.")  # 7 x 4 + 5 x 2
    page.get_by_label("bias of out").uncheck()
    # What is wrong gives nothing away.
    for said, words in {
        "45": "Too high.",
        "12": "Too low.",
        "-3": "Nothing costs less than 0.",
        "": "Write a number",
    }.items():
        page.get_by_label("prediction", exact=True).fill(said)
        page.get_by_role("button", name="Check").click()
        expect(answer).to_contain_text(words)
        expect(number).to_be_hidden()
    predict(36, 36, "Right: 36.")
    page.get_by_role("button", name="undo").click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(answer).to_have_text("Parameters: 38.")
    expect(page.locator(".sw-notes")).to_have_text("For one sample: MACs. The stroke on a bar is the model as it came.")
    page.get_by_role("button", name="Reset").click()
    expect(number).to_have_text("74")  # 7 x 8 + 9 x 2: what it came with is no secret
    expect(number).to_be_visible()


def test_a_question_that_a_teacher_has_set_is_asked_when_the_page_opens(page: Page) -> None:
    explorer = sw.explore(dense_model(), show=["n_params", "levers", "tradeoff"], predict=True)
    explorer.structure = explorer.structure.with_width("hidden", 4)
    show(page, explorer)
    expect(page.locator(".sw-prediction")).to_contain_text("Parameters now?")
    expect(total(page, "n_params")).to_be_hidden()
    assert "38" not in twin_html(explorer.exploration)  # nor is it in what a saved notebook shows


def test_what_tells_of_a_number_waits_for_its_prediction_too(page: Page) -> None:
    show(page, sw.explore(dense_model(), predict=True), looks={"limits": {"n_params": 50}})
    help_pane, used = page.get_by_role("dialog", name="help"), page.locator(".sw-limit .sw-small")
    page.get_by_role("button", name="what is Parameters").click(force=True)
    expect(help_pane.locator("h2")).to_be_visible()
    expect(used).to_be_visible()
    put(page, "width of hidden", 4)
    for each in (help_pane, used):
        expect(each).to_be_hidden()
    # What it means may be asked; a box that is empty would lie over the sliders.
    page.get_by_role("button", name="what is Parameters").click(force=True)
    expect(help_pane.locator("h2")).to_have_text("Parameters")
    expect(help_pane).to_contain_text("Its number and formula wait for your prediction.")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(help_pane.locator("h2")).to_have_text("Parameters 38")
    expect(used).to_have_text("50 Parameters: 76 % used")


def test_the_question_stays_in_sight_under_the_costs(page: Page) -> None:
    page.set_viewport_size({"width": 800, "height": 420})
    show(page, sw.explore(dense_model(), predict=True))
    put(page, "width of hidden", 4)
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    strip, question = (page.locator(each).bounding_box() for each in (".sw-live-panel", ".sw-prediction"))
    assert strip is not None
    assert question is not None
    assert strip["y"] == pytest.approx(0, abs=1)
    assert question["y"] == pytest.approx(strip["height"], abs=1)


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


def test_numbers_answer_with_their_formula(page: Page) -> None:
    explorer = sw.explore(dense_model())
    show(page, explorer)
    help_pane = page.get_by_role("dialog", name="help")

    def told(**about: Any) -> dict[str, Any]:
        # It is asked for in the next frame.
        is_asked = "(about) => Object.entries(about).every(([name, value]) => window.sent.at(-1)?.[name] === value)"
        page.wait_for_function(is_asked, arg=about)
        asked = page.evaluate("window.sent.at(-1)")
        receipt: dict[str, Any] = shown_receipt(
            explorer.structure,
            asked["metric"],
            asked["layer"],
            32,
            asked["layers"],
            None if asked["margin"] is None else list(explorer.space.width_groups)[asked["margin"]],
        )
        page.evaluate("(receipt) => window.python('receipt', receipt)", receipt)
        return receipt

    # The cost that is looked at already, at a click more on it.
    page.locator("[data-cost=n_params] button.sw-cell").click()
    told(metric="n_params", layer=None)
    expect(help_pane.locator("math").first).to_be_visible()
    expect(help_pane.locator(".sw-math").first).to_have_text(re.compile(r"9\s*·\s*hidden\s*\+\s*2"))  # 7 h + 2 h + 2
    expect(help_pane.locator(".sw-math").nth(1)).to_have_text(re.compile(r"9\s*·\s*8\s*\+\s*2"))
    page.keyboard.press("Escape")
    # What one unit more costs: 6 weights and a bias, and 2 weights that read it.
    page.get_by_role("button", name="formula of one more of hidden").click()
    (line,) = told(metric="n_params", margin=0)["lines"]
    assert line["value"] == 9
    expect(help_pane.locator("h2")).to_have_text("One step more of hidden: Parameters 9")
    page.keyboard.press("Escape")
    # Sums and peaks of the picture.
    page.locator(".sw-sum").click()
    told(metric="n_params", layer=None)
    page.keyboard.press("Escape")
    page.locator(".sw-picture text", has_text="with weights, gradients and optimizer").click()
    told(metric="training_bytes", layer=None)
    expect(help_pane).to_contain_text("A layer's is what it holds throughout")


def test_the_first_row_is_for_the_layers_that_are_chosen_in_it(page: Page) -> None:
    explorer = sw.explore(residual())
    show(page, explorer)
    scope = page.get_by_label("which layers")
    titles = scope.evaluate("(select) => [...select.options].map((each) => each.text)")
    assert titles[0] == "all layers"
    chosen = next(title for title in titles if "like it" in title)
    scope.select_option(label=chosen)
    page.get_by_label("all activations").select_option("relu")
    page.get_by_label("keep all blocks").uncheck()
    page.wait_for_function("window.saved.some(([name, value]) => name === 'standing' && value.structure.blocks)")
    _, standing = page.evaluate("window.saved.filter(([name]) => name === 'standing').at(-1)")
    made = changed(explorer.space, standing["structure"])
    inside = {name for name, value in made.activations.items() if value != explorer.structure.activations[name]}
    assert inside
    assert made == set_many(explorer.structure, [*inside, *blocks_of(made)], activation="relu", kept=False)
    assert len(standing["past"]) == 2  # each switch is a step


def blocks_of(structure: sw.Structure) -> list[str]:
    """The layers of the blocks that are left out."""
    return [
        layer for name, kept in structure.blocks.items() if not kept for layer in structure.space.blocks[name].layers
    ]


def test_what_a_sweep_varies_is_chosen_in_the_page(page: Page) -> None:
    explorer = sw.explore(dense_model())
    show(page, explorer)
    page.locator(".sw-settings summary").click()
    varies = page.get_by_role("group", name="what a sweep varies")
    expect(varies.get_by_role("checkbox")).to_have_count(3)  # there is no block to leave out
    varies.get_by_label("activations").check()
    varies.get_by_label("widths").uncheck()
    small = page.get_by_role("group", name="costs that a sweep keeps small")
    small.get_by_label("FLOPs").check()
    name, value = page.evaluate("window.saved.at(-1)")
    assert name == "settings"
    assert (value["vary"], value["minimize"]) == (["activations"], ["n_params", "flops"])
    expect(page.locator(".sw-settings summary")).to_contain_text(" over activations for small Parameters, FLOPs")
    # One at least.
    varies.get_by_label("activations").click()
    expect(varies.get_by_label("activations")).to_be_checked()


def test_the_hypervolume_is_drawn_with_a_word_when_it_stalls(page: Page) -> None:
    explorer = sw.explore(dense_model())
    growth = {"costs": ["n_params"], "values": [0.1, 0.4, 0.4], "words": "The last 8 added nothing."}
    show(page, explorer, study={**explorer.instrument.study, "growth": growth})
    drawn = page.get_by_role("img", name="hypervolume by trial, from 0.10 to 0.40 in 3 trials")
    expect(drawn).to_be_visible()
    expect(page.locator(".sw-growth")).to_contain_text("0.40 after 3 trials: score, Parameters")
    expect(page.locator(".sw-growth")).to_contain_text("The last 8 added nothing.")
    show(page, explorer)
    expect(page.locator(".sw-growth")).to_be_hidden()


def test_a_run_is_asked_for_with_what_is_shown(page: Page) -> None:
    explorer = sw.explore(dense_model())
    show(page, explorer)
    run, said = page.get_by_role("button", name="Run", exact=True), page.locator(".sw-no-data")
    expect(run).to_be_disabled()
    expect(page.get_by_role("button", name="Sweep", exact=True)).to_be_disabled()
    expect(said).to_have_text(
        "Run and Sweep need data. Open the explorer with sw.explore(model, data=sw.Data(x, y)), x of shape (n, 6)."
    )
    page.evaluate("(work) => window.python('work', work)", {**explorer.instrument.work, "hasData": True})
    expect(said).to_be_empty()
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
    box = page.locator(".sw-grab").nth(1).bounding_box()
    assert box is not None
    box |= {"y": box["y"] + 4, "height": box["height"] - 8}  # a hand may be a little beside it
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
    expect(page.locator(".sw-picture [role=status]")).to_have_text("hidden 12 (was 8)")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".sw-picture [role=status]")).to_have_text("out 2, fixed")
    expect(page.locator(".sw-picture")).to_contain_text(f"(6 + 1) × {12} = {7 * 12}")  # noqa: RUF001 - a product
    # The largest memory that is drawn is the peak.
    peak = page.locator(".sw-live-panel [data-metric=peak_activation_bytes]").get_attribute("data-value")
    expected = page.evaluate(f"(() => ({int(peak or 0)} / 1024).toFixed(2))()")
    expect(page.locator(".sw-picture")).to_contain_text(f"peak {expected} KiB")


# Texts of the picture that stand on one another; the lines of a text's box are higher than its letters.
OVERPRINTED = """() => {
    const texts = [...document.querySelectorAll(".sw-picture svg text")].filter((each) => each.textContent);
    const boxes = texts.map((each) => [each.textContent, each.getBoundingClientRect()]);
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom;
    return boxes.flatMap(([text, box], at) =>
        boxes.slice(at + 1).filter(([, other]) => meet(box, other)).map(([other]) => [text, other]));
}"""


@pytest.mark.slow
@pytest.mark.parametrize("widest", [2, 3])
def test_no_text_of_the_picture_is_on_another(page: Page, widest: int) -> None:
    # The peak of training is where the widest layer is.
    inputs = x = keras.Input((6,))
    for at in range(6):
        x = keras.layers.Dense(64 if at == widest else 4, activation="relu", name=f"layer_{at}")(x)
    show(page, sw.explore(keras.Model(inputs, keras.layers.Dense(2, name="out")(x))))
    for breadth in (800, 1280, 1920):
        page.set_viewport_size({"width": breadth, "height": 900})
        drawn = "(svg) => svg.viewBox.baseVal.width === svg.parentElement.clientWidth"
        page.wait_for_function(f"({drawn})(document.querySelector('.sw-picture svg'))")
        assert page.evaluate(OVERPRINTED) == [], breadth


def chain(blocks: int) -> keras.Model:
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, name="stem")(inputs)
    for block in range(1, blocks + 1):
        inner = keras.layers.Dense(16, activation="relu", name=f"inner_{block}")(x)
        x = keras.layers.Add()([x, keras.layers.Dense(8, name=f"back_{block}")(inner)])
    return keras.Model(inputs, keras.layers.Dense(2, name="out")(x))


@pytest.mark.slow
def test_the_picture_of_many_blocks_unfolds_with_their_rows(page: Page) -> None:
    show(page, sw.explore(chain(60)))
    titles = page.locator(".sw-picture .sw-grab title")

    def columns_of(block: int) -> list[str]:
        shown = titles.all_text_contents()
        return [each for each in shown if each in (f"block {block}", f"inner_{block}", f"back_{block}")]

    assert columns_of(3) == ["block 3"]
    row = page.get_by_role("button", name="block 3", exact=True)
    row.click()
    expect(titles.filter(has_text="inner_3")).to_have_count(1)
    # Its second layer has the width of the stream, which is a column of its own too.
    assert columns_of(3) == ["inner_3", "back_3"]
    row.click()
    expect(titles.filter(has_text="inner_3")).to_have_count(0)
    assert columns_of(3) == ["block 3"]
    # And the other way round: by a double-click, and by keys.
    column = page.locator(".sw-picture .sw-grab", has=page.locator("title", has_text="block 4").first).first
    column.dispatch_event("dblclick")
    expect(page.get_by_label("width of inner_4", exact=True)).to_be_visible()
    assert columns_of(4) == ["inner_4", "back_4"]
    page.locator(".sw-picture svg").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('.sw-picture') !== null")


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
    # Of flash, which no trial keeps, as well.
    page.get_by_label("what the budget is of").select_option("flash_bytes")
    field = page.get_by_label("budget of Flash, int8")
    field.fill("200")
    field.press("Enter")
    page.get_by_role("button", name="Fit").click()
    asked = page.evaluate("window.sent.at(-1)")
    assert (asked["do"], asked["limits"]) == ("fit", {"flash_bytes": 200})
    # Of latency by the clock.
    page.get_by_text("machine, time it here").click()
    field = page.get_by_label("budget of latency here")
    field.fill("1.5")
    field.locator("xpath=ancestor::div[1]").get_by_role("button").click()
    asked = page.evaluate("window.sent.at(-1)")
    assert (asked["do"], asked["seconds"], asked["batch_size"]) == ("fit_latency", 0.0015, 1)


def test_what_is_of_one_sample_says_so_beside_the_number_of_the_batch(page: Page) -> None:
    explorer = sw.explore(dense_model())
    one, batch = (explorer.space.baseline.measure(batch_size=n).peak_activation_bytes for n in (1, 32))
    show(page, explorer)
    total(page, "peak_activation_bytes").click()
    expect(page.locator(".sw-plot")).to_contain_text(f"now {one} B")
    expect(page.locator(".sw-plot")).to_contain_text("Peak activations, one sample")
    field = page.get_by_label("budget of Peak activations, one sample")
    field.fill(str(2 * one))
    field.press("Enter")
    used = f"{2 * one} B Peak activations, one sample: 50 % used"
    above = f"{format_exact('peak_activation_bytes', batch)} for the batch of 32"
    expect(page.locator(".sw-used")).to_have_text(f"{used}; {above}")
    expect(page.locator(".sw-notes")).to_contain_text("budgets, Peak activations are for one sample")
    # Nothing fits, and no name of Python's is said.
    field.fill("1")
    field.press("Enter")
    expect(page.locator(".sw-used")).to_contain_text(f"this takes {one} times as much")
    why = "Peak activations, one sample cannot go below 9 B here. Raise the budget."
    fits = {"limits": {"peak_activation_bytes": 1}, "batch_size": 1, "why": why, "found": []}
    page.evaluate("(fits) => window.python('fits', fits)", fits)
    expect(page.locator(".sw-refused", has_text=why)).to_be_visible()
    total(page, "n_params").click()
    expect(page.locator(".sw-refused")).to_be_empty()


def test_findings_are_mended_by_a_button(page: Page) -> None:
    finding = {"sentence": "hidden <img> is odd.", "why": "So it is.", "changes": {"widths": [[0, 3]]}}
    show(page, sw.explore(dense_model()), findings=[finding, {**finding, "changes": None}])
    expect(page.locator(".sw-finding")).to_have_count(2)
    mend = page.get_by_role("button", name="Mend: hidden <img> is odd.")
    mend.click()
    expect(page.get_by_label("width of hidden", exact=True)).to_have_value("3")
    assert page.locator("img").count() == 0
    # What is mended goes, and leaves the keys to the instrument.
    expect(mend).to_be_focused()
    page.evaluate("window.python('findings', [])")
    expect(mend).to_be_hidden()
    page.keyboard.press("Control+z")
    expect(page.get_by_label("width of hidden", exact=True)).to_have_value("8")


def test_many_findings_of_a_kind_are_one(page: Page) -> None:
    explorer = sw.explore(dense_model())
    findings = [
        {"sentence": f"finding {n}.", "why": "All for one reason.", "changes": {"widths": [[0, 3]]}} for n in range(5)
    ]
    findings[-1]["changes"] = {"activations": [[0, "tanh"]]}
    show(page, explorer, findings=findings)
    expect(page.locator(".sw-finding")).to_have_count(1)
    expect(page.locator(".sw-finding")).to_contain_text("finding 0. So 4 more.")
    put(page, "width of hidden", 6)
    page.get_by_role("button", name="Mend all 5").click()
    expect(page.get_by_label("width of hidden", exact=True)).to_have_value("3")
    expect(page.get_by_label("activation of hidden")).to_have_value("tanh")
    page.get_by_role("button", name="undo").click()
    expect(page.get_by_label("width of hidden", exact=True)).to_have_value("6")


def test_a_formula_follows_keys_and_makes_way_for_a_hand(page: Page) -> None:
    about = {"metric": "n_params", "layer": "hidden", "structure": {}, "batch_size": 32}
    show(page, sw.explore(dense_model()), receipt={**about, "lines": [], "more": 0})
    slider = page.get_by_label("width of hidden", exact=True)
    slider.focus()
    page.keyboard.press("?")
    help_pane = page.get_by_role("dialog", name="help")
    expect(help_pane).to_be_visible()
    page.keyboard.press("Escape")
    expect(help_pane).to_be_hidden()
    expect(slider).to_be_focused()
    page.keyboard.press("?")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("window.sent.at(-1).do === 'receipt' && window.sent.at(-1).standing.past.length === 1")
    expect(help_pane).to_contain_text("before the sliders moved")
    slider.focus()
    page.keyboard.press("Escape")  # from anywhere in the instrument
    expect(help_pane).to_be_hidden()
    # A hand that goes on elsewhere: at a slider, outside, or at a cost that is to be chosen.
    for place in (slider, page.locator(".sw-notes"), total(page, "flops")):
        slider.focus()
        page.keyboard.press("?")
        expect(help_pane).to_be_visible()
        place.click()
        expect(help_pane).to_be_hidden()


def test_code_is_copied_and_files_are_asked_for(page: Page) -> None:
    show(page, sw.explore(dense_model()))
    board = "{ value: { writeText: async (text) => { window.copied = text; } } }"  # a page without https has none
    page.evaluate(f"Object.defineProperty(navigator, 'clipboard', {board})")
    page.locator(".sw-saving summary").click()
    page.get_by_role("button", name="Copy code").click()
    assert page.evaluate("window.sent.at(-1).do") == "code"
    page.evaluate("window.python('code', { structure: {}, text: 'import keras\\nx = 1\\n', error: '' })")
    page.wait_for_function("window.copied === 'import keras\\nx = 1\\n'")
    expect(page.locator(".sw-saved")).to_have_text("Copied 2 lines of Keras code.")
    expect(page.locator(".sw-menu")).to_be_hidden()
    page.locator(".sw-saving summary").click()
    page.get_by_role("button", name="LiteRT .tflite").click()
    assert page.evaluate("[window.sent.at(-1).do, window.sent.at(-1).suffix]") == ["save", ".tflite"]
    # The menu is gone, and what came of it stands beside where it was; what comes later is not of it.
    expect(page.locator(".sw-menu")).to_be_hidden()
    for work, said in (
        ({"what": "saving"}, "saving …"),
        ({"what": "", "status": "Saved small.tflite."}, "Saved small.tflite."),
        ({"what": "a run", "status": ""}, "Saved small.tflite."),
    ):
        page.evaluate("(work) => window.python('work', { ...window.model.get('work'), ...work })", work)
        expect(page.locator(".sw-saved")).to_have_text(said)
    page.locator(".sw-saving summary").click()
    page.locator(".sw-notes").click()
    expect(page.locator(".sw-menu")).to_be_hidden()
    page.locator(".sw-saving summary").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="picture .svg").click()
    assert saved.value.suggested_filename.endswith(".svg")
    # What a cell asks for is the same.
    page.evaluate("window.tell('msg:custom', { do: 'picture' })")
    page.wait_for_function("window.sent.at(-1).do === 'picture'")
    drawn = page.evaluate("window.sent.at(-1).svg")
    assert drawn == saved.value.path().read_text(encoding="utf-8")
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - of our own
    page.locator(".sw-saving summary").click()
    page.keyboard.press("Escape")
    expect(page.locator(".sw-menu")).to_be_hidden()


def test_a_cell_of_the_heat_map_sets_the_slider(page: Page) -> None:
    explorer = sw.explore(dense_model())
    sensitivity = {"rows": [{"place": 0, "cells": [[6, 0.0], [2, 0.3]]}], "score": 0.9, "unit": "share", "words": "So."}
    work = {**explorer.instrument.work, "hasData": True}
    show(page, explorer, work=work, sensitivity=sensitivity)
    heat = page.locator(".sw-sensitivity")
    expect(heat).to_contain_text("So.")
    assert next(iter(explorer.space.width_groups)) == "hidden"
    cut = heat.get_by_role("button", name="cut hidden to 2: −30.0 points")  # noqa: RUF001 - as shown
    cut.click()
    expect(page.get_by_label("width of hidden", exact=True)).to_have_value("2")
    expect(cut).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+z")
    expect(page.get_by_label("width of hidden", exact=True)).to_have_value("8")
    shades = heat.locator("button.sw-told").evaluate_all(
        "(all) => all.map((each) => getComputedStyle(each).backgroundColor)"
    )
    assert len(set(shades)) == 2
    heat.get_by_role("button", name="Measure").click()
    assert page.evaluate("window.sent.at(-1).do") == "sensitivity"


def test_speed_is_of_a_machine_and_measured_on_a_press(page: Page) -> None:
    explorer = sw.explore(dense_model())
    show(page, explorer)
    speed = page.locator(".sw-speed")
    found = sw.roofline(explorer.structure.measure(batch_size=32), "NVIDIA H100 SXM")
    expect(speed).to_contain_text(f"{found.intensity:.2f} FLOPs a byte: memory bound on NVIDIA H100 SXM")
    speed.locator("summary").click()
    page.get_by_label("machine").select_option("your own")
    page.get_by_label("GFLOPs a second").fill("1")
    expect(speed).to_contain_text("Say what your machine can do")
    # Every byte comes in no time: what is left is arithmetic.
    page.get_by_label("GB a second", exact=True).fill("1000")
    page.get_by_label("GB a second", exact=True).press("Enter")
    expect(speed).to_contain_text("compute bound on your own")
    speed.get_by_role("button", name="Time it here").click()
    assert page.evaluate("window.sent.at(-1).do") == "latency"
    page.evaluate("window.python('latency', { structure: {}, lines: ['Batch 1: 2 ms.'] })")
    expect(speed).to_contain_text("Batch 1: 2 ms.")
    put(page, "width of hidden", 5)
    expect(speed).to_contain_text("Timed before the sliders moved.")


def test_the_formula_of_a_block_of_one_layer_is_that_layer_s(page: Page) -> None:
    explorer = sw.explore(residual())
    sections = {tuple(section["layers"]): section["title"] for section in page_model(explorer.space)["sections"]}
    (place,) = next(layers for layers in sections if len(layers) == 1)
    name = list(explorer.space.graph.layers)[place]
    show(page, explorer, looks={"by": "blocks"})
    page.locator(".sw-where").get_by_role("button", name=f"formula of {name}", exact=True).click()
    expect(page.get_by_role("dialog", name="help").locator("h2")).to_contain_text(f"Parameters of {name} ")


def test_help_is_asked_for_and_left_by_keys(page: Page) -> None:
    explorer = sw.explore(dense_model())
    show(page, explorer)
    slider = page.get_by_label("width of hidden", exact=True)
    slider.focus()
    page.keyboard.press("?")
    help_pane = page.get_by_role("dialog", name="help")
    expect(help_pane).to_contain_text("Parameters of hidden 56")  # (6 + 1) 8
    assert page.evaluate("window.sent.at(-1)")["layer"] == "hidden"
    line = {"name": "hidden", "formula": "7 · [hidden]", "numbers": "7 · 8", "value": 56}
    about = {"metric": "n_params", "layer": "hidden", "structure": {}, "batch_size": 32}
    receipt = {**about, "lines": [line], "more": 0}
    page.evaluate("(receipt) => window.python('receipt', receipt)", receipt)
    expect(help_pane).to_contain_text("= 7 · 8")
    settings = explorer.instrument.settings
    page.evaluate("(settings) => window.python('settings', settings)", {**settings, "batch_size": 64})
    expect(help_pane).to_contain_text("For a batch of 32.")
    page.wait_for_function("window.sent.at(-1).settings.batch_size === 64")
    # A number that has become another is not shown with the formula of the one before as if it were its own.
    put(page, "width of hidden", 5)
    expect(help_pane).to_contain_text("before the sliders moved")
    page.wait_for_function("window.sent.at(-1).do === 'receipt' && window.sent.at(-1).standing.structure.widths")
    page.keyboard.press("Escape")
    expect(help_pane).to_be_hidden()
    expect(slider).to_be_focused()
    # In the strip the key asks about the cost that has the focus, chosen or not.
    for button in page.locator(".sw-live-panel :is(button.sw-cell, div.sw-cell + .sw-ask)").all():
        button.focus()
        cost = button.evaluate("(each) => each.closest('[data-cost]').dataset.cost")
        page.keyboard.press("?")
        expect(help_pane).to_be_visible()
        assert page.evaluate("window.sent.at(-1).metric") == cost
        page.keyboard.press("Escape")
    # The strip is one stop, and arrows reach every cost.
    page.locator(".sw-live-panel .sw-cell[aria-pressed=true]").focus()
    reached = set()
    for _ in page.locator("[data-cost]").all():
        reached.add(page.evaluate("document.activeElement.closest('[data-cost]').dataset.cost"))
        page.keyboard.press("ArrowRight")
    assert len(reached) == page.locator("[data-cost]").count()
    stops = ".sw-cell-home [tabindex='0'], .sw-cell-home button:not([tabindex])"
    expect(page.locator(stops)).to_have_count(1)
    # Numbers of a list are one stop, those of the bars with their order, and arrows go from one to the next.
    for pane, stop in ((".sw-rows", 0), (".sw-where", -1)):
        numbers = page.locator(f"{pane} button.sw-told")
        assert numbers.evaluate_all("(all) => all.map((each) => each.tabIndex)") == [stop, -1]
        order = page.locator(f"{pane} .sw-segments button:visible")
        if order.count():
            order.last.focus()
            page.keyboard.press("ArrowDown")
            expect(numbers.first).to_be_focused()
        numbers.first.focus()
        page.keyboard.press("ArrowDown")
        expect(numbers.last).to_be_focused()
        assert numbers.evaluate_all("(all) => all.map((each) => each.tabIndex)") == [-1, 0]
        name = str(numbers.last.get_attribute("aria-label")).removeprefix("formula of ")
        page.keyboard.press("Enter")
        expect(help_pane).to_contain_text(f"Parameters of {name}")
        page.keyboard.press("Escape")
        expect(numbers.last).to_be_focused()
    # Every pane has a word on what it is, every cost its definition.
    for button in page.locator(".sw-ask:visible").all():
        button.click(force=True)
        expect(help_pane).to_be_visible()
        assert len(help_pane.inner_text()) > 60
        page.keyboard.press("Escape")


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
        each.checkVisibility() &&
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


A_RUN = {"what": "a run", "fraction": 0.5, "text": "epoch 3 of 6", "hasData": True}


def test_with_little_breadth_switches_have_a_line_of_their_own(page: Page) -> None:
    page.set_viewport_size({"width": 350, "height": 900})
    explorer = sw.explore(dense_model())
    show(page, explorer)
    page.get_by_label("width of hidden, as a number").focus()
    for label in ("activation of hidden", "bias of hidden"):
        page.keyboard.press("Tab")
        expect(page.get_by_label(label)).to_be_focused()
        expect(page.get_by_label(label)).to_be_visible()
    page.keyboard.press("Space")
    without = explorer.space.baseline.with_bias("hidden", False).measure().n_params
    expect(total(page, "n_params")).to_have_attribute("data-value", str(without))
    for label in ("all activations", "all biases"):
        expect(page.get_by_label(label)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_a_width_out_of_bounds_says_so(page: Page) -> None:
    show(page, sw.explore(dense_model()))
    number, told = page.get_by_label("width of hidden, as a number"), page.locator(".sw-bound")
    for typed, width, words in (
        ("99999", "16", "16 is the most here; sw.explore(model, growth=4) makes room for more."),
        ("-5", "1", "1 is the least here."),
        ("9", "9", ""),
    ):
        number.fill(typed)
        number.press("Enter")
        expect(number).to_have_value(width)
        expect(told).to_have_text(words)
    number.fill("0")
    number.press("Enter")
    expect(told).not_to_be_empty()
    put(page, "width of hidden", 12)
    expect(told).to_be_empty()


@pytest.mark.parametrize("width", [780, 640])
def test_in_a_low_window_one_row_of_costs_sticks(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 490})
    show(page, sw.explore(dense_model()))
    page.evaluate("document.body.append(Object.assign(document.createElement('div'), { style: 'height: 2000px' }))")
    chosen = total(page, "training_bytes")
    chosen.click()
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(400, 400)
    page.mouse.wheel(0, 300)
    strip = page.locator(".sw-live-panel.sw-stuck")
    expect(strip).to_have_count(1)
    row = strip.evaluate("(e) => parseFloat(getComputedStyle(e).getPropertyValue('--row'))")
    box, rest = chosen.bounding_box(), page.locator(".sw-live-panel").bounding_box()
    assert box is not None
    assert rest is not None
    assert box["y"] + box["height"] <= row < 0.7 * rest["height"]
    for name in ("n_params", "flops", "peak_activation_bytes", "span"):
        other = total(page, name).bounding_box()
        assert other is not None
        assert other["y"] + other["height"] <= row, name
    below = "(y) => document.elementFromPoint(400, y).closest('.sw-live-panel') === null"
    assert page.evaluate(below, row + 5)
    chosen.locator("xpath=ancestor::button").focus()
    assert not page.evaluate(below, row + 5)  # whoever works in it sees all


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
    show(page, explorer, work={**explorer.instrument.work, **A_RUN})
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


def test_keys_move_all_widths_step_by_step(page: Page) -> None:
    explorer = sw.explore(dense_model())
    show(page, explorer)
    slider = page.get_by_label("all widths", exact=True)
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(20)
    expect(slider).to_have_attribute("aria-valuetext", f"\N{MULTIPLICATION SIGN} {2**-0.3:.2f}")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "\N{MULTIPLICATION SIGN} 1.00")
    expect(total(page, "n_params")).to_contain_text(str(explorer.space.baseline.measure().n_params))


def test_one_file_is_saved_at_a_time_and_the_menu_is_in_sight(page: Page) -> None:
    explorer = sw.explore(dense_model())
    page.set_viewport_size({"width": 780, "height": 900})
    show(page, explorer)
    page.get_by_text("Save", exact=True).click()
    entry = page.get_by_role("button", name="structure .json")
    expect(entry).to_be_enabled()
    box, around = (page.locator(each).bounding_box() for each in (".sw-menu", ".sw-instrument"))
    assert box is not None
    assert around is not None
    assert around["x"] <= box["x"]
    assert box["x"] + box["width"] <= around["x"] + around["width"]
    page.evaluate("window.python('work', { ...window.model.get('work'), what: 'saving the Keras model' })")
    expect(entry).to_be_disabled()
    expect(page.get_by_role("button", name="Copy code")).to_be_enabled()
