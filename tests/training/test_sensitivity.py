"""What cutting a width loses, held against cuts made by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.training.sensitivity import InheritedScores


@pytest.fixture(scope="module")
def data() -> sw.Data:
    x = np.random.default_rng(0).normal(size=(400, 4)).astype("float32")
    return sw.Data(x, (x[:, 0] > 0).astype(int))


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Class 1 where the first input is positive: unit 0 of "a" alone carries it, and half of "b"."""
    model = keras.Sequential([keras.Input((4,)), kl.Dense(4, name="a"), kl.Dense(4, name="b"), kl.Dense(2, name="out")])
    a, b, out = np.zeros((4, 4)), np.zeros((4, 4)), np.zeros((4, 2))
    a[0, 2] = 1  # the unit that counts is the third
    b[2, :2] = 1
    out[:2, 1] = 1
    model.set_weights([a, np.zeros(4), b, np.zeros(4), out, np.zeros(2)])
    return model


def accuracy(model: keras.Model, data: sw.Data) -> float:
    return float(np.mean(np.asarray(model(data.x_val)).argmax(axis=1) == data.y_val))


@pytest.mark.slow
def test_a_cut_is_scored_as_the_model_built_by_hand(model: keras.Model, data: sw.Data) -> None:
    space = sw.StructureSpace.from_keras(model)
    # The first units stay, whatever they do: of "a" the unit that counts is gone at half of its width.
    found = sw.sensitivity(space, data, ratios=(0.75, 0.5, 0.25), importance="first")
    assert found.score == accuracy(model, data) == 1.0
    for row in found.table.itertuples():
        cut = space.baseline.with_width(row.group, row.width).build(importance="first")
        assert row.score == accuracy(cut, data)
        assert row.lost == found.score - row.score
    lost = found.table.set_index(["group", "width"])["lost"]
    assert lost["b"].tolist() == [0, 0, 0]
    assert lost["a", 3] == 0
    assert lost["a", 2] == lost["a", 1] == 1 - np.mean(data.y_val == 0)


@pytest.mark.slow
def test_units_that_count_are_kept_by_default_and_the_model_is_untouched(model: keras.Model, data: sw.Data) -> None:
    before = [each.copy() for each in model.get_weights()]
    found = sw.sensitivity(model, data)
    assert found.table["lost"].tolist() == [0] * 6
    assert found.table["ratio"].tolist() == [0.75, 0.5, 0.25] * 2
    assert found.table["width"].tolist() == [3, 2, 1] * 2
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True))


def test_progress_and_stopping(model: keras.Model, data: sw.Data) -> None:
    seen: list[tuple[int, int]] = []
    found = sw.sensitivity(
        model, data, importance="l2", on_progress=lambda *at: seen.append(at), should_stop=lambda: len(seen) == 2
    )
    assert seen == [(1, 6), (2, 6)]
    assert len(found.table) == 2


def test_equal_widths_are_one_row_and_a_budget_goes_by_the_table(model: keras.Model, data: sw.Data) -> None:
    found = sw.sensitivity(model, data, ratios=(0.5, 0.45, 0.3), importance="first")
    assert found.table["width"].tolist() == [2, 1, 2, 1]
    fitted = sw.StructureSpace.from_keras(model).fit({"n_params": 45}, sensitivity=found)
    # "a" loses what counts when it is halved, "b" nothing: 4 a + a + a b + b + 2 b + 2 <= 45.
    assert fitted.widths["a"] == 4
    assert fitted.widths["b"] == (45 - 22) // 7


def test_a_structure_is_previewed_by_what_it_inherits(model: keras.Model, data: sw.Data) -> None:
    space = sw.StructureSpace.from_keras(model)
    assert sw.inherited_score(space.baseline, data) == 1.0
    cut = space.baseline.with_width("a", 1)
    assert sw.inherited_score(cut, data, importance="first") == accuracy(cut.build(importance="first"), data) < 1


@pytest.mark.slow
def test_structures_looked_at_one_after_another_score_as_each_alone(model: keras.Model, data: sw.Data) -> None:
    """What was traced for one serves the next, until the model is trained on."""
    own = keras.models.clone_model(model)
    own.set_weights(model.get_weights())
    space = sw.StructureSpace.from_keras(own)
    scores = InheritedScores(space, data, None)
    cuts = [space.baseline.with_width("a", 2), space.baseline.with_width("b", 1), space.scaled(0.5), space.scaled(0.3)]
    for flipped in (False, True):
        if flipped:  # the classes change places, and another unit of "a" is the one that counts
            a, *rest, out, bias = own.get_weights()
            own.set_weights([a[:, [2, 1, 0, 3]], rest[0], rest[1][[2, 1, 0, 3]], rest[2], -out, bias])
        alone = [sw.inherited_score(cut, data) for cut in cuts]
        assert [scores(cut) for cut in cuts] == alone
        assert min(alone) >= 0.0
        assert (scores(space.baseline) == 1.0) is not flipped
        kept = cuts[0].build(importance="taylor", data=data).get_weights()[0]
        assert np.count_nonzero(kept) == 1  # the unit that counts stays, wherever it is now
