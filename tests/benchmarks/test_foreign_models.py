"""How well models are read that nobody here wrote: the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from foreign_models import FOREIGN
from foreign_models.examine import examine
from foreign_models.grades import Examination, Grade
from foreign_models.table import examine_all

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3600), pytest.mark.filterwarnings("ignore")]


def show(report: Callable[..., None], title: str, found: list[Examination]) -> None:
    report(title, ("grade", "model", "first cause"), *[(each.grade.words, each.name, each.cause) for each in found])
    counts = Counter(each.grade for each in found)
    report(f"{title}, {len(found)} in all", *[(grade.words, str(counts[grade])) for grade in reversed(Grade)])


def test_models_as_other_people_build_them(report: Callable[..., None]) -> None:
    show(report, "Foreign models", examine_all(FOREIGN, lambda name: examine(FOREIGN[name])))


def test_backbones_of_keras_hub(report: Callable[..., None]) -> None:
    from kerashub.backbones import TINY
    from kerashub.backbones import examine as examine_backbone

    show(report, "KerasHub's backbones, tiny", examine_all(TINY, lambda name: examine_backbone(TINY[name])))


def test_published_counts_of_presets(report: Callable[..., None]) -> None:
    from kerashub.preset_counts import table

    report("Parameters of KerasHub's presets: published, Keras's, ours", *[(line,) for line in table()])
