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


def make(name: str, **settings: Any) -> keras.Model:
    # Made for any size of image, it has to be told one.
    size = {"input_shape": (224, 224, 3)} if name.startswith("MobileNetV3") else {}
    return getattr(keras.applications, name)(weights=None, **{**size, **settings})


def test_all_forty_are_here() -> None:
    assert len(CONSTRUCTORS) == 40


@pytest.mark.slow
@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_counts_hold_at_random_widths(name: str) -> None:
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
    for _ in range(2):
        structure = space.sample(rng)
        with sw.without_weights():
            built = structure.build(weights="fresh")
        measured, again = structure.measure(), sw.measure(built)
        assert built.count_params() == measured.n_params
        assert (again.macs, again.flops, again.span) == (measured.macs, measured.flops, measured.span)
        assert again.peak_activation_bytes == measured.peak_activation_bytes
        assert again.training_bytes == measured.training_bytes


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ConvNeXtTiny", "EfficientNetB0", "MobileNetV2", "NASNetMobile", "ResNet50V2"])
def test_a_narrow_one_runs_with_inherited_weights(name: str) -> None:
    model = make(name)
    space = sw.StructureSpace.from_keras(model)
    image = np.random.default_rng(0).uniform(0, 255, (1, 224, 224, 3)).astype("float32")
    baseline = space.baseline.build()(image)
    np.testing.assert_allclose(baseline, model(image), atol=1e-5)
    narrow = space.scaled(0.25).build()
    assert np.isfinite(np.asarray(narrow(image))).all()
    assert narrow.count_params() == space.scaled(0.25).measure().n_params
