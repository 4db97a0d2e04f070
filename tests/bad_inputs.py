"""Arguments of the public API, each with values that it must refuse: rows for ``test_bad_inputs.py``."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import structopt_widgets as sw

NAN, INF = math.nan, math.inf


class Thing:
    """Something that no argument takes."""

    def __repr__(self) -> str:
        return "<a thing>"


THING = Thing()
NOT_A_NUMBER = ["3", None, THING, [3], {}, True, 1j]
NOT_WHOLE = [*NOT_A_NUMBER, 1.5, NAN, INF]
NOT_POSITIVE = [*NOT_A_NUMBER, 0, -1, NAN, INF, 10**400]
NOT_A_COUNT = [*NOT_WHOLE, 0, -1]
NOT_A_FLAG = ["yes", None, 1, 0.0, THING, []]
NOT_A_NAME = ["", "no such name", None, 3, THING, ["n_params"]]
NOT_DATA = [None, 3, "fashion", THING, np.zeros((3, 3)), [[1, 2]]]
NOT_CALLABLE = [3, "print", [], THING]
NOT_A_MODEL = [None, 3, THING, [], int, "", "\0", "no such.keras"]


class Things:
    """What the arguments beside the bad one are, made once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @functools.cached_property
    def model(self) -> Any:
        import keras

        layers = [keras.layers.Dense(8, "relu", name="a"), keras.layers.Dense(8, "relu", name="b")]
        return keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(2, name="out")], name="small")

    @functools.cached_property
    def space(self) -> sw.StructureSpace:
        return sw.StructureSpace.from_keras(self.model)

    @functools.cached_property
    def other_space(self) -> sw.StructureSpace:
        import keras

        return sw.StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="z")]))

    @functools.cached_property
    def huge(self) -> sw.Structure:
        import keras

        with sw.without_weights():
            layers = [keras.layers.Dense(10**9, name="a"), keras.layers.Dense(2)]
            return sw.StructureSpace.from_keras(keras.Sequential([keras.Input((1000,)), *layers])).baseline

    @property
    def structure(self) -> sw.Structure:
        return self.space.baseline

    @functools.cached_property
    def cost(self) -> sw.CostReport:
        return self.structure.measure()

    @functools.cached_property
    def x(self) -> np.ndarray:
        return np.random.default_rng(0).normal(size=(40, 4)).astype("float32")

    @functools.cached_property
    def y(self) -> np.ndarray:
        return (self.x.sum(axis=1) > 0).astype(int)

    @functools.cached_property
    def data(self) -> sw.Data:
        return sw.Data(self.x, self.y)

    @functools.cached_property
    def trial(self) -> sw.Trial:
        from structopt_widgets.study.failed import failed_trial

        return failed_trial(self.structure, self.data, sw.Budget(), ValueError("lost"))

    @functools.cached_property
    def complete(self) -> sw.Trial:
        scores = {"score": 0.5, "low": 0.4, "high": 0.6, "by_seed": (0.5,), "loss": 1.0}
        return dataclasses.replace(self.trial, state="complete", reason="", **scores)

    @functools.cached_property
    def study(self) -> sw.Study:
        study = sw.Study()
        study.add(self.complete)
        return study

    @functools.cached_property
    def table(self) -> pd.DataFrame:
        rows = {"accuracy": [0.5, 0.6], "n_params": [10, 20], "structure": ["a", "b"], "state": ["complete"] * 2}
        return pd.DataFrame(rows, index=pd.Index([0, 1], name="number"))

    @functools.cached_property
    def explorer(self) -> sw.Explorer:
        return sw.Explorer(self.space, self.data)


@dataclass(frozen=True)
class Row:
    """One argument: its name, the call that takes it, and what it must refuse."""

    argument: str
    call: Callable[[Things, Any], Any]
    values: list[Any]


def rows() -> Iterator[Row]:
    yield from _budget_rows()
    yield from _data_rows()
    yield from _space_rows()
    yield from _structure_rows()
    yield from _reading_rows()
    yield from _study_rows()
    yield from _sweep_rows()
    yield from _running_rows()
    yield from _figure_rows()
    yield from _rule_rows()


