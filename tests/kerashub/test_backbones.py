"""Every backbone of KerasHub, tiny, keeps the grade it has; one that is read better raises the table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from foreign_models.grades import check_grade

import structopt_widgets as sw

from . import EXPECTED

# What has no tiny configuration here: the same class under two names, what is only inherited from, and what is to do.
NOT_TINY = {
    "Backbone": "abstract",
    "FeaturePyramidBackbone": "abstract",
    "ESM2Backbone": "ESMBackbone",
    "Qwen2Backbone": "QwenBackbone",
    "SmolLMBackbone": "SmolLM3Backbone",
    "BASNetBackbone": "not written yet",
    "BLIP2Backbone": "not written yet",
    "DFineBackbone": "not written yet: its decoder wants 300 queries of an image of 256 x 256",
    "Gemma3nBackbone": "not written yet",
    "MetaCLIP2Backbone": "not written yet",
    "MobileNetV5Backbone": "not written yet",
    "SAM3PromptableConceptBackbone": "not written yet",
    "StableDiffusion3Backbone": "not written yet",
    "VideoPrismBackbone": "not written yet",
}

SOME = ("albert", "bert", "bloom", "xlnet")  # of those examined, the quick ones; the rest is exhaustive


@pytest.fixture(scope="module")
def backbones() -> Any:
    """The module of backbones, which takes seconds to import."""
    from . import backbones

    return backbones


@pytest.mark.slow
def test_every_backbone_class_is_made_tiny_or_named(backbones: Any) -> None:
    from keras_hub import models

    installed = {name for name in dir(models) if name.endswith("Backbone")}
    made = {name for name in installed for each in backbones.TINY.values() if _uses(each.function, name)}
    assert installed == made | set(NOT_TINY)
    assert set(json.loads(EXPECTED.read_text())) <= set(backbones.TINY)


@pytest.mark.slow
@pytest.mark.parametrize("name", SOME)
def test_some_are_read_as_expected(backbones: Any, name: str) -> None:
    check_grade(EXPECTED, backbones.examine(backbones.TINY[name]))


# Keys and values of both layers: heads that hold them and the size of one; encoders keep nothing.
CACHES = {"bert": 0, "bloom": 2 * 6, "gpt2": 2 * 6, "llama": 2 * 4, "gemma": 2 * 6, "mistral": 2 * 4}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", CACHES)
def test_the_cache_of_a_decoder(backbones: Any, name: str) -> None:
    backbone = backbones.TINY[name]
    shapes = {key: each.shape[1:] for key, each in backbone.batch().items()}
    cost = sw.StructureSpace.from_keras(backbone.make(), input_shape=shapes).baseline.measure(batch_size=3)
    layers, length = 2, shapes["token_ids"][0]
    assert cost.kv_cache_bytes == 3 * 2 * layers * CACHES[name] * length * 4


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", json.loads(EXPECTED.read_text()))
def test_all_are_read_as_expected(backbones: Any, name: str) -> None:
    check_grade(EXPECTED, backbones.examine(backbones.TINY[name]))


def _uses(function: Any, name: str) -> bool:
    """Whether a function names a class of KerasHub, itself or by a helper beside it."""
    names = function.__code__.co_names
    return name in names or ("resnet_of" in names and _uses(function.__globals__["resnet_of"], name))
