"""The explorer as a file: opened from a disk, with the network off."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers as kl
from playwright.sync_api import Browser, Page, expect

import structopt_widgets as sw
from structopt_widgets.metrics import format_exact

from .plain_page import put, total

pytestmark = pytest.mark.browser

DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
HOSTILE = "<script>alert(1)<script>"


def hostile() -> sw.StructureSpace:
    """A residual network whose names are HTML."""
    inputs = keras.Input((6,))
    x = kl.Dense(8, activation="relu", name="stem<img src=x onerror=alert(1)>")(inputs)
    y = kl.Dense(12, activation="relu", name="<noscript>branch")(x)
    x = kl.Add(name="sum")([x, kl.Dense(8, name="back")(y)])
    return sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(x), name=HOSTILE))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[sw.Explorer, Path]:
    space = hostile()
    data = sw.Data(np.random.default_rng(0).normal(size=(120, 6)), np.arange(120) % 2, name="<b>noise")
    study = sw.Study()
    study.sweep(space, data, 6, budget=sw.Budget(epochs=2, seeds=2), show_progress=False)
    explorer = sw.explore(space, study=study)
    explorer.structure = space.scaled(0.5)
    path = tmp_path_factory.mktemp("page") / "explorer.html"
    explorer.save_page(path)
    return explorer, path


@pytest.fixture
def opened(browser: Browser, saved: tuple[sw.Explorer, Path]) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_page(**options: object) -> Page:
        context = browser.new_context(offline=True, viewport={"width": 1280, "height": 1100}, **options)
        contexts.append(context)
        page = context.new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("dialog", lambda dialog: (page.said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(saved[1].as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_sliders_of_a_saved_page_are_alive(opened: Callable[..., Page], saved: tuple[sw.Explorer, Path]) -> None:
    explorer, path = saved
    page, space = opened(), explorer.space
    expect(total(page, "n_params")).to_contain_text(format_exact("n_params", explorer.structure.measure().n_params))
    draw = random.Random(0)
    free = [group for group in space.width_groups.values() if not group.fixed]
    for _ in range(50):
        structure = space.sample(draw)
        for group in free:
            put(page, f"width of {group.title}", structure.widths[group.name])
        moved = space.baseline
        for group in free:
            moved = moved.with_width(group.layers[0], structure.widths[group.name])
        expect(total(page, "n_params")).to_contain_text(format_exact("n_params", moved.measure().n_params))
        expect(total(page, "flops")).to_contain_text(format_exact("flops", moved.measure(batch_size=32).flops))
    assert page.said == []
    assert page.asked == [path.as_uri()]


def test_what_needs_python_is_not_offered(opened: Callable[..., Page]) -> None:
    page = opened()
    for name in ("Run", "Sweep", "Cancel", "Fit", "Copy code"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_text("A saved page: costs follow the sliders.")).to_be_visible()
    expect(page.get_by_role("heading", name="Trade-off")).to_be_visible()


def test_a_trial_sets_the_sliders_and_shows_its_curve(
    opened: Callable[..., Page], saved: tuple[sw.Explorer, Path]
) -> None:
    page, trial = opened(), saved[0].study.trial(3)
    # In the middle of its row stands a number, which explains itself.
    page.get_by_role("cell", name="3", exact=True).first.click()
    expect(total(page, "n_params")).to_contain_text(format_exact("n_params", trial.n_params))
    expect(page.get_by_text("trial 3:")).to_be_visible()
    page.get_by_role("button", name="undo (Ctrl+Z)").click()
    expect(total(page, "n_params")).not_to_contain_text(format_exact("n_params", trial.n_params))


def test_without_scripts_it_is_tables_and_pictures(opened: Callable[..., Page]) -> None:
    page = opened(java_script_enabled=False)
    expect(page.get_by_role("table").first).to_be_visible()
    expect(page.get_by_role("cell", name="Parameters")).to_be_visible()
    expect(page.locator("body")).to_contain_text(HOSTILE)
    assert page.asked[1:] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_theme_of_the_machine(opened: Callable[..., Page], scheme: str, tmp_path: Path) -> None:
    page = opened(color_scheme=scheme)
    expect(page.locator(".sw-instrument")).to_be_visible()
    colour = page.locator(".sw-instrument").evaluate("(el) => getComputedStyle(el).backgroundColor")
    assert colour == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 17, 17)"}[scheme]
    page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
    print(tmp_path / f"{scheme}.png", end=" ")


def test_the_trials_measured_nearest_to_the_sliders_light_up(
    opened: Callable[..., Page], saved: tuple[sw.Explorer, Path]
) -> None:
    explorer, _ = saved
    page, space = opened(), explorer.space
    free = [group for group in space.width_groups.values() if not group.fixed]
    draw, trials = random.Random(1), list(explorer.study)

    def distance(trial: sw.Trial, structure: sw.Structure) -> float:
        return sum(abs(math.log2(trial.structure.widths[each] / width)) for each, width in structure.widths.items())

    for structure in (*(space.sample(draw) for _ in range(5)), trials[4].structure):
        for group in free:
            put(page, f"width of {group.title}", structure.widths[group.name])
        nearest = sorted(trials, key=lambda trial: (round(distance(trial, structure), 9), trial.number))[:3]
        numbers = sorted(trial.number for trial in nearest)
        expect(page.locator(".sw-nearby")).to_contain_text(f"trial {nearest[0].number}")
        page.evaluate(DRAWN)  # the nearest may be the one before, with others beside it
        lit = page.locator(".sw-point.sw-near").evaluate_all("(all) => all.map((each) => Number(each.dataset.number))")
        assert sorted(lit) == numbers
        assert page.locator("tr.sw-near").count() == len(numbers)
    expect(page.locator(".sw-nearby")).to_contain_text("trial 4, this one (")


def test_on_paper_sliders_are_numbers_and_nothing_is_cut(opened: Callable[..., Page]) -> None:
    page = opened()
    width = round((210 - 2 * 12) / 25.4 * 96)  # of A4 within the margins that the page asks for
    page.set_viewport_size({"width": width, "height": 1000})
    page.emulate_media(media="print")
    expect(page.locator("input[type=range]").first).to_be_hidden()
    expect(page.get_by_role("button", name="Reset")).to_be_hidden()
    expect(page.get_by_role("spinbutton", name="width of").first).to_be_visible()
    for scrolled in (".sw-trials", ".sw-rows"):
        box = page.locator(scrolled).evaluate(
            "(el) => [el.scrollHeight, el.clientHeight, el.scrollWidth, el.clientWidth]"
        )
        assert box[0] <= box[1] + 1
        assert box[2] <= box[3] + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.pdf(format="A4").startswith(b"%PDF")