def _budget_rows() -> Iterator[Row]:
    for name, values in {
        "epochs": NOT_A_COUNT,
        "seeds": [
            *[each for each in NOT_A_NUMBER if each != [3]],
            *(1.5, 0, -1, (), (1, 1), (0, -1), ("a",), "12", 2**70, [2**70]),
        ],
        "batch_size": NOT_A_COUNT,
        "learning_rate": [each for each in NOT_POSITIVE if each is not None],
        "optimizer": ["", "Adam!", 3, THING, ["adam"], np.zeros(3)],
        "steps": [each for each in NOT_A_COUNT if each is not None],
        "seconds": [each for each in NOT_POSITIVE if each is not None],
        "patience": [each for each in NOT_A_COUNT if each is not None],
        "subset": ["3", THING, [3], True, 0, -1, 1.0, 1.5, NAN, INF, 0.0],
        "settle_normalization": NOT_A_FLAG,
    }.items():
        yield Row(f"Budget({name})", lambda _, value, name=name: sw.Budget(**{name: value}), values)


class Sparse:
    """As SciPy's sparse matrices look."""

    shape = (40, 4)

    def toarray(self) -> np.ndarray:
        return np.zeros(self.shape)


class Declared:
    """Says that it is an array of 2.4 GB, as an array on a disk may; nobody should make one of it."""

    shape, dtype, ndim = (600_000_000, 1), np.dtype("float32"), 2

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise MemoryError("it was allocated")


def _data_rows() -> Iterator[Row]:
    yield Row(
        "Data(x)",
        lambda things, value: sw.Data(value, things.y),
        [
            *(None, 3, "file.csv", b"file", THING, [], {}, set(), iter([1])),
            *(np.zeros(40), np.zeros((39, 4)), np.zeros((0, 4)), np.full((40, 4), NAN), np.full((40, 4), INF)),
            *(
                np.zeros((40, 4), complex),
                np.zeros((40, 4), "datetime64[s]"),
                np.full((40, 4), "a"),
                Sparse(),
                Declared(),
            ),
            *([[1, 2], [3]] * 20, [[1, "a"]] * 40, [[None]] * 40, np.ma.masked_all((40, 4)), {3: np.zeros((40, 4))}),
            *({"a": np.zeros((39, 4))}, pd.DataFrame({"a": ["x"] * 40}), pd.DataFrame({"a": [NAN] * 40})),
        ],
    )
    yield Row(
        "Data(y)",
        lambda things, value: sw.Data(things.x, value),
        [
            *(None, 3, "label", THING, [], {}, set(), iter([1])),
            *(np.zeros(39, int), np.zeros(40, int), np.full(40, NAN), np.full(40, -1), np.zeros((40, 2, 2), int)),
            *([1, "a"] * 20, [None] * 40, np.zeros(40, complex), Sparse(), Declared(), np.arange(40) - 5),
            *(
                np.arange(40) * 10**9,
                np.ones((40, 3), int),
                pd.Series([1, 0] * 20, index=range(1, 41)).rename("a").iloc[:5],
            ),
        ],
    )
    for name, values in {
        "x_val": ["file.csv", np.zeros((3, 4)), THING, Sparse()],
        "y_val": [np.zeros(3, int), "label"],
        "x_test": [np.zeros((3, 4)), THING],
        "label": ["no such column", 3, THING, ["a"]],
        "validation_fraction": [*NOT_A_NUMBER, 0, 1, -0.1, 1.5, NAN, INF],
        "test_fraction": ["0.2", THING, [0.2], True, 0, 1, -0.1, NAN, INF],
        "class_names": [3, "ab", [], ["a"], ["a", "a"], {"a": 0}, {0: "a", 2: "b"}, THING, {"a": "b"}],
        "name": [3, None, THING, ["a"]],
        "task": ["", "classify", 3, THING, ["regression"]],
        "seed": [*NOT_WHOLE, -1],
    }.items():
        yield Row(
            f"Data({name})", lambda things, value, name=name: sw.Data(things.x, things.y, **{name: value}), values
        )
    yield Row("load_data(name)", lambda _, value: sw.load_data(value), NOT_A_NAME)
    yield Row("load_data(test)", lambda _, value: sw.load_data("vowels", value), NOT_A_FLAG)
    yield Row("reference_scores(data)", lambda _, value: sw.reference_scores(value), NOT_DATA)
    for name, values in {
        "model": NOT_A_MODEL,
        "data": NOT_DATA,
        "ratios": [None, 3, 0.5, "a", THING, [], [0], [1], [1.5], ["a"], [NAN], [None]],
        "importance": ["", "l3", 3, THING, ["l2"]],
        "on_progress": NOT_CALLABLE,
        "should_stop": NOT_CALLABLE,
    }.items():
        yield Row(
            f"sensitivity({name})",
            lambda things, value, name=name: sw.sensitivity(
                **({"model": things.space, "data": things.data} | {name: value})
            ),
            values,
        )
    yield Row(
        "inherited_score(structure)", lambda things, value: sw.inherited_score(value, things.data), [None, 3, THING]
    )
    yield Row("inherited_score(data)", lambda things, value: sw.inherited_score(things.structure, value), NOT_DATA)
    yield Row("Data.examples(structure)", lambda things, value: things.data.examples(value), [None, 3, THING])


