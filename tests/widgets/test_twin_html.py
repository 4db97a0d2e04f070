"""The static twin says what the explorer does, in little room, and a name is no HTML."""

from __future__ import annotations

import base64
import dataclasses
import html
import random
import re
from pathlib import Path

import keras
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.metrics import METRICS, format_exact
from structopt_widgets.widgets import static_twin
from structopt_widgets.widgets.exploration import Exploration
from structopt_widgets.widgets.static_twin import twin_html, twin_words

HOSTILE = "<img src=x onerror=alert(1)>"


def residual() -> sw.StructureSpace:
    inputs = keras.Input((6,))
    x = kl.Dense(8, activation="relu", name="stem")(inputs)
    y = kl.Dense(8, activation="relu", name="branch")(x)
    y = kl.Dense(8, name="back")(y)
    x = kl.Add(name="sum")([x, y])
    return sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(x), name="residual"))


def trials_of(space: sw.StructureSpace, n: int) -> sw.Study:
    """Trials that were never run, of random structures and scores."""
    study, rng = sw.Study(), random.Random(3)
    written = Path(__file__).parent.parent / "study" / "written" / "second" / "trial.json"
    model = sw.Trial.from_json(written.read_text())
    for _ in range(n):
        structure, score = space.sample(rng), rng.uniform(0.3, 0.9)
        costs = {**model.costs, "n_params": structure.measure().n_params}
        by_seed = tuple(score for _ in model.by_seed)
        study.add(
            dataclasses.replace(
                model,
                number=None,
                structure=structure,
                costs=costs,
                score=score,
                by_seed=by_seed,
                low=score,
                high=score,
            )
        )
    return study


def test_every_cost_that_a_page_of_tokens_shows_has_a_place_in_it_or_none() -> None:
    inputs = keras.Input((5,), dtype="int32")
    outputs = kl.Dense(9)(kl.Embedding(9, 4)(inputs))  # costs by token are made of others
    explorer = sw.explore(keras.Model(inputs, outputs))
    assert "flops_per_token" in explorer.exploration.lesson["costs"]
    assert "FLOPs" in twin_html(explorer.exploration)


def test_of_a_lesson_it_shows_what_that_shows_and_no_number_that_waits_for_a_prediction() -> None:
    space = residual()
    explorer = sw.explore(space, study=trials_of(space, 3), show=["levers", "n_params"], predict=True)
    costs, *others = tables(twin_html(explorer.exploration))
    assert not others
    assert [row[0] for row in costs[1:]] == ["Parameters"]
    explorer.structure = space.scaled(0.5)
    text = twin_html(explorer.exploration)
    (_, row), _ = tables(text)
    assert row == ["Parameters", "predict it", f"{space.baseline.measure().n_params:,}", ""]
    assert f"{explorer.structure.measure().n_params}" not in re.sub("<[^>]*>", " ", text)


