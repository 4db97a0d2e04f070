"""The explorer as one file that anybody can open: alive without a kernel, without a network and without Jupyter."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from ..graph.wording import say
from .exploration import Exploration
from .learning_curve import curve_title, learning_curve
from .modules import joined, stylesheet
from .packed import packed
from .page_model import page_model
from .static_twin import twin_html

KEPT = (
    "lesson",
    "standing",
    "settings",
    "looks",
    "study",
    "comparison",
    "curve",
)  # the instrument's traits that the page is given

# What JupyterLab's themes say of these, for a page that has no theme.
_DARK = {
    "layout-color0": "#111",
    "layout-color2": "#2b2b2b",
    "border-color1": "#616161",
    "border-color2": "#3d3d3d",
    "ui-font-color1": "rgba(255, 255, 255, .87)",
    "ui-font-color2": "rgba(255, 255, 255, .62)",
    "brand-color1": "#64b5f6",
}
_DARK_STYLE = (
    f'@media not print {{ [data-jp-theme-light="false"] {{ '
    f"{' '.join(f'--jp-{name}: {value};' for name, value in _DARK.items())} background: #111; }} }}"
)
# Nothing is fetched, and what a name may hold is never run.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


_HINT = say("As it stood when this page was written. Where the page may run scripts, sliders stand here.")


def saved_page(exploration: Exploration, traits: Mapping[str, Any], above: str = "", title: str = "") -> str:
    """The page's text.

    Args:
        exploration: what is explored.
        traits: the instrument's, of which :data:`KEPT` go along.
        above: HTML to stand above it.
        title: of the page; by default the model's name.

    Until its script runs, or where none does, the page is the static twin.
    """
    study = traits["study"]
    shown = [exploration.study.trial(each["number"]) for each in study["trials"] if each["hasCurve"]]
    words = exploration.language
    data = {
        "model": page_model(exploration.space, words),
        "learned": words.all({trial.number: learning_curve(curve_title(trial), trial.history) for trial in shown}),
        **{name: traits[name] for name in KEPT},
    }
    style = "\n".join(map(stylesheet, ("instrument", "saved_page")))
    return f"""<!DOCTYPE html>
<html lang="{words.code}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title or exploration.space.graph.name)}</title>
<style>{_DARK_STYLE}
{style}</style>
</head>
<body>
{above}<main id="sw-page">{twin_html(exploration, _HINT)}</main>
<script type="text/plain" id="sw-data">{packed(data)}</script>
<script type="module">
{joined("saved_page")}
</script>
</body>
</html>
"""
