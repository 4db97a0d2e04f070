"""The page computes what Python measures: the packed program on random structures."""

from __future__ import annotations

import base64
import dataclasses
import json
import random
import zlib

import pytest
from front_end import in_node, page_costs
from zoo import ZOO

from structopt_widgets.metrics import layer_metrics, model_metrics
from structopt_widgets.structure import StructureSpace
from structopt_widgets.widgets.changes import changed, changes
from structopt_widgets.widgets.packed import packed
from structopt_widgets.widgets.page_model import page_model

MODELS = ("residual_cnn", "decoder_with_tied_embeddings", "bilstm_tagger", "u_net", "unknown_layer")


@pytest.fixture(params=MODELS)
def space(request: pytest.FixtureRequest) -> StructureSpace:
    return StructureSpace.from_keras(ZOO[request.param].make())


def test_the_page_computes_what_python_measures(space: StructureSpace) -> None:
    rng = random.Random(5)
    structures = [space.baseline, *(space.sample(rng) for _ in range(10))]
    for structure, costs in zip(structures, page_costs(space, structures), strict=True):
        report = structure.measure(batch_size=32)
        for metric in model_metrics():
            assert costs["totals"][metric] == pytest.approx(getattr(report, metric), rel=1e-12), metric
        program = space.program.layers(
            space.program.inputs(
                structure.widths, structure.biases, structure.activations, structure.blocks, 32, space.slots
            )
        )
        for metric in layer_metrics():
            expected = [program[f"{metric}:{layer}"] for layer in space.graph.layers]
            assert costs["layers"][metric] == pytest.approx(expected, rel=1e-12), metric


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
        assert cost == dataclasses.replace(structure, widths=wider).measure().n_params - total


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