def tables(text: str) -> list[list[list[str]]]:
    return [
        [
            [html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
            for row in re.findall(r"<tr>.*?</tr>", table)
        ]
        for table in re.findall(r"<table.*?</table>", text)
    ]


def test_its_tables_hold_the_costs_and_what_differs() -> None:
    space = residual()
    exploration = Exploration(space)
    exploration.structure = (
        space.baseline.with_width("stem", 1).with_activation("branch", "tanh").with_bias("out", False)
    )
    costs, changes = tables(twin_html(exploration))
    now, base = (each.measure(batch_size=32) for each in (exploration.structure, space.baseline))
    assert ["Parameters", f"{now.n_params:,}", f"{base.n_params:,}"] == costs[1][:3]
    by_label = {metric.label: name for name, metric in METRICS.items()}
    assert len(costs) > 7
    for label, shown, came, _ in costs[1:]:
        name = by_label[label]
        assert (shown, came) == tuple(format_exact(name, each.values[name]) for each in (now, base))
    percent = 100 * (base.n_params - now.n_params) / base.n_params
    assert percent > 10
    assert costs[1][3] == f"\N{MINUS SIGN}{percent:.0f} %"
    # A width of 1 is no "yes".
    assert changes[1:] == [
        ["stem", "width", "8", "1"],
        ["branch", "activation", "relu", "tanh"],
        ["out", "bias", "yes", "no"],
    ]


def test_the_model_as_it_came_has_nothing_that_differs() -> None:
    exploration = Exploration(residual())
    (costs,) = tables(twin_html(exploration))
    assert {row[3] for row in costs[1:]} == {"as the model"}
    assert twin_words(exploration) == "residual: the model as it came; 0 trials"


def test_a_block_that_is_left_out_is_said() -> None:
    space = residual()
    exploration = Exploration(space)
    (block,) = [name for name, each in space.blocks.items() if "back" in each.layers]
    exploration.structure = space.baseline.with_block(block, False)
    text = twin_html(exploration)
    assert [block, "kept", "yes", "no"] in tables(text)[1]
    assert "back left out" in "".join(re.findall(r'alt="([^"]*)"', text))


def test_trials_come_with_a_plot_and_the_best_first() -> None:
    space = residual()
    study = trials_of(space, 50)
    text = twin_html(Exploration(space, study=study))
    assert len(text) < 60_000
    shown = tables(text)[-1][1:]
    best = sorted(study, key=lambda trial: -trial.score)[:10]
    assert [row[0] for row in shown] == [str(trial.number) for trial in best]
    assert [row[2] for row in shown] == [f"{trial.n_params:,}" for trial in best]
    assert shown[0][3] == "the best"
    plot = re.findall(r'alt="([^"]*)"', text)[-1]
    assert "50 trials" in plot
    assert f"trial {best[0].number}:" in plot


@pytest.mark.slow
def test_a_large_model_takes_little_room() -> None:
    # Of widths that differ from one to the next, so that no layer can be left out.
    layers = [kl.Dense(3 + number % 2, name=f"a_layer_of_a_deep_network_{number}") for number in range(100)]
    space = sw.StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), *layers]))
    exploration = Exploration(space)
    exploration.structure = space.scaled(0.5)
    text = twin_html(exploration)
    assert len(text) < 60_000
    assert "the first 30 of 99" in text


def test_a_name_is_no_html() -> None:
    space = residual()
    hostile = sw.StructureSpace.from_keras(
        keras.Sequential([keras.Input((4,)), kl.Dense(3, name=HOSTILE), kl.Dense(2)], name=f"{HOSTILE} model")
    )
    exploration = Exploration(hostile)
    exploration.structure = hostile.baseline.with_width(HOSTILE, 2)
    text = twin_html(exploration)
    assert HOSTILE not in text
    assert html.escape(HOSTILE) in text
    assert set(re.findall(r"<(\w+)", text)) == set(re.findall(r"<(\w+)", twin_html(Exploration(space))))


def test_the_network_is_shown_as_a_page_drew_it_while_the_structure_is_that(monkeypatch: pytest.MonkeyPatch) -> None:
    exploration = Exploration(residual())
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><text>{HOSTILE}</text></svg>'
    exploration.picture = (exploration.structure, svg)
    shown = twin_html(exploration)
    assert "<b>Network</b>" in shown
    # In an image nothing runs, and nothing of it is the page's own HTML.
    assert "<script" not in shown
    assert HOSTILE not in shown
    pictures = [base64.b64decode(each).decode() for each in re.findall(r"base64,([^\"]+)", shown)]
    assert [each for each in pictures if "alert(1)" in each] == pictures
    exploration.structure = exploration.space.scaled(0.5)
    assert "<b>Network</b>" not in twin_html(exploration)
    assert "<b>Widths by layer</b>" in twin_html(exploration)
    monkeypatch.setattr(static_twin, "LARGEST_PICTURE", 10)
    exploration.picture = (exploration.structure, svg)
    assert "<b>Widths by layer</b>" in twin_html(exploration)