def _space_rows() -> Iterator[Row]:
    yield Row("StructureSpace(graph)", lambda _, value: sw.StructureSpace(value), [None, 3, "graph", {}, THING])
    yield Row(
        "StructureSpace(growth)",
        lambda things, value: sw.StructureSpace(things.space.graph, growth=value),
        [*NOT_POSITIVE, 0.5, 1e300],
    )
    yield Row("space.scaled(multiplier)", lambda things, value: things.space.scaled(value), NOT_POSITIVE)
    yield Row("space.scaled(multiple_of)", lambda things, value: things.space.scaled(1, value), NOT_A_COUNT)
    yield Row("space.scaled_to(metric)", lambda things, value: things.space.scaled_to(value, 9), NOT_A_NAME)
    yield Row(
        "space.scaled_to(limit)", lambda things, value: things.space.scaled_to("n_params", value), [*NOT_POSITIVE, 1]
    )
    yield from _fit_rows()
    yield Row("space.sample(rng)", lambda things, value: things.space.sample(value), [None, 0, random, THING])
    yield Row(
        "space.sample(multiple_of)", lambda things, value: things.space.sample(random.Random(0), value), NOT_A_COUNT
    )
    many = [None, 3, "a", [], {}, THING, {"c": [1]}, {3: [1]}, {"a": []}, {"a": [1], "b": [1, 2]}, {"a": "1"}, {"a": 3}]
    yield Row(
        "space.measure_many(widths)",
        lambda things, value: things.space.measure_many(value),
        [
            *many,
            {"a": [0]},
            {"a": [99]},
            {"a": [1.5]},
            {"a": [NAN]},
            {"a": [[1, 2]]},
            {"a": [True]},
            {"out": [3]},
            {"a": [[1], [1, 2]]},
        ],
    )
    yield Row(
        "space.measure_many(batch_size)",
        lambda things, value: things.space.measure_many({"a": [1]}, value),
        [*NOT_A_COUNT, 2**70],
    )
    yield Row("space.formula(metric)", lambda things, value: things.space.formula(value), NOT_A_NAME)
    yield Row("space.formula(batch_size)", lambda things, value: things.space.formula("flops", value), NOT_A_COUNT)
    yield Row("space.group_of(layer)", lambda things, value: things.space.group_of(value), NOT_A_NAME)
    yield Row("space.group_at(name)", lambda things, value: things.space.group_at(value), [None, 3, THING, ["a"]])
    yield Row("space.home_of(name)", lambda things, value: things.space.home_of(value), [None, 3, THING, ["a"]])
    yield Row("space.is_same_model(other)", lambda things, value: things.space.is_same_model(value), [None, 3, THING])


