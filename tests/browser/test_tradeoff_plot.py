"""The trade-off plot and the learning curve in a browser, without JupyterLab: what they show, speak and answer to."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from typing import Any

import keras
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import structopt_widgets as sw
from structopt_widgets.widgets.learning_curve import learning_curve

from . import plain_page

pytestmark = pytest.mark.browser

# Where trial 1 is, against a place.
FIRST = """([axis, least, most]) => {
    const box = document.querySelector(".sw-point[data-number='1'] .sw-dot").getBoundingClientRect();
    const place = axis === "x" ? box.x + box.width / 2 : box.y + box.height / 2;
    return place > least && place < most;
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1200, "height": 1200})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []
    page.close()


HOSTILE = '<img src=x onerror="alert(1)"> & so'


@pytest.fixture(scope="module")
def explorer() -> sw.Explorer:
    """784 x 1 + 1 parameters of each unit: 1,000 of them at the start, and not exactly."""
    layers = [keras.layers.Dense(10, name=HOSTILE), keras.layers.Dense(2, name="out")]
    return sw.explore(keras.Sequential([keras.Input((97,)), *layers]))


def trials() -> list[dict[str, Any]]:
    """Four of them: score, interval, parameters, and what can be told."""
    rows = [
        (0.8, 0.75, 0.84, 1002, "cannot be told apart", {}),
        (0.6, 0.5, 0.7, 102, "worse", {"widths": [[0, 1]]}),
        (0.82, 0.8, 0.84, 40_000, "the best", {"widths": [[0, 20]]}),
        (0.5, None, None, 2002, "worse", {"widths": [[0, 19]]}),
    ]
    return [
        {
            "number": number,
            "state": "complete",
            "reason": "",
            "score": score,
            "low": low,
            "high": high,
            "seeds": 3,
            "seconds": 1,
            "verdict": verdict,
            "said": verdict,
            "alike": verdict in ("the best", "cannot be told apart"),
            "hasCurve": False,
            "costs": {"n_params": size, "flops": 2 * size},
            "changes": changes,
        }
        for number, (score, low, high, size, verdict, changes) in enumerate(rows)
    ]


