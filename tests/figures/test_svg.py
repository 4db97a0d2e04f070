"""The static picture: well-formed, complete, self-contained."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from structopt_widgets.figures import plot_tradeoff_svg
from structopt_widgets.figures.svg import find_axis, tick_label

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def trials() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "accuracy": [0.8, 0.6, 0.7],
            "accuracy_low": [0.75, 0.5, math.nan],
            "accuracy_high": [0.84, 0.7, math.nan],
            "n_params": [1000, 100, 2000],
            "structure": ["baseline", '<script>alert("1")</script> & so', "c"],
        }
    )


def test_every_trial_is_in_the_picture(trials: pd.DataFrame) -> None:
    picture = plot_tradeoff_svg(trials, baseline=0, cursor=300)
    assert picture._repr_svg_() == picture.svg
    assert repr(picture).startswith("Validation accuracy against Parameters. 3 trials. Pareto front: trial 1: 60.0%")
    # The text was made here, a moment ago.
    root = ElementTree.fromstring(picture.svg)  # noqa: S314
    assert root.find(f"{SVG}title").text == "Validation accuracy against Parameters"
    assert "3 trials. Pareto front: trial 1: 60.0% at 100, trial 0" in root.find(f"{SVG}desc").text
    groups = root.findall(f"{SVG}g")
    assert len(groups) == 3
    assert [len(group.findall(f"{SVG}circle")) for group in groups] == [1, 1, 0]  # the baseline, a star, is on top
    assert [len(group.findall(f"{SVG}path")) for group in groups] == [1, 0, 2]  # interval; nothing; interval and star
    assert 'trial 1 <script>alert("1")</script> & so' in groups[0].find(f"{SVG}title").text
    words = [text.text for text in root.findall(f"{SVG}text")]
    assert {"Parameters (logarithmic)", "Validation accuracy", "100", "1 K", "baseline"} <= set(words)


def test_the_picture_needs_nothing_else(trials: pd.DataFrame) -> None:
    text = plot_tradeoff_svg(trials).svg
    assert "<script" not in text
    assert "href" not in text
    assert text.count("http") == 1  # the namespace


def test_an_empty_picture_says_so(trials: pd.DataFrame) -> None:
    for logx in (True, False):
        root = ElementTree.fromstring(plot_tradeoff_svg(trials[:0], logx=logx).svg)  # noqa: S314 - as above
        assert "No trial yet" in root.findall(f"{SVG}text")[-1].text


@given(st.lists(st.floats(1e-3, 1e15), min_size=1, max_size=5), st.booleans())
def test_axes_hold_their_values_and_have_ticks(values: list[float], log: bool) -> None:
    axis = find_axis(values, 10, 110, log)
    assert all(10 <= axis.at(value) <= 110 for value in values)
    assert 2 <= len(axis.ticks) <= 12
    assert all(10 - 1e-6 <= axis.at(tick) <= 110 + 1e-6 for tick in axis.ticks)


def test_tick_labels_are_short() -> None:
    labels = [tick_label("n_params", value) for value in (1000, 1500, 100, 20_000_000)]
    assert labels == ["1 K", "1.5 K", "100", "20 M"]
    assert [tick_label("accuracy", value) for value in (0.6, 0.625, 1)] == ["60%", "62.5%", "100%"]


def test_an_axis_is_linear_or_logarithmic() -> None:
    log = find_axis([1, 100], 0, 100, log=True)
    assert log.at(10) == pytest.approx(50)
    linear = find_axis([1, 99], 0, 100, log=False)
    assert linear.at(50) == pytest.approx(50)
    upwards = find_axis([1, 99], 100, 0, log=False)
    assert upwards.at(1) > upwards.at(99)


def test_trials_like_the_best_are_hollow(trials: pd.DataFrame) -> None:
    picture = plot_tradeoff_svg(trials.assign(verdict=["the best", "worse", "cannot be told apart"]))
    root = ElementTree.fromstring(picture.svg)  # noqa: S314 - made here, a moment ago
    hollow = [group for group in root.findall(f"{SVG}g") if group.find(f"{SVG}circle").get("fill") == "#fff"]
    assert ["trial 0 " in each.find(f"{SVG}title").text for each in hollow] == [True, False]
    assert "cannot be told apart from the best" in [text.text for text in root.findall(f"{SVG}text")]
    assert "Cannot be told apart from the best: 0, 2." in root.find(f"{SVG}desc").text
    assert "told apart" not in plot_tradeoff_svg(trials).svg


def test_references_are_lines_and_words(trials: pd.DataFrame) -> None:
    picture = plot_tradeoff_svg(trials, references={"<chance>": 0.4})
    root = ElementTree.fromstring(picture.svg)  # noqa: S314 - made here, a moment ago
    assert "<chance>" in [text.text for text in root.findall(f"{SVG}text")]
    assert "<chance>: 40.0%." in root.find(f"{SVG}desc").text
    # Below every trial, and still within the picture.
    lines = [path.get("d") for path in root.findall(f"{SVG}path") if path.get("stroke-dasharray") == "8 4"]
    assert len(lines) == 1
    assert 48 < float(lines[0].split()[1].split("H")[0]) < 400 - 52


def test_a_reference_far_from_all_trials_leaves_them_the_axis(trials: pd.DataFrame) -> None:
    alone = ElementTree.fromstring(plot_tradeoff_svg(trials).svg)  # noqa: S314 - as above
    root = ElementTree.fromstring(plot_tradeoff_svg(trials, references={"chance": 0.1}).svg)  # noqa: S314 - as above
    ticks = [[text.text for text in each.findall(f"{SVG}text") if text.get("x") == "63"] for each in (alone, root)]
    assert ticks[0] == ticks[1] != []
    assert not [path for path in root.findall(f"{SVG}path") if path.get("stroke-dasharray") == "8 4"]
    (name,) = (text for text in root.findall(f"{SVG}text") if text.text == "chance 10%")
    assert 48 < float(name.get("y")) <= 400 - 52


def test_the_names_of_references_are_beside_the_axes(trials: pd.DataFrame) -> None:
    root = ElementTree.fromstring(plot_tradeoff_svg(trials, references={"linear model": 0.8}).svg)  # noqa: S314 - as above
    (name,) = (text for text in root.findall(f"{SVG}text") if text.text == "linear model")
    circles = root.iter(f"{SVG}circle")
    # 9 is the larger half of the largest mark.
    assert float(name.get("x")) > max(float(circle.get("cx")) for circle in circles) + 9
    assert float(name.get("x")) + 7 * len("linear model") <= 640


def test_names_of_equal_references_stand_one_below_the_other(trials: pd.DataFrame) -> None:
    references = {"chance": 0.5, "linear model": 0.5}
    root = ElementTree.fromstring(plot_tradeoff_svg(trials, references=references).svg)  # noqa: S314 - as above
    first, second = (float(each.attrib["y"]) for each in root.iter() if each.text in references)
    assert abs(first - second) >= 12  # the size of its letters
