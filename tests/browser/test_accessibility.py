"""Whether everybody can use the explorer: axe-core's rules, and what keys reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import structopt_widgets as sw
from structopt_widgets.widgets.learning_curve import learning_curve

from .plain_page import show
from .test_tradeoff_plot import study, trials

pytestmark = pytest.mark.browser

# JupyterLab's own dark colours, as far as they are used.
DARK = """() => {
    document.body.dataset.jpThemeLight = "false";
    const colours = { "layout-color0": "#111", "layout-color2": "#424242", "border-color1": "#616161",
        "border-color2": "#424242", "brand-color1": "#2196f3",
        "ui-font-color1": "rgba(255, 255, 255, 0.87)", "ui-font-color2": "rgba(255, 255, 255, 0.54)" };
    Object.entries(colours).forEach(([name, value]) => document.body.style.setProperty(`--jp-${name}`, value));
    document.body.style.background = "#111";
}"""
OF_THE_PAGE = {"landmark-one-main", "page-has-heading-one", "region"}  # the notebook's, not the explorer's
# What has the focus, and whether it is among the rows of the levers.
FOCUSED = """() => {
    const at = document.activeElement;
    const name = at.getAttribute("aria-label") ?? at.textContent;
    return at.closest(".sw-instrument") ? [name.slice(0, 40), at.closest(".sw-levers .sw-row") !== null] : null;
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_content('<!doctype html><html lang="en"><title>explorer</title><body></body></html>')
    yield page
    page.close()


def blocks(count: int) -> keras.Model:
    inputs = keras.Input((4,))
    x = inputs
    for number in range(count):
        y = keras.layers.Dense(6, "relu", name=f"block_{number}_up")(x)
        x = keras.layers.Add(name=f"block_{number}_add")([x, keras.layers.Dense(4, name=f"block_{number}_down")(y)])
    return keras.Model(inputs, keras.layers.Dense(2, name="out")(x))


def full(explorer: sw.Explorer) -> dict[str, Any]:
    """Traits with which every part of the explorer has something to show."""
    found = {"by": "uniform", "changes": {}, "costs": {"n_params": 900}, "lost": 0.1}
    finding = {"sentence": "It is odd.", "why": "So it is.", "changes": {"widths": [[0, 3]]}}
    tree = ["*", ["n", "7"], ["u", "hidden", 8]]
    line = {"name": "Parameters", "tree": tree, "formula": "7 · [hidden]", "numbers": "7 · 8", "value": 56}
    growth = {"costs": ["n_params"], "values": [0.1, 0.4], "words": "The last 8 added nothing."}
    return {
        "study": study(trials(), references=[["chance", 0.5]], note="A note.", growth=growth),
        "looks": {"limits": {"n_params": 1000}, "chosen": 0, "against_trial": 1, "selected": {"row": 0, "group": 0}},
        "fits": {"limits": {"n_params": 1000}, "batch_size": 1, "score": None, "unit": "share", "found": [found]},
        "findings": [finding] * 4,
        "sensitivity": {
            "rows": [{"place": 0, "cells": [[3, 0.05], [1, 0.4]]}],
            "score": 0.9,
            "unit": "share",
            "words": ".",
        },
        "latency": {"structure": {}, "lines": ["Batch 1: 1 ms."]},
        "receipt": {
            "metric": "n_params",
            "layer": None,
            "structure": {},
            "batch_size": 32,
            "lines": [line],
            "more": 2,
        },
        "work": {**explorer.instrument.work, "hasData": True, "status": "It is done.", "alert": "Something failed."},
        "curve": learning_curve("a run", [[{"loss": 1.0, "val_loss": 1.1}, {"loss": 0.5, "val_loss": 0.6}]]),
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("count", [1, 30])
def test_no_rule_of_axe_is_broken(page: Page, theme: str, count: int) -> None:
    explorer = sw.explore(blocks(count))
    show(page, explorer, **full(explorer))
    if theme == "dark":
        page.evaluate(DARK)
    for folded in (".sw-settings summary", ".sw-speed summary"):
        page.locator(folded).click()
    page.get_by_role("button", name="what is Parameters").click(force=True)
    expect(page.get_by_role("dialog")).to_be_visible()
    broken = Axe().run(page).response["violations"]
    found = [(each["id"], node["html"]) for each in broken if each["id"] not in OF_THE_PAGE for node in each["nodes"]]
    assert found == []


def test_all_that_a_hand_moves_says_what_it_is(page: Page) -> None:
    show(page, explorer := sw.explore(blocks(30)), **full(explorer))
    page.get_by_role("combobox", name="metric of the bars").select_option("weight_bytes")
    unasked = """() => [...document.querySelectorAll("input, select, .sw-head button, [data-cost], section.sw-pane")]
        .filter((each) => each.getClientRects().length && !each.closest(".sw-menu, .sw-help"))
        .filter((each) => !each.querySelector(".sw-ask") && !each.closest("[data-topic], [data-cost]"))
        .map((each) => each.outerHTML)"""
    for folded in (".sw-settings summary", ".sw-speed summary"):
        page.locator(folded).click()
    assert page.evaluate(unasked) == []
    for topic in page.locator("[data-topic]").all():
        assert topic.locator(".sw-ask").count() >= 1
    names = [str(each.get_attribute("aria-label")) for each in page.locator(".sw-ask").all()]
    assert len(names) == len(set(names))


def test_few_stops_lie_between_a_key_and_what_it_wants(page: Page) -> None:
    explorer = sw.explore(blocks(1))
    work = {**explorer.instrument.work, "hasData": True, "status": "The best is trial 2.", "trial": 2}
    show(page, explorer, study=study(trials()), work=work)
    stops = []
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at is None:
            break
        stops.append(at)
    else:
        pytest.fail(f"Tab never left the explorer: {stops}")
    outside = [name for name, is_row in stops if not is_row]
    assert len(outside) <= 20, "\n".join(outside)
    # What is no stop of its own is reached by arrows.
    page.get_by_role("button", name="Keep").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".sw-saving summary")).to_be_focused()
    page.get_by_role("button", name="Run", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Sweep", exact=True)).to_be_focused()
    page.get_by_role("region", name="trials", exact=True).focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="# ▴")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("region", name="trials", exact=True)).to_be_focused()
    # Every slider has a name of its own.
    sliders = page.locator("input[type=range]").all()
    names = [each.get_attribute("aria-label") for each in sliders]
    assert all(names)
    assert len(set(names)) == len(names)


def test_without_motion_nothing_turns(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    show(page, sw.explore(blocks(30)))
    inside = page.locator(".sw-instrument *")
    times = inside.evaluate_all("(all) => all.map((each) => getComputedStyle(each).transitionDuration)")
    assert set(times) == {"0s"}
