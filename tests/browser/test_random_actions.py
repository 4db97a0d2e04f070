"""A hand that does anything, and a notebook that does so too: both show the same numbers, and nothing breaks."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from typing import Any

import ipywidgets
import keras
import pytest
from playwright.sync_api import Browser, Page

import structopt_widgets as sw
from structopt_widgets.metrics.catalogue import trial_metrics

from .plain_page import TRAITS, show
from .test_tradeoff_plot import study, trials

pytestmark = pytest.mark.browser

# Does something with one of all controls that can be reached, chosen by four numbers from 0 to 1; says what it did.
ACT = """([which, what, more, bit]) => {
    const kinds = "button, input, select, summary, .sw-point, tbody tr, .sw-line, .sw-grab, .sw-drawing";
    const all = [...document.querySelectorAll(".sw-instrument")[0].querySelectorAll(kinds)]
        // A file a press would be written.
        .filter((each) => !each.disabled && !each.closest(".sw-menu") && each.getClientRects().length > 0);
    const at = all[Math.floor(which * all.length)];
    const name = at.getAttribute("aria-label") ?? at.textContent.slice(0, 30);
    const told = `${at.tagName} ${at.getAttribute("class") ?? ""} ${name}`;
    const tell = (name) => at.dispatchEvent(new Event(name, { bubbles: true }));
    const box = at.getBoundingClientRect();
    const point = (name, x, y) => new PointerEvent(name, {
        bubbles: true, shiftKey: bit < 0.3, pointerId: 1,
        clientX: box.left + x * box.width, clientY: box.top + y * box.height,
    });
    if (at.type === "range") {
        at.value = Number(at.min) + what * (at.max - at.min);
        tell("input");
        tell("change");
    } else if (at.type === "number") {
        at.value = bit < 0.1 ? "" : Math.round(10 ** (6 * what - 1)) * (bit > 0.95 ? -1 : 1);
        tell("change");
    } else if (at.type === "search") {
        at.value = bit < 0.5 ? "" : ["block", "worse 1", "(", "up"][Math.floor(what * 4)];
        tell("input");
    } else if (at.tagName === "SELECT") {
        const options = [...at.options].filter((each) => !each.disabled);
        at.value = options[Math.floor(what * options.length)].value;
        tell("change");
    } else if (at.matches(".sw-grab, .sw-drawing")) {
        at.dispatchEvent(point("pointerdown", what, bit));
        const onto = at.matches(".sw-grab") ? document : at;
        onto.dispatchEvent(point("pointermove", more, what));
        onto.dispatchEvent(point("pointerup", more, what));
    } else if (at instanceof HTMLElement) {
        at.focus();
        at.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: bit < 0.3 }));
    }
    return told;
}"""
SEEN = """() => ({
    saved: window.saved.splice(0), sent: window.sent.splice(0), standing: window.model.get("standing"),
    values: Object.fromEntries([...document.querySelectorAll(".sw-live-panel [data-metric]")]
        .map((each) => [each.dataset.metric, Number(each.dataset.value)])),
})"""
KEYS = ("ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Enter", "Escape", "Tab", "Shift+Tab", "?", "Home", "+", " ")
KEYS += ("Control+z", "Control+Shift+z", "Shift+Enter", "Shift+ArrowUp")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1200, "height": 1200})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    yield page
    assert errors == []
    page.close()


def residual() -> keras.Model:
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, "relu", name="stem")(inputs)
    for number in range(2):
        y = keras.layers.Dense(12, "tanh", name=f"block_{number}_up")(x)
        x = keras.layers.Add(name=f"block_{number}_add")([x, keras.layers.Dense(8, name=f"block_{number}_down")(y)])
    return keras.Model(inputs, keras.layers.Dense(2, name="out")(x))


def rows() -> list[dict[str, Any]]:
    """Trials with every cost that a trial has."""
    return [{**each, "costs": dict.fromkeys(trial_metrics(), each["costs"]["n_params"])} for each in trials()]


class Bridge:
    """Carries what the page saves and asks to the explorer, and what the explorer shows to the page."""

    def __init__(self, page: Page, explorer: sw.Explorer) -> None:
        self.page, self.instrument = page, explorer.instrument
        self.latest = [explorer._wiring._finder, explorer._wiring._teller]
        show(page, explorer, study=study(rows()))
        self.shown = self.traits()

    def traits(self) -> dict[str, Any]:
        return {name: getattr(self.instrument, name) for name in TRAITS if name not in ("model", "lesson")}

    def settle(self) -> dict[str, Any]:
        """Let the hand rest, and all be told, until nobody has any more to say; what the page shows then."""
        while True:
            for pause in (20, 400):  # a frame, and the rest after it
                self.page.clock.fast_forward(pause)
            seen = self.page.evaluate(SEEN)
            for name, value in seen["saved"]:
                self.instrument.set_state({name: value})
                self.shown[name] = value
            for asked in seen["sent"]:
                self.instrument._asked(None, asked, None)
            for latest in self.latest:
                latest.wait()
            told = {name: value for name, value in self.traits().items() if value != self.shown[name]}
            if not (seen["saved"] or seen["sent"] or told):
                return seen
            self.page.evaluate(
                "(told) => Object.entries(told).forEach(([name, value]) => window.python(name, value))", told
            )
            self.shown |= told


def notebook(explorer: sw.Explorer, rng: random.Random) -> str:
    """What a cell may do."""
    acts = {
        "structure": lambda: setattr(explorer, "structure", explorer.space.sample(rng)),
        "reset": explorer.reset,
        "keep": lambda: explorer.keep(rng.choice("AB")),
        "control": lambda: setattr(explorer.controls["stem"].width, "value", rng.randint(1, 16)),
        "undo": lambda: explorer.undo() if explorer.exploration.history.before else None,
    }
    name = rng.choice(list(acts))
    acts[name]()
    return f"cell: {name}"


def shown(report: sw.CostReport, name: str, dtype: str | None) -> float:
    """A cost as the strip has it, with weights in the dtype that is looked at."""
    if name != "weight_bytes" or dtype is None:
        return float(getattr(report, name))
    return report.flash_bytes if dtype == "flash" else report.weight_bytes_in(dtype)


def go_wild(page: Page, times: int, seed: int) -> None:
    before = set(ipywidgets.widgets.widget._instances)
    explorer = sw.explore(residual())
    explorer._wiring._finder.wait()
    bridge = Bridge(page, explorer)
    rng = random.Random(seed)
    done: list[str] = []
    for _ in range(times):
        dice = rng.random()
        if dice < 0.15:
            key = rng.choice(KEYS)
            page.keyboard.press(key)
            done.append(key)
        elif dice < 0.25:
            done.append(notebook(explorer, rng))
        else:
            done.append(page.evaluate(ACT, [rng.random() for _ in range(4)]))
        seen = bridge.settle()
        log = " | ".join(done[-8:])
        assert seen["standing"] == explorer.instrument.standing, log
        report = explorer.structure.measure(batch_size=explorer.settings.batch_size)
        for name, value in seen["values"].items():
            expected = shown(report, name, explorer.instrument.looks.get("dtype"))
            assert value == pytest.approx(expected, rel=1e-12), f"{name} after {log}"
    explorer._wiring._finder.wait()
    assert page.locator(".sw-instrument").count() == 1
    page.evaluate("window.end()")
    explorer.close()
    gc.collect()
    assert set(ipywidgets.widgets.widget._instances) <= before


@pytest.mark.slow
def test_random_actions_leave_no_error_and_no_stale_number(page: Page) -> None:
    go_wild(page, times=60, seed=1)


@pytest.mark.exhaustive
@pytest.mark.timeout(3000)
def test_three_thousand_random_actions(page: Page) -> None:
    go_wild(page, times=3000, seed=2)
