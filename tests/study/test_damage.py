"""A journal with damaged lines, or lines of a newer release: what is readable is read, the rest named and left."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import optuna
import pytest
from toys import toy_space, toy_sweep, toy_trial

import structopt_widgets as sw
from structopt_widgets.study import locks
from structopt_widgets.study.journal_lines import decode
from structopt_widgets.study.records import TRIAL


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "a.journal"
    study = sw.Study(path)
    for width in range(1, 6):
        study.add(toy_trial(toy_space().baseline.with_width("a", width)))
    return path


def read(path: Path) -> tuple[sw.Study, dict[int | None, str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        study = sw.Study(path)
        return study, {trial.number: trial.to_json() for trial in study}


def without_checksums(content: bytes) -> bytes:
    """As an earlier release, or Optuna, writes it: each line once, and no checksum."""
    logs = [json.loads(line) for line in content.splitlines()]
    own = [log for log in logs if not log["worker_id"].endswith(" again")]
    kept = [{key: value for key, value in log.items() if key != "crc32"} for log in own]
    return "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in kept).encode()


@pytest.mark.usefixtures("no_training")
@pytest.mark.slow
def test_a_byte_that_has_changed_costs_one_trial_at_most(journal: Path) -> None:
    toy_sweep(sw.Study(journal), 3, 2)  # claims and results on lines of their own
    whole = journal.read_bytes()
    every = read(journal)[1]
    rng = random.Random(0)
    for _ in range(100):
        damaged = bytearray(whole)
        place = rng.randrange(len(whole))
        damaged[place] = (damaged[place] + rng.randrange(1, 256)) % 256
        journal.write_bytes(damaged)
        study, found = read(journal)
        lost = set(every) - set(found)
        assert len(lost) <= 1
        assert found.items() <= every.items(), "what is read is what was written"
        assert lost == set(study.unreadable)
        assert journal.read_bytes() == bytes(damaged), "reading changes nothing"


def test_a_damaged_line_is_named_counted_and_left(journal: Path) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    third = [place for place, line in enumerate(lines) if b'"op_code":4' in line][2]
    damaged = lines[third].replace(b'"score":0', b'"score":7', 1)
    assert damaged != lines[third]
    journal.write_bytes(b"".join([*lines[:third], damaged, *lines[third + 1 :]]))
    study = sw.Study(journal)
    with pytest.warns(UserWarning, match=rf"^1 of 5 trials .* Trial 2: line {third + 1} of a.journal is damaged"):
        assert [trial.number for trial in study] == [0, 1, 3, 4]
    assert repr(study) == "Study(structures: 4 trials, 1 unreadable)"
    assert dict(study.unreadable) == {2: f"line {third + 1} of a.journal is damaged"}
    with pytest.raises(ValueError, match=r"that can be read, got 2: line"):
        study.trial(2)
    # Written to, it keeps the line, and the next number is the next.
    assert study.add(toy_trial(toy_space().baseline.with_width("a", 7))).number == 5
    assert damaged in journal.read_bytes().splitlines(keepends=True)
    assert set(read(journal)[1]) == {0, 1, 3, 4, 5}


@pytest.mark.slow
@pytest.mark.usefixtures("no_training")
def test_a_line_that_is_missing_doubled_or_elsewhere_moves_no_result_to_another_trial(journal: Path) -> None:
    toy_sweep(sw.Study(journal), 4, 2)
    lines, every = journal.read_bytes().splitlines(keepends=True), read(journal)[1]
    for at in range(len(lines)):
        swapped = [*lines[:at], *lines[at : at + 2][::-1], *lines[at + 2 :]]
        for changed in (lines[:at] + lines[at + 1 :], lines[: at + 1] + lines[at:], swapped):
            journal.write_bytes(b"".join(changed))
            study, found = read(journal)
            assert found.items() <= every.items(), "what is read is what was written"
            lost = set(every) - set(found)
            # Of two claims that have changed places the second is known, and then the first is passed over.
            assert len(lost) <= (0 if len(changed) > len(lines) else 1)
            assert lost <= set(study.unreadable) | {max(every)}, "at the end nothing tells that there was one"
            if lost and max(every) not in lost:
                assert "missing" in study.unreadable[lost.pop()]
    journal.write_bytes(b"".join(lines) * 2)
    assert read(journal)[1] == every
    # One that is written after that has the place after all of them.
    assert sw.Study(journal).add(toy_trial(toy_space().baseline)).number == len(every)
    assert set(read(journal)[1]) == {*every, len(every)}


@pytest.mark.usefixtures("no_training")
def test_a_result_of_another_size_than_its_claim_is_not_read(journal: Path) -> None:
    """An earlier release's lines do not say their places."""
    toy_sweep(sw.Study(journal), 4, 2)
    every = read(journal)[1]
    lines = [
        json.dumps({key: value for key, value in json.loads(line).items() if key != "place"}).encode() + b"\n"
        for line in without_checksums(journal.read_bytes()).splitlines()
    ]
    claim = next(place for place, line in enumerate(lines) if b'"op_code": 4' in line and b'"owner"' in line)
    journal.write_bytes(b"".join(lines[:claim] + lines[claim + 1 :]))
    study, found = read(journal)
    assert found.items() <= every.items()
    assert any("its result is another structure's" in reason for reason in study.unreadable.values())


