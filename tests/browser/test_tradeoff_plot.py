"""The trade-off plot and the learning curve in a browser, without JupyterLab: what they show, speak and answer to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from structopt_widgets.figures.tradeoff import tradeoff_info
from structopt_widgets.widgets.learning_curve import LearningCurve
from structopt_widgets.widgets.tradeoff_plot import TradeoffPlot

pytestmark = pytest.mark.browser

SOURCE = "the multiplier"
# As much of a widget's model as the front ends use; what they send is kept.
START = """async ([source, style, state]) => {
    window.sent = [];
    window.heard = [];
    window.model = {
        state, get: (name) => window.model.state[name],
        on: (_, listener) => window.heard.push(listener), off() {},
        send: (content) => window.sent.push(content),
        set: (changes) => { Object.assign(window.model.state, changes); window.heard.forEach((each) => each()); },
    };
    document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
    document.body.replaceChildren(document.createElement("div"));
    const module = (await import("data:text/javascript," + encodeURIComponent(source))).default;
    window.end = module.render({ model: window.model, el: document.body.firstChild });
}"""
# Where trial 1 is, against a place.
FIRST = """([axis, least, most]) => {
    const box = document.querySelector(".sw-point[data-number='1'] .sw-dot").getBoundingClientRect();
    const place = axis === "x" ? box.x + box.width / 2 : box.y + box.height / 2;
    return place > least && place < most;
}"""
# The panel paints costs, and in the same task the cursor is where they are.
PAINT = """([source, costs]) => {
    const detail = { source, costs: (name) => costs[name] };
    document.dispatchEvent(new CustomEvent("structopt-costs", { detail }));
    const line = document.querySelector(".sw-cursor path")?.getBoundingClientRect();
    const cursor = document.querySelector(".sw-cursor");
    return [cursor?.dataset.value, line?.left, cursor?.textContent];
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 700, "height": 700})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []
    page.close()


def trials() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "accuracy": [0.8, 0.6, 0.82, 0.5],
            "accuracy_low": [0.75, 0.5, 0.8, math.nan],
            "accuracy_high": [0.84, 0.7, 0.84, math.nan],
            "n_params": [1000, 100, 40_000, 2000],
            "structure": ["baseline", '<img src=x onerror="alert(1)"> & so', "c", "d"],
            "verdict": ["cannot be told apart", "worse", "the best", "worse"],
        }
    )


def show(page: Page, table: pd.DataFrame, baseline: int | None = 0, **more: Any) -> TradeoffPlot:
    plot = TradeoffPlot(SOURCE, lambda _: None)
    plot.show(tradeoff_info(table, baseline=baseline, **{"cursor": 1000, **more}))
    start(page, plot)
    return plot


def start(page: Page, widget: Any) -> None:
    state = {name: getattr(widget, name) for name in widget.traits(sync=True) if name[0] != "_" and name != "layout"}
    del state["tabbable"], state["tooltip"]
    page.evaluate(START, [str(widget._esm), str(widget._css), state])


def point(page: Page, number: int) -> Locator:
    return page.locator(f".sw-drawing .sw-point[data-number='{number}']")


def middle(mark: Locator) -> tuple[float, float]:
    box = mark.locator(".sw-dot").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_every_trial_is_drawn_and_told_by_more_than_colour(page: Page) -> None:
    show(page, trials(), references={"<chance>": 0.1, "linear model": 0.7})
    points = page.locator(".sw-drawing .sw-point")
    expect(points).to_have_count(4)
    assert [middle(point(page, number))[0] for number in (1, 0, 3, 2)] == sorted(
        middle(point(page, number))[0] for number in range(4)
    )
    assert middle(point(page, 2))[1] < middle(point(page, 0))[1] < middle(point(page, 1))[1]
    # An interval for each trial that has one.
    assert [point(page, number).locator(".sw-interval").count() for number in range(4)] == [1, 1, 1, 0]
    # The baseline is a star, and hollow, for it cannot be told apart from the best; so is the best itself.
    assert [point(page, number).locator(".sw-hole").count() for number in range(4)] == [1, 0, 0, 0]
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


def test_names_from_models_are_text(page: Page) -> None:
    show(page, trials())
    page.mouse.move(*middle(point(page, 1)))
    expect(page.locator(".sw-tip")).to_contain_text('trial 1 <img src=x onerror="alert(1)"> & so')
    expect(page.locator(".sw-tip")).to_contain_text("Validation accuracy: 60.0% (95 %: 50.0% to 70.0%)")
    assert page.locator("img").count() == 0
    page.mouse.move(1, 1)
    expect(page.locator(".sw-tip")).to_be_hidden()


