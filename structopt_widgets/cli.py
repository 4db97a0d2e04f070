"""``structopt-widgets``: JupyterLab opened on the walkthrough, a model's costs checked, a study's report."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import socket
import sys
from pathlib import Path
from urllib.parse import quote

from .shell import add_commands

PACKAGE = Path(__file__).parent
WALKTHROUGH = "01_walkthrough.ipynb"
LAST_PORT = 65535


def main(arguments: list[str] | None = None) -> int:
    """The console command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="structopt-widgets", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    lab = commands.add_parser("lab", help="start JupyterLab on a notebook of the kit")
    lab.add_argument(
        "notebook", nargs="?", default=WALKTHROUGH, help=f"which notebook to open (default: {WALKTHROUGH})"
    )
    lab.add_argument("--folder", type=Path, help="where the notebooks are (installed from a wheel: where they are put)")
    lab.add_argument("--ip", default="127.0.0.1", help="address to listen on (default: this machine only)")
    lab.add_argument("--port", type=int, default=8888, help="first port to try (default: 8888)")
    lab.add_argument("--no-browser", action="store_true", help="print the address, but open no browser")
    add_commands(commands)
    options = parser.parse_args(arguments)
    if options.command != "lab":
        return int(options.run(options))
    try:
        if not 1 <= options.port <= LAST_PORT:
            raise ValueError(f"Expected a --port from 1 to {LAST_PORT}, got {options.port}.")
        check_address(options.ip)
        folder = notebook_folder(options.folder)
        notebook = find_notebook(folder, options.notebook)
    except (OSError, ValueError) as error:
        print(f"structopt-widgets: {error}", file=sys.stderr)
        return 2
    return start_lab(folder, notebook, options.ip, options.port, open_browser=not options.no_browser and has_display())


def check_address(ip: str) -> None:
    """Raise ``ValueError`` when a server on this machine cannot listen on ``ip``."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(ip or None, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
    except OSError as error:
        raise ValueError(
            f"Expected an address of this machine as --ip, got {ip!r}: {error}. "
            "127.0.0.1 is for this machine only, 0.0.0.0 for every network it is on."
        ) from error


def notebook_folder(folder: Path | None = None) -> Path:
    """The folder JupyterLab shows: ``notebooks/`` in a clone, else a folder of the user's.

    Installed from a wheel, the notebooks are copied into ``folder`` (by default
    ``structopt-widgets-notebooks`` in the home folder); a file that is there already is left alone.
    """
    shipped = PACKAGE / "notebooks"
    in_clone = PACKAGE.parent / "notebooks"
    if not shipped.is_dir():
        shipped = in_clone
        if folder is None:
            return in_clone
    try:
        folder = (folder or Path.home() / "structopt-widgets-notebooks").expanduser()
    except RuntimeError as error:
        raise ValueError(f"Expected a home folder to put the notebooks in. {error} Name one with --folder.") from error
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"Expected a folder for the notebooks, got a file: {folder}. Name another with --folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(shipped.glob("*.ipynb")):
        target = folder / source.name
        if target.exists():
            print(f"kept    {target}")
        else:
            shutil.copyfile(source, target)
            print(f"copied  {target}")
    return folder


def find_notebook(folder: Path, name: str) -> str:
    """The file name of a notebook in ``folder``, given with or without its ending."""
    wanted = name if name.endswith(".ipynb") else f"{name}.ipynb"
    names = sorted(path.name for path in folder.glob("*.ipynb"))
    if wanted not in names:
        raise ValueError(f"Expected one of the notebooks in {folder}: {', '.join(names) or 'none'}; got {name!r}.")
    return wanted


def has_display() -> bool:
    """Whether a browser window could appear; without one, a text browser would take over the terminal."""
    return sys.platform in ("darwin", "win32") or any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def start_lab(folder: Path, notebook: str, ip: str, port: int, open_browser: bool) -> int:
    """Run JupyterLab until Ctrl-C; prints its address once it listens."""
    from jupyterlab.labapp import LabApp

    # For the kernels: TensorFlow's C++ log fills a page before the first cell has run; errors still raise.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Defaults under the user's own settings: JupyterLab need not ask whether to fetch news.
    paths = [str(PACKAGE / "lab_settings"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(path for path in paths if path)
    token = secrets.token_urlsafe(24)
    page = f"/lab/tree/{quote(notebook)}"
    server = LabApp.initialize_server(
        [
            f"--ServerApp.root_dir={folder.resolve()}",
            f"--ServerApp.ip={ip}",
            f"--ServerApp.port={port}",  # the next free one is taken when it is in use
            f"--ServerApp.open_browser={open_browser}",
            "--ServerApp.allow_root=True",  # containers run as root; the server asks for a token all the same
            "--ServerApp.answer_yes=True",  # Ctrl-C stops without a question
            "--Application.log_level=WARN",
            f"--IdentityProvider.token={token}",
            f"--LabApp.default_url={page}",
            # Nothing is fetched at run time: no news, no update check, no list of extensions.
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
            "--ServerApp.kernel_spec_manager_class=structopt_widgets.lab_kernels.QuietKernels",
        ]
    )
    host = "127.0.0.1" if ip in ("", "0.0.0.0", "::") else ip  # noqa: S104 - compared, not listened on

    def announce() -> None:
        print(f"JupyterLab is at  http://{host}:{server.port}{page}?token={token}", flush=True)
        print("Stop it with Ctrl-C.", flush=True)

    # The loop's first callback, put there by the server itself, binds the port: the address holds from then on.
    server.io_loop.add_callback(announce)
    server.start()
    return 0