def study(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    score = {"name": "accuracy", "label": "Validation accuracy", "unit": "share"}
    return {"score": score, "trials": rows, "references": [], "baseline": 0, "note": "", **more}


def show(page: Page, explorer: sw.Explorer, rows: list[dict[str, Any]], **more: Any) -> None:
    plain_page.show(page, explorer, study=study(rows, **more))


def point(page: Page, number: int) -> Locator:
    return page.locator(f".sw-drawing .sw-point[data-number='{number}']")


def middle(mark: Locator) -> tuple[float, float]:
    box = mark.locator(".sw-dot").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_every_trial_is_drawn_and_told_by_more_than_colour(page: Page, explorer: sw.Explorer) -> None:
    show(page, explorer, trials(), references=[["<chance>", 0.1], ["linear model", 0.7]])
    points = page.locator(".sw-drawing .sw-point")
    expect(points).to_have_count(4)
    assert [middle(point(page, number))[0] for number in (1, 0, 3, 2)] == sorted(
        middle(point(page, number))[0] for number in range(4)
    )
    assert middle(point(page, 2))[1] < middle(point(page, 0))[1] < middle(point(page, 1))[1]
    # An interval for each trial that has one.
    assert [point(page, number).locator(".sw-interval").count() for number in range(4)] == [1, 1, 1, 0]
    # What cannot be told apart from the best is hollow, and so is the best itself; the baseline is a square.
    dots = [point(page, number).locator(".sw-dot").get_attribute("d") or "" for number in range(4)]
    assert ["a" in dot for dot in dots] == [False, True, True, True]
    inside = "(each) => getComputedStyle(each).fill"
    assert point(page, 2).locator(".sw-dot").evaluate(inside) == "rgb(255, 255, 255)"
    assert point(page, 1).locator(".sw-dot").evaluate(inside) == "rgb(0, 114, 178)"
    # A diamond on each of the front, and its line of steps: two that rise for three trials.
    assert page.locator(".sw-drawing .sw-front-mark").get_attribute("d").count("M") == 3  # type: ignore[union-attr]
    line = page.locator(".sw-drawing .sw-front").get_attribute("d") or ""
    assert [letter for letter in line if letter.isalpha()] == list("MHVHV")
    expect(page.locator(".sw-key")).to_contain_text("cannot be told apart from the best")
    expect(page.locator(".sw-key")).to_contain_text("the model as it came")
    # One reference is among the data and has a line; the other is at the margin, with its value and no line.
    expect(page.locator(".sw-references path")).to_have_count(1)
    names = page.locator(".sw-references text")
    expect(names.last).to_contain_text("linear model")
    expect(names.first).to_contain_text("▾ <chance> 10%")


def test_names_from_models_are_text(page: Page, explorer: sw.Explorer) -> None:
    show(page, explorer, trials())
    page.mouse.move(*middle(point(page, 1)))
    expect(page.locator(".sw-tip")).to_contain_text(f"trial 1 {HOSTILE} 10→1")
    expect(page.locator(".sw-tip")).to_contain_text("Validation accuracy: 60.0% (95 %: 50.0% to 70.0%)")
    expect(page.locator(".sw-trials")).to_contain_text(f"{HOSTILE} 10→1")
    assert page.locator("img").count() == 0
    page.mouse.move(1, 1)
    expect(page.locator(".sw-tip")).to_be_hidden()


def stands(page: Page, width: int) -> None:
    expect(page.get_by_label(f"width of {HOSTILE}", exact=True)).to_have_value(str(width))


def test_a_click_and_a_key_choose_a_trial(page: Page, explorer: sw.Explorer) -> None:
    show(page, explorer, trials())
    page.mouse.click(*middle(point(page, 3)))
    stands(page, 19)
    expect(page.locator(".sw-trials tr.sw-chosen")).to_have_attribute("data-number", "3")
    # One tab stop; arrows go by size: trials 1, 0, 3, 2.
    stops = page.locator(".sw-drawing [tabindex='0']")
    expect(stops).to_have_count(1)
    point(page, 1).focus()
    for key, number in (
        ("ArrowRight", 0),
        ("ArrowRight", 3),
        ("End", 2),
        ("ArrowLeft", 3),
        ("Home", 1),
        ("ArrowLeft", 1),
    ):
        page.keyboard.press(key)
        expect(point(page, number)).to_be_focused()
        expect(page.locator(".sw-tip")).to_contain_text(f"trial {number} ")
    expect(stops).to_have_count(1)
    page.keyboard.press("Enter")
    stands(page, 1)
    # The mark says whether the sliders still stand there.
    for marked in (point(page, 1), page.locator(".sw-trials tr.sw-chosen")):
        expect(marked).to_have_class(re.compile("sw-chosen"))
        expect(marked).not_to_have_class(re.compile("sw-moved-on"))
    plain_page.put(page, f"width of {HOSTILE}", 12)
    for marked in (point(page, 1), page.locator(".sw-trials tr.sw-chosen")):
        expect(marked).to_have_class(re.compile("sw-moved-on"))
    page.get_by_role("button", name="undo").click()
    point(page, 1).focus()
    # A new trial takes the focus from nobody.
    page.evaluate("(study) => window.python('study', study)", study(trials(), note="more"))
    expect(page.locator(".sw-tradeoff-plot .sw-note")).to_have_text("more")
    expect(point(page, 1)).to_be_focused()
    expect(page.get_by_role("button", name="trial 1 <")).to_have_count(1)
    expect(page.get_by_role("group", name="Validation accuracy against Parameters")).to_have_count(1)


def test_a_trial_that_the_sliders_cannot_stand_at_is_pythons_to_refuse(page: Page, explorer: sw.Explorer) -> None:
    rows = trials()
    rows[1]["changes"], rows[2]["changes"] = {"widths": [[0, 99]]}, None
    show(page, explorer, rows)
    for number in (1, 2):
        page.mouse.click(*middle(point(page, number)))
        asked = page.evaluate("window.sent.at(-1)")
        assert (asked["do"], asked["number"]) == ("choose", number)
        stands(page, 10)


def test_the_cursor_moves_in_the_frame_of_the_slider(page: Page, explorer: sw.Explorer) -> None:
    show(page, explorer, trials())
    line = page.locator(".sw-cursor text")
    expect(line).to_have_text("now 1,002")
    places = []
    for width in (10, 5, 20):
        plain_page.put(page, f"width of {HOSTILE}", width)
        # 97 weights and a bias, and two outgoing weights, a unit; and two biases.
        expect(line).to_have_text(f"now {100 * width + 2:,}")
        box = page.locator(".sw-cursor path").bounding_box()
        assert box is not None
        places.append(box["x"] + box["width"] / 2)
    # A logarithmic axis: half and double are as far.
    assert places[0] - places[1] == pytest.approx(places[2] - places[0], abs=1)
    assert places[0] == pytest.approx(middle(point(page, 0))[0], abs=1)
    page.get_by_role("button", name="linear", exact=True).click()
    expect(page.locator(".sw-axis-title").last).to_have_text("Parameters")
    page.locator(".sw-cell", has_text="FLOPs").click()
    expect(page.locator(".sw-axis-title").last).to_have_text("FLOPs")


def test_the_table_is_sorted_and_marks_the_front(page: Page, explorer: sw.Explorer) -> None:
    show(page, explorer, trials())
    numbers = "() => [...document.querySelectorAll('.sw-trials tbody tr')].map((each) => Number(each.dataset.number))"
    assert page.evaluate(numbers) == [0, 1, 2, 3]
    for order in ([2, 0, 1, 3], [3, 1, 0, 2]):
        page.get_by_role("button", name="accuracy, %").click()
        page.wait_for_function(f"(order) => String(({numbers})()) === String(order)", arg=order)
    expect(page.locator(".sw-on-front")).to_have_text(["◆ 60.0", "◆ 80.0", "◆ 82.0"])
    page.locator(".sw-trials tbody tr[data-number='2'] .sw-structure").click()
    stands(page, 20)
    expect(page.locator(".sw-point.sw-chosen")).to_have_attribute("data-number", "2")


def test_one_zooms_in_and_back(page: Page, explorer: sw.Explorer) -> None:
    show(page, explorer, trials())
    before = middle(point(page, 1)), middle(point(page, 0))
    (x0, y0), (x1, y1) = middle(point(page, 0)), middle(point(page, 2))
    page.mouse.move(x0 - 15, y0 + 30)
    page.mouse.down()
    page.mouse.move(x1 - 40, y1 - 5, steps=3)
    page.mouse.up()
    assert page.evaluate("window.sent") == []
    page.wait_for_function(FIRST, arg=["x", -9999, before[0][0] - 100])
    page.get_by_role("button", name="All", exact=True).click()
    page.wait_for_function(FIRST, arg=["x", before[0][0] - 1, before[0][0] + 1])
    # The better part of the front: trials 0 and 2, whose intervals reach down to 75 %.
    page.get_by_role("button", name="The best", exact=True).click()
    expect(page.get_by_role("button", name="The best", exact=True)).to_have_attribute("aria-pressed", "true")
    page.wait_for_function(FIRST, arg=["y", before[0][1] + 100, 9999])
    assert middle(point(page, 1))[0] == pytest.approx(before[0][0], abs=1)
    # By keyboard, around the point that has the focus, which stays.
    page.get_by_role("button", name="All", exact=True).click()
    page.wait_for_function(FIRST, arg=["y", before[0][1] - 1, before[0][1] + 1])
    point(page, 0).focus()
    page.keyboard.press("+")
    page.wait_for_function(FIRST, arg=["x", -9999, before[0][0] - 50])
    assert middle(point(page, 0)) == pytest.approx(before[1], abs=1)
    expect(point(page, 0)).to_be_focused()


def test_without_a_trial_it_says_so_and_shows_where_one_is(page: Page, explorer: sw.Explorer) -> None:
    show(page, explorer, [], baseline=None)
    expect(page.locator(".sw-empty")).to_have_text("No trial yet: run one, and its point appears here.")
    assert {"100", "1 K", "0%", "100%"} <= set(page.locator(".sw-tick").all_text_contents())
    expect(page.locator(".sw-views")).to_be_hidden()
    box, area = page.locator(".sw-cursor path").bounding_box(), page.locator(".sw-axis").bounding_box()
    assert box is not None
    assert area is not None
    assert area["x"] + 50 < box["x"] < area["x"] + area["width"] - 50


def test_the_theme_is_followed(page: Page, explorer: sw.Explorer) -> None:
    show(page, explorer, trials())
    colour = "(each) => getComputedStyle(each).fill"
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    page.evaluate("document.body.style.setProperty('--jp-ui-font-color1', 'rgb(250, 250, 250)')")
    assert point(page, 1).locator(".sw-dot").evaluate(colour) == "rgb(86, 180, 233)"
    assert page.locator(".sw-axis-title").first.evaluate(colour) == "rgb(250, 250, 250)"
    assert (
        page.locator(".sw-tradeoff-plot").evaluate("(e) => getComputedStyle(e).backgroundColor") == "rgba(0, 0, 0, 0)"
    )


def test_the_learning_curve_starts_anew_with_each_seed(page: Page, explorer: sw.Explorer) -> None:
    losses = [2.0, 1.0, 0.5], [2.5, math.inf, 0.6]
    seeds = [[{"loss": each, "val_loss": each + 0.1} for each in seed] for seed in losses]
    plain_page.show(page, explorer, curve=learning_curve("trial 4: baseline", seeds))
    expect(page.locator(".sw-curve-title")).to_have_text("trial 4: baseline")
    words = "After epoch 3 of seed 2: training loss 0.6, validation loss 0.7"
    expect(page.locator(".sw-curve-end")).to_have_text(words)
    expect(page.get_by_role("img", name="Learning curve: training and validation loss of 6 epochs")).to_be_visible()
    line = page.locator(".sw-training .sw-curve").first.get_attribute("d") or ""
    # Three epochs of a seed; one of the next, a gap where the loss was not finite, and one more.
    assert [letter for letter in line if letter.isalpha()] == list("MLLMM")
    ticks = page.locator(".sw-learning-curve .sw-tick").all_text_contents()
    assert ticks[:6] == ["1", "2", "3", "4", "5", "6"]
    assert (
        page.locator(".sw-validation .sw-curve").first.evaluate("(e) => getComputedStyle(e).strokeDasharray") != "none"
    )


def test_trials_are_filtered_and_saved(page: Page, explorer: sw.Explorer) -> None:
    show(page, explorer, trials())
    rows = page.locator(".sw-trials tbody tr:visible")
    expect(rows).to_have_count(4)
    page.get_by_label("filter trials").fill("WORSE 10→1")
    expect(rows).to_have_count(2)  # 10→1 and 10→19
    expect(page.locator(".sw-table-tools")).to_contain_text("2 of 4")
    page.get_by_label("filter trials").fill("front")
    expect(rows).to_have_count(3)
    page.locator(".sw-saving summary").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="3 of 4 trials .csv").click()
    with saved.value.path().open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    # What the table shows; a name with quotes is one field.
    assert [int(row["number"]) for row in table] == [0, 1, 2]
    assert [float(row["accuracy"]) for row in table] == [0.8, 0.6, 0.82]
    assert [int(row["n_params"]) for row in table] == [1002, 102, 40_000]
    assert table[1]["structure"] == f"{HOSTILE} 10→1"
    page.get_by_label("filter trials").fill("")
    page.locator(".sw-saving summary").click()
    expect(page.get_by_role("button", name="trials .csv", exact=True)).to_be_enabled()


