"""The console command: where the notebooks come from, and a server that starts anywhere and stops cleanly."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from structopt_widgets import cli

SHIPPED = (
    "01_walkthrough.ipynb",
    "01_walkthrough.zh.ipynb",
    "02_explore.ipynb",
    "03_report.ipynb",
    "04_images.ipynb",
    "05_text.ipynb",
    "06_speech.ipynb",
    "07_large_models.ipynb",
    "08_smaller_for_real.ipynb",
)
# A proxy set for the machine must not stand between the test and the server beside it.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
def wheel_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package as pip unpacks a wheel: the notebooks are inside it."""
    package = tmp_path / "site-packages" / "structopt_widgets"
    (package / "notebooks").mkdir(parents=True)
    for name in SHIPPED:
        (package / "notebooks" / name).write_text(f"shipped {name}")
    (package / "notebooks" / "explorer.png").write_text("not a notebook")
    monkeypatch.setattr(cli, "PACKAGE", package)


def test_a_clone_shows_its_own_notebooks() -> None:
    folder = cli.notebook_folder()
    assert folder == Path(__file__).parents[1] / "notebooks"
    assert tuple(sorted(path.name for path in folder.glob("*.ipynb"))) == SHIPPED


def test_a_clone_copies_into_a_folder_that_is_asked_for(tmp_path: Path) -> None:
    folder = cli.notebook_folder(tmp_path / "new" / "mine")
    assert tuple(sorted(path.name for path in folder.iterdir())) == SHIPPED


@pytest.mark.usefixtures("wheel_layout")
def test_a_wheel_copies_its_notebooks_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = cli.notebook_folder(tmp_path / "mine")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {name: f"shipped {name}" for name in SHIPPED}
    assert capsys.readouterr().out.count("copied ") == len(SHIPPED)


@pytest.mark.usefixtures("wheel_layout")
def test_a_wheel_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "01_walkthrough.ipynb").write_text("my own answers")
    cli.notebook_folder(mine)
    assert (mine / "01_walkthrough.ipynb").read_text() == "my own answers"
    assert (mine / "02_explore.ipynb").read_text() == "shipped 02_explore.ipynb"
    assert f"kept    {mine / '01_walkthrough.ipynb'}" in capsys.readouterr().out


@pytest.mark.usefixtures("wheel_layout")
def test_a_wheel_uses_a_folder_in_the_home_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert cli.notebook_folder() == tmp_path / "home" / "structopt-widgets-notebooks"


@pytest.mark.usefixtures("wheel_layout")
def test_a_wheel_without_a_home_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert cli.main(["lab"]) == 2
    assert "--folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["02_explore", "02_explore.ipynb"])
def test_a_notebook_is_found_with_and_without_its_ending(name: str) -> None:
    assert cli.find_notebook(cli.notebook_folder(), name) == "02_explore.ipynb"


@pytest.mark.parametrize(
    "name", ["04_magic", "", "../notebooks/01_walkthrough", "/01_walkthrough.ipynb", "explorer.png"]
)
def test_an_unknown_notebook_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=re.escape(", ".join(SHIPPED))) as caught:
        cli.find_notebook(cli.notebook_folder(), name)
    assert repr(name) in str(caught.value)


def test_an_unknown_notebook_ends_before_any_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "start_lab", lambda *_, **__: pytest.fail("a server was started"))
    assert cli.main(["lab", "04_magic"]) == 2
    assert capsys.readouterr().err.startswith("structopt-widgets: Expected one of the notebooks")


def test_a_folder_that_is_a_file_is_an_error_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("")
    assert cli.main(["lab", "--folder", str(tmp_path / "taken")]) == 2
    assert "taken" in capsys.readouterr().err


def test_a_browser_opens_only_where_there_is_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(cli, "start_lab", lambda *_, open_browser: asked.append(open_browser) or 0)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    assert cli.main(["lab"]) == 0
    monkeypatch.setenv("DISPLAY", ":0")
    assert cli.main(["lab"]) == 0
    assert cli.main(["lab", "--no-browser"]) == 0
    assert asked == [False, True, False]


