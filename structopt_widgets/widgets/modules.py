"""A front end of several ES modules, as the one text that anywidget takes: no bundler, nothing to install."""

from __future__ import annotations

import base64
import re
import zlib
from pathlib import Path

FOLDER = Path(__file__).parent / "page"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_ASIDE = re.compile(r"^[ \t]*(?://.*)?\n|^[ \t]+", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
# Browsers have had DecompressionStream since 2023, and a module may wait while it loads.
_UNPACK = """const packed = Uint8Array.from(atob("PACKED"), (each) => each.charCodeAt(0));
const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
const address = URL.createObjectURL(new Blob([await new Response(stream).text()], { type: "text/javascript" }));
const { default: widget } = await import(address);
URL.revokeObjectURL(address);
export default widget;
"""


def joined(name: str) -> str:
    """The module ``name`` of the folder of the page with the modules that it imports in front of it, each once.

    They become one scope, so a name may be defined in one of them only, and an import cannot rename. Comments and
    indentation stay behind: the text goes to the page again with each widget. A string may not go over two lines.
    """
    return "\n".join(_text(each) for each in in_order(name, []))


def shipped(name: str) -> str:
    """:func:`joined`, compressed, as a module that unpacks itself: a page of three explorers holds it three times."""
    text = base64.b64encode(zlib.compress(joined(name).encode(), 9)).decode()
    return _UNPACK.replace("PACKED", text)


def script(name: str) -> str:
    """The file ``name`` of the folder of the page, which is no module, without comments and indentation."""
    return _ASIDE.sub("", _source(name))


def stylesheet(name: str) -> str:
    """The style sheet ``name`` of the folder of the page."""
    return (FOLDER / f"{name}.css").read_text(encoding="utf-8")


def in_order(name: str, before: list[str]) -> list[str]:
    """``before``, and what ``name`` needs that is not in it, and ``name`` itself."""
    for needed in _IMPORT.findall(_source(name)):
        if needed not in before:
            before = in_order(needed, before)
    return [*before, name]


def _text(name: str) -> str:
    return _ASIDE.sub("", _EXPORT.sub("", _IMPORT.sub("", _source(name))))


def _source(name: str) -> str:
    return (FOLDER / f"{name}.js").read_text(encoding="utf-8")