def test_two_trials_are_compared_layer_by_layer(page: Page, explorer: sw.Explorer) -> None:
    show(page, explorer, trials())
    page.mouse.click(*middle(point(page, 3)))
    page.keyboard.down("Shift")
    page.mouse.click(*middle(point(page, 1)))
    page.keyboard.up("Shift")
    stands(page, 19)  # the sliders stay
    against = page.locator(".sw-comparison")
    expect(against).to_contain_text("From trial 3 to trial 1")
    # What the difference is worth is for the test to say, and for nobody until it has.
    worth = against.locator("tr").nth(1).locator("td").last
    expect(worth).to_have_text("+10.0 points")
    asked = page.evaluate(
        "window.sent.filter((each) => each.do === 'compare').map(({ number, other }) => [number, other])"
    )
    assert asked == [[3, 1]]
    words = "cannot be told apart: p = 0.3, paired by samples"
    page.evaluate(
        "(words) => window.python('comparison', { number: 1, other: 3, words })", words
    )  # the other way round
    page.evaluate("(words) => window.python('comparison', { number: 3, other: 1, words })", words)
    expect(worth).to_have_text(f"+10.0 points, {words}")
    # 98 a unit, in the layer; two outgoing weights a unit, and two biases.
    line = against.locator("tr", has_text=f"{HOSTILE}, Parameters")
    expect(line.locator("td")).to_have_text(["1.86 K", "98", "▼ −95 %"])  # noqa: RUF001 - as shown
    expect(against.locator("tr", has_text="out, Parameters").locator("td").first).to_have_text("40")
    expect(page.locator(".sw-trials tr.sw-against")).to_have_attribute("data-number", "1")
    page.get_by_role("button", name="close comparison").click()
    expect(against).to_be_hidden()


