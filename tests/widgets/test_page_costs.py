"""The page computes what Python measures: the packed program on random structures."""

from __future__ import annotations

import base64
import json
import random
import zlib

import pytest
from front_end import page_costs
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
