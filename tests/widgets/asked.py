"""What a page does to an explorer, without a page."""

from __future__ import annotations

from typing import Any

import structopt_widgets as sw


def ask(explorer: sw.Explorer, what: str, **more: Any) -> None:
    """What a button of the page asks for."""
    content = {"do": what, **more}
    explorer.instrument._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


def says(explorer: sw.Explorer, **traits: Any) -> None:
    """What a page saves."""
    explorer.instrument.set_state(traits)


def shown_trials(explorer: sw.Explorer) -> list[int]:
    """The numbers of the trials that the page has."""
    return [trial["number"] for trial in explorer.instrument.study["trials"]]
