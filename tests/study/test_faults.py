"""What can go wrong in a sweep, with real processes: nothing finished is lost, nothing is done twice."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from distributed import Client, LocalCluster, WorkerPlugin
from optuna.trial import TrialState
from toys import pause_instead_of_training, toy_space, toy_sweep

from structopt_widgets import Study, Trial
from structopt_widgets.study.claims import DIED, GIVEN_UP

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PROGRAM = str(Path(__file__).with_name("toys.py"))


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training is replaced by a pause in this process too; put back afterwards."""
    from structopt_widgets.study import plan, running

    monkeypatch.setattr(plan, "check_fit", plan.check_fit)
    monkeypatch.setattr(running, "train_together", running.train_together)
    pause_instead_of_training()


@pytest.fixture(scope="module")
def structure_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("toy") / "structure.json"
    path.write_text(toy_space().baseline.to_json())
    return path


@contextmanager
def sweeping(structure: Path, place: object, *numbers: int) -> Iterator[subprocess.Popen[str]]:
    """A process that is about to sweep, and begins when a line is written to it."""
    command = [sys.executable, PROGRAM, *map(str, (place, structure, *numbers))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "ready"
            yield process
        finally:
            process.kill()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def running(study: Study) -> int:
    trials = study.storage.get_all_trials(study.study_id, deepcopy=False)
    return sum(trial.state == TrialState.RUNNING for trial in trials)


def each_once(study: Study, n_trials: int) -> None:
    structures = [trial.structure for trial in study]
    assert len(structures) == len(set(structures)) == n_trials
    assert all(trial.state == "complete" for trial in study)
    assert running(study) == 0


@pytest.mark.parametrize("place", ["file", "sqlite"])
def test_killed_again_and_again_a_sweep_ends_with_each_trial_once(
    place: str, tmp_path: Path, structure_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A batch of two must last longer than a look into a database that another process writes, on a busy machine.
    monkeypatch.setenv("TOY_PAUSE", "1")
    path = tmp_path / "trials.db"
    where = str(path) if place == "file" else f"sqlite:///{path}"
    study = Study(where)
    moments: list[Callable[[], bool]] = [
        lambda: running(study) == 2,  # it has claimed, and trained nothing yet
        lambda: len(study) >= 2 and running(study) == 2,
    ]
    kept: dict[int | None, str] = {}
    for moment in moments:
        with sweeping(structure_file, where, 6, 2) as process:
            go(process)
            wait_for(moment)
            process.send_signal(signal.SIGKILL)
            process.wait()
        now = {trial.number: trial.to_json() for trial in Study(where)}
        assert kept.items() <= now.items()
        kept = now
    again = Study(where)
    done_now: list[Trial] = []
    table = toy_sweep(again, 6, 2, on_trial=done_now.append)
    each_once(again, 6)
    assert kept.items() <= {trial.number: trial.to_json() for trial in again}.items()
    assert len(done_now) == 6 - len(kept)
    assert set(table.index) == {trial.number for trial in again}
    # Called once more, there is nothing left to do.
    assert toy_sweep(again, 6, 2, on_trial=done_now.append).equals(table)
    assert len(done_now) == 6 - len(kept)


@pytest.mark.benchmark
@pytest.mark.timeout(600)
def test_killed_at_ten_random_moments(tmp_path: Path, structure_file: Path) -> None:
    path = tmp_path / "trials.journal"
    rng = random.Random(0)
    kept: dict[int | None, str] = {}
    for _ in range(10):
        with sweeping(structure_file, path, 80, 2) as process:
            go(process)
            time.sleep(rng.uniform(0, 1.5))
            process.send_signal(signal.SIGKILL)
            process.wait()
        now = {trial.number: trial.to_json() for trial in Study(path)}
        assert kept.items() <= now.items()
        kept = now
    assert 0 < len(kept) < 80
    study = Study(path)
    done_now: list[Trial] = []
    toy_sweep(study, 80, 8, on_trial=done_now.append)
    each_once(study, 80)
    assert len(done_now) == 80 - len(kept)


def test_two_processes_share_one_study(tmp_path: Path, structure_file: Path) -> None:
    path = tmp_path / "trials.journal"
    with sweeping(structure_file, path, 8, 1) as first, sweeping(structure_file, path, 8, 1) as second:
        for process in (first, second):
            go(process)
        numbers = [process.communicate(timeout=120)[0].split() for process in (first, second)]
        assert [first.returncode, second.returncode] == [0, 0]
    each_once(Study(path), 8)
    assert all(numbers), "both have done some"
    assert sorted(map(int, numbers[0] + numbers[1])) == sorted(trial.number for trial in Study(path))


@pytest.fixture(params=["tmpfs", "limit"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, list[int]]]:
    """A folder with room for 48 KB, and what the sweeping process needs to be told to see it so."""
    if request.param == "limit":
        yield tmp_path, [48 * 1024]
        return
    mount = ["mount", "-t", "tmpfs", "-o", "size=48k", "none", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk takes rights this user does not have; the other case limits the file")
    try:
        yield tmp_path, []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk_keeps_all_that_was_written(small_disk: tuple[Path, list[int]], structure_file: Path) -> None:
    folder, limit = small_disk
    path = folder / "trials.journal"
    with sweeping(structure_file, path, 40, 2, *limit) as process:
        go(process)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "All that was written before is kept" in errors.splitlines()[-1]
    numbers = [int(line) for line in output.split()]
    assert numbers
    study = Study(path)
    assert [trial.number for trial in study][: len(numbers)] == numbers
    assert path.read_bytes().endswith(b"\n")
    if limit:  # in this process there is room
        # Of one trial the scores may be in the file and its end not: it is finished on leaving, and not printed.
        assert len(study) - len(numbers) in (0, 1)
        wanted = len(study) + 1
        toy_sweep(study, wanted, 2)
        each_once(study, wanted)


class Pauses(WorkerPlugin):
    """In each worker, also in one that is started anew."""

    def setup(self, worker: object) -> None:
        pause_instead_of_training()


def test_a_worker_of_a_dask_cluster_is_killed(tmp_path: Path) -> None:
    study = Study(tmp_path / "trials.journal")
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(tmp_path)
    )
    with cluster, Client(cluster) as client:
        client.register_plugin(Pauses())
        pids = client.run(os.getpid)
        killed: list[int] = []

        def kill_one(_: Trial) -> None:
            if not killed:
                killed.append(next(iter(pids.values())))
                os.kill(killed[0], signal.SIGKILL)

        table = toy_sweep(study, 6, 1, executor=client.get_executor(), in_flight=4, on_trial=kill_one)
    assert killed
    assert len(table) == 6
    each_once(study, 6)


def test_a_broken_pool_leaves_the_rest_to_a_later_call(tmp_path: Path) -> None:
    study = Study(tmp_path / "trials.journal")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=pause_instead_of_training) as pool:

        def kill(_: Trial) -> None:
            with suppress(ProcessLookupError):
                os.kill(next(iter(pool._processes)), signal.SIGKILL)

        with pytest.raises(RuntimeError, match=r"A worker process died.*All finished trials are kept"):
            toy_sweep(study, 4, 1, executor=pool, in_flight=2, on_trial=kill)
    finished = len(study)
    assert 1 <= finished < 4
    assert running(study) == 0
    # Whatever the worker was training may be what it died of.
    assert {each.user_attrs[GIVEN_UP] for each in study.optuna.trials if GIVEN_UP in each.user_attrs} == {DIED}
    toy_sweep(study, 4, 1)
    each_once(study, 4)