def test_a_click_and_a_key_choose_a_trial(page: Page) -> None:
    show(page, trials())
    page.mouse.click(*middle(point(page, 3)))
    assert page.evaluate("window.sent") == [{"choose": 3}]
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
    page.keyboard.press("Space")
    assert page.evaluate("window.sent") == [{"choose": each} for each in (3, 1, 1)]
    # A new trial takes the focus from nobody.
    page.evaluate("window.model.set({ note: 'more' })")
    expect(page.locator(".sw-note")).to_have_text("more")
    expect(point(page, 1)).to_be_focused()
    expect(page.get_by_role("button", name="trial 1 <img")).to_have_count(1)
    expect(page.get_by_role("group", name="Validation accuracy against Parameters")).to_have_count(1)


def test_the_cursor_moves_in_the_frame_of_the_panel(page: Page) -> None:
    show(page, trials())
    expect(page.locator(".sw-cursor text")).to_have_text("now 1,000")
    shown = [page.evaluate(PAINT, [SOURCE, {"n_params": size}]) for size in (1000, 2000, 4000)]
    assert [value for value, _, _ in shown] == ["1000", "2000", "4000"]
    assert shown[1][1] - shown[0][1] == pytest.approx(shown[2][1] - shown[1][1], abs=0.3)  # a logarithmic axis
    assert shown[2][2] == "now 4,000"
    assert shown[0][1] == pytest.approx(middle(point(page, 0))[0], abs=1)
    # Another explorer's panel is not its own, and the kernel is later than the panel.
    assert page.evaluate(PAINT, ["another", {"n_params": 9}])[0] == "4000"
    page.evaluate("window.model.set({ cursor: 300, note: 'drawn anew' })")
    expect(page.locator(".sw-note")).to_have_text("drawn anew")
    expect(page.locator(".sw-cursor")).to_have_attribute("data-value", "4000")
    # Outside of the axis it is an arrow at the edge, until the hand rests and the axis makes room.
    value, _, words = page.evaluate(PAINT, [SOURCE, {"n_params": 10_000_000}])
    assert (value, words) == ("10000000", "▸ now 10.0 M")
    expect(page.locator(".sw-cursor text")).to_have_text("now 10.0 M")
    # A cost that the panel does not know is the kernel's.
    page.evaluate("window.model.set({ x: { name: 'energy', label: 'Energy', unit: 'count' } })")
    expect(page.locator(".sw-cursor")).to_have_attribute("data-value", "300")


def test_one_zooms_in_and_back(page: Page) -> None:
    show(page, trials())
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
    point(page, 0).focus()
    page.keyboard.press("+")
    page.wait_for_function(FIRST, arg=["x", -9999, before[0][0] - 50])
    assert middle(point(page, 0)) == pytest.approx(before[1], abs=1)
    expect(point(page, 0)).to_be_focused()


def test_without_a_trial_it_says_so_and_shows_where_one_is(page: Page) -> None:
    show(page, trials()[:0], baseline=None)
    expect(page.locator(".sw-empty")).to_have_text("No trial yet: run one, and its point appears here.")
    assert {"100", "1 K", "0%", "100%"} <= set(page.locator(".sw-tick").all_text_contents())
    expect(page.locator(".sw-views")).to_be_hidden()
    box, area = page.locator(".sw-cursor path").bounding_box(), page.locator(".sw-axis").bounding_box()
    assert box is not None
    assert area is not None
    assert area["x"] + 50 < box["x"] < area["x"] + area["width"] - 50


def test_the_theme_is_followed(page: Page) -> None:
    show(page, trials())
    colour = "(each) => getComputedStyle(each).fill"
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    page.evaluate("document.body.style.setProperty('--jp-ui-font-color1', 'rgb(250, 250, 250)')")
    assert point(page, 1).locator(".sw-dot").evaluate(colour) == "rgb(86, 180, 233)"
    assert page.locator(".sw-axis-title").first.evaluate(colour) == "rgb(250, 250, 250)"
    assert (
        page.locator(".sw-tradeoff-plot").evaluate("(e) => getComputedStyle(e).backgroundColor") == "rgba(0, 0, 0, 0)"
    )


def test_the_learning_curve_starts_anew_with_each_seed(page: Page) -> None:
    curve = LearningCurve()
    losses = [2.0, 1.0, 0.5], [2.5, math.inf, 0.6]
    curve.show([[{"loss": each, "val_loss": each + 0.1} for each in seed] for seed in losses])
    start(page, curve)
    expect(page.get_by_role("img", name="Learning curve: training and validation loss of 6 epochs")).to_be_visible()
    line = page.locator(".sw-training .sw-curve").first.get_attribute("d") or ""
    # Three epochs of a seed; one of the next, a gap where the loss was not finite, and one more.
    assert [letter for letter in line if letter.isalpha()] == list("MLLMM")
    ticks = page.locator(".sw-plot .sw-tick").all_text_contents()
    assert ticks[:6] == ["1", "2", "3", "4", "5", "6"]
    assert (
        page.locator(".sw-validation .sw-curve").first.evaluate("(e) => getComputedStyle(e).strokeDasharray") != "none"
    )