def _fit_rows() -> Iterator[Row]:
    yield Row("History(structure)", lambda _, value: sw.History(value), [None, 3, "a", THING])
    for name in ("choose", "snapshot", "restore"):
        yield Row(
            f"history.{name}()",
            lambda things, value, name=name: getattr(sw.History(things.structure), name)(value),
            [None, 3, "", THING, ["a"]],
        )
    yield Row("History.from_json(written)", lambda things, value: sw.History.from_json(value, things.space), [3, "{}"])
    yield Row("History.from_json(space)", lambda _, value: sw.History.from_json("{}", value), [None, 3, THING])
    table = pd.DataFrame({"group": ["a"], "width": [4], "lost": [0.1]})
    for name, values in {
        "limits": [
            *(None, 3, "n_params", [], {}, THING, {"parallelism": 3}, {"n_parms": 3}, {3: 3}),
            *({"n_params": value} for value in [*NOT_POSITIVE, 1]),
        ],
        "sensitivity": [
            *(3, "a", THING, [], table[["group"]], table[:0], table.assign(group="no such"), table.assign(group="out")),
            *(table.assign(lost=NAN), table.assign(lost="a"), table.assign(width="a")),
        ],
        "multiple_of": NOT_A_COUNT,
        "batch_size": NOT_A_COUNT,
        "optimizer": ["", 3, THING],
        "start": [3, "a", THING, {}],
    }.items():
        yield Row(
            f"space.fit({name})",
            lambda things, value, name=name: things.space.fit(**({"limits": {"n_params": 90}} | {name: value})),
            values,
        )
    yield Row(
        "space.fit(of another model)",
        lambda things, _: things.space.fit({"n_params": 90}, start=things.other_space.baseline),
        ["a start of another model"],
    )


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def _structure_rows() -> Iterator[Row]:
    yield Row("with_width(layer)", lambda things, value: things.structure.with_width(value, 3), NOT_A_NAME)
    yield Row(
        "with_width(width)", lambda things, value: things.structure.with_width("a", value), [*NOT_A_COUNT, 17, 10**30]
    )
    yield Row("with_width(fixed)", lambda things, value: things.structure.with_width("out", value), [3, None])
    yield Row(
        "with_activation(layer)", lambda things, value: things.structure.with_activation(value, "relu"), NOT_A_NAME
    )
    yield Row(
        "with_activation(activation)", lambda things, value: things.structure.with_activation("a", value), NOT_A_NAME
    )
    yield Row("with_bias(layer)", lambda things, value: things.structure.with_bias(value, True), NOT_A_NAME)
    yield Row("with_bias(use_bias)", lambda things, value: things.structure.with_bias("a", value), NOT_A_FLAG)
    yield Row(
        "with_initializer(layer)", lambda things, value: things.structure.with_initializer(value, "ones"), NOT_A_NAME
    )
    yield Row(
        "with_initializer(initializer)", lambda things, value: things.structure.with_initializer("a", value), NOT_A_NAME
    )
    yield Row("with_block(block)", lambda things, value: things.structure.with_block(value, True), NOT_A_NAME)
    yield Row("with_block(kept)", lambda things, value: things.structure.with_block("b", value), NOT_A_FLAG)
    for name, values in {
        "batch_size": NOT_A_COUNT,
        "optimizer": ["", "adamant", 3, THING, ["adam"]],
        "precision": ["float8", 3, THING, ["mixed_float16"], ""],
        "recompute": ["all", 3, THING, None, [], np.zeros(3)],
        "accumulate": [*NOT_A_COUNT, 3],
    }.items():
        yield Row(
            f"measure({name})",
            lambda things, value, name=name: things.structure.measure(**({"batch_size": 4} | {name: value})),
            values,
        )
    yield Row("report.receipt(metric)", lambda things, value: things.cost.receipt(value), NOT_A_NAME)
    yield Row("report.weight_bytes_in(dtype)", lambda things, value: things.cost.weight_bytes_in(value), NOT_A_NAME)
    yield Row("report.verify(memory)", lambda things, value: things.cost.verify(value), NOT_A_FLAG)
    for name, values in {
        "weights": NOT_A_NAME,
        "importance": ["", "l3", 3, THING, ["l2"], "taylor", int],
        "seed": ["3", THING, [3], True, 1.5, NAN, -1],
        "data": [3, "fashion", THING, np.zeros((3, 3))],
    }.items():
        yield Row(
            f"build({name})",
            lambda things, value, name=name: things.structure.with_width("a", 4).build(**{name: value}),
            values,
        )
    yield Row("build(a billion units)", lambda things, value: things.huge.build(value), ["fresh"])
    yield Row("structure.diff(other)", lambda things, value: things.structure.diff(value), [None, 3, "a", THING, {}])
    texts = [None, 3, THING, [], b"\xff", "", "{", "[]", "3", "null", '"a"', "NaN", _nested(100_000), '{"format": 3}']
    for kind in (sw.Structure, sw.Trial):
        name = f"structopt_widgets.{kind.__name__}"
        yield Row(
            f"{kind.__name__}.from_json(text)",
            lambda _, value, kind=kind: kind.from_json(value),
            [
                *texts,
                json.dumps({"format": name}),
                json.dumps({"format": name, "version": 99}),
                json.dumps({"format": name, "version": 1, "graph": [], "growth": 2, "choices": {}}),
                json.dumps({"format": name, "version": 1, "structure": 3}),
                f'{{"format": "{name}", "version": 1, "graph": {_nested(500)}}}',
            ],
        )
    yield Row(
        "Structure.from_json(a trial)",
        lambda things, _: sw.Structure.from_json(things.trial.to_json()),
        ["a trial"],
    )
    yield Row(
        "Trial.from_json(a structure)",
        lambda things, _: sw.Trial.from_json(things.structure.to_json()),
        ["a structure"],
    )
    yield Row(
        "Trial.from_record(record)",
        lambda things, value: sw.Trial.from_record(value, things.structure),
        [None, 3, "a", [], {}, {"budget": 3}, {"budget": {"epochs": 0}}],
    )
    yield Row("format_metric(metric)", lambda _, value: sw.format_metric(value, 3), NOT_A_NAME)
    yield Row("format_metric(value)", lambda _, value: sw.format_metric("flops", value), ["3", None, THING, [3], 1j])
    yield Row("ceil_log2(n)", lambda _, value: sw.ceil_log2(value), ["3", None, THING, [3], 0, -1, NAN, 1.5, True])


