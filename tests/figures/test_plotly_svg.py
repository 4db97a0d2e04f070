"""plotly's figures as static pictures: each value at its place, each name said, nothing shown wrongly."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import plotly.express as px
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from structopt_widgets.figures import keep_pictures, plot_layer_costs
from structopt_widgets.figures.keep_pictures import NAME
from structopt_widgets.figures.plotly_axes import formatted
from structopt_widgets.figures.plotly_svg import draw_figure

SVG = "{http://www.w3.org/2000/svg}"


def drawn(figure: go.Figure) -> ElementTree.Element:
    text = draw_figure(figure.to_dict()).svg
    assert "nan" not in text
    assert text.count("http") == 1  # the namespace
    return ElementTree.fromstring(text)  # noqa: S314 - made here, a moment ago


def boxes(root: ElementTree.Element, fill: str) -> list[dict[str, float]]:
    names = ("x", "y", "width", "height")
    return [
        {name: float(each.get(name)) for name in names} for each in root.iter(f"{SVG}rect") if each.get("fill") == fill
    ]


def words(root: ElementTree.Element) -> list[str]:
    return [each.text for each in root.iter(f"{SVG}text")]


def circles(root: ElementTree.Element) -> np.ndarray:
    return np.array([[float(each.get(axis)) for axis in ("cx", "cy")] for each in root.iter(f"{SVG}circle")])


def test_bars_are_as_long_as_their_values() -> None:
    values = [3.0, 1.0, 0.0, 6.0]
    root = drawn(go.Figure(go.Bar(x=values, y=list("abcd"), orientation="h", marker_color="red")))
    found = boxes(root, "red")
    assert len({box["x"] for box in found}) == 1
    assert [box["width"] / found[3]["width"] for box in found] == pytest.approx([each / 6 for each in values], abs=1e-3)
    # plotly's first name is the lowest.
    assert [box["y"] for box in found] == sorted((box["y"] for box in found), reverse=True)
    assert set("abcd") <= set(words(root))


def test_bars_stand_on_one_another_or_side_by_side() -> None:
    table = pd.DataFrame({"red": [1.0, 2.0], "blue": [3.0, 1.0]}, index=["a", "b"])
    colours = {"red": "red", "blue": "blue"}
    for barmode in ("relative", "group"):
        root = drawn(px.bar(table, barmode=barmode, color_discrete_map=colours))
        red, blue = boxes(root, "red")[:2], boxes(root, "blue")[:2]
        assert [box["height"] / blue[1]["height"] for box in (*red, *blue)] == pytest.approx([1, 2, 3, 1], abs=1e-2)
        for below, above in zip(red, blue, strict=True):
            if barmode == "relative":
                assert above["x"] == below["x"]
                assert above["y"] + above["height"] == pytest.approx(below["y"], abs=0.2)
            else:
                assert above["x"] == pytest.approx(below["x"] + below["width"], abs=0.2)
                assert above["y"] + above["height"] == pytest.approx(below["y"] + below["height"], abs=0.2)


@pytest.mark.parametrize("log", [False, True])
def test_points_are_at_their_values(log: bool) -> None:
    x = np.array([1.0, 10.0, 100.0, 55.0])
    root = drawn(px.scatter(x=x, y=[1, 2, 3, 4], log_x=log))
    places = circles(root)
    scale = np.log10(x) if log else x
    shares = (places[:, 0] - places[0, 0]) / (places[2, 0] - places[0, 0])
    assert shares == pytest.approx((scale - scale[0]) / (scale[2] - scale[0]), abs=1e-3)
    assert np.diff(places[:, 1]) == pytest.approx([np.diff(places[:, 1])[0]] * 3, abs=0.2)
    assert (np.diff(places[:, 1]) < 0).all()


def test_an_interval_reaches_both_its_ends() -> None:
    figure = px.scatter(x=[1.0, 2.0], y=[10.0, 20.0])
    figure.update_traces(error_y={"type": "data", "symmetric": False, "array": [10, 0], "arrayminus": [5, 0]})
    root = drawn(figure)
    (x, at_10), (_, at_20) = circles(root)
    (path,) = [each.get("d") for each in root.iter(f"{SVG}path") if "v8" in each.get("d") or "h8" in each.get("d")]
    start, end = (float(each) for each in path.split("M")[1].removeprefix(f"{x:.1f} ").split("V"))
    assert end == pytest.approx(at_20, abs=0.2)  # 10 up from 10
    assert start - at_10 == pytest.approx((at_10 - at_20) / 2, abs=0.2)  # 5 down


def test_facets_share_what_they_share_and_images_are_square() -> None:
    table = pd.DataFrame({"x": [1, 2, 1, 2], "y": [0.0, 1.0, 0.0, 4.0], "kind": list("aabb")})
    root = drawn(px.line(table, x="x", y="y", facet_col="kind", markers=True))
    (_, a0), (_, a1), (_, b0), (_, b1) = circles(root)
    assert a0 == b0
    assert (b0 - b1) == pytest.approx(4 * (a0 - a1), abs=0.5)  # four roundings

    pixels = np.random.default_rng(0).random((3, 14, 7))
    root = drawn(px.imshow(pixels, facet_col=0, binary_string=True, height=170))
    pictures = list(root.iter(f"{SVG}image"))
    assert len(pictures) == 3
    for each in pictures:
        assert float(each.get("height")) == pytest.approx(2 * float(each.get("width")), abs=0.2)
        assert each.get("href").startswith("data:image/png;base64,")


def test_cells_are_coloured_by_the_scale() -> None:
    scale = [[0, "#ffffff"], [1, "#000000"]]
    root = drawn(
        go.Figure(
            go.Heatmap(z=[[0.0, 1.0, None]], x=list("abc"), y=["row"], colorscale=scale, text=[["0", "1", ""]],
                       texttemplate="%{text}", showscale=False)
        )
    )  # fmt: skip
    assert len(boxes(root, "#ffffff")) == len(boxes(root, "#000000")) == 1
    assert {"a", "b", "c", "row", "0", "1"} <= set(words(root))


def test_heat_maps_side_by_side_share_their_colours() -> None:
    figure = px.imshow(
        np.array([[[0.0, 1.0]], [[2.0, 4.0]]]), facet_col=0, color_continuous_scale=["#ffffff", "#000000"]
    )
    root = drawn(figure.update_layout(coloraxis_showscale=False))
    assert [len(boxes(root, grey)) for grey in ("#bfbfbf", "#808080", "#000000")] == [1, 1, 1]  # 1, 2 and 4 of 4


def test_packed_numbers_are_those_of_lists() -> None:
    lists = go.Figure(go.Bar(x=["a", "b"], y=[1.0, 2.5]))
    packed = go.Figure(go.Bar(x=["a", "b"], y=np.array([1.0, 2.5])))
    assert "bdata" in packed.to_dict()["data"][0]["y"]
    assert draw_figure(packed.to_dict()).svg == draw_figure(lists.to_dict()).svg


def test_names_are_text() -> None:
    figure = go.Figure([go.Bar(x=[1, 2], y=["<i>a</i>&lt;script&gt;", "b"], orientation="h", name="<b>x</b> & y")] * 2)
    assert {"x & y", "a<script>"} <= set(words(drawn(figure)))


def test_lines_across_and_annotations() -> None:
    figure = px.scatter(x=[0.0, 10.0], y=[0.0, 10.0])
    figure.add_hline(5, line_dash="dash", annotation_text="half")
    figure.add_vline(10)
    root = drawn(figure)
    (_, low), (right, high) = circles(root)
    ends = [each.get("d")[1:].split("L") for each in root.iter(f"{SVG}path") if "L" in each.get("d")]
    across, down = ([tuple(map(float, end.split())) for end in line] for line in ends)
    assert across[0][1] == across[1][1] == pytest.approx((low + high) / 2, abs=0.2)
    assert down[0][0] == down[1][0] == pytest.approx(right, abs=0.2)
    assert "half" in words(root)


def test_what_is_not_drawn_is_named() -> None:
    figure = go.Figure([go.Bar(x=[1], y=[1]), go.Surface(z=[[1, 2], [3, 4]])])
    assert [each for each in words(drawn(figure)) if "surface" in each]
    assert words(drawn(go.Figure())) is not None


def test_numbers_are_short() -> None:
    assert [formatted(each, "") for each in (0, 0.1 + 0.2, 1500, 2e6, -1e4)] == ["0", "0.3", "1.5k", "2M", "-10k"]
    assert [formatted(0.25, form) for form in (".0%", "+.1f", ".2f")] == ["25%", "+0.2", "0.25"]
    assert formatted(1234.5, ",.0f") == "1,234"


def test_a_picture_is_kept_where_plotly_chose_how_to_show() -> None:
    before = pio.renderers.default
    try:
        pio.renderers.default = "svg"
        keep_pictures()
        assert pio.renderers.default == "svg"
        pio.renderers.default = "plotly_mimetype"
        for _ in range(2):
            keep_pictures()
            assert pio.renderers.default == f"plotly_mimetype+{NAME}"
        costs = pd.DataFrame({"n_params": [10, 20]}, index=["a", "b"])
        figure = plot_layer_costs(costs)
        bundle = pio.renderers._build_mime_bundle(figure.to_dict())
        assert set(bundle) == {"application/vnd.plotly.v1+json", "image/svg+xml"}
        assert bundle["image/svg+xml"] == draw_figure(figure.to_dict()).svg
    finally:
        pio.renderers.default = before


def test_a_note_that_is_shifted_stands_where_plotly_has_it() -> None:
    figure = go.Figure(go.Scatter(x=[1, 2], y=[1, 2]))
    for name, shift in {"here": 0, "above": 14}.items():
        figure.add_annotation(text=name, x=1.5, y=1.5, showarrow=False, yshift=shift)
    places = {each.text: float(each.get("y")) for each in drawn(figure).iter(f"{SVG}text")}
    assert places["here"] - places["above"] == 14
