"""The laws of the design that hold for every model, run on the whole zoo."""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import pytest
from laws import COSTS, masked, outputs_of, same_costs
from zoo import ZOO, Specimen, randomize

import structopt_widgets as sw
from structopt_widgets.keras_bridge.inheriting.importance import IMPORTANCES
from structopt_widgets.metrics.memory import tensor_bytes

RANDOM_STRUCTURES = 2  # and two more in the slow tier

Built = tuple[keras.Model, sw.StructureSpace, list[tuple[sw.Structure, keras.Model]]]


# The fast tier runs a twelfth of them.
SPECIMENS = [
    pytest.param(specimen, id=name, marks=pytest.mark.slow if index % 12 else ())
    for index, (name, specimen) in enumerate(ZOO.items())
]


# Of module scope, so that pytest runs all laws on one specimen and forgets it before it makes the next.
@pytest.fixture(scope="module", params=SPECIMENS)
def specimen(request: pytest.FixtureRequest) -> Specimen:
    """One of the zoo."""
    return request.param


@pytest.fixture(scope="module")
def built(specimen: Specimen) -> Built:
    """A specimen, its space, and its baseline and random structures with the models built for them."""
    model = specimen.make()
    space = sw.StructureSpace.from_keras(model, **specimen.reading)
    structures = [space.baseline, *(space.sample(random.Random(seed)) for seed in range(RANDOM_STRUCTURES))]
    # Inheriting is tested where it matters; for the counts a fresh model will do, in half the time.
    kinds = ["inherit", "inherit", *["fresh"] * RANDOM_STRUCTURES]
    return model, space, [(each, each.build(kind)) for each, kind in zip(structures, kinds, strict=False)]


@pytest.fixture(scope="module")
def rebuilt(specimen: Specimen, built: Built) -> keras.Model:
    """The baseline with inherited weights, all of them random, also those that a first call makes."""
    model, space, _ = built
    outputs_of(model, specimen.batch(1))
    randomize(model)
    return space.baseline.build()


def test_n_params_equals_count_params_of_the_built_model(built: Built) -> None:
    for structure, model in built[2]:
        assert structure.measure().n_params == model.count_params()


@pytest.mark.slow
def test_the_counts_of_more_random_structures(specimen: Specimen, built: Built) -> None:
    _, space, _ = built
    for seed in range(RANDOM_STRUCTURES, RANDOM_STRUCTURES + 2):
        structure = space.sample(random.Random(seed))
        model = structure.build(weights="fresh")
        assert structure.measure().n_params == model.count_params()
        assert same_costs(structure.measure(optimizer="adam"), sw.measure(model, optimizer="adam", **specimen.reading))


def test_trainable_parameters_and_weight_bytes_equal_those_of_the_built_model(built: Built) -> None:
    for structure, model in built[2]:
        cost = structure.measure()
        assert cost.n_trainable == sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
        assert cost.weight_bytes == sum(np.asarray(weight).nbytes for weight in model.weights)


def test_measuring_a_structure_equals_measuring_the_model_built_from_it(specimen: Specimen, built: Built) -> None:
    for structure, model in built[2]:
        promised = structure.measure(batch_size=4, optimizer="adam")
        found = sw.measure(model, batch_size=4, optimizer="adam", **specimen.reading)
        assert same_costs(promised, found)


def test_only_what_has_no_rule_is_uncounted(specimen: Specimen, built: Built) -> None:
    _, space, _ = built
    assert {space.graph.layers[name].kind for name in space.baseline.measure().uncounted} == specimen.uncounted


def test_every_free_width_moves_a_number(built: Built) -> None:
    _, space, _ = built
    base = space.baseline.measure().n_params
    for name, group in space.width_groups.items():
        assert group.width > 1 or group.fixed, "a group of size 1 is a width that was taken apart wrongly"
        if not group.fixed:
            assert space.baseline.with_width(name, group.upper).measure().n_params > base


def test_the_baseline_with_inherited_weights_gives_the_same_outputs(
    specimen: Specimen, built: Built, rebuilt: keras.Model
) -> None:
    batch = specimen.batch()
    expected = outputs_of(built[0], batch)
    for original, again in zip(expected, outputs_of(rebuilt, batch), strict=True):
        np.testing.assert_allclose(again, original, atol=1e-6, rtol=specimen.tolerance)
    assert all(output.std() > 0 for output in expected), "constant outputs would hide every mistake"


def test_narrowing_equals_masking_the_dropped_channels(specimen: Specimen, built: Built, rebuilt: keras.Model) -> None:
    if specimen.unmaskable:
        pytest.skip(specimen.unmaskable)
    _, space, _ = built
    rng = random.Random(7)
    narrow = space.baseline
    for name, group in space.width_groups.items():
        if not group.fixed:
            narrow = narrow.with_width(name, rng.randrange(group.lower, group.width, group.divisor))
    batch = specimen.batch()
    # Each importance has its turn; all of them on every specimen would take five times as long. The one by the loss
    # needs labels, and recomputes statistics after the cut, which masking does not.
    turns = [each for each in IMPORTANCES if each != "taylor"]
    importance = turns[list(ZOO).index(specimen.name) % len(turns)]
    weights = rebuilt.get_weights()
    rebuilt.set_weights(masked(rebuilt, narrow, importance))
    expected = outputs_of(rebuilt, batch)
    rebuilt.set_weights(weights)
    for kept, zeroed in zip(outputs_of(narrow.build(importance=importance), batch), expected, strict=True):
        np.testing.assert_allclose(kept, zeroed, atol=10 * specimen.tolerance, rtol=10 * specimen.tolerance)


