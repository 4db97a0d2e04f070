"""Every backbone of KerasHub, tiny, keeps the grade it has; one that is read better raises the table."""

from __future__ import annotations

import pytest
from foreign_models.grades import check_grade, expected_grades
from keras_hub import models as hub

from . import EXPECTED, TINY
from .tiny import examine

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

# KerasHub's layers drop masks, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

SOME = ("gpt2", "llama_3", "gemma_2", "bert", "vit", "resnet_bottleneck")


def test_every_backbone_class_is_made_tiny_or_named() -> None:
    installed = {name for name in dir(hub) if name.endswith("Backbone")}
    made = {name for name in installed if any(_uses(each.function, name) for each in TINY.values())}
    assert installed == made | set(NOT_TINY)
    assert set(expected_grades(EXPECTED)) == set(TINY)


@pytest.mark.slow
@pytest.mark.parametrize("name", SOME)
def test_some_are_read_as_expected(name: str) -> None:
    check_grade(EXPECTED, examine(TINY[name]))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", list(TINY))
def test_all_are_read_as_expected(name: str) -> None:
    check_grade(EXPECTED, examine(TINY[name]))


def _uses(function: object, name: str) -> bool:
    """Whether a function of this folder names a class of KerasHub, itself or by a helper beside it."""
    code = function.__code__  # type: ignore[attr-defined]  # a plain function
    helpers = [function.__globals__[each] for each in code.co_names if each in ("resnet_of",)]  # type: ignore[attr-defined]
    return name in code.co_names or any(_uses(each, name) for each in helpers)
