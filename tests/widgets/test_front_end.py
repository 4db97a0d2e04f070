"""What Python and the page both know is the same in both: numbers for people, axes; and what only the page knows."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import random
import re
from typing import Any

import pytest
from front_end import in_node

from structopt_widgets.figures.svg import find_axis, tick_label
from structopt_widgets.metrics import METRICS, format_bytes, format_count, format_exact, format_metric
from structopt_widgets.metrics.catalogue import UNITS, Unit
from structopt_widgets.study.verdicts import ALIKE, NOT_COMPARABLE, OTHERWISE, THE_BEST, WORSE
from structopt_widgets.widgets.modules import FOLDER, in_order, joined


def numbers(count: int) -> list[float]:
    """Numbers of all sizes, the ties of rounding, and the edges of units."""
    rng = random.Random(13)
    found: list[float] = [rng.randrange(10 ** rng.randrange(1, 16)) for _ in range(count)]
    found += [10 ** rng.uniform(-12, 15) for _ in range(count)]
    found += [base**power * step / 8 for base in (1000, 1024) for power in range(5) for step in range(1, 200)]
    found += [base**power + by for base in (1000, 1024) for power in range(1, 6) for by in (-1, -0.5, 0, 0.5, 1)]
    return [*found, *(-each for each in found[:100]), 9_999_999, 10_000_000]


def written(expression: str, values: list[float]) -> list[Any]:
    """An ``expression`` of each value in the page, which has its units from the catalogue."""
    given = {"units": {name: dataclasses.asdict(each) for name, each in UNITS.items()}, "values": values}
    found: list[Any] = in_node("format", f"(takeUnits(given.units), given.values.map((each) => {expression}))", given)
    return found


def test_numbers_are_written_alike_here_and_in_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    joules = Unit(1000, ("pJ", "nJ", "\N{MICRO SIGN}J", "mJ", "J"), "picojoules")
    monkeypatch.setitem(UNITS, "joules", joules)  # one that nobody has written code for
    monkeypatch.setitem(METRICS, "energy", dataclasses.replace(METRICS["flops"], unit="joules"))
    assert format_metric("energy", 4.6e7) == "46.0 \N{MICRO SIGN}J"
    values = numbers(2000)
    units = {each.unit: name for name, each in METRICS.items()}
    assert set(units) == set(UNITS)
    for unit, metric in units.items():
        found = written(f"[formatMetric(each, '{unit}'), formatExact(each, '{unit}')]", values)
        for value, both in zip(values, found, strict=True):
            assert both == [format_metric(metric, value), format_exact(metric, value)], (value, unit)


def test_halves_go_up() -> None:
    # Both are a tie in binary as well: Python's format would round the first down.
    assert (format_count(2125), format_count(2375)) == ("2.13 K", "2.38 K")
    assert format_bytes(1024 + 128) == "1.13 KiB"
    assert format_exact("n_params", 9_999_999) == "9,999,999"
    assert format_exact("n_params", 10_000_000) == "10.0 M"
    assert format_exact("parallelism", 28.5) == "28.5"
    assert (format_count(3.772e-10), format_bytes(-0.0023), format_count(0.01)) == ("3.77e-10", "-2.30e-3 B", "0.01")


@pytest.mark.parametrize("log", [False, True])
def test_axes_are_alike_here_and_in_the_page(log: bool) -> None:
    rng = random.Random(7)
    ranges = [[10 ** rng.uniform(-2, 9) for _ in range(rng.randrange(1, 5))] for _ in range(500)]
    found = in_node(
        "axes",
        f"given.map((each) => {{ const axis = axisAround(each, 50, 400, {json.dumps(log)});"
        " return [axis.low, axis.high, axis.ticks, each.map(axis.at), each.map((one) => axis.value(axis.at(one)))]; })",
        ranges,
    )
    for values, (low, high, ticks, places, back) in zip(ranges, found, strict=True):
        axis = find_axis(values, 50, 400, log)
        assert (low, high) == pytest.approx((axis.low, axis.high))
        assert ticks == pytest.approx(list(axis.ticks)), values
        assert places == pytest.approx([axis.at(value) for value in values])
        assert back == pytest.approx(values)


def test_ticks_are_alike_here_and_in_the_page() -> None:
    sizes = [step * 10**power for power in range(10) for step in (1, 1.5, 2, 3, 5, 7)]
    assert written("tickLabel(each, 'count')", sizes) == [tick_label("n_params", each) for each in sizes]
    shares = [each / 200 for each in range(201)]
    assert written("tickLabel(each, 'share')", shares) == [tick_label("accuracy", each) for each in shares]


@pytest.mark.parametrize("n_epochs", [1, 3, 8, 9, 80, 81, 99, 100, 640, 1000, 100_000])
def test_a_curve_has_few_ticks(n_epochs: int) -> None:
    step = in_node("learning_curve", "epochStep(given)", n_epochs)
    assert n_epochs / step <= 8
    assert str(step).rstrip("0") in ("1", "2", "5")
    # Not fewer than needed: the next smaller round step would give more than eight.
    smaller = step // 2 if str(step)[0] in "12" else step * 2 // 5
    assert smaller == 0 or n_epochs / smaller > 8


@pytest.mark.parametrize("step", ["hv", "vh"])
def test_the_front_is_the_best_score_within_reach(step: str) -> None:
    # Pixels: y falls as the score rises. From left to right with "hv" scores rise; with "vh" they fall.
    places = [[10.0, 90.0], [40.0, 60.0], [70.0, 20.0]]
    if step == "vh":
        places = [[x, 100 - y] for x, y in places]
    path = in_node("plot_drawing", f"frontPath(given, '{step}')", places)
    x, y = map(float, re.match(r"M(\S+) ([\d.]+)", path).groups())  # type: ignore[union-attr]
    corners = [(x, y)]
    for letter, value in re.findall(r"([HV])([\d.]+)", path):
        x, y = (float(value), y) if letter == "H" else (x, float(value))
        corners.append((x, y))
    for (x0, y0), (x1, y1) in itertools.pairwise(corners):
        if y0 == y1:  # a level stretch: between its ends, the best of what costs no more, or has at least as much
            between = (x0 + x1) / 2
            reached = [py for px, py in places if (px <= between if step == "hv" else px >= between)]
            assert y0 == min(reached)


@pytest.mark.parametrize("log", [True, False])
def test_the_plot_holds_every_interval_and_leaves_the_references_out(log: bool) -> None:
    point = {"number": 0, "x": 1000, "y": 0.8, "low": 0.75, "high": 0.84, "text": "", "alike": False}
    state = {"points": [point], "cursor": 1000, "log": log, "references": [["chance", 0.1]], "limits": []}
    found = in_node("plot_drawing", "extent(given)", state)
    assert min(found["ys"]) == 0.75
    assert max(found["ys"]) == 0.84
    # The cursor is at the point: there is room on both sides.
    assert min(found["xs"]) < 1000 < max(found["xs"])
    reach = math.log10(max(found["xs"]) / min(found["xs"])) if log else max(found["xs"]) / 1000
    assert 0.5 < reach < 4
    without = in_node("plot_drawing", "extent(given)", {**state, "points": [], "log": True})
    assert without == {"xs": [10, 10_000], "ys": [0, 1]}
    same = in_node("plot_drawing", "extent(given)", {**state, "points": [{**point, "low": None, "high": None}]})
    assert min(same["ys"]) < 0.8 < max(same["ys"])


def test_names_beside_the_axes_are_apart_and_inside() -> None:
    for values in ([0.5, 0.5, 0.5], [-1, -2, 0.01], [2, 1.5, 0.99], [0.2, 0.9, 0.21], [3, -3, 0.5]):
        places = in_node("plot_drawing", "namePlaces(given, axisBetween(0, 1, 300, 20, false))", values)
        assert all(20 <= place <= 300 for place in places), (values, places)
        assert all(abs(a - b) >= 14 for a, b in itertools.combinations(places, 2))
        order = sorted(range(3), key=lambda index: values[index])
        assert [places[index] for index in order] == sorted(places, reverse=True)


@pytest.mark.parametrize("name", ["instrument"])
def test_modules_are_joined_without_a_rest(name: str) -> None:
    text = joined(name)
    assert re.findall(r"^import .*|^export (?!default).*", text, re.MULTILINE) == []
    assert text.count("export default") == 1
    sources = [(FOLDER / f"{each}.js").read_text() for each in in_order(name, [])]
    at_top = r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)"
    defined = [found for source in sources for found in re.findall(at_top, source, re.MULTILINE)]
    assert len(defined) == len(set(defined)), "two modules define one name"
    assert "http" not in re.sub(r"http://www\.w3\.org/(2000/svg|1998/Math/MathML)", "", text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.5, "2.5 s"), (0.03456, "34.6 ms"), (0.001, "1 ms"), (7.12e-8, "0.0712 µs")]
)
def test_durations_have_three_digits(seconds: float, text: str) -> None:
    assert in_node("format", "durationText(given)", seconds) == text


@pytest.mark.parametrize(
    ("names", "start"),
    [
        (["conv5_block1_1_conv", "conv5_block1_1_relu", "conv5_block1_out"], "conv5_block1_"),
        (["second_value", "second_gate"], "second_"),
        (["conv_1", "conv_2"], ""),  # short enough
        (["first_value"], ""),
        (["value", "gate"], ""),
        (["second_", "second_gate"], ""),  # nothing would be left
    ],
)
def test_names_of_a_block_are_shown_without_what_all_begin_with(names: list[str], start: str) -> None:
    assert in_node("levers_tree", "commonStart(given)", names) == start


OVERLAP = "intervals overlap: sw.compare(a, b) tests the pair"


@pytest.mark.parametrize(
    ("one", "two", "words"),
    [
        ({}, {}, OVERLAP),
        ({"low": 0.71, "high": 0.9}, {}, ""),
        ({"low": None, "high": None}, {}, "no interval"),
        ({"seeds": 1, "verdict": NOT_COMPARABLE}, {"seeds": 1, "verdict": NOT_COMPARABLE}, NOT_COMPARABLE),
        # What seeds do is known from other trials.
        ({"seeds": 1, "verdict": ALIKE}, {"seeds": 1, "verdict": THE_BEST}, OVERLAP),
        ({"training": 1}, {}, OTHERWISE),
        ({"training": 1, "verdict": OTHERWISE}, {"training": 1, "verdict": OTHERWISE}, OVERLAP),
    ],
)
def test_two_trials_are_held_against_each_other_as_the_verdicts_do(
    one: dict[str, Any], two: dict[str, Any], words: str
) -> None:
    trial = {"low": 0.5, "high": 0.7, "seeds": 3, "verdict": WORSE, "training": 0}
    assert in_node("comparison", "whyUncertain(...given)", [{**trial, **one}, {**trial, **two}]) == words
