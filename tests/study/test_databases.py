"""Studies on database servers: a real PostgreSQL, made for these tests from the machine's own binaries."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from toys import toy_space, toy_sweep, toy_trial

import structopt_widgets as sw
from structopt_widgets.study import databases

Opened = Callable[..., sw.Study]


def find_binaries() -> Path | None:
    """The folder of initdb and pg_ctl; Debian keeps them off the path, a folder a version."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((place for place in reversed(places) if (place / "initdb").exists()), None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server of its own, on a free port."""
    binaries = find_binaries()
    if binaries is None:
        assert "CI" not in os.environ, "there these tests must run: .ci/run installs PostgreSQL"
        pytest.skip("takes PostgreSQL: apt-get install postgresql")
    # PostgreSQL refuses to run as root. Only root may become another user.
    user = ["runuser", "-u", "postgres", "--"] if os.name == "posix" and os.geteuid() == 0 else []
    folder = Path(subprocess.run([*user, "mktemp", "-d"], check=True, capture_output=True, text=True).stdout.strip())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        command = [*user, str(binaries / program), *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    data = str(folder / "data")
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
    run("initdb", "-D", data, "-U", "tester", "--auth=trust", "--no-sync", "--encoding=UTF8")
    run("pg_ctl", "-D", data, "-l", str(folder / "log"), "-o", options, "-w", "start")
    try:
        yield f"postgresql://tester:secret@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        subprocess.run([*user, "rm", "-r", str(folder)], check=True)


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens studies in a database, whose connections are closed at the end."""
    with ExitStack() as stack:

        def open_study(url: str, name: str = "structures") -> sw.Study:
            study = sw.Study(url, name)
            stack.callback(study.storage._backend.engine.dispose)
            return study

        yield open_study


@pytest.mark.slow
@pytest.mark.usefixtures("no_training")
def test_a_study_on_postgresql(server: str, opened: Opened) -> None:
    study = opened(server)
    added = study.add(toy_trial(toy_space().baseline.with_width("a", 4)))
    lost = study.add(toy_trial(toy_space().baseline, state="failed", reason="nan", score=float("nan"), by_seed=()))
    again = opened(server)
    assert [trial.to_json() for trial in again] == [added.to_json(), lost.to_json()]
    threads = [threading.Thread(target=toy_sweep, args=(opened(server), 6, 3)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    swept = [trial.structure for trial in again][2:]
    assert len(set(swept)) == len(swept) == 6
    other = opened(server, name="another")
    assert len(other) == 0


@pytest.mark.slow
def test_no_such_database_on_a_server(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "PAUSES", ())
    with pytest.raises(
        ConnectionError, match=r"Expected a database at postgresql://tester@.*/nowhere, got: .*not exist"
    ):
        sw.Study(server.replace("/postgres", "/nowhere"))


@pytest.mark.parametrize("kind", databases.DRIVERS)
def test_a_url_gets_the_driver_that_is_there(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The extra's own, which the tests install.
    assert databases.with_driver(f"{kind}://a:b@c/d") == f"{kind}+{databases.DRIVERS[kind][0]}://a:b@c/d"
    assert databases.with_driver(f"{kind}+other://c/d") == f"{kind}+other://c/d"
    monkeypatch.setitem(sys.modules, databases.DRIVERS[kind][0], None)
    monkeypatch.setattr(databases, "_is_there", lambda package: package == databases.DRIVERS[kind][1])
    assert databases.with_driver(f"{kind}://c/d").startswith(f"{kind}+{databases.DRIVERS[kind][1].lower()}://")
    monkeypatch.setattr(databases, "_is_there", lambda _: False)
    with pytest.raises(ImportError, match=rf"got none\. Run: pip install 'structopt-widgets\[{kind}\]'"):
        sw.Study(f"{kind}://c/d")


@pytest.mark.parametrize("kind", databases.DRIVERS)
def test_a_server_that_is_not_there(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "PAUSES", ())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        with pytest.raises(ConnectionError, match=f"Expected a database at {kind}://me@127.*got: .*server running"):
            sw.Study(f"{kind}://me:secret@127.0.0.1:{taken.getsockname()[1]}/trials")


def test_a_url_of_another_kind() -> None:
    with pytest.raises(ValueError, match=r"Expected the URL of a database, such as sqlite:///trials.db"):
        sw.Study("oracel://a/b")
