"""The trade-off figure: its data half by equality, its drawing half by what plotly was given."""

from __future__ import annotations

import math
import re

import pandas as pd
import plotly.graph_objects as go
import pytest

from structopt_widgets.figures import plot_tradeoff
from structopt_widgets.figures.tradeoff import tradeoff_info
from structopt_widgets.figures.tradeoff_drawing import draw_tradeoff


@pytest.fixture
def trials() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "accuracy": [0.8, 0.6, 0.7, math.nan, 0.85],
            "accuracy_low": [0.75, 0.5, 0.65, math.nan, 0.8],
            "accuracy_high": [0.84, 0.7, 0.75, math.nan, 0.9],
            "n_params": [1000, 100, 2000, 50, 4000],
            "parallelism": [10.0, 2.0, 20.0, 1.0, 5.0],
            "state": ["complete"] * 3 + ["failed", "complete"],
            "structure": ["baseline", "<b>a</b> 8→4", "c", "d", "e"],
        },
        index=pd.Index([0, 1, 2, 3, 7], name="number"),
    )


def test_the_info_says_all_that_is_shown(trials: pd.DataFrame) -> None:
    info = tradeoff_info(trials, baseline=0, cursor=300)
    assert [(each.number, each.x, each.y, each.low, each.high) for each in info.points] == [
        (0, 1000, 0.8, 0.75, 0.84),
        (1, 100, 0.6, 0.5, 0.7),
        (2, 2000, 0.7, 0.65, 0.75),
        (7, 4000, 0.85, 0.8, 0.9),
    ]
    assert info.front == (1, 0, 7)
    assert info.baseline == info.points[0]
    assert (info.x, info.y, info.cursor, info.logx, info.step) == ("n_params", "accuracy", 300, True, "hv")
    assert info == tradeoff_info(trials, baseline=0, cursor=300)
    assert info != tradeoff_info(trials, baseline=0, cursor=301)


def test_of_very_many_the_front_the_best_and_the_latest_are_shown() -> None:
    n_trials = 1000
    # Each is better than all before it and larger, but for one in ten, which is only larger.
    better = [number % 10 != 0 or number == 0 for number in range(n_trials)]
    table = pd.DataFrame(
        {
            "accuracy": [0.5 + number / 4000 if good else 0.1 for number, good in enumerate(better)],
            "n_params": range(1, n_trials + 1),
        }
    )
    table.loc[100:899, "accuracy"] = 0.2  # below the first hundred, and so off the front
    info = tradeoff_info(table, most=40, baseline=500)
    shown = {point.number for point in info.points}
    assert set(info.front) == {number for number in range(n_trials) if better[number] and not 100 <= number < 900}
    assert shown == set(info.front) | set(range(980, 1000)) | {500}
    assert info.baseline is not None
    assert info.note == f"Shown are {len(shown)} of 1,000 trials: the front, the best and the latest."
    assert len(tradeoff_info(table).points) == n_trials


def test_hover_texts_are_escaped(trials: pd.DataFrame) -> None:
    text = tradeoff_info(trials).points[1].markup()
    assert "&lt;b&gt;a&lt;/b&gt; 8→4" in text
    assert "60.0% (95 %: 50.0% to 70.0%)" in text
    assert "Parameters: 100" in text


def test_much_parallelism_is_better(trials: pd.DataFrame) -> None:
    info = tradeoff_info(trials, x="parallelism")
    assert info.front == (7, 0, 2)
    assert info.step == "vh"


def test_losses_are_better_when_small(trials: pd.DataFrame) -> None:
    assert tradeoff_info(trials.assign(loss=[1.0, 2.0, 0.5, 0.1, 3.0]), y="loss").front == (1, 0, 2)


def test_quantities_are_found_by_their_column(trials: pd.DataFrame) -> None:
    info = tradeoff_info(trials.rename(columns=lambda name: name.replace("accuracy", "r2")))
    assert info.y == "r2"
    assert info.points[0].low == 0.75


def test_the_drawing(trials: pd.DataFrame) -> None:
    figure = plot_tradeoff(trials, baseline=0, cursor=300)
    points, front, baseline, alike, room = figure.data
    assert points.x == (1000, 100, 2000, 4000)
    assert points.customdata == (0, 1, 2, 7)
    assert points.error_y.array == pytest.approx((0.04, 0.1, 0.05, 0.05))
    assert points.error_y.arrayminus == pytest.approx((0.05, 0.1, 0.05, 0.05))
    assert (front.x, front.y, front.line.shape) == ((100, 1000, 4000), (0.6, 0.8, 0.85), "hv")
    assert (baseline.x, baseline.customdata) == ((1000,), (0,))
    assert alike.x == room.x == ()
    assert (figure.layout.xaxis.type, figure.layout.xaxis.title.text) == ("log", "Parameters")
    assert figure.layout.yaxis.title.text == "Validation accuracy"
    assert (figure.layout.shapes[0].visible, figure.layout.shapes[0].x0, figure.layout.shapes[0].x1) == (True, 300, 300)
    assert not figure.layout.annotations[0].visible
    assert len({trace.marker.symbol for trace in (points, front, baseline)}) == 3


@pytest.mark.parametrize("kind", [go.Figure, go.FigureWidget])
def test_a_figure_is_updated_in_place(trials: pd.DataFrame, kind: type) -> None:
    figure = kind()
    draw_tradeoff(tradeoff_info(trials[:0]), figure)
    traces = figure.data
    assert plot_tradeoff(trials, baseline=0, cursor=5, logx=False, figure=figure) is figure
    assert all(mine is theirs for mine, theirs in zip(traces, figure.data, strict=True))
    assert len(traces[0].x) == 4
    assert (figure.layout.xaxis.type, figure.layout.shapes[0].x0) == ("linear", 5)
    plot_tradeoff(trials[:2], x="parallelism", figure=figure)
    assert (len(traces[0].x), len(traces[2].x)) == (2, 0)
    assert figure.layout.xaxis.title.text == "Parallelism"
    assert not figure.layout.shapes[0].visible


def test_an_empty_table_gives_empty_axes_and_a_word(trials: pd.DataFrame) -> None:
    for empty in (trials[:0], pd.DataFrame(), trials[trials.state == "failed"]):
        figure = plot_tradeoff(empty)
        assert figure.layout.annotations[0].visible
        assert "No trial yet" in figure.layout.annotations[0].text
        assert not figure.data[0].x


def test_empty_axes_show_what_can_be_reached(trials: pd.DataFrame) -> None:
    figure = plot_tradeoff(trials[:0], cursor=1000)
    assert (figure.layout.xaxis.range, figure.layout.yaxis.range) == ((1, 4), (0, 1))  # 10 to 10,000
    assert not figure.layout.xaxis.autorange
    assert not figure.layout.yaxis.autorange
    plot_tradeoff(trials[:0], cursor=1000, logx=False, figure=figure)
    assert figure.layout.xaxis.range == (0, 2000)
    assert plot_tradeoff(trials[:0]).layout.xaxis.autorange
    # The first point takes over.
    plot_tradeoff(trials, cursor=1000, figure=figure)
    assert figure.layout.xaxis.autorange
    assert figure.layout.yaxis.autorange


def test_a_new_point_keeps_what_was_zoomed_into(trials: pd.DataFrame) -> None:
    figure = plot_tradeoff(trials[:2])
    figure.update_xaxes(range=(2, 3), autorange=False)  # as the mouse does
    plot_tradeoff(trials, figure=figure)
    assert (figure.layout.xaxis.range, figure.layout.xaxis.autorange) == ((2, 3), False)
    plot_tradeoff(trials, x="parallelism", figure=figure)
    assert figure.layout.xaxis.autorange


def test_wrong_names_are_refused(trials: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"Expected a column of the trials, one of: .*got 'size'"):
        plot_tradeoff(trials, x="size")
    with pytest.raises(ValueError, match="number of a trial in the table as baseline, got 4"):
        plot_tradeoff(trials, baseline=4)
    assert tradeoff_info(trials, baseline=3).baseline is None  # it failed: it has no place


def test_zeros_have_no_place_on_a_logarithmic_axis(trials: pd.DataFrame) -> None:
    zero = trials.assign(n_params=[1000, 0, 2000, 50, 4000])
    assert [each.number for each in tradeoff_info(zero).points] == [0, 2, 7]
    assert [each.number for each in tradeoff_info(zero, logx=False).points] == [0, 1, 2, 7]
    assert not plot_tradeoff(zero, cursor=0).layout.shapes[0].visible


def test_trials_like_the_best_are_hollow(trials: pd.DataFrame) -> None:
    # Trial 0 is worse, trial 1 is on other data: it is not in the comparison.
    compared = pd.DataFrame({"verdict": ["worse", "cannot be told apart", "the best"]}, index=pd.Index([0, 2, 7]))
    table = trials.join(compared)
    info = tradeoff_info(table)
    assert [each.number for each in info.points if each.alike] == [2, 7]
    words = [each.number for each in info.points if "cannot be told apart from the best" in each.text()]
    assert words == [2]  # the best is the best
    figure = plot_tradeoff(table)
    hollow = figure.data[3]
    assert (hollow.x, hollow.y, hollow.marker.color) == ((2000, 4000), (0.7, 0.85), "white")
    assert hollow.name == "cannot be told apart from the best"
    plot_tradeoff(trials, figure=figure)
    assert hollow.x == ()


def test_what_is_at_one_place_has_room_around_it(trials: pd.DataFrame) -> None:
    for x in ("n_params", "parallelism"):
        place = float(trials.loc[0, x])
        for logx in (True, False):
            low, high = tradeoff_info(trials[:1], x=x, cursor=place, logx=logx).x_room or (0.0, 0.0)
            assert low < place < high
            # In the middle, on the axis' own scale.
            assert place == pytest.approx(math.sqrt(low * high) if logx else (low + high) / 2)
    # The interval spreads over y; without one there is one place on y, too, which may be 0.
    assert tradeoff_info(trials[:1]).y_room is None
    for score in (0.8, 0.0, -0.3):
        low, high = tradeoff_info(trials[["n_params"]][:1].assign(accuracy=score), cursor=1000).y_room or (0.0, 0.0)
        assert low < score < high
    same = tradeoff_info(trials.assign(n_params=7)[:3], cursor=7)
    assert same.x_room == pytest.approx((7 / 3, 21))
    # Where something spreads, plotly finds the range.
    assert tradeoff_info(trials).x_room is None
    assert tradeoff_info(trials[:1], cursor=900).x_room is None
    figure = plot_tradeoff(trials[:1], cursor=1000)
    # Unseen points there widen plotly's range; y has an interval.
    room = figure.data[4]
    assert (room.x, room.y, room.marker.opacity) == (pytest.approx((1000 / 3, 3000)), (0.8, 0.8), 0)
    plot_tradeoff(trials, cursor=1000, figure=figure)
    assert room.x == ()


def test_the_note_says_by_how_much_the_best_is_optimistic(trials: pd.DataFrame) -> None:
    assert tradeoff_info(trials).note == ""
    compared = pd.DataFrame(
        {"standard_error": [0.0, 0.02, 0.03, 0.04], "verdict": ["the best"] + ["worse"] * 3}, index=[7, 0, 1, 2]
    )
    # Median 0.75; above it 0.05 and 0.1; chance has 0.03^2 / 2 of the variance, which is their mean square.
    points = 100 * 0.1 * (0.03**2 / 2) / ((0.05**2 + 0.1**2) / 2)
    note = tradeoff_info(trials.join(compared)).note
    assert note == (
        f"The best of 4 was chosen by these scores, so its own is optimistic, by about {points:.1f} points."
    )
    figure = plot_tradeoff(trials.join(compared))
    assert figure.layout.title.text.replace("<br>", " ") == note
    alone = trials.join(compared.assign(verdict="one run each: not comparable"))
    assert "and more for what its seed did" in tradeoff_info(alone).note
    assert "not comparable" in tradeoff_info(alone).points[0].text()
    assert not any(each.alike for each in tradeoff_info(alone).points)


def test_an_interval_of_one_run_says_whose_it_is(trials: pd.DataFrame) -> None:
    texts = [each.text() for each in tradeoff_info(trials.assign(seeds=[1, 3, 3, 3, 3])).points]
    assert "95 % of this network: 75.0% to 84.0%" in texts[0]
    assert "(95 %: 50.0% to 70.0%)" in texts[1]


def test_references_are_lines_with_names(trials: pd.DataFrame) -> None:
    references = {"chance": 0.1, "<linear>": 0.7, "unknown": math.nan}
    info = tradeoff_info(trials, references=references)
    assert info.references == (("chance", 0.1), ("<linear>", 0.7))
    figure = plot_tradeoff(trials, cursor=300, references=references)
    cursor, *lines = figure.layout.shapes
    assert (cursor.x0, [(line.y0, line.y1) for line in lines]) == (300, [(0.1, 0.1), (0.7, 0.7)])
    assert [each.text for each in figure.layout.annotations[1:]] == ["chance", "&lt;linear&gt;"]
    # Drawn again without them, they are gone, and the cursor is where it was.
    plot_tradeoff(trials, cursor=300, figure=figure)
    assert [shape.x0 for shape in figure.layout.shapes] == [300]
    assert len(figure.layout.annotations) == 1


def test_names_of_references_that_are_close_stand_apart(trials: pd.DataFrame) -> None:
    figure = plot_tradeoff(trials, references={"linear model": 0.3, "chance": 0.3})
    one, other = figure.layout.annotations[1:]
    assert (one.y, other.y) == (0.3, 0.3)
    assert abs(one.yshift - other.yshift) >= 11  # pixels, the size of their letters


def test_a_figure_is_said_in_chinese(trials: pd.DataFrame) -> None:
    figure = plot_tradeoff(trials, references={"chance": 0.3}, baseline=0, language="zh")
    shown = [each.name for each in figure.data[:4]] + [figure.layout.xaxis.title.text, figure.layout.yaxis.title.text]
    shown += [*figure.data[0].text, *(each.text for each in figure.layout.annotations)]
    for text in shown:
        assert re.search("[\N{CJK UNIFIED IDEOGRAPH-4E00}-\N{CJK UNIFIED IDEOGRAPH-9FFF}]", text), text
    with pytest.raises(ValueError, match="Expected a language, one of: en, zh"):
        plot_tradeoff(trials, language="fr")
