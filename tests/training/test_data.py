"""Every form of data, and every way it can be wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from structopt_widgets.training import Data
from structopt_widgets.training.data import split

# Many a test here passes the same samples as both parts, or numbers few classes.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.* are in the training part too"),
    pytest.mark.filterwarnings("ignore:.* classes have no training sample"),
]


def some(n: int = 20, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 3)).astype("float32"), np.arange(n) % classes


def frame(n: int = 20) -> pd.DataFrame:
    x, y = some(n)
    names = np.array(["no", "yes"])[y]
    return pd.DataFrame({"a": x[:, 0], "b": np.arange(n), "c": x[:, 2] > 0, "kind": names})


@pytest.mark.slow
def test_importing_the_floor_imports_no_tensorflow() -> None:
    code = (
        "import sys; import numpy as np;"
        "from structopt_widgets.training import Budget, Data, Trial, load_data, quick_run;"
        "Data(np.zeros((4, 2)), [0, 1, 0, 1]); load_data('vowels');"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# What labels mean


def test_integers_are_classes_as_they_are() -> None:
    x, y = some(classes=2)
    data = Data(x, y * 3, x_val=x[:4], y_val=y[:4] * 3)
    assert (data.task, data.n_classes, data.class_names) == ("classification", 4, None)
    assert data.y.tolist() == (y * 3).tolist()
    assert data.y.dtype == np.int64
    assert data.input_shape == (3,)


def test_text_labels_are_numbered_by_name() -> None:
    x, y = some()
    data = Data(x, np.array(["no", "yes"])[y])
    assert data.class_names == ("no", "yes")
    assert set(data.y) == {0, 1}
    ordered = Data(x, np.array(["no", "yes"], dtype=object)[y], class_names=["yes", "no"], x_val=x, y_val=["no"] * 20)
    assert ordered.class_names == ("yes", "no")
    assert ordered.y.tolist() == (1 - y).tolist()
    assert ordered.y_val.tolist() == [1] * 20


def test_one_hot_boolean_and_column_labels_become_class_numbers() -> None:
    x, y = some(classes=3)
    for labels in (np.eye(3)[y], np.eye(3, dtype=int)[y], y[:, None], y.astype("uint8"), y.tolist()):
        data = Data(x, labels, x, labels)
        assert data.y.tolist() == y.tolist()
        assert data.n_classes == 3
    data = Data(x, y > 0, x, y > 0)
    assert data.y.tolist() == (y > 0).astype(int).tolist()


def test_floats_are_quantities_unless_said_otherwise() -> None:
    x, y = some()
    data = Data(x, 2 * y.astype("float64"))
    assert (data.task, data.n_classes) == ("regression", None)
    assert data.y.dtype == np.float64
    assert Data(x, 2 * y.astype(float), task="classification").y.dtype == np.int64
    assert Data(x, np.arange(20), task="regression").y.dtype == np.float32
    assert Data(x, np.eye(2)[y], task="regression").y.shape == (16, 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(20,), (20, 1)])
def test_floats_that_are_all_0_or_1_are_classes_unless_said_otherwise(dtype: str, shape: tuple[int, ...]) -> None:
    x, y = some()
    floats = y.astype(dtype).reshape(shape)
    data = Data(x, floats, x, floats)
    assert (data.task, data.n_classes, data.y.tolist()) == ("classification", 2, y.tolist())
    assert data.y.dtype == np.int64
    assert Data(x, floats, task="regression").task == "regression"
    # Several such columns are samples with several labels, unless they are said to be quantities.
    several = np.repeat(y[:, None], 2, axis=1).astype(dtype)
    assert Data(x, several, task="regression").task == "regression"
    with pytest.raises(ValueError, match="Samples with several labels at once are not supported"):
        Data(x, several)
    with pytest.raises(ValueError, match=r"got fractions. Pass task='regression'"):
        Data(x, floats, x, floats / 2)


# Forms


def test_frames_with_a_label_column() -> None:
    table = frame()
    data = Data(table, label="kind")
    assert data.class_names == ("no", "yes")
    assert data.x.shape == (16, 3)
    shuffled = table[["kind", "c", "a", "b"]]
    parts = Data(table, x_val=shuffled, label="kind")
    assert np.array_equal(parts.x, parts.x_val)
    assert np.array_equal(parts.y, parts.y_val)
    labels = table["kind"].astype("category")
    assert np.array_equal(Data(table.drop(columns="kind"), labels).y, data.y)
    apart = Data(table, x_val=table.drop(columns="kind"), y_val=table["kind"], label="kind")
    assert np.array_equal(apart.y_val, apart.y)


def test_nullable_columns() -> None:
    table = frame().assign(b=pd.array(range(20), dtype="Int64"))
    assert Data(table, label="kind").x.dtype == np.float64
    table.loc[3, "b"] = pd.NA
    with pytest.raises(ValueError, match=r"finite numbers in x, got 1 NaN .* first at \(3, 1\)"):
        Data(table, label="kind")


def test_datasets_batched_or_not() -> None:
    tf = pytest.importorskip("tensorflow")
    x, y = some(21, classes=3)
    dataset = tf.data.Dataset.from_tensor_slices((x, y))
    for each in (dataset, dataset.batch(4), dataset.batch(7, drop_remainder=True), dataset.filter(lambda *_: True)):
        data = Data(each, x_val=dataset.batch(5))
        assert np.array_equal(data.x, x)
        assert np.array_equal(data.y, y)
        assert np.array_equal(data.x_val, x)
    words = tf.data.Dataset.from_tensor_slices((x, np.array(["a", "b", "c"])[y]))
    assert Data(words).class_names == Data(words.batch(4)).class_names == ("a", "b", "c")
    assert Data(tf.data.Dataset.from_tensor_slices((x, np.eye(3)[y])).batch(4)).n_classes == 3


def test_samples_with_several_values_are_no_batches() -> None:
    tf = pytest.importorskip("tensorflow")
    x = np.random.default_rng(0).normal(size=(40, 3, 2)).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, x[:, :, 0]))
    for each in (dataset, dataset.batch(4, drop_remainder=True), dataset.batch(3, drop_remainder=True).unbatch()):
        data = Data(each, x_val=x[:9], y_val=x[:9, :, 0])
        assert np.array_equal(data.x, x[: len(data.x)])
        assert len(data.x) >= 39
    signature = (tf.TensorSpec([3, 2]), tf.TensorSpec([3]))
    unknown = tf.data.Dataset.from_generator(lambda: ((row, row[:, 0]) for row in x), output_signature=signature)
    with pytest.raises(ValueError, match=r"3 samples, or one with 3 values\. Pass dataset\.unbatch\(\) for batches"):
        Data(unknown)
    assert len(Data(unknown.unbatch(), task="regression").y) == 96


def test_datasets_that_cannot_be_held() -> None:
    tf = pytest.importorskip("tensorflow")
    from structopt_widgets.training.sources import materialize

    x, y = some()
    dataset = tf.data.Dataset.from_tensor_slices((x, y))
    with pytest.raises(ValueError, match=r"an endless one. Use take\(n\)"):
        Data(dataset.repeat())
    with pytest.raises(ValueError, match="in memory; got more"):
        materialize(dataset.filter(lambda *_: True), largest_bytes=100)
    with pytest.raises(ValueError, match="got an empty one"):
        Data(dataset.take(0))
    with pytest.raises(ValueError, match=r"\(x, y\) pairs of tensors"):
        Data(tf.data.Dataset.from_tensor_slices(x))
    with pytest.raises(
        ValueError, match=r"pairs of tensors.* Pass several inputs as arrays, by their names: Data\(\{'l"
    ):
        Data(tf.data.Dataset.from_tensor_slices(({"left": x, "right": x}, y)))
    with pytest.raises(ValueError, match="pairs alone, got y or a label as well"):
        Data(dataset, y)
    ragged = tf.data.Dataset.from_generator(
        lambda: (([0.0] * n, n % 2) for n in (1, 2, 3)),
        output_signature=(tf.TensorSpec([None]), tf.TensorSpec([], tf.int32)),
    )
    with pytest.raises(ValueError, match="samples of one shape in the dataset"):
        Data(ragged)


# Splitting and identity


def test_the_split_is_stratified_and_seeded() -> None:
    x = np.arange(100)[:, None]
    y = np.repeat([0, 1, 2], [50, 40, 10])
    data = Data(x, y, validation_fraction=0.1)
    assert np.bincount(data.y_val).tolist() == [5, 4, 1]
    assert sorted([*data.x[:, 0], *data.x_val[:, 0]]) == list(range(100))
    assert np.array_equal(data.x_val, Data(x, y, validation_fraction=0.1).x_val)
    assert not np.array_equal(data.x_val, Data(x, y, validation_fraction=0.1, seed=1).x_val)


def test_rare_classes_are_in_both_parts_if_they_can() -> None:
    rows, rows_val = split(np.array([0, 0, 1, 2, 2, 2]), 0.1, 0, "classification")
    y = np.array([0, 0, 1, 2, 2, 2])
    assert np.unique(y[rows]).tolist() == [0, 1, 2]
    assert np.unique(y[rows_val]).tolist() == [0, 2]


def test_the_fingerprint_is_of_the_contents() -> None:
    x, y = some()
    data = Data(x, y)
    assert data.fingerprint == Data(x.copy(), y.tolist(), name="other").fingerprint
    assert data.fingerprint != Data(x, y, seed=1).fingerprint
    assert data.fingerprint != Data(x.astype("float64"), y).fingerprint
    assert len(data.fingerprint) == 64
    with pytest.raises(ValueError, match="read-only"):
        data.x[0] = 0
    x[0] = 0  # the user's own array stays theirs


@pytest.mark.parametrize("form", ["the array", "a slice of it", "a read-only view of it", "a DataFrame"])
def test_what_the_user_does_to_their_array_later_changes_nothing(form: str) -> None:
    x, y = some()
    theirs, before = (x.copy(), x.copy())
    given: object = {"the array": theirs, "a slice of it": theirs[:], "a DataFrame": pd.DataFrame(theirs)}.get(form)
    if form == "a read-only view of it":
        given = theirs.view()
        given.flags.writeable = False
    labels = y.astype("float64") * 3
    data = Data(given, labels, x_val=given, y_val=labels)
    unchanged = Data(x, labels.copy(), x_val=x, y_val=labels.copy())
    fingerprint = data.fingerprint
    if isinstance(given, pd.DataFrame):
        given.iloc[:, :] = 0
    theirs[:] = 0
    labels[:] = 0
    assert np.array_equal(data.x, before)
    assert np.array_equal(data.x_val, before)
    assert np.array_equal(data.y, y * 3)
    # The one asked before the change, and one computed after it.
    assert data.fingerprint == fingerprint == unchanged.fingerprint
    del data.fingerprint
    assert data.fingerprint == fingerprint
    for array in (data.x, data.y, data.x_val, data.y_val):
        assert not array.flags.writeable


def test_memory_that_nobody_can_write_to_is_shared() -> None:
    x, y = some()
    data = Data(x, y, x, y)
    assert np.shares_memory(data.flattened().x, data.x)


# What looks right and is not


def test_rows_in_another_order_than_their_labels_are_refused() -> None:
    table = frame()
    x, y = table[["a", "b"]], table["kind"]
    shuffled = y.sample(frac=1, random_state=0)
    with pytest.raises(ValueError, match=r"one index in one order.*Pass y.loc\[x.index\].*or y.to_numpy\(\)"):
        Data(x, shuffled)
    aligned = Data(x, shuffled.loc[x.index])
    assert np.array_equal(aligned.y, Data(x, y).y)
    assert not np.array_equal(Data(x, shuffled.to_numpy()).y, aligned.y)
    both = table.sample(frac=1, random_state=0)
    assert len(Data(both[["a", "b"]], both["kind"]).y) == 16
    with pytest.raises(ValueError, match="x_val and y_val with one index"):
        Data(x, y, x, shuffled)


def test_categories_keep_their_order() -> None:
    x, y = some(classes=3)
    sizes = pd.Categorical.from_codes(y, ["small", "medium", "large"], ordered=True)
    for labels in (sizes, pd.Series(sizes)):
        data = Data(x, labels, x, labels)
        assert data.class_names == ("small", "medium", "large")
        assert data.y.tolist() == y.tolist()
    years = pd.Series(pd.Categorical.from_codes(y, [2020, 2010, 2000]))
    assert Data(x, years).class_names == ("2020", "2010", "2000")
    assert Data(x, pd.Categorical(y)).class_names is None
    assert Data(x, sizes, class_names=["large", "medium", "small"]).class_names == ("large", "medium", "small")
    with pytest.raises(ValueError, match="category for each label in y, got 1 without"):
        Data(x, pd.Categorical.from_codes([-1, *y[1:]], ["a", "b", "c"]))


def test_class_names_by_number() -> None:
    x, y = some()
    for names in ({1: "yes", 0: "no"}, {"yes": 1, "no": 0}, ["no", "yes"], np.array(["no", "yes"])):
        assert Data(x, y, class_names=names).class_names == ("no", "yes")
    assert Data(x, y, class_names=pd.Series(["yes", "no"], index=[1, 0])).class_names == ("no", "yes")


@pytest.mark.parametrize("dtype", ["uint8", "uint64", "int16", "float64"])
def test_labels_of_any_type_of_number(dtype: str) -> None:
    x, y = some()
    data = Data(x, y.astype(dtype), x_val=x[:5], y_val=y[:5].astype(dtype))
    assert data.y.dtype == np.int64
    assert data.y.tolist() == y.tolist()


def test_masks_without_a_masked_value_do_no_harm() -> None:
    x, y = some()
    assert np.array_equal(Data(np.ma.array(x), y).x, Data(x, y).x)


@pytest.mark.filterwarnings("default")
def test_samples_in_two_parts_are_counted() -> None:
    x, y = some(40)
    with pytest.warns(UserWarning, match="^3 of 10 validation samples are in the training part too"):
        Data(x[:30], y[:30], np.concatenate([x[:3], x[33:]]), y[30:])
    with pytest.warns(UserWarning, match="^2 of 6 test samples are in the validation part too"):
        Data(x[:20], y[:20], x[20:30], y[20:30], x_test=np.concatenate([x[28:30], x[30:34]]), y_test=y[:6])
    with pytest.warns(UserWarning, match="^40 of 40 validation samples are in the training part too"):
        Data(x, y, x.astype("float64"), y)


@pytest.mark.filterwarnings("default")
def test_classes_that_nothing_is_learnt_of_are_counted() -> None:
    x, y = some(40)
    with pytest.warns(UserWarning, match=r"^1 of 3 classes have no training sample: 0\. Pass y - 1 if the labels"):
        assert Data(x, y + 1).n_classes == 3
    with pytest.warns(UserWarning, match=r"^1 of 3 .* sample: 2\. They are those of 4 of 10 validation samples\. Add"):
        Data(x[:30], y[:30], x[30:], [0, 1, 2, 2, 2, 2, 0, 1, 0, 1])
    with pytest.warns(UserWarning, match=r"6 of 8 classes .* sample: 1, 2, 3, 4, 5, 6\. .*return_inverse"):
        Data(x, y * 7)


def test_columns_of_zeros_and_ones_may_be_quantities() -> None:
    columns = pd.DataFrame({"a": [0.0, 1, 0, 1] * 5, "b": [1.0, 0, 1, 0] * 5})
    data = Data(np.zeros((20, 3), np.float32), columns, task="regression")
    assert (data.task, data.y.shape[1:], data.class_names) == ("regression", (2,), None)


def test_one_hot_rows_say_how_many_classes_there_are() -> None:
    x, y = some(classes=3)
    assert Data(x, np.eye(4)[y]).n_classes == 4
    words = np.array(["b", "c", "a"])[y]
    rows = pd.get_dummies(pd.Series(words))
    data = Data(x, rows, x, rows)
    assert (data.class_names, data.n_classes) == (("a", "b", "c"), 3)
    assert data.y.tolist() == data.y_val.tolist() == Data(x, words, x, words).y.tolist()
    with pytest.raises(
        ValueError, match=r"one-hot columns in one order in every part, got \('a', 'b', 'c'\) and \('c'"
    ):
        Data(x, rows, x, rows[["c", "b", "a"]])
    assert Data(x, pd.DataFrame(np.eye(3)[y])).class_names is None


def test_inputs_in_another_order_of_keys_are_the_same() -> None:
    x, y = some()
    data = Data({"a": x, "b": -x}, y, {"b": -x, "a": x}, y)
    assert list(data.x_val) == ["a", "b"]
    assert np.array_equal(data.x_val["b"], -x)


def test_datasets_without_an_end_are_left_in_words() -> None:
    tf = pytest.importorskip("tensorflow")
    from structopt_widgets.training.sources import materialize

    def endless():
        while True:
            yield [0.0, 1.0], 1

    signature = (tf.TensorSpec([2]), tf.TensorSpec([], tf.int32))
    dataset = tf.data.Dataset.from_generator(endless, output_signature=signature)
    with pytest.raises(ValueError, match=r"within 50 samples and 30 s, got 51 samples and no end.*take\(n\)"):
        materialize(dataset, most_samples=50)
    with pytest.raises(ValueError, match="within 5,000,000 samples and 0 s"):
        materialize(dataset, longest=0.0)


# What is wrong

X, Y = some()


def with_nan(array: np.ndarray) -> np.ndarray:
    array = array.astype(float)
    array[5] = np.nan
    return array


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X, "y": Y[:-1]}, "20 samples in x and 19 labels in y. Drop the rows"),
        ({"x": X, "y": Y, "x_val": X, "y_val": Y[:3]}, "20 samples in x_val and 3 labels in y_val"),
        ({"x": with_nan(X), "y": Y}, "finite numbers in x, got 3 NaN"),
        ({"x": X, "y": with_nan(Y)}, "finite numbers in y, got 1 NaN"),
        ({"x": X * np.inf, "y": Y}, "NaN or infinite"),
        ({"x": X, "y": Y * 0}, "at least two classes in y, got only 0.*Add samples of another class"),
        ({"x": X, "y": Y * 0.0}, "at least two classes in y, got only 0"),
        ({"x": X, "y": Y * 0.0, "task": "regression"}, "values that differ in y"),
        ({"x": X, "y": Y * 0.0 + 0.5}, "values that differ in y"),
        ({"x": X.astype(str), "y": Y}, "Expected numbers in x, got text"),
        ({"x": X[:0], "y": Y[:0]}, "got an empty array"),
        ({"x": X, "y": Y, "x_val": X[:0], "y_val": Y[:0]}, "in x_val, got an empty array.*Leave x_val and y_val out"),
        ({"x": X, "y": Y, "x_val": X}, "Expected the labels of x_val, got None as y_val. Pass y_val"),
        ({"x": X, "y": Y, "y_val": Y}, "got y_val alone"),
        ({"x": X, "y": Y, "x_val": X[:, :2], "y_val": Y}, r"got \(3,\) in x and \(2,\) in x_val"),
        ({"x": X}, "Expected the labels of x, got None as y. Pass y"),
        ({"x": "table.csv", "label": "kind"}, "got 'table.csv'. Read the file first, for example with pandas.read_csv"),
        ({"x": Path("table.csv")}, "Read the file first"),
        ({"x": X, "y": Y, "label": "kind"}, "Expected a DataFrame as x to find the label column"),
        ({"x": [[1, 2], [3]], "y": [0, 1]}, "rows that do not fit together"),
        ({"x": np.array([[1, 2], [3]], dtype=object), "y": [0, 1]}, "a mixture of list"),
        ({"x": X[:, 0], "y": Y}, r"got shape \(20,\).*pass x\[:, None\]"),
        ({"x": X, "y": Y - 1}, "class labels 0, 1, 2, ..., up to 1,000,000, got -1 to 0. Number the classes"),
        ({"x": X, "y": [["a", 1]] * 20}, "got a mixture of int, str"),
        ({"x": X, "y": ["a", None] * 10}, "a mixture of NoneType, str"),
        ({"x": X, "y": np.ones((20, 3), dtype=int)}, "one label a sample, or one-hot rows"),
        ({"x": X, "y": Y + 0.5, "task": "classification"}, "whole numbers as labels"),
        ({"x": X, "y": Y.astype(str), "task": "regression"}, "numbers as y for a regression"),
        ({"x": X, "y": Y, "task": "ranking"}, "classification, regression, or None"),
        ({"x": X, "y": Y, "class_names": ["a"]}, "1 names and labels up to 1"),
        ({"x": X, "y": Y.astype(str), "class_names": ["0"]}, "among the class names 0; got 1"),
        ({"x": X, "y": Y + 0.5, "class_names": ["a"]}, "class names only for a classification"),
        ({"x": X, "y": Y, "x_val": X, "y_val": Y.astype(str)}, "text in one and numbers in another"),
        ({"x": X, "y": Y, "validation_fraction": 1.0}, "between 0 and 1, got 1.0"),
        ({"x": X[:2], "y": Y[:2]}, "none of them spare"),
        ({"x": frame(), "label": "sort"}, "Expected the label column 'sort' in x, got the columns a, b, c, kind"),
        ({"x": frame()}, "numbers in every column of x but the label, got others in: kind"),
        ({"x": frame()[["a", "b"]]}, "Pass y, or label="),
        ({"x": frame(), "x_val": frame().drop(columns="a"), "label": "kind"}, "in only one of them: a"),
        ({"x": np.ma.masked_less(X, 0), "y": Y}, r"x without masked values, got \d+ masked of 60.*x.filled"),
        ({"x": X, "y": np.eye(3)[Y] * 0.9 + 0.1 / 3}, r"rows of 3 shares that sum to 1\. Pass y\.argmax"),
        ({"x": X, "y": np.ma.masked_equal(Y, 1)}, "y without masked values, got 10 masked of 20"),
        ({"x": list(np.ma.masked_equal(X, X[3, 1])), "y": Y}, "x without masked values, got 1 masked of 60"),
        ({"x": X, "y": pd.array([None, *Y[1:]], "Int64")}, r"y without missing values, got 1 missing of 20.*y\.notna"),
        ({"x": X, "y": pd.Series([None, *(Y[1:] > 0)], dtype="boolean")}, "without missing values, got 1 missing"),
        ({"x": X, "y": pd.Series([None, *(["a"] * 19)], dtype="string")}, "without missing values, got 1 missing"),
        ({"x": {"a": pd.Series(X[:, 0])}, "y": Y}, r"x\['a'\] with a row .* pass x\['a'\]\.to_frame\(\)"),
        ({"x": {"a": X[:, 0]}, "y": Y}, r"pass x\['a'\]\[:, None\]"),
        ({"x": X[:, 0].tolist(), "y": Y}, r"pass np\.array\(x\)\[:, None\]"),
        ({"x": {"a": X, "b": X[1:]}, "y": Y}, r"19 samples in x\['b'\] and 20 labels in y\."),
        ({"x": zip(X, Y, strict=True)}, "got a zip. Collect its samples and labels in two arrays"),
        (
            {"x": X, "y": Y, "test_fraction": 0.9},
            "got a validation_fraction of 0.2 and a test_f.* 0.9. Make",
        ),
        (
            {"x": X, "y": Y, "test_fraction": 0.9, "validation_fraction": "1"},
            "validation_fraction between 0 and 1, got '1'",
        ),
        ({"x": X, "y": Y, "class_names": {"a", "b"}}, "in the order of their numbers, got a set"),
        ({"x": X, "y": Y, "class_names": "ab"}, "in the order of their numbers, got a str"),
        ({"x": X, "y": Y, "class_names": {1: "a", 2: "b"}}, r"for the numbers 0 to 1, such as \{0: 'cat'"),
        ({"x": X, "y": Y, "class_names": ["a", "a"]}, "a name of its own for each class"),
        ({"x": X, "y": 2 * Y - 1}, "got -1 to 1. Pass y > 0"),
        ({"x": X, "y": 2.0 * Y - 1}, "got -1 and 1 alone. Pass y > 0"),
        ({"x": X, "y": Y.astype("uint64") + 2**63}, "up to 1,000,000, got 9223372036854775808"),
        ({"x": (row for row in X), "y": Y}, "got a generator. Collect the samples"),
        ({"x": X, "y": set(Y)}, "got a set. Collect the samples"),
        ({"x": X.astype("datetime64[s]"), "y": Y}, "as numbers or text, got datetime64"),
    ],
)
def test_bad_data_is_refused_in_words(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Data(**arguments)
