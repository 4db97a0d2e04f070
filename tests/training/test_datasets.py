"""The data that ships: its contents, its splits, its checksums."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from structopt_widgets.training import load_data
from structopt_widgets.training.datasets import DATASETS, data_folder, encode_name


@pytest.mark.parametrize(
    ("name", "shape", "n", "n_val", "classes", "dtype"),
    [
        ("fashion", (14, 14), 8000, 2000, 10, "float32"),
        ("surnames", (14,), 3750, 938, 12, "int32"),
        ("vowels", (9,), 528, 462, 11, "float32"),
        ("voices", (24, 16), 4000, 1000, 5, "float32"),
    ],
)
def test_every_data_set_loads(name: str, shape: tuple, n: int, n_val: int, classes: int, dtype: str) -> None:
    data = load_data(name)
    assert (data.input_shape, len(data.x), len(data.x_val)) == (shape, n, n_val)
    assert (data.task, data.n_classes, data.name, data.x.dtype) == ("classification", classes, name, dtype)
    assert data.class_names is not None
    assert len(data.class_names) == classes
    assert np.unique(data.y).tolist() == np.unique(data.y_val).tolist() == list(range(classes))


def test_pictures_and_voices_are_scaled() -> None:
    for name in ("fashion", "voices"):
        x = load_data(name).x
        assert (x.min(), x.max()) == (0, 1)


def test_vowels_are_standardised_by_the_training_part() -> None:
    data = load_data("vowels")
    assert data.x.mean(axis=0) == pytest.approx(np.zeros(9), abs=1e-5)
    assert data.x.std(axis=0) == pytest.approx(np.ones(9), abs=1e-5)
    assert abs(data.x_val.mean(axis=0)).max() > 0.05


def test_no_surname_is_in_both_parts() -> None:
    data = load_data("surnames")
    assert data.x.min() == 0
    assert data.x.max() == 27
    shares = np.bincount(data.y_val) / (np.bincount(data.y) + np.bincount(data.y_val))
    assert shares == pytest.approx(np.full(12, 0.2), abs=0.005)
    # Fourteen characters hold every name but those that are longer; none repeats here.
    assert not {row.tobytes() for row in data.x} & {row.tobytes() for row in data.x_val}


def test_names_are_folded_into_letters() -> None:
    assert encode_name("Ab z")[:5] == [1, 2, 27, 26, 0]
    assert encode_name("Éa") == encode_name("ea")
    assert encode_name("O'Neill")[1] == 27
    assert encode_name("x" * 30) == [24] * 14


def test_another_name_lists_the_names() -> None:
    with pytest.raises(ValueError, match="one of: fashion, surnames, vowels, voices; got 'mnist'"):
        load_data("mnist")


def test_the_files_are_the_ones_that_were_checked() -> None:
    folder = data_folder()
    sums = dict(line.split()[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert len(sums) == len(DATASETS)
    for name, expected in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected, name


def test_missing_files_are_explained(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr("structopt_widgets.training.datasets.__file__", str(tmp_path / "a" / "b" / "datasets.py"))
    with pytest.raises(FileNotFoundError, match=r"found neither\. Install the package again"):
        data_folder()
