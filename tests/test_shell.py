"""A build server asks whether a model keeps its limits; a shell writes a study's report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets import cli


@keras.saving.register_keras_serializable("test_shell")
class Opaque(kl.Layer):
    """Cannot be traced, so its operations are not counted."""

    def call(self, x: Any) -> Any:
        return keras.ops.convert_to_tensor(np.sort(np.asarray(x)))

    def compute_output_shape(self, shape: Any) -> Any:
        return shape


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small.keras"
    keras.Sequential([keras.Input((4,)), kl.Dense(8, "relu"), kl.Dense(2)]).save(path)
    return path


N_PARAMS = 4 * 8 + 8 + 8 * 2 + 2


@pytest.mark.parametrize(("limit", "status"), [(N_PARAMS, 0), (N_PARAMS - 1, 1)])
def test_a_limit_is_the_exit_status(model: Path, limit: int, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(model), "--at-most", f"n_params={limit}"]) == status
    assert f"Parameters {N_PARAMS}, limit {limit}: {'over' if status else 'within'}" in capsys.readouterr().out
    assert (
        cli.main(["check", str(model), "--at-most", f"n_params={limit}", "--at-most", "flops=1e9", "--json"]) == status
    )
    told = json.loads(capsys.readouterr().out)
    assert told["costs"]["n_params"] == N_PARAMS
    assert told["over"] == ["n_params"] * status
    assert told["limits"] == {"n_params": limit, "flops": 10**9}


def test_what_is_not_counted_keeps_no_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keras.Sequential([keras.Input((4,)), kl.Dense(2), Opaque()]).save(tmp_path / "opaque.keras")
    path = str(tmp_path / "opaque.keras")
    assert cli.main(["check", path, "--at-most", "flops=1e9"]) == 1
    assert "not known, layers are not counted" in capsys.readouterr().out
    assert cli.main(["check", path, "--at-most", "n_params=10"]) == 0


def test_without_limits_it_tells_the_costs(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(model)]) == 0
    told = capsys.readouterr().out
    assert str(N_PARAMS) in told
    assert "flash_bytes (" in told  # what no row has may be limited too


@pytest.mark.parametrize("limit", ["n_params", "n_params=", "n_params=-1", "n_params=nan", "size=3", "parallelism=3"])
def test_what_is_no_limit_is_said(model: Path, limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(model), "--at-most", limit]) == 2
    assert "Expected --at-most" in capsys.readouterr().err


def test_what_is_no_model_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.keras").write_text("no model")
    for path in (tmp_path / "other.keras", tmp_path / "none.keras", tmp_path):
        assert cli.main(["check", str(path)]) == 2
        assert "Expected" in capsys.readouterr().err


def test_a_report_from_a_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = Path(__file__).parent / "study" / "written" / "second" / "trial.json"
    sw.Study(tmp_path / "trials.journal").add(sw.Trial.from_json(written.read_text()))
    assert cli.main(["report", str(tmp_path / "trials.journal")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "trials.html")
    assert "Provenance" in (tmp_path / "trials.html").read_text(encoding="utf-8")
    assert cli.main(["report", str(tmp_path / "none.journal")]) == 2
    assert not (tmp_path / "none.journal").exists()
    assert cli.main(["report", str(tmp_path / "trials.journal"), "--trial", "9"]) == 2
    assert "Expected the number of a trial" in capsys.readouterr().err
