"""A model of more layers than a screen holds: folded by block, searched, and stepped by multiples."""

from __future__ import annotations

import json
from typing import Any

import keras
import pytest
from front_end import in_node
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.structure import StructureSpace
from structopt_widgets.widgets.page_model import page_model

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


def in_page(space: StructureSpace, expression: str) -> Any:
    """The value of an expression over ``model`` and ``tree``, how its rows fold."""
    return in_node(
        "levers_tree",
        f"(({{ model, tree }}) => {expression})({{ model: given, tree: leversTree(given) }})",
        page_model(space),
    )


NAMES = "(rows) => rows.map((row) => model.rows[row].name)"


@pytest.mark.slow
def test_rows_fold_by_block_with_the_heaviest_open(space: StructureSpace) -> None:
    titles = ["stem", *(f"block {number}" for number in range(6)), "head"]
    assert in_page(space, "tree.root.items.map((node) => node.title)") == titles
    sizes = [float(each) for each in space.baseline.measure().by_layer["n_params"]]
    heaviest = in_page(space, f"openAtFirst(tree, (layer) => {json.dumps(sizes)}[layer])")
    assert heaviest == ["section block 1"]
    rows = in_page(space, f"({NAMES})(rowsOf(tree.nodes.get('section block 1')))")
    assert rows == ["block_1_up", "block_1_relu", "block_1_down", "block_1_out"]


def test_a_block_that_is_a_section_has_its_switch_in_the_head(space: StructureSpace) -> None:
    blocks = in_page(space, "tree.root.items.map((node) => node.block)")
    titles = [space.blocks[name].title for name in space.blocks]
    assert [None if each is None else titles[each] for each in blocks] == [
        None,
        *(f"block {number}" for number in range(6)),
        None,
    ]
    assert in_page(space, 'JSON.stringify(tree.root).includes(\'"items":[{"block"\')') is False


def test_search_looks_at_titles_and_names(space: StructureSpace) -> None:
    def found(text: str) -> list[str]:
        return in_page(space, f"({NAMES})(foundRows(model, {json.dumps(text)}))")

    assert found("Residual") == ["stem", *(f"block_{number}_down" for number in range(6))]
    assert found("block_2_") == ["block_2_up", "block_2_relu", "block_2_down", "block_2_out"]
    assert found("block 4 up") == ["block_4_up"]
    assert found("zzz") == []
    assert len(found("")) == len(page_model(space)["rows"]) == 26


def test_what_was_opened_folds_under_its_name() -> None:
    class Own(keras.layers.Layer):
        """Two layers of a user's own."""

        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.up, self.down = kl.Dense(8, name="up"), kl.Dense(6, name="down")

        def call(self, inputs: Any) -> Any:
            return self.down(keras.ops.relu(self.up(inputs)))

    inputs = keras.Input((6,))
    x = kl.Dense(5, name="before")(Own(name="own")(inputs))
    space = StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(x)))
    titles = "tree.root.items.map((item) => item.title ?? model.rows[item.row]?.name)"
    assert in_page(space, titles) == ["own", "before", "out"]
    assert in_page(space, f"({NAMES})(rowsOf(tree.root.items[0]))") == ["up", "down"]
    # All of a small model is open.
    assert in_page(space, "openAtFirst(tree, () => 0)") == ["/own"]


def test_controls_work_before_a_row_is_shown(explorer: sw.Explorer) -> None:
    explorer.controls["block_4_up"].width.value = 5
    assert explorer.structure.widths["block_4_up"] == 5
    assert explorer.controls["block_4_down"].width is explorer.controls["stem"].width


def test_the_slider_is_named_for_people(explorer: sw.Explorer) -> None:
    assert explorer.controls["stem"].width.description == "width of residual"
    first = page_model(explorer.space)["groups"][0]
    assert (first["title"], first["name"], first["width"], first["lower"], first["upper"], first["divisor"]) == (
        "residual",
        "stem",
        10,
        1,
        20,
        1,
    )


def test_steps_move_nothing_but_bind_the_multiplier(explorer: sw.Explorer) -> None:
    controls, space = explorer.controls, explorer.space
    for name, width in {"stem": 3, "block_0_up": 30, "block_1_up": 80, "block_5_up": 55}.items():
        controls[name].width.value = width
    before = explorer.structure
    for multiple in (8, 64, 16):
        controls.snap.value = multiple
        assert explorer.structure == before
        assert explorer.instrument.settings["multiple_of"] == multiple
    controls.multiplier.value = 0.6
    assert explorer.structure.widths == space.scaled(0.6, multiple_of=16).widths
    explorer.reset()
    assert explorer.structure == space.baseline


@pytest.mark.parametrize("multiple", [1, 8, 16, 64])
def test_the_page_scales_as_python_does(space: StructureSpace, multiple: int) -> None:
    factors = [0.05, 0.3, 0.55, 0.9, 1.0, 1.35, 2.0]
    expression = """(() => {
        const state = new State(given.model, () => {});
        state.setting({ multiple_of: given.multiple });
        const places = given.model.groups.map((_, place) => place);
        return given.factors.map((factor) => {
            state.scale(places, factor, "");
            const free = places.filter((each) => !given.model.groups[each].fixed);
            return [[...state.now.widths], state.factorOf(free, "")];
        });
    })()"""
    found = in_node("state", expression, {"model": page_model(space), "multiple": multiple, "factors": factors})
    for factor, (widths, shown) in zip(factors, found, strict=True):
        assert widths == list(space.scaled(factor, multiple_of=multiple).widths.values())
        assert shown == factor


@pytest.mark.parametrize("layers", [1, 30])
def test_a_block_without_a_row_of_its_own_has_its_switch_over_the_next(layers: int) -> None:
    inputs = x = keras.Input((6,))
    for number in range(layers):
        x = kl.Dense(6 + number % 2, name=f"dense_{number}")(x)
    x = kl.Add(name="doubled")([x, kl.ReLU()(x)])
    space = StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(x)))
    of_node = "[node.block, ...node.items.map((item) => item.items ? null : item.block)]"
    switches = f"[tree.root, ...tree.nodes.values()].flatMap((node) => {of_node})"
    found = [each for each in in_page(space, switches) if each is not None]
    assert sorted(found) == list(range(len(space.blocks)))
    assert "doubled" in space.blocks