def _reading_rows() -> Iterator[Row]:
    shapes = [
        "4",
        THING,
        (0,),
        (-1,),
        (1.5,),
        ("a",),
        (NAN,),
        (True,),
        {},
        (10**30,),
        {"a": 3.5},
        [(3, "a")],
        {1: 2},
        [[[[[2]]]]],
        [[3], [4, [5]]],
    ]
    calls: dict[str, Callable[..., Any]] = {
        "from_keras": sw.StructureSpace.from_keras,
        "sw.measure": sw.measure,
        "optimize_model": sw.optimize_model,
        "explore": sw.explore,
    }
    for name, call in calls.items():
        yield Row(f"{name}(model)", lambda _, value, call=call: call(value), NOT_A_MODEL)
        yield Row(
            f"{name}(input_shape)", lambda things, value, call=call: call(things.model, input_shape=value), shapes
        )
        yield Row(f"{name}(folder)", lambda things, _, call=call: call(things.folder), ["a folder"])
        yield Row(
            f"{name}(file)",
            lambda things, value, call=call: call(_file(things, *value)),
            [("a.txt", b""), ("a.keras", b"")],
        )
    yield Row(
        "from_keras(data)", lambda things, value: sw.StructureSpace.from_keras(things.model, data=value), NOT_DATA[1:]
    )
    yield Row(
        "from_keras(growth)",
        lambda things, value: sw.StructureSpace.from_keras(things.model, growth=value),
        [*NOT_POSITIVE, 0.5],
    )
    yield Row("sw.measure(batch_size)", lambda things, value: sw.measure(things.model, value), NOT_A_COUNT)
    yield Row("sw.measure(optimizer)", lambda things, value: sw.measure(things.model, optimizer=value), ["", 3, THING])
    yield Row("sw.measure(estimate)", lambda things, value: sw.measure(things.model, **{value: 1}), ["precison"])
    for name, values in {
        "widths": ["8", THING, [], [8], [8, 8, 8], [8, "8"], {"c": 3}, {"a": 0}, {3: 3}, 0.0, NAN, -0.5, True, 3],
        "activation": ["", "rellu", 3, THING, {"c": "relu"}, {"a": 3}, ["relu"]],
        "use_bias": ["yes", 1, THING, {"c": True}, {"a": 1}, []],
        "kernel_initializer": ["", "one", 3, THING, {"c": "ones"}, {"a": 3}],
        "weights": ["", "old", 3, None],
    }.items():
        yield Row(
            f"optimize_model({name})",
            lambda things, value, name=name: sw.optimize_model(things.model, **{name: value}),
            values,
        )