def test_a_journal_of_an_earlier_release_is_read_past_a_damaged_line(journal: Path) -> None:
    every = read(journal)[1]
    old = without_checksums(journal.read_bytes())
    journal.write_bytes(old)
    assert read(journal)[1] == every
    lines = old.splitlines(keepends=True)
    for place, line in enumerate(lines):
        if b'"op_code":4' in line:
            for broken in (line[:50] + b"\n" + line[51:], line[:-1] + b"#", b"?" + line[1:], line[:900] + line[901:]):
                journal.write_bytes(b"".join([*lines[:place], broken, *lines[place + 1 :]]))
                found = read(journal)[1]
                assert len(found) >= 4
                assert found.items() <= every.items()


@pytest.mark.slow
def test_the_line_of_a_study_is_made_out_where_there_is_no_second_one(journal: Path) -> None:
    every = read(journal)[1]
    old = without_checksums(journal.read_bytes())
    for place in range(old.index(b'"study_name"') - 1):
        journal.write_bytes(old[:place] + b"\xff" + old[place + 1 :])
        assert read(journal)[1] == every


def test_a_trial_of_a_newer_release_is_read_as_far_as_it_can_be(journal: Path) -> None:
    study = sw.Study(journal)
    trial = study.trial(0)
    record = trial.to_record()
    newer = record | {"version": 2, "carbon": 1.5, "budget": record["budget"] | {"warmup": 3}}
    read_newer = sw.Trial.from_record(newer, trial.structure)
    assert read_newer.score == trial.score
    assert read_newer.to_record() == newer
    again = sw.Trial.from_json(read_newer.to_json())
    assert again.to_record() == newer
    study.add(read_newer)
    # One it cannot read is named and left, and the others are there.
    frozen = optuna.trial.create_trial(values=[1.0, 2.0], user_attrs={**study.optuna.trials[0].user_attrs})
    frozen.user_attrs[TRIAL] = {name: value for name, value in newer.items() if name != "score"}
    study.storage.create_new_trial(study.study_id, frozen)
    with pytest.warns(UserWarning, match=r"Trial 6: .*of version 2, which a newer release may read"):
        assert len(study) == 6
    assert study.trial(5).to_record() == newer | {"number": 5}


def test_a_trial_names_its_release(journal: Path) -> None:
    record = decode(journal.read_bytes().splitlines()[-1])["user_attrs"][TRIAL]
    assert record["version"] == 1
    damaged = {name: value for name, value in record.items() if name != "by_seed"}
    with pytest.raises(ValueError, match="this one is damaged: KeyError"):
        sw.Trial.from_record(damaged, toy_space().baseline)


HOLD = """
import sys, time
from structopt_widgets.study.locks import lock_of
lock_of(sys.argv[1]).acquire()
print("held", flush=True)
time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no lock that ends with its process here")
def test_the_lock_of_a_killed_process_is_taken_over(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "DEAD_AFTER", 10**6)  # waiting for that would be noticed
    with subprocess.Popen([sys.executable, "-c", HOLD, str(journal)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        assert os.path.lexists(f"{journal}.lock")
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert os.path.lexists(f"{journal}.lock")
    sw.Study(journal).add(toy_trial(toy_space().baseline))
    assert len(read(journal)[1]) == 6
    assert not os.path.lexists(f"{journal}.lock")


def test_another_programs_lock_is_waited_for(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = optuna.storages.journal.JournalFileSymlinkLock(str(journal))
    theirs.acquire()
    waited = []
    real = locks.JournalFileSymlinkLock.acquire

    def acquire(lock: optuna.storages.journal.JournalFileSymlinkLock) -> bool:
        waited.append(os.readlink(f"{journal}.lock"))
        theirs.release()
        return real(lock)

    monkeypatch.setattr(locks.JournalFileSymlinkLock, "acquire", acquire)
    sw.Study(journal).add(toy_trial(toy_space().baseline))
    assert waited == [str(journal)]
    assert len(read(journal)[1]) == 6


@pytest.mark.parametrize("has_kernel_lock", [True, False])
def test_a_file_system_without_links(journal: Path, monkeypatch: pytest.MonkeyPatch, has_kernel_lock: bool) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refuse)
    if not has_kernel_lock:
        monkeypatch.setattr(locks.fcntl, "flock", refuse)
    study = sw.Study(journal)
    study.add(toy_trial(toy_space().baseline))
    study.add(toy_trial(toy_space().baseline.with_width("b", 3)))
    assert len(read(journal)[1]) == 7
    assert not os.path.lexists(f"{journal}.lock")


@pytest.mark.usefixtures("no_training")
def test_a_damaged_study_is_swept_on(journal: Path) -> None:
    table = toy_sweep(sw.Study(journal), 4, 2)
    # The result of one of them, on its line, goes.
    lines = journal.read_bytes().splitlines(keepends=True)
    place = next(place for place, line in enumerate(lines) if b'"op_code":8' in line)
    lines[place] = lines[place][:40] + b"\xff" + lines[place][41:]
    journal.write_bytes(b"".join(lines))
    study, found = read(journal)
    assert len(found) == 5 + 3
    assert list(study.unreadable.values()) == ["it has ended, and its result is missing or damaged"]
    again = toy_sweep(study, 4, 2)
    assert len(again) == 4
    assert set(again["structure"]) == set(table["structure"])
