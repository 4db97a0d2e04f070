"""Where the columns of the picture stand: branches, what wires skip, attention, and time under it."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from front_end import in_node
from keras import layers as kl
from zoo import ZOO

from structopt_widgets.structure import StructureSpace
from structopt_widgets.widgets.page_model import page_model

PICTURE = """(() => {
    const columns = columnsOf(given);
    const { ranks, wires, feeders } = ranksOf(given, columns);
    const layout = laidOut(columns, ranks, 1000, columns.length <= FEW);
    return { columns, ranks, wires, feeders, layout, times: timeline(columns, ranks, layout, 1000) };
})()"""
MODELS = ("residual_cnn", "decoder_with_tied_embeddings", "bilstm_tagger", "u_net", "unknown_layer", "siamese")


def picture(space: StructureSpace) -> dict[str, Any]:
    """The picture of a model, with its columns by the names of their layers."""
    model = page_model(space)
    found: dict[str, Any] = in_node("picture_layout", PICTURE, model)
    names = [model["layers"][column["layer"]]["name"] for column in found["columns"]]
    found["names"] = [[names[column] for column in rank] for rank in found["ranks"]]
    found["skips"] = sorted(
        (names[wire["columns"][0]], wire["from"], wire["to"], wire["into"] is not None) for wire in found["wires"]
    )
    return found


@pytest.mark.parametrize("name", [name for name in MODELS if name in ZOO])
def test_every_layer_has_one_place_and_time_runs_on(name: str) -> None:
    space = StructureSpace.from_keras(ZOO[name].make())
    found = picture(space)
    layers = sorted(layer for column in found["columns"] for layer in column["layers"])
    assert layers == list(range(len(space.graph.layers)))
    places = sorted(column for rank in found["ranks"] for column in rank)
    assert places == list(range(len(found["columns"])))
    rank_of = {column: rank for rank, inside in enumerate(found["ranks"]) for column in inside}
    for column, feeders in enumerate(found["feeders"]):
        assert all(rank_of[each] == rank_of[column] - 1 for each in feeders)
    assert all(wire["from"] < wire["to"] for wire in found["wires"])
    ends = [each["x"] + each["breadth"] for each in found["layout"]]
    assert all(end <= after["x"] + 1e-9 for end, after in zip(ends, found["layout"][1:], strict=False))
    assert ends[-1] == pytest.approx(1000)
    assert found["times"][0] == 0
    assert found["times"] == sorted(found["times"])


def test_branches_stand_above_one_another() -> None:
    inputs = keras.Input((16, 16, 8))
    short = kl.Conv2D(4, 1, name="short")(inputs)
    long = kl.Conv2D(4, 3, padding="same", name="long_2")(kl.Conv2D(6, 1, name="long_1")(inputs))
    x = kl.Concatenate(name="both")([short, long])
    found = picture(StructureSpace.from_keras(keras.Model(inputs, kl.Conv2D(3, 1, name="after")(x))))
    first, *rest = found["names"]
    assert len(first) == 1
    assert [sorted(rank) for rank in rest] == [["long_1", "short"], ["long_2"], ["after"]]
    # The short branch goes over the second layer of the long one, and joins behind it.
    assert found["skips"] == [("short", 1, 2, False)]
    # What is worked on at one place, one after another, shares its span; the layers after it are as they stand.
    starts = dict(zip([column["layer"] for column in found["columns"]], found["times"], strict=True))
    spans = sorted(starts.values())
    assert spans[0] == 0
    assert spans[-1] == pytest.approx(found["layout"][-1]["x"])


def test_a_shortcut_is_a_wire_over_its_block() -> None:
    inputs = keras.Input((8,))
    x = kl.Dense(6, name="before")(inputs)
    y = kl.Dense(6, name="down")(kl.Dense(12, name="up")(x))
    x = kl.Add(name="sum")([x, y])
    found = picture(StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(x))))
    assert found["names"][1:] == [["before"], ["up"], ["down"], ["out"]]
    assert found["skips"] == [("before", 1, 3, False)]


def test_nested_wires_lie_over_one_another() -> None:
    inputs = keras.Input((8,))
    one = kl.Dense(6, name="one")(inputs)
    two = kl.Dense(6, name="two")(one)
    inner = kl.Add()([two, kl.Dense(6, name="four")(kl.Dense(6, name="three")(two))])
    x = kl.Add()([one, inner])
    found = picture(StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(x))))
    levels = {(wire["from"], wire["to"]): wire["level"] for wire in found["wires"]}
    assert levels == {(2, 4): 0, (1, 4): 1}


def test_an_attention_is_its_heads_by_their_size() -> None:
    inputs = keras.Input((10, 12))
    x = kl.MultiHeadAttention(3, 5, name="attention")(inputs, inputs)
    space = StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(x)))
    found = picture(space)
    (attention,) = [each for each in found["columns"] if each["kind"] == "MultiHeadAttention"]
    groups = list(space.width_groups)
    assert (groups[attention["group"]], groups[attention["size"]]) == ("attention heads", "attention head size")
    assert attention["width"] == 3 * 5


@pytest.mark.slow  # what may be left out of 130 blocks is much to record
def test_of_hundreds_of_layers_each_block_is_one_column() -> None:
    inputs = keras.Input((4,))
    x = inputs
    for number in range(130):
        y = kl.Dense(6, name=f"block_{number}_up")(x)
        x = kl.Add(name=f"block_{number}_add")([x, kl.Dense(4, name=f"block_{number}_down")(y)])
    space = StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(x)))
    found = picture(space)
    assert len(found["columns"]) == len(space.sections)
    assert sorted(layer for column in found["columns"] for layer in column["layers"]) == list(
        range(len(space.graph.layers))
    )
    # Its widest stands for it.
    assert {column["width"] for column in found["columns"][1:-1]} == {6}
    assert found["times"] == pytest.approx([each["x"] for each in found["layout"]])


@pytest.mark.slow
def test_many_blocks_fold_by_tens() -> None:
    inputs = keras.Input((4,))
    x = inputs
    for number in range(1, 31):
        y = kl.Dense(6, name=f"block_{number}_up")(x)
        x = kl.Add(name=f"block_{number}_add")([x, kl.Dense(4, name=f"block_{number}_down")(y)])
    space = StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(x)))
    expression = "leversTree(given).root.items.map((node) => [node.title, node.items.length])"
    titles = dict(in_node("levers_tree", expression, page_model(space)))
    assert {title: titles[title] for title in titles if title.startswith("blocks")} == {
        "blocks 1 to 10": 10,
        "blocks 11 to 20": 10,
        "blocks 21 to 30": 10,
    }


def test_no_wire_comes_from_what_only_a_weight_feeds() -> None:
    def layer(kind: str, group: int | None, *inputs: int) -> dict[str, Any]:
        return {"kind": kind, "group": group, "shape": [4], "inputs": inputs}

    group = {"label": None, "layers": [3], "width": 4}
    layers = [layer("InputLayer", None), layer("Weight", None), layer("Exp", None, 1), layer("Dense", 0, 0)]
    given = {"layers": [*layers, layer("Add", None, 3, 2)], "groups": [group], "sections": [], "rows": []}
    found = in_node("picture_layout", "ranksOf(given, columnsOf(given))", given)
    assert found["ranks"] == [[0], [1]]
    assert all(wire["columns"] for wire in found["wires"])


@pytest.mark.slow
def test_of_many_blocks_those_that_are_open_are_drawn_by_their_layers() -> None:
    inputs = keras.Input((6,))
    x = kl.Dense(8, name="stem")(inputs)
    for block in range(1, 61):
        x = kl.Add()([x, kl.Dense(8)(kl.Dense(16, name=f"inner_{block}")(x))])
    model = page_model(StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(x))))
    script = """(() => {
        const columns = columnsOf(given.model, new Set(given.open));
        return { columns, ...ranksOf(given.model, columns) };
    })()"""

    def drawn(*blocks: int) -> dict[str, Any]:
        keys = [f"section block {block}" for block in blocks]
        found: dict[str, Any] = in_node("picture_layout", script, {"model": model, "open": keys})
        layers = sorted(layer for column in found["columns"] for layer in column["layers"])
        assert layers == list(range(len(model["layers"])))
        assert sorted(column for rank in found["ranks"] for column in rank) == list(range(len(found["columns"])))
        return found

    def unfolded(found: dict[str, Any]) -> set[str]:
        names = {model["layers"][each["layer"]]["name"] for each in found["columns"] if not each.get("isBlock")}
        return {name for name in names if name.startswith("inner_")}

    folded, some = drawn(), drawn(7, 9)
    assert unfolded(folded) == set()
    assert unfolded(some) == {"inner_7", "inner_9"}
    assert len(some["columns"]) == len(folded["columns"]) + 2
    # What a block skips is drawn where it is open.
    assert [len(each["wires"]) for each in (folded, some)] == [0, 2]
    # The latest that there is room for.
    many = unfolded(drawn(*range(1, 61)))
    assert "inner_60" in many
    assert 2 < len(many) < 60


def words(breadths: list[float], texts: list[list[str]], numbers: list[int] | None = None) -> list[str]:
    """The words that stand over or under items side by side, none on another."""
    items: list[dict[str, Any]] = []
    for place, (breadth, own) in enumerate(zip(breadths, texts, strict=True)):
        x = items[-1]["end"] if items else 0
        numbered = {} if numbers is None else {"number": numbers[place], "kind": 0}
        items.append({"x": x, "end": x + breadth, "texts": own, **numbered})
    found = in_node(
        "picture_labels", "fittingWords(given.items, given.breadth)", {"items": items, "breadth": items[-1]["end"]}
    )
    return [text for _, text in found]


def test_numbers_that_have_no_room_are_left_out_evenly() -> None:
    # "9" has room in 15 pixels and "10" has not: what is left out does not begin there.
    count = list(range(1, 19))
    assert words([15] * 18, [[str(each)] for each in count], count) == [str(each) for each in range(1, 19, 2)]
    # Where the whole word has no room the number alone may.
    titles = [[f"block {each}", str(each)] for each in (8, 9, 10, 11)]
    assert words([60, 60, 30, 30], titles, [8, 9, 10, 11]) == ["block 8", "block 9", "10", "11"]
    # Three digits have room in ten items, 24 pixels. The first says what is numbered: 7 letters of 6.6 pixels around
    # its middle reach over 10, which stands from 19 to 32.
    many = list(range(500))
    found = words([2.4] * 500, [[f"block {each}", str(each)] for each in many], many)
    assert found[0] == "block 0"
    numbers = [int(each) for each in found[1:]]
    assert numbers == list(range(20, 500, 10))
    # "100" begins at 297 of 300 pixels, at its item's left edge, and would end over the edge of the picture.
    edge = [
        {
            "x": 3 * at,
            "end": 3 * at + 3,
            "isLeft": True,
            "number": at + 1,
            "kind": "",
            "texts": [f"block {at + 1}", str(at + 1)],
        }
        for at in range(100)
    ]
    shown = in_node("picture_labels", "fittingWords(given, 300)", edge)
    assert [text for _, text in shown] == ["block 1", "20", "30", "40", "50", "60", "70", "80", "90"]


def test_a_name_may_stand_over_neighbours_that_have_none() -> None:
    # "second" is 40 pixels, from 55 to 95 over "third", which goes, and 10 from "a", which ends at 33. "sixth" would
    # stand over the edge of the picture.
    texts = [["a"], ["second"], ["third"], ["fourth"], ["fifth"], ["sixth"]]
    assert words([60, 30, 20, 20, 60, 24], texts) == ["a", "second", "fifth"]
    # A number by itself says nothing.
    assert words([60, 20], [["stage 2", "2"], ["stage 4", "4"]], [2, 4]) == ["stage 2"]


def test_the_text_of_a_peak_is_beside_it_and_not_on_the_name_of_its_strip() -> None:
    called, texts = "a" * 23, ["b" * 66, "c" * 14]
    breadths = (300, 500, 600, 700, 764, 1244, 1884)
    given = [[texts, peak, called, breadth] for breadth in breadths for peak in range(0, breadth + 1, 4)]
    found = in_node("picture_memory", "given.map((each) => peakText(...each))", given)
    shown: dict[int, set[str]] = {breadth: set() for breadth in breadths}
    for (_, peak, _, breadth), each in zip(given, found, strict=True):
        long = 6.6 * len(each["text"])
        start = each["x"] - (long if each["anchor"] == "end" else 0)
        assert start >= 6.6 * len(called), (breadth, peak)
        assert start + long <= breadth, (breadth, peak)
        shown[breadth].add(each["text"])
    # 436 pixels beside 152 of the name: never in 500, always in 1,244 (then one of both sides has room for it).
    assert shown[500] == {texts[1]}
    assert shown[764] == set(texts)
    assert shown[1244] == {texts[0]}


@pytest.mark.parametrize(
    ("sides", "words"),
    [([], ""), ([1, 1], ""), ([48], "48 positions"), ([56, 56], "56²"), ([32, 48], "32 × 48"), ([8, 8, 8], "8³")],  # noqa: RUF001 - a product
)
def test_the_size_of_a_map_is_said_as_it_is(sides: list[int], words: str) -> None:
    assert in_node("picture_labels", "sizeWords(given)", sides) == words