def _file(things: Things, name: str, content: bytes) -> Path:
    path = things.folder / name
    path.write_bytes(content)
    return path


def _study_rows() -> Iterator[Row]:
    yield Row(
        "Study(path)",
        lambda _, value: sw.Study(value),
        [3, THING, [], b"a", "", "\0", "no/such/folder/a.journal", "nosuch://a"],
    )
    yield Row("Study(a folder)", lambda things, _: sw.Study(things.folder), ["a folder"])
    yield Row("Study(a device)", lambda _, value: sw.Study(value), [os.devnull])
    yield Row(
        "Study(a file)",
        lambda things, value: sw.Study(_file(things, "other.journal", value)),
        [b"text\n", b"{}\n", b"\xff\xfe\n"],
    )
    yield Row("Study(name)", lambda _, value: sw.Study(None, value), [3, None, THING, [], ""])
    yield Row("study.add(trial)", lambda things, value: things.study.add(value), [None, 3, {}, THING, "a"])
    yield Row("study.trial(number)", lambda things, value: things.study.trial(value), [*NOT_WHOLE, -1, 99])
    yield Row(
        "study.compare(number)",
        lambda things, value: things.study.compare(value),
        [*(each for each in NOT_WHOLE if each is not None), -1, 99],
    )
    yield Row("study.test(number)", lambda things, value: things.study.test(value, things.data), [*NOT_WHOLE, -1, 99])
    yield Row("study.test(data)", lambda things, value: things.study.test(0, value), [3, "a", THING])
    yield Row("study.test(weights)", lambda things, value: things.study.test(0, things.data, value), NOT_A_NAME)
    yield Row(
        "study.test(space)", lambda things, value: things.study.test(0, things.data, space=value), [3, "a", THING]
    )
    for name in ("to_csv", "to_parquet"):
        yield Row(
            f"study.{name}(path)",
            lambda things, value, name=name: getattr(things.study, name)(value),
            [None, 3, THING, [], "", "\0", "no/such/folder/a"],
        )
        yield Row(
            f"study.{name}(a folder)",
            lambda things, _, name=name: getattr(things.study, name)(things.folder),
            ["a folder"],
        )
    for name in ("compare", "compare_networks"):
        yield Row(
            f"{name}(first)",
            lambda things, value, name=name: getattr(sw, name)(value, things.complete),
            [None, 3, THING, {}, "a"],
        )
        yield Row(
            f"{name}(failed)",
            lambda things, _, name=name: getattr(sw, name)(things.trial, things.trial),
            ["a failed trial"],
        )
    yield Row(
        "beside_references(trials)",
        lambda things, value: sw.beside_references(value, things.data),
        [None, 3, THING, "a", [3]],
    )
    yield Row(
        "beside_references(data)", lambda things, value: sw.beside_references(things.complete, value), [None, 3, "a"]
    )
    yield Row("pareto_front(trials)", lambda _, value: sw.pareto_front(value), [None, 3, THING, [], {}, "a"])
    for name in ("maximize", "minimize"):
        yield Row(
            f"pareto_front({name})",
            lambda things, value, name=name: sw.pareto_front(things.table, **{name: value}),
            [None, 3, THING, "", "no such", ["no such"], [3], "structure", [None]],
        )
    yield Row("pareto_front(neither)", lambda things, value: sw.pareto_front(things.table, value, value), [[], ()])


