"""A network's widths as bars, and pictures inside of a page's text."""

from __future__ import annotations

import base64
import html
import re
import xml.etree.ElementTree as ElementTree

import pytest

from structopt_widgets.figures.embedded import as_image
from structopt_widgets.figures.svg_parts import Svg
from structopt_widgets.figures.width_bars import WidthBar, draw_width_bars

SVG = "{http://www.w3.org/2000/svg}"
NAME = '<b>"wide" & so</b>'


def root_of(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - the text was made here, a moment ago


def bars_of(picture: Svg) -> list[tuple[float, bool]]:
    """Length of each bar and outline, without the background, and whether it is an outline."""
    rows = root_of(picture.svg).findall(f"{SVG}rect")[1:]
    return [(float(row.get("width", "nan")), row.get("fill") == "none") for row in rows]


def test_bars_are_as_long_as_widths_and_outlined_where_they_differ() -> None:
    picture = draw_width_bars([WidthBar(NAME, 30, 60), WidthBar("same", 15, 15), WidthBar("gone", 45, 45, is_out=True)])
    (now, no), (was, outlined), (same, _), (gone, _) = bars_of(picture)
    assert (no, outlined) == (False, True)
    assert (now / was, same / was, gone / was) == pytest.approx((30 / 60, 15 / 60, 45 / 60), abs=0.01)
    words = [text.text for text in root_of(picture.svg).findall(f"{SVG}text")]
    assert words == [NAME, "30, was 60", "same", "15", "gone", "left out"]
    assert picture.words == f"Widths: {NAME} 30, was 60; same 15; gone left out"


def test_hundreds_of_layers_are_a_silhouette_that_fits_the_page() -> None:
    picture = draw_width_bars([WidthBar(f"layer_{number}", number + 1, number + 1) for number in range(300)])
    assert len(bars_of(picture)) == 300
    assert float(root_of(picture.svg).get("height", "nan")) <= 700
    assert root_of(picture.svg).findall(f"{SVG}text") == []
    assert picture.words == "Widths of 300 layers, from 1 to 300"


def test_an_image_holds_the_picture_and_its_words() -> None:
    title = "<title>told by the mouse</title>"
    image = as_image(Svg(f'<svg xmlns="http://www.w3.org/2000/svg">{title}<g>{title}<rect/></g></svg>', NAME))
    assert html.unescape(re.findall(r'alt="([^"]*)"', image)[0]) == NAME
    (code,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', image)
    picture = root_of(base64.b64decode(code).decode())
    assert [each.tag.removeprefix(SVG) for each in picture] == ["style", "g"]
    assert [each.tag.removeprefix(SVG) for each in picture.iter()] == ["svg", "style", "g", "rect"]
