"""Sweeps on real Dask clusters and process pools: what is sent, who may work, and what is said when they are gone."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import toys
from distributed import Client, LocalCluster
from distributed.cfexecutor import ClientExecutor
from test_faults import Pauses, running, wait_for
from toys import BUDGET, toy_data, toy_space, toy_sweep

import structopt_widgets as sw
from structopt_widgets.study import employer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.usefixtures("no_training")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    folder = str(tmp_path_factory.mktemp("dask"))
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", local_directory=folder
    ) as started:
        yield started


@pytest.fixture
def client(cluster: LocalCluster) -> Iterator[Client]:
    with Client(cluster) as connected:
        connected.register_plugin(Pauses(), name="pauses")
        yield connected


class Weighed(ClientExecutor):
    """Notes the bytes of each task's arguments."""

    sizes: list[int]

    def submit(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
        self.sizes.append(len(pickle.dumps(args)))
        return super().submit(fn, *args, **kwargs)


def test_the_samples_travel_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.zeros((2000, 4), "float32")
    x[:, 0] = np.arange(2000)
    data = sw.Data(x, (x[:, 0] > 1000).astype(int), name="many")
    size = len(pickle.dumps(data))
    scattered = []
    scatter = client.scatter
    monkeypatch.setattr(client, "scatter", lambda *args, **options: scattered.append(1) or scatter(*args, **options))
    executor = Weighed(client)
    executor.sizes = []
    monkeypatch.setattr(toys, "toy_data", lambda: data)
    options = {"n_trials": 9, "together": 1, "budget": sw.Budget(epochs=9, seeds=1), "halving": (3, 2)}
    table = sw.Study().sweep(toy_space(), data, executor=executor, in_flight=2, show_progress=False, **options)
    assert (table["state"] == "complete").all()
    assert len(executor.sizes) == len(table) == 9 + 3
    assert len(scattered) == 1, "for all rungs"
    assert max(executor.sizes) < 2000 < size / 10


@pytest.mark.parametrize("lost", ["package", "rule", "class"])
def test_a_worker_that_lacks_something_is_named_before_anything_is_claimed(
    lost: str, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    worker = next(iter(client.nthreads()))
    space = toy_space()
    if lost == "package":

        def hide() -> None:
            sys.modules["structopt_widgets"] = None

        client.run(hide, workers=[worker])
        message = rf"got {worker}, which has no package structopt_widgets\. Install it there"
    else:
        (tmp_path / "ours_only.py").write_text(OURS_ONLY)
        monkeypatch.syspath_prepend(str(tmp_path))
        ours = importlib.import_module("ours_only")
        space = ours.make_space(lost == "rule")
        message = {
            "rule": r"which has no layer rule for 'half' \(ours_only.Half\) where there is the rule Elementwise here",
            "class": r"which cannot make the layer 'half' \(ours_only.Half\).*module that the worker imports",
        }[lost]
    study = sw.Study()
    try:
        with pytest.raises(RuntimeError, match=message):
            toy_sweep(study, 3, 1, space, executor=client.get_executor())
    finally:
        if lost == "package":
            client.restart()
    assert not study.storage.get_all_trials(study.study_id)


OURS_ONLY = """
import keras
import tensorflow as tf
import structopt_widgets as sw
from structopt_widgets.layer_rules import registry


class Half(keras.layers.Layer):
    def call(self, x):
        return tf.math.bessel_i0(x)


def make_space(registered):
    if registered:
        sw.register_layer_rule(Half, sw.Elementwise(flops=1))
    first, last = keras.layers.Dense(8, name="a"), keras.layers.Dense(2, name="out")
    layers = [first, Half(name="half"), keras.layers.Dense(8, name="b"), last]
    try:
        return sw.StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), *layers]))
    finally:
        registry._RULES.pop("ours_only.Half", None)
"""


def test_all_workers_die_and_new_ones_go_on(client: Client, tmp_path: Path) -> None:
    study = sw.Study(tmp_path / "trials.journal")
    killed: list[int] = []

    def kill_all(_: sw.Trial) -> None:
        if not killed:
            killed.extend(client.run(os.getpid).values())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    table = toy_sweep(study, 5, 1, executor=client.get_executor(), in_flight=2, on_trial=kill_all)
    assert len(killed) == 2
    assert len(table) == 5
    assert (table["state"] == "complete").all()
    assert running(study) == 0


def test_a_scheduler_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = sw.Study(tmp_path / "trials.journal")
    place = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard"]
    monkeypatch.setenv("TOY_PAUSE", "1")
    path = os.pathsep.join(sys.path)
    with subprocess.Popen([*command, "--scheduler-file", str(place)], stderr=subprocess.DEVNULL) as scheduler:
        wait_for(place.exists)
        command = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-nanny", "--no-dashboard"]
        with subprocess.Popen(
            [*command, "--scheduler-file", str(place), "--local-directory", str(tmp_path)],
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        ) as worker:
            try:
                with Client(scheduler_file=str(place), timeout=5) as client:
                    client.register_plugin(Pauses())
                    with pytest.raises(
                        RuntimeError, match=r"connection to the scheduler.*All finished trials are kept"
                    ):
                        toy_sweep(study, 6, 1, executor=client.get_executor(), on_trial=lambda _: scheduler.kill())
            finally:
                scheduler.kill()
                worker.kill()
    finished = len(study)
    assert 1 <= finished < 6
    assert {trial.state for trial in study} == {"complete"}
    assert running(study) == 0
    toy_sweep(study, 6, 1)
    assert len(study) == 6


def test_a_cluster_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(employer, "PATIENCE", 0.5)
    empty = LocalCluster(n_workers=0, dashboard_address=":0")
    with empty, Client(empty) as lonely, pytest.raises(RuntimeError, match="a cluster with workers, got none within"):
        toy_sweep(sw.Study(), 2, 1, executor=lonely.get_executor())


def test_a_pool_lacks_a_class_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ours_only.py").write_text(OURS_ONLY)
    monkeypatch.syspath_prepend(str(tmp_path))
    space = importlib.import_module("ours_only").make_space(registered=True)
    study = sw.Study()
    spawn = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, mp_context=spawn) as pool,
        pytest.raises(RuntimeError, match="no layer rule for 'half'"),
    ):
        toy_sweep(study, 3, 1, space, executor=pool)
    assert not study.storage.get_all_trials(study.study_id)


