"""The instrument in the page: one front end that draws itself; its state in traits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from .modules import shipped, stylesheet
from .packed import packed


class Instrument(anywidget.AnyWidget):
    """What the page and Python share. It decides nothing: :class:`~.wiring.Wiring` keeps it in step.

    Args:
        model: what never changes, from :func:`~.page_model.page_model`.
        heard: called with the name of a trait that a page has changed, and with ``"ask"`` and what a page asks for.
    """

    _esm = shipped("instrument")
    _css = stylesheet("instrument")

    # The model as packed JSON, see page_model.py.
    model = traitlets.Unicode().tag(sync=True)
    # What is shown of it all; lesson.py.
    lesson = traitlets.Dict().tag(sync=True)
    # Where the sliders stand, "structure", what was before and after it, "past" and "future", and "snapshots" by
    # name: each as changes.py writes it. A page saves them at rest.
    standing = traitlets.Dict().tag(sync=True)
    # What runs and sweeps are to do; settings.py.
    settings = traitlets.Dict().tag(sync=True)
    # What the page shows of all this: the metric, what is unfolded, how the table is sorted. Python only keeps it.
    looks = traitlets.Dict().tag(sync=True)
    # The trials; trial_rows.py.
    study = traitlets.Dict().tag(sync=True)
    # What goes on, how far it is, and the message; "choices" of samplers.
    work = traitlets.Dict().tag(sync=True)
    # What the test of the two trials says that are held against each other; compared.py.
    comparison = traitlets.Dict().tag(sync=True)
    # The learning curve; learning_curve.py.
    curve = traitlets.Dict().tag(sync=True)
    # What stands out in the structure; finder.py.
    findings = traitlets.List().tag(sync=True)
    # The score with inherited weights; finder.py.
    preview = traitlets.Dict().tag(sync=True)
    # Structures that keep within a budget; fit_to_budget.py.
    fits = traitlets.Dict().tag(sync=True)
    # How a number came about that somebody asked about; receipt_text.py.
    receipt = traitlets.Dict().tag(sync=True)
    # The structure as Keras code, for somebody who copies it; finder.py.
    code = traitlets.Dict().tag(sync=True)
    # How long it takes here; timing.py.
    latency = traitlets.Dict().tag(sync=True)
    # What cutting each width loses; heat_map.py.
    sensitivity = traitlets.Dict().tag(sync=True)

    def __init__(self, model: dict[str, Any], heard: Callable[[str, Any], None], **state: Any) -> None:
        self._heard = heard
        self.is_from_page = False
        super().__init__(model=packed(model), **state)
        self.on_msg(self._asked)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the page says, and tell."""
        self.is_from_page = True
        try:
            super().set_state(sync_data)
        finally:
            self.is_from_page = False
        for name in sync_data:
            self._heard(name, getattr(self, name, None))

    def _asked(self, _: Any, content: dict[str, Any], __: Any) -> None:
        self._heard("ask", content)
