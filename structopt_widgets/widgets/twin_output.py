"""An explorer's twin in the notebook: an output beside the explorer's own, seen where the explorer is not.

It is static, and alive where scripts run: then a front end without a kernel takes its place.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from typing import Any

import anywidget
import ipywidgets
import traitlets
from IPython import get_ipython
from IPython.display import display

from ..graph.wording import say
from .exploration import Exploration
from .family import family
from .instrument import Instrument
from .modules import joined, script
from .saved_page import KEPT
from .static_twin import twin_html, twin_words

AT_REST = 0.5  # seconds without a change until the twin is drawn anew
AT_LATEST = 5.0  # seconds after a change: a sweep's trials may leave no rest

# The explorer's own output is the one in front of the twin's. It holds an element while the explorer lives: "Loading
# widget..." and "Error displaying widget: model not found" are bare text. JupyterLab's and nbconvert's names for it:
_OWN, _CONVERTED = ".jp-OutputArea-output.lm-Panel", ".widget-subarea"
_HIDING = (
    f".jp-OutputArea-child:has({_OWN}>*,{_CONVERTED}>*)+.jp-OutputArea-child:has(.sw-twin){{display:none}}"
    f".jp-OutputArea-child:has(+.jp-OutputArea-child .sw-twin) {_OWN}:not(:has(>*)){{display:none}}"
    '[data-jp-theme-light="false"] .sw-twin{color-scheme:dark}[data-jp-theme-light="true"] .sw-twin{color-scheme:light}'
)


class TwinPage(anywidget.AnyWidget):
    """What the page does for it, without a view: keeps twin and explorer in a page loaded anew."""

    _esm = joined("twin_page")

    # What the twin's HTML is known by in the notebook.
    mark = traitlets.Unicode().tag(sync=True)
    # The model ids of the explorer, and of its instrument.
    shown = traitlets.Unicode().tag(sync=True)
    instrument = traitlets.Unicode().tag(sync=True)
    # What stands in the twin where the instrument's traits of these names go, by which it is alive.
    place = traitlets.Unicode().tag(sync=True)
    kept = traitlets.List().tag(sync=True)
    # And what goes there in the place of the instrument's "work".
    work = traitlets.Dict().tag(sync=True)


class TwinOutput:
    """Shows an explorer and its static twin, and draws the twin anew when the explorer has changed and rests.

    Args:
        exploration: what the twin is drawn of.
        instrument: the front end that is alive in it where scripts run. A page puts it there, which has it all by
            itself; where a notebook is run without a page, the kernel does.

    The twin is an output of its own: an explorer's own output could not be updated without its live view being made
    anew under the user's hand. Styles that come with it hide it while the live view stands before it. Where no kernel
    is, nothing is made.
    """

    def __init__(self, exploration: Exploration, instrument: Instrument) -> None:
        self._exploration, self._instrument = exploration, instrument
        self._display_id = f"sw-twin-{uuid.uuid4().hex}"
        self._drawn: dict[str, str] = {}  # the twin, as a MIME bundle
        self._n_drawn = 0
        self._shell: Any = None  # of the kernel it is shown by; None until then, and when closed
        self._page: TwinPage | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._changed_at: float | None = None  # the loop's time of the first change not drawn yet
        self._is_stale = False

    def display(self, widget: ipywidgets.Widget) -> None:
        """Show ``widget``, and the twin in an output after it."""
        bundle = widget._repr_mimebundle_() if widget.comm is not None else None
        # An anywidget gives its bundle with metadata.
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {"text/plain": repr(widget)}, {})
        shell = get_ipython()
        if widget.comm is None or getattr(shell, "kernel", None) is None:
            display(data, metadata=metadata, raw=True)
        elif _hides_by_style():
            # Something for the pages that do not know widgets: they would show the plain text.
            display({**data, "text/html": "<div></div>"}, metadata=metadata, raw=True)
            self._follow(shell, widget)
            self._draw()
            display(self._drawn, raw=True, display_id=self._display_id)
        else:
            # There the explorer and the twin would both be seen; the twin is what is shown instead of the explorer.
            display({**data, "text/html": twin_html(self._exploration)}, metadata=metadata, raw=True)

    def close(self) -> None:
        """Leave nothing in the kernel, and an empty output in the notebook."""
        if self._shell is None:
            return
        self._exploration.unobserve(self._on_change, names=list(_FOLLOWED))
        self._shell.events.unregister("post_run_cell", self._after_cell)
        if self._timer is not None:
            self._timer.cancel()
        self._drawn = {"text/html": f"<div {self._mark}></div>", "text/plain": ""}
        self._publish()
        for widget in family([self._page] if self._page is not None else []):
            widget.close()
        self._shell = self._page = self._timer = self._loop = None

    @property
    def _mark(self) -> str:
        return f'data-twin="{self._display_id}"'

    @property
    def _place(self) -> str:
        return json.dumps(f"alive {self._display_id}")

    @property
    def _work(self) -> dict[str, Any]:
        status = say("A saved notebook: costs follow the sliders. To train, run the cell.")
        return {"alone": True, "status": self._exploration.language(status)}

    def _alive(self) -> str:
        """What makes the twin alive, or what stands for it until a page has put it there."""
        traits = self._place
        if not _has_page():
            kept = {name: getattr(self._instrument, name) for name in _KEPT}
            # No name of a model may end the element.
            traits = json.dumps({**kept, "work": self._work}, allow_nan=False).replace("<", "\\u003c")
        return (
            f'<script type="application/json" class="sw-alive">{traits}</script><script>{script("twin_alive")}</script>'
        )

    def _draw(self) -> None:
        self._is_stale, self._changed_at = False, None
        self._n_drawn += 1
        body = f"<style>{_HIDING}</style>{twin_html(self._exploration)}{self._alive()}"
        self._drawn = {
            "text/html": f'<div class="sw-twin" {self._mark} data-drawn="{self._n_drawn}">{body}</div>',
            "text/plain": twin_words(self._exploration),
        }

    def _follow(self, shell: Any, widget: ipywidgets.Widget) -> None:
        """Once, however often it is displayed."""
        if self._shell is not None:
            return
        self._shell = shell
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None  # displayed by another thread: the end of each cell is left
        self._page = TwinPage(
            mark=self._mark,
            shown=widget.model_id,
            instrument=self._instrument.model_id,
            place=self._place,
            kept=[*_KEPT],
            work=self._work,
        )
        self._page.on_msg(self._loaded)
        self._exploration.observe(self._on_change, names=list(_FOLLOWED))
        # A notebook that is run without a page takes outputs while a cell runs, and only then.
        shell.events.register("post_run_cell", self._after_cell)

    def _loaded(self, _: Any, content: dict[str, Any], __: Any) -> None:
        """A page was loaded, with the twin of when it was saved, or with the one that was just displayed."""
        if self._page is not None and content.get("drawn") == self._n_drawn:
            self._page.send({"enliven": True})
        else:
            self._send()

    def _on_change(self, _: object) -> None:
        """In whatever thread: a sweep adds its trials from its own."""
        self._is_stale = True
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wait_for_rest)

    def _wait_for_rest(self) -> None:
        loop = self._loop
        if loop is None or not self._is_stale:
            return
        now = loop.time()
        self._changed_at = now if self._changed_at is None else self._changed_at
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(min(now + AT_REST, self._changed_at + AT_LATEST), self._after_cell)

    def _after_cell(self, _: object = None) -> None:
        if self._is_stale:
            self._draw()
            self._publish()

    def _publish(self) -> None:
        display(self._drawn, raw=True, display_id=self._display_id, update=True)
        self._send()

    def _send(self) -> None:
        if self._page is not None:
            self._page.send(self._drawn)


_KEPT = ("_esm", "_css", "model", *KEPT)  # the instrument's traits that make it
_FOLLOWED = ("structure", "trials", "budget", "picture")


def _has_page() -> bool:
    """Whether a page may show the notebook: Jupyter's server says what it has started a kernel for."""
    return "JPY_SESSION_NAME" in os.environ


def _hides_by_style() -> bool:
    """Whether the page is built as JupyterLab's, or as what nbconvert makes of a notebook."""
    # The same test as plotly's.
    return "VSCODE_PID" not in os.environ and "google.colab" not in sys.modules