def test_numbers_of_trials_tell_how_they_came_about(page: Page, explorer: sw.Explorer) -> None:
    show(page, explorer, trials())
    page.evaluate("(looks) => window.python('looks', looks)", {"chosen": 3, "against_trial": 1})
    help_pane = page.get_by_role("dialog", name="help")

    def asked(**about: Any) -> dict[str, Any]:
        is_asked = "(about) => Object.entries(about).every(([name, value]) => window.sent.at(-1)?.[name] === value)"
        page.wait_for_function(is_asked, arg=about)
        found: dict[str, Any] = page.evaluate("window.sent.at(-1)")
        return found["of"]

    # By keys: the chosen row is 3, then its numbers.
    page.get_by_role("region", name="trials", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert asked(do="receipt", metric="score")["trial"] == 3
    expect(help_pane.locator("h2")).to_have_text("Validation accuracy, trial 3: 50.0%")
    line = {"name": "accuracy", "tree": ["/", ["n", "25"], ["n", "50"]], "formula": "", "numbers": "", "value": 0.5}
    of = {"trial": 3, "batch_size": 1}
    receipt = {"metric": "score", "layer": None, "structure": {}, "batch_size": 1, "lines": [line], "more": 0, "of": of}
    page.evaluate("(receipt) => window.python('receipt', receipt)", {**receipt, "notes": ["Of 50 samples."]})
    expect(help_pane.locator("mfrac")).to_have_count(1)
    expect(help_pane).to_contain_text("Of 50 samples.")
    stands(page, 10)  # to ask is not to choose
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="50.0", exact=True)).to_be_focused()
    for key, number in (("ArrowUp", "82.0"), ("ArrowRight", "80.0 – 84.0"), ("ArrowRight", "40,000")):  # noqa: RUF001 - as shown
        page.keyboard.press(key)
        expect(page.locator(".sw-trials").get_by_role("button", name=number, exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    assert asked(metric="n_params")["trial"] == 2
    expect(help_pane.locator("h2")).to_have_text("Parameters, trial 2: 40,000")
    # What was told of another number is not told of this one.
    expect(help_pane).not_to_contain_text("Of 50 samples.")
    page.keyboard.press("Escape")
    against = page.locator(".sw-comparison")
    against.get_by_role("button", name="102", exact=True).click()
    page.wait_for_function("window.sent.at(-1).of?.trial === 1")  # the one before was of this metric too
    assert asked(metric="n_params")["trial"] == 1
    page.keyboard.press("Escape")
    # 98 a unit: trial 3 has 19 of them, whatever the sliders do.
    against.get_by_role("button", name="1.86 K", exact=True).click()
    assert asked(layer=HOSTILE)["changes"] == trials()[3]["changes"]
    plain_page.put(page, f"width of {HOSTILE}", 5)
    expect(help_pane.locator("h2")).to_have_text(f"Parameters of {HOSTILE}, trial 3: 1,862")
    page.keyboard.press("Escape")
    # What a run or a sweep ended with.
    work = {**explorer.instrument.work, "status": "The best is trial 2.", "trial": 2}
    page.evaluate("(work) => window.python('work', work)", work)
    told = page.locator(".sw-told-trial")
    told.get_by_role("button", name="82.0%").click()
    assert asked(metric="score")["trial"] == 2
    page.keyboard.press("Escape")
    told.get_by_role("button", name="Parameters 40,000").click()
    assert asked(metric="n_params")["trial"] == 2
    page.keyboard.press("Escape")
    told.get_by_role("button", name="trial 2").click()
    stands(page, 20)


def test_numbers_of_fits_and_of_the_budget_tell_how_they_came_about(page: Page, explorer: sw.Explorer) -> None:
    found = {"by": "uniform", "changes": {"widths": [[0, 4]]}, "costs": {"n_params": 402}, "lost": 0.125}
    fits = {"limits": {"n_params": 500}, "batch_size": 1, "score": 0.8, "unit": "share", "found": [found]}
    plain_page.show(page, explorer, fits=fits, looks={"limits": {"n_params": 500}})
    help_pane = page.get_by_role("dialog", name="help")
    page.get_by_role("button", name="402", exact=True).click()
    expect(help_pane.locator("h2")).to_have_text("Parameters, fit, all widths alike: 402")
    page.wait_for_function("window.sent.at(-1)?.of?.changes?.widths[0][1] === 4")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="−12.5 points before training").click()  # noqa: RUF001 - as shown
    expect(help_pane.locator("h2")).to_have_text("Sensitivity")
    page.keyboard.press("Escape")
    page.locator(".sw-limit").get_by_role("button", name="500 Parameters: over by 100 %").click()
    expect(help_pane.locator("h2")).to_have_text("Parameters, of a budget of 500: 1,002")


def test_a_budget_of_latency_is_a_line_at_the_widest_that_was_fast_enough(page: Page, explorer: sw.Explorer) -> None:
    fit = {"seconds": 0.002, "batch_size": 8, "structure": {"widths": [[0, 4]]}}
    latency = {"fit": fit, "lines": ["Batch 8: 2 ms."], "structure": {}}
    plain_page.show(page, explorer, study=study(trials()), latency=latency, looks={"limits": {"seconds": 0.002}})
    field = page.get_by_label("budget of latency here, milliseconds a batch")
    expect(field).to_have_value("2")
    text = page.locator(".sw-limit-text")
    expect(text).to_contain_text("2 ms")
    assert "batch of 8" in str(text.locator("title").text_content())
    # As far along the axis as four units have parameters (402), on a logarithmic axis.
    plot = page.locator(".sw-plot")
    low, high = (float(str(plot.get_attribute(f"data-{end}"))) for end in ("low", "high"))
    share = math.log(402 / low) / math.log(high / low)
    frame = page.locator(".sw-plot .sw-beyond").evaluate("(each) => [each.x.baseVal.value, each.width.baseVal.value]")
    right = sum(frame)
    assert (frame[0] - 46) / (right - 46) == pytest.approx(share, abs=0.01)
    page.locator(".sw-speed summary").click()
    field.fill("3")
    field.press("Tab")
    expect(text).to_have_count(0)  # of a budget that nobody has timed for there is no line
