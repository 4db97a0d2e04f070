"""Every public name has a short example in its docstring, and the examples run.

They see what a reader of the front page has: ``sw``, a small ``model`` of layers ``hidden`` and ``out``, its ``space``,
``data`` that fit it, a ``study`` of two trials, and an empty ``folder``.
"""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.advice import finding_rule

# The methods by which people work; the values of attributes need no example.
CLASSES = [sw.StructureSpace, sw.Structure, sw.CostReport, sw.Study, sw.Trial, sw.Data, sw.Budget, sw.Explorer]
# Shown in the example of their class or of another method, or of no use without it.
NEEDS_NONE = {
    *("CostReport.verify", "Structure.receipt_of", "Structure.marginal_of", "Structure.verification_of"),
    *("Structure.setting_at", "StructureSpace.program_for", "StructureSpace.home_of", "StructureSpace.group_at"),
    *("StructureSpace.is_same_model", "Study.trial", "Data.examples", "Explorer.close", "Explorer.add"),
    *("Trial.from_record", "Trial.to_record", "Trial.to_row"),
}
# Their examples train.
TRAIN = {"reproduce", "Study.test", "Study.sweep", "inherited_score", "compare_networks", "train_together"}
TRAIN |= {"beside_references", "quick_run", "fit_latency"}


def public() -> Iterator[tuple[str, Any]]:
    for name in sw.__all__:
        yield name, getattr(sw, name)
    for kind in CLASSES:
        for name, member in vars(kind).items():
            method = getattr(member, "__func__", member)
            full = f"{kind.__name__}.{name}"
            if inspect.isfunction(method) and not name.startswith("_") and full not in NEEDS_NONE:
                yield full, method


PUBLIC = dict(public())


@pytest.fixture(scope="module")
def world() -> dict[str, Any]:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((4,)), kl.Dense(8, "relu", name="hidden"), kl.Dense(3, "softmax", name="out")], name="small"
    )
    x = np.random.default_rng(0).normal(size=(90, 4)).astype("float32")
    written = Path(__file__).parent / "study" / "written" / "second" / "study.journal"
    study = sw.Study()
    for trial in sw.Study(written):
        study.add(trial)
    data = sw.Data(x, np.argmax(x[:, :3], axis=1))
    space = sw.StructureSpace.from_keras(model)
    return {"sw": sw, "keras": keras, "np": np, "model": model, "space": space, "data": data, "study": study}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in TRAIN else ()) for name in PUBLIC]
)
def test_examples_run(name: str, world: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A rule that an example registers would be asked in later tests, without the names it reads.
    monkeypatch.setattr(finding_rule, "RULES", finding_rule.RULES[:])
    documented = PUBLIC[name]
    text = documented.__dict__.get("__doc__") if inspect.isclass(documented) else documented.__doc__
    example = doctest.DocTestParser().get_doctest(
        inspect.cleandoc(text or ""), {**world, "folder": tmp_path}, name, inspect.getsourcefile(documented), None
    )
    assert example.examples, f"{name} has no example"
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(example, out=said.append)
    assert not runner.failures, "".join(said)
