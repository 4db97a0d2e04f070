"""The page computes what Python measures: the packed program on random structures."""

from __future__ import annotations

import base64
import dataclasses
import json
import random
import zlib

import numpy as np
import pytest
from front_end import in_node, page_costs
from zoo import ZOO

from structopt_widgets.metrics import layer_metrics, model_metrics
from structopt_widgets.structure import Structure, StructureSpace, WidthGroup
from structopt_widgets.structure.allowed_widths import nearest_width
from structopt_widgets.structure.choices import CHOICES
from structopt_widgets.widgets.changes import changed, changes
from structopt_widgets.widgets.packed import packed
from structopt_widgets.widgets.page_model import page_model
from structopt_widgets.widgets.set_many import set_many

N_STRUCTURES = 400  # of each model
MODELS = ("residual_cnn", "decoder_with_tied_embeddings", "bilstm_tagger", "u_net", "unknown_layer")


@pytest.fixture(scope="module", params=MODELS)
def space(request: pytest.FixtureRequest) -> StructureSpace:
    return StructureSpace.from_keras(ZOO[request.param].make())


def test_the_page_computes_what_python_measures(space: StructureSpace) -> None:
    rng = random.Random(5)
    structures = [space.baseline, *(space.sample(rng) for _ in range(N_STRUCTURES))]
    page = page_costs(space, structures)
    for metric in model_metrics():
        measured = [getattr(structure.measure(batch_size=32), metric) for structure in structures]
        assert np.allclose([costs["totals"][metric] for costs in page], measured, rtol=1e-12, atol=0), metric
    program, layers = space.program.layers, space.graph.layers
    for structure, costs in zip(structures, page, strict=True):
        knobs = (structure.widths, structure.biases, structure.activations, structure.blocks)
        values = program(space.program.inputs(*knobs, 32, space.slots))
        for metric in layer_metrics():
            expected = [values[f"{metric}:{layer}"] for layer in layers]
            assert np.allclose(costs["layers"][metric], expected, rtol=1e-12, atol=0), metric


def test_widths_are_rounded_alike_here_and_in_the_page() -> None:
    rng = random.Random(6)
    cases: list[tuple[WidthGroup, float, int]] = []
    for _ in range(5000):
        divisor = rng.randint(1, 16)
        lower, upper = sorted(divisor * rng.randint(1, 60) for _ in range(2))
        width = rng.randrange(lower, upper + 1, divisor)
        fixed = rng.random() < 0.1
        group = WidthGroup("a", ("a",), width, lower, upper, divisor, fixed, "")
        cases.append(
            (group, rng.choice([rng.uniform(0, 1200), width * rng.choice([0.5, 0.75, 1.5])]), rng.randint(1, 32))
        )
    given = [[dataclasses.asdict(group), width, multiple] for group, width, multiple in cases]
    found = in_node("widths", "given.map(([group, width, multiple]) => nearestMultiple(width, group, multiple))", given)
    assert found == [nearest_width(group, width, multiple) for group, width, multiple in cases]


def test_the_page_tells_what_one_more_unit_costs(space: StructureSpace) -> None:
    structure = space.sample(random.Random(8), multiple_of=2)
    expression = """(() => {
        const state = new State(given.model, () => {});
        state.goTo(given.changes);
        state.compute();
        const costs = state.marginal("n_params");
        return [costs, state.total("n_params")];
    })()"""
    given = {"model": page_model(space), "changes": changes(structure)}
    costs, total = in_node("state", expression, given)
    assert total == structure.measure().n_params
    groups = list(space.width_groups.values())
    assert [cost for _, cost in costs] == sorted((cost for _, cost in costs), reverse=True)
    assert sorted(place for place, _ in costs) == [place for place, group in enumerate(groups) if not group.fixed]
    for place, cost in costs:
        group = groups[place]
        wider = dict(structure.widths) | {group.name: structure.widths[group.name] + group.divisor}
        # One step on, beyond the upper bound too.
        other = {each: getattr(structure, each) for each in CHOICES} | {"widths": wider}
        assert cost == Structure.of_allowed(space, **other).measure().n_params - total


def test_rows_and_columns_show_each_cost_once(space: StructureSpace) -> None:
    model = page_model(space)
    expression = """(() => {
        const state = new State(given, () => {});
        const columns = columnsOf(given).map(({ layers }) => layers);
        const sum = (parts) => parts.reduce((all, places) => all + state.cost("n_params", places), 0);
        return [state.parts, columns, sum(state.parts), sum(columns)];
    })()"""
    parts, columns, of_rows, of_columns = in_node("instrument", expression, model)
    assert of_rows == of_columns == space.baseline.measure().n_params
    for found in (parts, columns):
        assert sorted(place for places in found for place in places) == list(range(len(model["layers"])))
    # The layer of the row comes first, in the first of its rows.
    first: dict[int, int] = {}
    for index, row in enumerate(model["rows"]):
        first.setdefault(row["layer"], index)
    for layer, index in first.items():
        assert parts[index][0] == layer
    assert [index for index, places in enumerate(parts) if not places] == sorted(
        set(range(len(parts))) - set(first.values())
    )


def test_many_are_set_alike_here_and_in_the_page(space: StructureSpace) -> None:
    model = page_model(space)
    expression = """(() => {
        const state = new State(given, () => {});
        return bulkScopes(given).map((scope) => ["relu", "tanh", "linear"].map((activation) => {
            state.reset();
            state.setMany("activations", state.bulkPlaces("activations", scope.rows), activation);
            state.setMany("biases", state.bulkPlaces("biases", scope.rows), false);
            state.setMany("blocks", scope.blocks, false);
            return [scope.title, scope.rows, activation, state.changes()];
        })).flat();
    })()"""
    found = in_node("instrument", expression, model)
    assert found[0][0] == "all layers"
    for title, rows, activation, made in found:
        names = {model["rows"][row]["name"] for row in rows} | {
            model["layers"][model["rows"][row]["layer"]]["name"] for row in rows
        }
        layers = None if title == "all layers" else names
        own = set_many(space.baseline, layers, activation, bias=False)
        assert {**changes(own), "blocks": []} == {**made, "blocks": []}, title
        if layers is None:
            assert changes(set_many(own, kept=False)) == made


def test_changes_say_all_of_a_structure(space: StructureSpace) -> None:
    rng = random.Random(6)
    for structure in (space.baseline, *(space.sample(rng) for _ in range(20))):
        written = json.loads(json.dumps(changes(structure)))
        assert changed(space, written) == structure
    assert changes(space.baseline) == {}


def test_a_model_is_packed_without_a_loss(space: StructureSpace) -> None:
    model = page_model(space)
    text = packed(model)
    assert json.loads(zlib.decompress(base64.b64decode(text))) == json.loads(json.dumps(model))
    assert len(text) < len(json.dumps(model)) / 2
