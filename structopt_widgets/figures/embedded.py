"""A picture inside a text of HTML, which pages keep that run no code and clean what they show."""

from __future__ import annotations

import base64
import html
import re

from .style import GREY
from .svg_parts import Svg

# Colours that pictures are drawn in, and what they are on a dark page. A style beats an attribute.
_DARK = {
    ("fill", "#fff"): "#1b1b1b",
    ("fill", "#333"): "#ddd",
    ("fill", GREY): "#a0a0a0",
    ("fill", "#0072B2"): "#56B4E9",
    ("stroke", "#0072B2"): "#56B4E9",
    ("stroke", "#e5e5e5"): "#3a3a3a",
    ("stroke", "#333"): "#ccc",
    ("stroke", GREY): "#a0a0a0",
}
_DARK_STYLE = "".join(f'[{name}="{light}"]{{{name}:{dark}}}' for (name, light), dark in _DARK.items())
# Whether the page is dark the picture asks itself; it brings its background, so that it can be read either way.
_STYLE = f"<style>@media (prefers-color-scheme:dark){{{_DARK_STYLE}}}</style>"


def as_image(picture: Svg) -> str:
    """``picture`` as an ``<img>`` that holds all of it.

    JupyterLab drops ``<svg>`` from a notebook that is not trusted, and keeps this; where a page drops
    this too, the picture's words are left.
    """
    # What a mouse over a point would tell is out of reach in an image, and half of its bytes.
    bare = re.sub(r"<(title|desc)>.*?</\1>", "", picture.svg, flags=re.DOTALL)
    text = re.sub(r"^<svg [^>]*>", lambda start: start[0] + _STYLE, bare)
    code = base64.b64encode(text.encode()).decode()
    return (
        f'<img src="data:image/svg+xml;base64,{code}" alt="{html.escape(picture.words)}" '
        f'style="max-width:100%;height:auto">'
    )
