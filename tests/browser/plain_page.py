"""The instrument on a page of its own, without JupyterLab and without a kernel."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

import structopt_widgets as sw
from structopt_widgets.widgets.instrument import Instrument

TRAITS = ("model", "lesson", "standing", "settings", "looks", "study", "work", "curve")
TRAITS += ("comparison", "findings", "preview", "fits", "receipt", "code", "latency", "sensitivity")
# As much of a widget's model as the front end uses; what it sends and saves is kept.
START = """async ([source, style, state]) => {
    const listeners = [];
    window.sent = [];
    window.saved = [];
    window.model = {
        get: (name) => state[name],
        on: (event, listener) => listeners.push([event, listener]),
        off: () => {},
        // The picture goes along by itself.
        send: (content) => { if (content.do !== "drawn") window.sent.push(content); },
        save_changes: () => {},
        set: (name, value) => { state[name] = value; window.saved.push([name, value]); },
    };
    // What Jupyter tells.
    window.tell = (event, ...told) =>
        listeners.filter(([each]) => each === event).forEach(([, listener]) => listener(...told));
    // What Python sets.
    window.python = (name, value) => {
        state[name] = value;
        window.tell(`change:${name}`);
    };
    // What JupyterLab has besides: signals, of which a slot is told the sender and what happened.
    const signal = () => {
        const slots = new Set();
        return {
            connect: (slot) => slots.add(slot),
            disconnect: (slot) => slots.delete(slot),
            emit: (told) => slots.forEach((slot) => slot(null, told)),
            slots,
        };
    };
    window.session = { session: { kernel: { id: "first" } }, statusChanged: signal(), kernelChanged: signal() };
    window.model.widget_manager = { context: { sessionContext: window.session } };
    document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
    document.body.replaceChildren(document.createElement("div"));
    const module = (await import("data:text/javascript," + encodeURIComponent(source))).default;
    window.end = await module.render({ model: window.model, el: document.body.firstChild });
}"""


def show(page: Page, explorer: sw.Explorer, **traits: Any) -> None:
    """Show an explorer, with other values of some traits."""
    state = {name: getattr(explorer.instrument, name) for name in TRAITS} | traits
    page.evaluate(START, [str(Instrument._esm), str(Instrument._css), state])


def total(page: Page, metric: str) -> Any:
    """The number of a cost in the strip."""
    return page.locator(f".sw-live-panel [data-metric={metric}]")


def put(page: Page, label: str, value: Any) -> None:
    """Move a slider, by its name, as a hand does."""
    page.get_by_label(label, exact=True).evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', { bubbles: true })); }",
        value,
    )
