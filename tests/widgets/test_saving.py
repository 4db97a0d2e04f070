"""The structure at hand as a file: what is written can be read by those it is for, and is that structure."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from asked import ask
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.metrics import format_bytes
from structopt_widgets.widgets.saving import free_path


@pytest.fixture
def explorer() -> sw.Explorer:
    hidden = kl.Dense(8, "relu", name="hidden")
    explorer = sw.explore(keras.Sequential([keras.Input((4,)), hidden, kl.Dense(2, name="out")], name="small"))
    explorer.controls["hidden"].width.value = 5
    return explorer


X = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")


def test_the_keras_file_is_the_model_with_its_weights(explorer: sw.Explorer, tmp_path: Path) -> None:
    said = explorer.save(tmp_path / "a.keras")
    loaded = keras.models.load_model(tmp_path / "a.keras")
    assert loaded.count_params() == 4 * 5 + 5 + 5 * 2 + 2
    np.testing.assert_allclose(loaded(X), explorer.model()(X), rtol=1e-6)
    size = format_bytes((tmp_path / "a.keras").stat().st_size)
    assert f"a.keras, {size}; the weights are counted as {format_bytes(4 * 37)}." in said
    times = (tmp_path / "a.keras").stat().st_size / (4 * 37)
    assert f"The file is {times:.3g} times that; beside them it holds the layers' configuration" in said
    assert "optimizer" not in said


@pytest.mark.slow
def test_a_file_larger_than_its_weights_says_what_else_it_holds(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,)), kl.Dense(8, name="hidden"), kl.Dense(2, name="out")])
    model.compile("adam", "mse")
    model.train_on_batch(X, np.zeros((3, 2)))
    # Two slots a weight, the step and the learning rate: of 58 weights.
    adam = format_bytes(4 * (2 * 58 + 2) + 4)
    assert f"the optimizer's state {adam}" in sw.explore(model).save(tmp_path / "a.keras")
    wide = keras.Sequential([keras.Input((400,)), kl.Dense(400, name="hidden"), kl.Dense(2, name="out")])
    assert "times" not in sw.explore(wide).save(tmp_path / "wide.keras")


def test_code_structure_and_table(explorer: sw.Explorer, tmp_path: Path) -> None:
    for name in ("a.py", "a.json", "a.csv"):
        explorer.save(tmp_path / name)
    # The code ends with an assertion of its own count.
    found = importlib.util.spec_from_file_location("written", tmp_path / "a.py")
    assert found is not None
    assert found.loader is not None
    written = importlib.util.module_from_spec(found)
    found.loader.exec_module(written)
    assert written.model.count_params() == 37
    assert sw.Structure.from_json((tmp_path / "a.json").read_text()).measure().n_params == 37
    assert pd.read_csv(tmp_path / "a.csv")["n_params"].sum() == 37


def test_a_picture_is_the_page_s_and_written_where_it_was_asked_for(explorer: sw.Explorer, tmp_path: Path) -> None:
    ask(explorer, "picture", svg="<svg>nobody asked</svg>")
    said = explorer.save(tmp_path / "a.svg")
    assert said.startswith("a.svg is written by the page")
    assert list(tmp_path.iterdir()) == []  # not before the page has answered
    ask(explorer, "picture", svg="<svg>é</svg>")
    ask(explorer, "picture", svg="<svg>another page</svg>")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == "<svg>é</svg>"
    assert "a.svg" in explorer.background.message.status
    with pytest.raises(FileNotFoundError, match="in a folder that is there"):
        explorer.save(tmp_path / "none" / "a.svg")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated.*")  # TensorFlow's own, of what reads the file
def test_litert_computes_the_same(explorer: sw.Explorer, tmp_path: Path) -> None:
    said = explorer.save(tmp_path / "a.tflite")
    assert "the weights are counted as 148 B" in said
    interpreter = tf.lite.Interpreter(str(tmp_path / "a.tflite"))
    (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(given["index"], X.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], X)
    interpreter.invoke()
    np.testing.assert_allclose(interpreter.get_tensor(made["index"]), explorer.model()(X), rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(importlib.util.find_spec("onnx") is not None, reason="ONNX can be written here")
def test_what_is_missing_is_named(explorer: sw.Explorer, tmp_path: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"pip install onnx tf2onnx"):
        explorer.save(tmp_path / "a.onnx")
    with pytest.raises(ValueError, match=r"ends in one of .keras .*; got '.*a.txt'"):
        explorer.save(tmp_path / "a.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_button_writes_beside_the_notebook_and_over_nothing(
    explorer: sw.Explorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        ask(explorer, "save", suffix=".json")
        explorer.background.wait(60)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["small-2.json", "small.json"]
    assert "small-2.json" in explorer.background.message.status
    ask(explorer, "save", suffix=".odd")
    explorer.background.wait(60)
    assert "ends in one of" in explorer.background.message.alert
    # No name leads out of the folder.
    assert free_path(tmp_path, "../a b", ".json") == tmp_path / "___a_b.json"


def test_the_page_is_given_the_code(explorer: sw.Explorer) -> None:
    ask(explorer, "code")
    explorer._wiring._coder.wait()
    assert explorer.instrument.code["text"] == explorer.structure.code()
    assert explorer.instrument.code["structure"] == explorer.instrument.standing["structure"]
