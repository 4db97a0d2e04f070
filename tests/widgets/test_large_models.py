"""A model of more layers than a screen holds: folded by block, searched, and stepped by multiples."""

from __future__ import annotations

import ipywidgets
import keras
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.structure import StructureSpace

WIDTHS = (20, 40, 24, 32, 16, 28)


@pytest.fixture(scope="module")
def space() -> StructureSpace:
    """Six residual blocks of two widths each, the second the heaviest."""
    inputs = keras.Input((8,))
    x = kl.Dense(10, name="stem")(inputs)
    for number, width in enumerate(WIDTHS):
        y = kl.Dense(width, name=f"block_{number}_up")(x)
        y = kl.Activation("relu", name=f"block_{number}_relu")(y)
        x = kl.Add(name=f"block_{number}_add")([x, kl.Dense(10, name=f"block_{number}_down")(y)])
        x = kl.Activation("tanh", name=f"block_{number}_out")(x)
    model = keras.Model(inputs, kl.Dense(3, name="classes")(x), name="blocks")
    return StructureSpace.from_keras(model)


@pytest.fixture
def explorer(space: StructureSpace) -> sw.Explorer:
    return sw.explore(space)


def opened(explorer: sw.Explorer) -> list[str]:
    return [title for title, view in explorer.controls.grid.sections.items() if view.is_open]


def test_rows_fold_by_block_with_the_heaviest_open(explorer: sw.Explorer) -> None:
    grid = explorer.controls.grid
    assert list(grid.sections) == ["stem", *(f"block {number}" for number in range(6)), "head"]
    assert opened(explorer) == ["block 1"]
    assert grid.shown == ["block_1_up", "block_1_relu", "block_1_down", "block_1_out"]
    sizes = explorer.space.baseline.measure().by_layer["n_params"]
    share = 100 * (sizes["block_1_up"] + sizes["block_1_down"]) / sizes.sum()
    assert grid.sections["block 1"].button.description == f"block 1: 1 slider, {share:.0f} % of the parameters"


def test_a_section_opens_and_closes_and_says_so(explorer: sw.Explorer) -> None:
    view = explorer.controls.grid.sections["block 3"]
    assert len(view.children) == 1
    assert view.button.tooltip == "closed; press to open"
    view.button.value = True
    assert view.button.tooltip == "open; press to close"
    lines = view.children[1]
    assert explorer.controls["block_3_up"].width in lines.children
    view.button.value = False
    assert view.children == (view.head,)
    view.button.value = True
    assert view.children[1] is lines


def test_controls_work_in_closed_sections(explorer: sw.Explorer) -> None:
    explorer.controls["block_4_up"].width.value = 5
    assert explorer.structure.widths["block_4_up"] == 5
    assert opened(explorer) == ["block 1"]
    assert explorer.controls["block_4_down"].width is explorer.controls["stem"].width


def test_search_looks_at_titles_and_names_and_gives_back_what_was_open(explorer: sw.Explorer) -> None:
    grid = explorer.controls.grid
    grid.sections["block 5"].is_open = True
    grid.search.value = "Residual"
    assert grid.shown == ["stem", *(f"block_{number}_down" for number in range(6))]
    grid.search.value = "block_2_"
    assert grid.shown == ["block_2_up", "block_2_relu", "block_2_down", "block_2_out"]
    grid.search.value = "block 4 up"
    assert grid.shown == ["block_4_up"]
    grid.search.value = "zzz"
    assert grid.shown == []
    assert grid._count.value == "0 lines in 0 parts"
    grid.search.value = ""
    assert opened(explorer) == ["block 1", "block 5"]


def test_a_search_that_finds_much_draws_only_what_fits(explorer: sw.Explorer) -> None:
    grid = explorer.controls.grid
    grid.search.value = "l"  # of "classes", "block" and "residual": every line
    assert 0 < len(grid.shown) <= 24
    assert sum(len(view.shown) for view in grid.sections.values()) == len(explorer.controls) == 26


def test_the_slider_is_named_for_people(explorer: sw.Explorer) -> None:
    grid = explorer.controls.grid
    assert explorer.controls["stem"].width.description == "width of residual"
    grid.search.value = "stem"
    label = grid.sections["stem"].children[1].children[0]
    assert label.value == "residual\nstem"
    assert label.tooltip == "stem, " + ", ".join(f"block_{number}_down" for number in range(6))


def test_steps_move_nothing_but_bind_the_multiplier(explorer: sw.Explorer) -> None:
    controls, space = explorer.controls, explorer.space
    for name, width in {"stem": 3, "block_0_up": 30, "block_1_up": 80, "block_5_up": 55}.items():
        controls[name].width.value = width
    before = explorer.structure
    for multiple in (8, 64, 16):
        controls.snap.value = multiple
        assert explorer.structure == before
    controls.multiplier.value = 0.6
    assert explorer.structure.widths == space.scaled(0.6, multiple_of=16).widths
    controls.reset.click()
    assert explorer.structure == space.baseline


def test_the_browser_is_given_what_snaps_a_slider(explorer: sw.Explorer) -> None:
    panel, controls = explorer.panel, explorer.controls
    assert panel.multiplier["snap"] == {"control": controls.snap.model_id, "table": [1, 8, 16, 32, 64]}
    first = panel.multiplier["groups"][0]
    assert first == {"control": controls["stem"].width.model_id, "width": 10, "lower": 1, "upper": 20, "divisor": 1}


def test_every_control_has_a_label(explorer: sw.Explorer) -> None:
    controls = explorer.controls
    labels = [
        control.description for control in (controls.multiplier, controls.snap, controls.reset, controls.grid.search)
    ]
    buttons = [view.button.description for view in controls.grid.sections.values()]
    assert all([*labels, *buttons])
    assert len(set(buttons)) == len(buttons)


@pytest.mark.parametrize("layers", [1, 30])
def test_a_block_without_a_line_of_its_own_has_its_switch_over_the_next(layers: int) -> None:
    inputs = x = keras.Input((6,))
    for number in range(layers):
        x = kl.Dense(6 + number % 2, name=f"dense_{number}")(x)
    x = kl.Add(name="doubled")([x, kl.ReLU()(x)])
    explorer = sw.explore(keras.Model(inputs, kl.Dense(2, name="out")(x)))
    for view in explorer.controls.grid.sections.values():
        view.is_open = True
    assert explorer.controls.blocks["doubled"] in every_widget(explorer.controls.view)


def every_widget(widget: ipywidgets.Widget) -> list[ipywidgets.Widget]:
    return [widget, *(each for child in getattr(widget, "children", ()) for each in every_widget(child))]