def test_what_a_model_was_compiled_with_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # what is trained for is what this is about
    layers = [keras.layers.Dense(8, "relu", name="a"), keras.layers.Dense(2, name="out")]
    model = keras.Sequential([keras.Input((4,)), *layers])
    loss = keras.losses.CategoricalFocalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.03, momentum=0.5), loss, loss_weights=[2.0])
    space = sw.StructureSpace.from_keras(model)
    options: dict[str, Any] = {"budget": BUDGET, "show_progress": False, "n_trials": 2, "together": 2}
    here = sw.Study().sweep(space, toy_data(), **options)
    with ThreadPoolExecutor(1) as pool:
        there = sw.Study().sweep(space, toy_data(), executor=pool, **options)
    assert (here["state"] == "complete").all()
    np.testing.assert_allclose(there["loss"], here["loss"], rtol=1e-5)
    np.testing.assert_array_equal(there["optimizer"], here["optimizer"])
    bare = sw.StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), *layers]))
    assert not np.allclose(sw.Study().sweep(bare, toy_data(), **options)["loss"], here["loss"], rtol=0.1)


def test_what_cannot_go_along_is_refused() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
    optimizer = keras.optimizers.AdamW(weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer, "mse")
    study = sw.Study()
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match=r"exclude_from_weight_decay.*without an exec"):
        toy_sweep(study, 2, 1, sw.StructureSpace.from_keras(model), executor=pool)
    with pytest.raises(RuntimeError, match="workers run, got RuntimeError: cannot schedule new futures"):
        toy_sweep(study, 2, 1, executor=pool)
    with pytest.raises(TypeError, match=r"client\.get_executor\(\)"):
        toy_sweep(study, 2, 1, executor=3)
    assert not study.storage.get_all_trials(study.study_id)