@pytest.mark.usefixtures("rebuilt")  # which makes all weights random
def test_widening_keeps_the_function_except_where_it_says(specimen: Specimen, built: Built) -> None:
    model, space, _ = built
    rng = random.Random(5)
    wide = space.baseline
    for name, group in space.width_groups.items():
        if group.upper > group.width:
            wide = wide.with_width(name, rng.randrange(group.width + group.divisor, group.upper + 1, group.divisor))
    changes = wide.function_changes()
    assert {name.removeprefix("widths.") for name in changes} == specimen.cannot_grow
    for name in specimen.cannot_grow:
        wide = wide.with_width(name, space.width_groups[name].width)
    assert not wide.function_changes()
    batch = specimen.batch()
    for original, grown in zip(outputs_of(model, batch), outputs_of(wide.build(), batch), strict=True):
        np.testing.assert_allclose(grown, original, atol=specimen.tolerance, rtol=10 * specimen.tolerance)


def test_no_cost_falls_when_a_width_grows(built: Built) -> None:
    _, space, _ = built
    rng = random.Random(3)
    for name, group in space.width_groups.items():
        if group.fixed:
            continue
        widths = np.arange(group.lower, group.upper + 1, group.divisor)
        others = {
            other: np.full(len(widths), rng.randrange(each.lower, each.upper + 1, each.divisor))
            for other, each in space.width_groups.items()
            if not each.fixed
        }
        table = space.measure_many({**others, name: widths}, batch_size=2)
        for metric in COSTS:
            assert (np.diff(table[metric]) >= 0).all(), f"{metric} falls as {name} grows"
        assert table["n_params"].is_monotonic_increasing


def everything_about(model: keras.Model) -> dict[str, Any]:
    """What a user could notice about a model."""
    operations = all_operations(model)
    return {
        "built": [getattr(each, "built", None) for each in operations],
        "config": [each.get_config() for each in operations if each is not model or model.built],
        "weights": [(weight.path, weight.trainable, np.asarray(weight).tolist()) for weight in model.weights],
        "compiled": (model.compiled, model.compiled and model.get_compile_config(), getattr(model, "optimizer", None)),
        "nodes": [(each.name, len(each._inbound_nodes), len(each._outbound_nodes)) for each in operations],
        "layers": [id(layer) for layer in model.layers],
        "attributes": [sorted(vars(each)) for each in operations],
    }


def all_operations(model: keras.Model) -> list[Any]:
    inner = [*model.layers, *getattr(model, "operations", [])] if isinstance(model, keras.Model) else []
    return [model, *(each for operation in inner for each in all_operations(operation))]


def test_the_users_model_is_untouched(specimen: Specimen) -> None:
    model = specimen.make()
    before = everything_about(model)
    space = sw.StructureSpace.from_keras(model, **specimen.reading)
    sw.measure(model, **specimen.reading)
    space.sample(random.Random(0)).build()
    assert everything_about(model) == before


def test_a_structure_survives_its_json(built: Built) -> None:
    for structure, _ in built[2][:2]:
        text = structure.to_json()
        again = sw.Structure.from_json(text)
        assert again == structure
        assert again.to_json() == text
        assert again.measure(batch_size=3) == structure.measure(batch_size=3)


def test_columns_sum_to_totals(built: Built) -> None:
    _, space, structures = built
    for structure, _ in structures:
        cost = structure.measure(batch_size=5)
        table = cost.by_layer
        for metric in ("n_params", "n_trainable", "macs", "flops", "weight_bytes", "kv_cache_bytes"):
            assert table[metric].sum() == getattr(cost, metric)
        # What each layer holds throughout is there together between the passes, with the gradient of the loss.
        # At no moment is more there than what is kept, and what is alive at once: the loss holds outputs and gradients.
        kept = table["training_bytes"].sum()
        sizes = tensor_bytes(space.connected, structure.setting)
        made = 5 * sum(sizes[index] for index in space.graph.output_tensors)
        assert kept <= cost.training_bytes <= kept + max(cost.peak_activation_bytes, 2 * made)
        assert table["live_bytes"].max() == cost.peak_activation_bytes
        assert table["span"].max() <= cost.span <= table["span"].sum()
        assert cost.parallelism == max(1, cost.flops) / max(1, cost.span)
        assert cost.uncounted or (cost.span <= cost.flops and cost.parallelism >= 1)
        assert set(table.index[~table["counted"]]) == set(cost.uncounted)
