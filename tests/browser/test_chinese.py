"""The explorer in Chinese: nothing that is shown, spoken or hinted is a sentence of English, and all of it has room."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import structopt_widgets as sw
from structopt_widgets.layer_rules import ACTIVATION_COSTS
from structopt_widgets.metrics.roofline import MACHINES
from structopt_widgets.structure.allowed_widths import INITIALIZERS
from structopt_widgets.widgets.receipt_text import shown_receipt

from .plain_page import put, show
from .test_random_actions import residual

pytestmark = pytest.mark.browser

# Texts and what is spoken or hinted of all elements; formulas are drawn by letters.
TEXTS = """() => {
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    const spoken = ["aria-label", "title", "placeholder", "aria-valuetext", "label"];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.nodeType === Node.ELEMENT_NODE) spoken.forEach((name) => found.add(node.getAttribute(name) ?? ""));
        else if (!node.parentElement.closest("style, script, math")) found.add(node.data);
    }
    return [...found];
}"""
# Texts of labels that are cut; names of layers may be.
CUT = """() => [...document.querySelectorAll(".sw-label, h2, button, .sw-heads span, .sw-fields span, .sw-key span")]
    .filter((each) => each.offsetParent && each.clientWidth && each.scrollWidth > each.clientWidth + 1)
    .map((each) => each.textContent)"""
# What may stand in Latin letters: names of activations, of this model's layers, of people, programs, machines and keys.
OWN = {"adam", "and", "exp", "log", "erf", "functional", "stem", "out"}
NAMES = {
    "Kingma",
    "Brent",
    "Blelloch",
    "Shazeer",
    "Ainslie",
    "Keras",
    "Lite",
    "Python",
    "Jupyter",
    "Lab",
    "Adam",
    "Ctrl",
}
NAMES |= {"Shift", "Enter", "Dense", "Add", "Input", "Layer", *" ".join(MACHINES).split()}
CODE = re.compile(r"\w+\.\w[\w.]*(\([^)]*\))?|pip install [\w ]+")


def latin(texts: list[str]) -> set[str]:
    """The words of three letters and more that are no part of code."""
    words = {word for text in texts for word in re.findall(r"(?<![\w.])[A-Z]?[a-z]{2,}(?![\w.(=])", CODE.sub("", text))}
    return {word for word in words if len(word) > 2} - OWN - NAMES - {*ACTIVATION_COSTS, *INITIALIZERS}


def study_of(space: sw.StructureSpace, n: int) -> sw.Study:
    """Trials that were never run: the first is the model as it came."""
    study, rng = sw.Study(), random.Random(3)
    written = Path(__file__).parent.parent / "study" / "written" / "second" / "trial.json"
    model = sw.Trial.from_json(written.read_text())
    for place in range(n):
        structure, score = space.sample(rng) if place else space.baseline, rng.uniform(0.3, 0.9)
        costs = {**model.costs, "n_params": structure.measure().n_params}
        scores = {"score": score, "by_seed": (score,) * len(model.by_seed), "low": score - 0.1, "high": score + 0.1}
        study.add(dataclasses.replace(model, number=None, structure=structure, costs=costs, **scores))
    return study


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []
    page.close()


@pytest.mark.parametrize("width", [1280, 800])
def test_nothing_is_left_in_english_and_all_has_room(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    space = sw.StructureSpace.from_keras(residual())
    explorer = sw.explore(space, study=study_of(space, 5), language="zh")
    words = explorer.exploration.language
    explorer.structure = space.scaled(0.5).with_initializer("stem", "zeros")
    explorer.keep("A")
    explorer.look(chosen=0, against_trial=1, limits={"n_params": 20})
    explorer.fitting.compare({"n_params": 60}, 1)
    explorer._wiring._finder.wait()
    show(page, explorer, settings={**explorer.settings.values, "vary": ["widths", "biases"], "minimize": ["flops"]})
    texts = page.evaluate(TEXTS)
    for place in range(page.locator(".sw-ask").count()):
        page.locator(".sw-ask").nth(place).evaluate("(button) => button.click()")
        texts += page.evaluate(TEXTS)
    for metric in ("training_bytes", "span"):
        page.evaluate(
            "(told) => window.python('receipt', told)", words.all(shown_receipt(explorer.structure, metric, None, 32))
        )
        page.locator(f"[data-cost={metric}] .sw-ask").evaluate("(button) => button.click()")
        texts += page.evaluate(TEXTS)
    put(page, "block_0_up 的宽度", 3)
    page.locator(".sw-row").last.click()
    texts += page.evaluate(TEXTS)
    page.evaluate("window.session.statusChanged.emit('dead')")
    texts += page.evaluate(TEXTS)
    assert len(texts) > 300
    assert latin(texts) == set()
    assert page.locator(".sw-instrument").get_attribute("lang") == "zh"
    assert page.evaluate(CUT) == []


def test_a_lesson_asks_in_the_language_of_its_explorer(page: Page) -> None:
    space = sw.StructureSpace.from_keras(residual())
    for language, asked in (
        ("en", "block_0_up 12→4. Parameters now?"),
        ("zh", "block_0_up 12→4。现在的参数量是多少？"),
    ):
        show(page, sw.explore(space, show=["levers", "n_params"], predict=True, language=language))
        put(page, "width of block_0_up" if language == "en" else "block_0_up 的宽度", 4)
        page.get_by_text(asked).wait_for()
