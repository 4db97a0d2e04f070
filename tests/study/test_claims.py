"""Who runs what: claims of two workers, of dead ones, and of ones on another machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from optuna.trial import TrialState
from toys import toy_space, toy_trial

import structopt_widgets as sw
from structopt_widgets.study import workers
from structopt_widgets.study.claims import Claims
from structopt_widgets.study.proposals import Proposal
from structopt_widgets.study.records import TRIAL
from structopt_widgets.study.workers import Worker


@pytest.fixture
def study() -> sw.Study:
    return sw.Study()


@pytest.fixture
def two(study: sw.Study) -> Iterator[list[Claims]]:
    with ExitStack() as stack:
        both = [stack.enter_context(Worker(study.storage, study.study_id)) for _ in range(2)]
        yield [Claims(study.storage, study.study_id, study.shelf, "sweep", worker) for worker in both]


def proposals(*widths: int) -> list[Proposal]:
    return [Proposal(toy_space().baseline.with_width("a", width)) for width in widths]


def widths(claims: list) -> list[int]:
    return [claim.proposal.structure.widths["a"] for claim in claims]


def test_the_first_claim_stands(two: list[Claims]) -> None:
    first, second = two
    assert widths(first.claim(proposals(1, 2), 5)) == [1, 2]
    assert widths(second.claim(proposals(2, 3, 4), 5)) == [3, 4]
    # The sweep has room for one more.
    assert widths(first.claim(proposals(5, 6), 5)) == [5]
    assert len(second.standing()) == 5
    # What there was no room for comes first should there be more room.
    assert [each.structure.widths["a"] for each in second.take_over()] == [6]


def test_what_was_given_up_is_offered_again(two: list[Claims]) -> None:
    first, second = two
    mine = first.claim(proposals(1, 2), 5)
    first.give_up(mine[:1], "stopped")
    orphans = second.take_over()
    assert [each.structure.widths["a"] for each in orphans] == [1]
    assert widths(second.claim(orphans, 5)) == [1]
    assert second.take_over() == []


def test_a_worker_whose_sweep_ended_is_dead_also_in_this_process(study: sw.Study, two: list[Claims]) -> None:
    with Worker(study.storage, study.study_id) as gone:
        left = Claims(study.storage, study.study_id, study.shelf, "sweep", gone)
        (claim,) = left.claim(proposals(7), 5)
        assert two[0].take_over() == []
    assert [each.structure.widths["a"] for each in two[0].take_over()] == [7]
    # Should it live after all, its result comes too late.
    assert left.finish(claim, toy_trial(claim.proposal.structure)) is None
    assert len(study) == 0


def test_a_result_whose_writer_died_before_it_said_so_is_kept(study: sw.Study, two: list[Claims]) -> None:
    with Worker(study.storage, study.study_id) as gone:
        left = Claims(study.storage, study.study_id, study.shelf, "sweep", gone)
        (claim,) = left.claim(proposals(7), 5)
        trial = toy_trial(claim.proposal.structure)
        study.storage.set_trial_user_attr(claim.trial_id, TRIAL, trial.to_record())
    assert two[0].take_over() == []
    assert [each.score for each in study] == [trial.score]
    assert study.optuna.trials[0].state == TrialState.COMPLETE
    assert study.optuna.trials[0].values == [trial.score, trial.n_params]


def test_another_machine_is_dead_once_it_gives_no_sign_of_life(
    study: sw.Study, two: list[Claims], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "LEASE", 0.2)
    here = two[0]._worker
    far = here.attrs | {"machine": "elsewhere", "id": "far"}
    key = f"sign of life elsewhere {far['pid']}"
    end = time.monotonic() + 0.4
    beat = 0
    while time.monotonic() < end:
        study.storage.set_study_user_attr(study.study_id, key, beat := beat + 1)
        assert not here.is_dead(far)
    time.sleep(0.25)
    assert here.is_dead(far)


def test_a_process_number_that_was_used_again_is_another_process(two: list[Claims]) -> None:
    here = two[0]._worker
    boot, ticks = workers._start(os.getppid()).rsplit(" ", 1)
    parent = here.attrs | {"pid": os.getppid(), "id": "other", "start": f"{boot} {ticks}"}
    assert not here.is_dead(parent)
    assert here.is_dead(parent | {"start": f"{boot} {int(ticks) - 1}"})
    assert here.is_dead(parent | {"start": f"another-boot {ticks}"})


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="elsewhere psutil says when a process began")
def test_a_clock_that_is_set_kills_nobody(two: list[Claims], monkeypatch: pytest.MonkeyPatch) -> None:
    here = two[0]._worker
    parent = here.attrs | {"pid": os.getppid(), "id": "other", "start": workers._start(os.getppid())}
    real = workers.psutil.Process.create_time
    monkeypatch.setattr(workers.psutil.Process, "create_time", lambda process: real(process) + 3600)
    assert not here.is_dead(parent)


def test_a_claim_of_the_release_before_is_understood(two: list[Claims]) -> None:
    here = two[0]._worker
    started = workers.psutil.Process(os.getppid()).create_time()
    old = {key: value for key, value in here.attrs.items() if key != "start"}
    parent = old | {"pid": os.getppid(), "id": "other", "started": started}
    assert not here.is_dead(parent)
    assert here.is_dead(parent | {"started": started - 60})


def test_a_process_that_has_ended_and_was_not_waited_for_is_dead(two: list[Claims]) -> None:
    here = two[0]._worker
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        owner = here.attrs | {"pid": process.pid, "id": "other", "start": workers._start(process.pid)}
        assert not here.is_dead(owner)
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert here.is_dead(owner)