@dataclass
class Server:
    """A JupyterLab that says it listens at ``address``."""

    process: subprocess.Popen[str]
    address: str

    @property
    def base(self) -> str:
        return self.address.split("/lab/")[0]

    @property
    def token(self) -> str:
        return self.address.split("token=")[1]

    def get(self, url: str) -> int:
        """The HTTP status of a page."""
        try:
            with DIRECT.open(url, timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def post(self, path: str, body: dict[str, str]) -> int:
        request = urllib.request.Request(  # noqa: S310 - our own server, over http
            self.base + path, json.dumps(body).encode(), {"Authorization": f"token {self.token}"}
        )
        with DIRECT.open(request, timeout=60) as answer:
            return answer.status

    def interrupt(self) -> int:
        """Ctrl-C; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start the command as a user would on a machine with neither a display nor a home that exists."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    # Jupyter's and IPython's own folders would lead back to the home of whoever runs the tests.
    environment = {name: value for name, value in environment.items() if not name.startswith(("JUPYTER_", "IPYTHON"))}
    environment["HOME"] = str(tmp_path / "no home here")
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> Server:
        process = subprocess.Popen(
            [sys.executable, "-m", "structopt_widgets", "lab", "--folder", str(tmp_path / "mine"), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
            env=environment,
        )
        started.append(process)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            found = re.search(r"http://\S+token=\S+", line)
            if found:
                return Server(process, found.group())
        return pytest.fail("no address was printed:\n" + "".join(lines))

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_the_lab_answers_with_its_token_only_and_stops_on_ctrl_c(start: Callable[..., Server]) -> None:
    server = start("02_explore", "--no-browser")
    assert re.match(r"http://127\.0\.0\.1:\d+/lab/tree/02_explore\.ipynb\?token=", server.address)
    assert server.get(server.address) == 200
    assert server.get(f"{server.base}/api/contents?token={server.token}") == 200
    assert server.get(f"{server.base}/api/contents") == 403
    assert server.get(f"{server.base}/api/contents?token=guessed") == 403

    # With a kernel running, as a user would leave it.
    assert server.post("/api/kernels", {"name": "python3"}) == 201
    children = psutil.Process(server.process.pid).children(recursive=True)
    assert children
    assert server.interrupt() == 0
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    with pytest.raises(urllib.error.URLError):
        server.get(server.address)


@pytest.mark.slow
def test_a_second_lab_takes_another_port(start: Callable[..., Server]) -> None:
    # No --no-browser: without a display it must neither open one nor wait for one.
    first, second = start(), start()
    assert first.base != second.base
    assert [each.get(each.address) for each in (first, second)] == [200, 200]
    assert second.get(f"{second.base}/api/contents?token={first.token}") == 403
    assert [first.interrupt(), second.interrupt()] == [0, 0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "0"], "Expected a --port from 1 to 65535, got 0."),
        (["--port", "99999"], "Expected a --port from 1 to 65535, got 99999."),
        # An address that is set aside for documentation: no machine has it.
        (["--ip", "203.0.113.7"], "Expected an address of this machine as --ip, got '203.0.113.7': "),
        (["--ip", "no.such.name.invalid"], "Expected an address of this machine as --ip, got 'no.such.name.invalid': "),
        (["--folder", "FILE"], "Expected a folder for the notebooks, got a file: "),
    ],
)
def test_where_a_lab_cannot_be_is_refused_in_words(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cli, "start_lab", lambda *_, **__: pytest.fail("it was started all the same"))
    (tmp_path / "FILE").write_text("not a folder")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["lab", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("ip", ["127.0.0.1", "localhost", "0.0.0.0", ""])  # noqa: S104 - the point of the test
def test_addresses_of_this_machine_are_taken(ip: str) -> None:
    cli.check_address(ip)


@pytest.mark.slow
def test_an_unknown_notebook_exits_with_2(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = subprocess.run(
        [
            *(sys.executable, "-m", "structopt_widgets", "lab", "04_magic"),
            *("--folder", str(tmp_path / "mine"), "--port", str(port)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 2
    assert ", ".join(SHIPPED) in run.stderr
    assert "http://" not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr
