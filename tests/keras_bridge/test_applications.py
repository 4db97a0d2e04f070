"""Every constructor of ``keras.applications``: read, counted, rebuilt at random widths, run."""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import pytest

import structopt_widgets as sw

CONSTRUCTORS = sorted(name for name in dir(keras.applications) if name[0].isupper())
# The free width groups a prototype found, several of them counted by hand.
GROUPS = {
    "ConvNeXtBase": 40,
    "ConvNeXtTiny": 22,
    "DenseNet121": 120,
    "EfficientNetB0": 40,
    "EfficientNetB7": 115,
    "InceptionV3": 94,
    "MobileNet": 14,
    "MobileNetV2": 25,
    "MobileNetV3Large": 30,
    "MobileNetV3Small": 27,
    "NASNetMobile": 128,
    "ResNet101": 71,
    "ResNet152": 105,
    "ResNet50": 37,
    "VGG16": 15,
    "Xception": 28,
}
# Published parameters and multiply-accumulates of convolutions and dense layers, one image of 224 x 224.
PUBLISHED = {
    "ConvNeXtTiny": (28_589_128, 4_455_531_264),
    "DenseNet121": (8_062_504, 2_834_161_664),
    "EfficientNetB0": (5_330_571, 385_814_752),
    "MobileNetV2": (3_538_984, 300_774_272),
    "ResNet50": (25_636_712, 3_857_973_248),
    "VGG16": (138_357_544, 15_470_264_320),
}


# The smallest network of each family. Larger siblings are more of the same calls: structures of theirs are exhaustive.
FAMILIES = (
    "ConvNeXtTiny",
    "DenseNet121",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "EfficientNetV2S",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "NASNetMobile",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
    "Xception",
)
SMALLEST = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}  # of any image; 32 elsewhere


def make(name: str, **settings: Any) -> keras.Model:
    # Made for any size of image, it has to be told one.
    size = {"input_shape": (224, 224, 3)} if name.startswith("MobileNetV3") else {}
    return getattr(keras.applications, name)(weights=None, **{**size, **settings})


def make_small(name: str) -> keras.Model:
    size = SMALLEST.get(name, 32)
    return make(name, input_shape=(size, size, 3))


def image_for(model: keras.Model) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (1, *model.input_shape[1:])).astype("float32")


def agrees_with_its_model(structure: sw.Structure, built: keras.Model) -> bool:
    """Whether the numbers promised are those of the model that was built, read again."""
    again = sw.StructureSpace.from_keras(built)
    free = next(name for name, group in again.width_groups.items() if not group.fixed)
    # Many at once, even if it is one, need no program of their own: recording it takes longer than reading.
    found = again.measure_many({free: np.array([again.width_groups[free].width])}).iloc[0]
    promised = structure.measure()
    assert built.count_params() == promised.n_params
    assert {metric: getattr(promised, metric) for metric in found.index} == found.to_dict()
    return True


def test_all_forty_are_here() -> None:
    assert len(CONSTRUCTORS) == 40
    assert set(FAMILIES) < set(CONSTRUCTORS)


def counts_hold(name: str, n_structures: int) -> None:
    """Of the model as it comes, and of some structures of it that are built and read again."""
    with sw.without_weights():
        model = make(name)
        space = sw.StructureSpace.from_keras(model)
        cost = space.baseline.measure()
        assert cost.n_params == model.count_params()
        assert not cost.uncounted
        assert (cost.n_params, cost.macs) == PUBLISHED.get(name, (cost.n_params, cost.macs))
        free = [group for group in space.width_groups.values() if not group.fixed]
        assert len(free) == GROUPS.get(name, len(free))
        assert min(group.width // group.divisor for group in free) > 1
        rng = random.Random(name)
        for _ in range(n_structures):
            structure = space.sample(rng)
            assert agrees_with_its_model(structure, structure.build(weights="fresh"))


@pytest.mark.slow
@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_counts_hold(name: str) -> None:
    counts_hold(name, 2 if name in FAMILIES else 0)


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted({*CONSTRUCTORS} - {*FAMILIES}))
def test_counts_of_larger_siblings_hold_at_random_widths(name: str) -> None:
    counts_hold(name, 1)


def narrow_random(space: sw.StructureSpace, rng: random.Random) -> sw.Structure:
    """At most a quarter of every width, and some blocks left out: quick to run."""
    structure = space.scaled(1e-9)
    for group in space.width_groups.values():
        if not group.fixed:
            most = max(group.lower, group.width // 4)
            structure = structure.with_width(group.name, rng.randrange(group.lower, most + 1, group.divisor))
    for block in space.blocks:
        structure = structure.with_block(block, rng.random() < 0.7)
    return structure


def runs_and_agrees(structure: sw.Structure) -> bool:
    built = structure.build(weights="fresh")
    assert agrees_with_its_model(structure, built)
    assert np.isfinite(np.asarray(built(image_for(built)))).all()
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_a_narrow_random_one_runs(name: str) -> None:
    with sw.without_weights():
        space = sw.StructureSpace.from_keras(make_small(name))
    assert runs_and_agrees(narrow_random(space, random.Random(name)))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_five_random_structures_with_and_without_the_top(name: str) -> None:
    rng = random.Random(name)
    for include_top in (True, False):
        with sw.without_weights():
            model = make_small(name) if include_top else make(name, include_top=False, input_shape=(224, 224, 3))
            space = sw.StructureSpace.from_keras(model)
            assert space.baseline.measure().n_params == model.count_params()
            for _ in range(5):
                structure = space.sample(rng)
                assert agrees_with_its_model(structure, structure.build(weights="fresh"))
        if include_top:
            assert all(runs_and_agrees(narrow_random(space, rng)) for _ in range(5))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["EfficientNetB0", "MobileNetV2", "ResNet50V2"])
def test_weights_are_inherited(name: str) -> None:
    model = make_small(name)
    space = sw.StructureSpace.from_keras(model)
    image = image_for(model)
    np.testing.assert_allclose(space.baseline.build()(image), model(image), atol=1e-5)
    narrow = space.scaled(0.25).build(importance="batch_norm_scale")
    assert np.isfinite(np.asarray(narrow(image))).all()
    wide = space.scaled(1.1)
    assert not wide.function_changes(), "batch norms, depthwise convolutions, concatenations and gates all pass copies"
    np.testing.assert_allclose(wide.build()(image), model(image), atol=1e-5)