def _sweep_rows() -> Iterator[Row]:
    for name, values in {
        "n_trials": NOT_A_COUNT,
        "sampler": ["", "rnd", 3, None, THING],
        "budget": [None, 3, {}, THING],
        "maximize": ["", "no such", 3, THING, [3], [None]],
        "minimize": ["", "no such", 3, None, THING, [3]],
        "at_most": [
            3,
            "n_params",
            ["n_params"],
            THING,
            {"no": 3},
            {3: 3},
            *({"n_params": each} for each in NOT_POSITIVE),
            {"n_params": 1},
        ],
        "choose": [
            "",
            "width",
            3,
            None,
            THING,
            [],
            [3],
            {"no": None},
            {"widths": 3},
            {"widths": []},
            {"widths": ["a"]},
            {"widths": [0]},
            {"multiplier": ["a"]},
            {"multiplier": [0]},
            {"biases": [1]},
            {"activations": "relu"},
        ],
        "groups": ["", 3, THING, [], ["no"], [3], ["out"]],
        "halving": [3, "33", (3,), (3, 3, 3), (1, 2), (2, 0), ("a", 2), (2, 9), (1.5, 2), (NAN, 2), [], THING, {}],
        "seed": [*NOT_WHOLE, -1],
        "together": NOT_A_COUNT,
        "executor": [3, "pool", THING, [], dict],
        "in_flight": [each for each in NOT_A_COUNT if each is not None],
        "on_trial": NOT_CALLABLE,
        "on_progress": NOT_CALLABLE,
        "should_stop": NOT_CALLABLE,
        "show_progress": NOT_A_FLAG,
    }.items():
        yield Row(
            f"sweep({name})",
            lambda things, value, name=name: things.study.sweep(
                things.space, things.data, **({"n_trials": 2, "show_progress": False} | {name: value})
            ),
            values,
        )
    yield Row("sweep(space)", lambda things, value: things.study.sweep(value, things.data), [None, 3, THING, "a.keras"])
    yield Row("sweep(data)", lambda things, value: things.study.sweep(things.space, value), NOT_DATA)


def _running_rows() -> Iterator[Row]:
    structures = [*NOT_A_MODEL, {}]
    yield Row("quick_run(structure)", lambda things, value: sw.quick_run(value, things.data), structures)
    yield Row(
        "train_together(structures)",
        lambda things, value: sw.train_together(value, things.data),
        [None, 3, THING, "ab", [3], [None], {"a": 3}],
    )
    yield Row(
        "train_together(two models)",
        lambda things, _: sw.train_together([things.structure, things.other_space.baseline], things.data),
        ["structures of two models"],
    )
    runs: dict[str, Callable[..., Any]] = {
        "quick_run": lambda things, **options: sw.quick_run(things.structure, **({"data": things.data} | options)),
        "train_together": lambda things, **options: sw.train_together(
            [things.structure], **({"data": things.data} | options)
        ),
    }
    for name, run in runs.items():
        for argument, values in {
            "data": NOT_DATA,
            "budget": [None, 3, "short", THING, {"epochs": 3}],
            "weights": NOT_A_NAME,
            "on_progress": NOT_CALLABLE,
            "should_stop": [*NOT_CALLABLE, True],
        }.items():
            yield Row(
                f"{name}({argument})",
                lambda things, value, run=run, argument=argument: run(things, **{argument: value}),
                values,
            )
    yield Row("Explorer(space)", lambda _, value: sw.Explorer(value), [None, 3, THING, "a.keras"])
    for argument in ("data", "study"):
        yield Row(
            f"Explorer({argument})",
            lambda things, value, argument=argument: sw.Explorer(things.space, **{argument: value}),
            [3, "a", THING, {}],
        )
        yield Row(
            f"explore({argument})",
            lambda things, value, argument=argument: sw.explore(things.space, **{argument: value}),
            [3, "a", THING, {}],
        )
    yield Row("explorer.add(trial)", lambda things, value: things.explorer.add(value), [None, 3, THING])
    yield Row(
        "explorer.structure", lambda things, value: setattr(things.explorer, "structure", value), [None, 3, THING, "a"]
    )
    yield Row(
        "explorer.structure(other)",
        lambda things, _: setattr(things.explorer, "structure", things.other_space.baseline),
        ["of another model"],
    )
    yield Row("explorer.model(weights)", lambda things, value: things.explorer.model(value), ["old", 3, None])


def _figure_rows() -> Iterator[Row]:
    tables = [None, 3, THING, [], {}, "a"]
    for name in ("plot_tradeoff", "plot_tradeoff_svg"):
        call: Callable[..., Any] = getattr(sw, name)
        yield Row(f"{name}(trials)", lambda _, value, call=call: call(value), tables)
        for argument, values in {
            "x": ["", "no such", 3, None, THING, ["n_params"], "structure"],
            "y": ["no such", 3, THING, ["n_params"], "structure"],
            "baseline": ["a", 99, THING, [0], 0.5],
            "cursor": ["a", THING, [0], NAN, INF, True],
            "logx": NOT_A_FLAG,
            "references": [3, "a", THING, ["a"], {"a": "b"}, {"a": None}, {"a": [1]}, {1: 2}],
        }.items():
            yield Row(
                f"{name}({argument})",
                lambda things, value, call=call, argument=argument: call(things.table, **{argument: value}),
                values,
            )
    yield Row(
        "plot_tradeoff(figure)", lambda things, value: sw.plot_tradeoff(things.table, figure=value), [3, THING, "a"]
    )
    told = {"prediction": 1, "truth": 1, "hint": "h", "answer": "a"}
    for argument, values in {
        "truth": [None, [3], float("nan"), THING],
        "hint": [None, 3, THING],
        "answer": [None, 3],
        "close": ["a", -1, float("nan")],
        "share": ["a", 3, None],
        "language": ["", "xx", 3, None],
    }.items():
        yield Row(
            f"check_prediction({argument})",
            lambda _, value, argument=argument: sw.check_prediction(**{**told, argument: value}),
            values,
        )
    yield Row("in_language(said)", lambda _, value: sw.in_language(value, "zh"), [None, 3, THING])
    yield Row("in_language(language)", lambda _, value: sw.in_language("text", value), ["", "xx", 3, None])
    yield Row("plot_sensitivity(sensitivity)", lambda _, value: sw.plot_sensitivity(value), tables)
    yield Row(
        "plot_sensitivity(order)",
        lambda _, value: sw.plot_sensitivity(
            pd.DataFrame({"group": ["a"], "ratio": [0.5], "width": [4], "lost": [0.1]}), value
        ),
        NOT_A_NAME,
    )
    yield Row("plot_layer_costs(cost)", lambda _, value: sw.plot_layer_costs(value), tables)
    yield Row(
        "plot_layer_costs(metric)", lambda things, value: sw.plot_layer_costs(things.cost, value), [*NOT_A_NAME, "kind"]
    )
    yield Row(
        "plot_layer_costs(baseline)",
        lambda things, value: sw.plot_layer_costs(things.cost, baseline=value),
        [3, THING, [], "a"],
    )


def _rule_rows() -> Iterator[Row]:
    yield Row("findings(structure)", lambda _, value: sw.findings(value), [None, 3, THING, "a"])
    yield Row("findings(data)", lambda things, value: sw.findings(things.structure, value), NOT_DATA[1:])
    yield Row("findings(study)", lambda things, value: sw.findings(things.structure, None, value), [3, "a", THING])
    yield Row("register_finding_rule(rule)", lambda _, value: sw.register_finding_rule(value), [None, 3, THING, print])
    yield Row(
        "register_layer_rule(kind)",
        lambda _, value: sw.register_layer_rule(value, sw.Elementwise()),
        [None, 3, THING, [], ""],
    )
    yield Row(
        "register_layer_rule(rule)",
        lambda _, value: sw.register_layer_rule("no.such.Layer", value),
        [None, 3, THING, sw.Elementwise, {}],
    )
    for name, values in {
        "flops": [*NOT_WHOLE, -1],
        "span": [*NOT_WHOLE, -1],
        "kept": [*NOT_WHOLE, -1],
        "saves": NOT_A_NAME,
    }.items():
        yield Row(f"Elementwise({name})", lambda _, value, name=name: sw.Elementwise(**{name: value}), values)
