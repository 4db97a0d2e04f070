"""What the console command does besides JupyterLab: check costs, write a study's report, run it again."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .metrics import METRICS, format_exact
from .metrics.catalogue import limit_metrics

WITHIN, OVER, WRONG = 0, 1, 2  # exit statuses, as of grep: found, not found, an error


def add_commands(commands: Any) -> None:
    """Add ``check``, ``report`` and ``reproduce``."""
    check = commands.add_parser("check", help="measure a model file and hold it to limits, for a build server")
    check.add_argument("model", type=Path, help="a .keras file")
    check.add_argument(
        "--at-most", action="append", default=[], metavar="COST=NUMBER", help="a limit, such as n_params=50000; repeat"
    )
    check.add_argument("--batch-size", type=int, default=1, help="for the costs that depend on it (default: 1)")
    check.add_argument("--json", action="store_true", help="print the costs as JSON")
    check.set_defaults(run=run_check)
    report = commands.add_parser("report", help="write what a study found into one HTML file")
    report.add_argument("study", type=Path, help="the file of a study, such as trials.journal")
    report.add_argument("page", type=Path, nargs="?", help="what is written (default: beside the study, .html)")
    report.add_argument("--name", default="structures", help="of the study in its file (default: structures)")
    report.add_argument("--trial", type=int, help="number of the chosen structure's trial")
    report.set_defaults(run=run_report)
    again = commands.add_parser("reproduce", help="run again what a report states; of shipped data (others: in Python)")
    again.add_argument("page", type=Path, help="a page that `report` has written")
    again.add_argument("--all", action="store_true", help="all trials, not only those the page tells one by one")
    again.set_defaults(run=run_again)


def run_check(options: argparse.Namespace) -> int:
    """0 when no limit is exceeded, 1 when one is or when that cannot be told, 2 when the model cannot be measured."""
    try:
        limits = dict(parsed_limit(each) for each in options.at_most)
        if not options.model.exists():
            raise ValueError(f"Expected a .keras file, got {options.model}, which is not there.")
        with libraries_quiet():
            from .keras_bridge import measure

        cost = measure(options.model, batch_size=options.batch_size)
    except (OSError, ValueError, TypeError) as error:
        print(f"structopt-widgets: {error}", file=sys.stderr)
        return WRONG
    costs = {name: getattr(cost, name) for name, each in METRICS.items() if each.is_total}
    over = [name for name, limit in limits.items() if costs[name] > limit]
    # What is not counted may be what is too much.
    unknown = [name for name in limits if cost.is_lower_bound and not METRICS[name].is_exact and name not in over]
    if options.json:
        told = {"model": str(options.model), "costs": costs, "limits": limits, "over": over, "unknown": unknown}
        print(json.dumps({**told, "uncounted": dict(cost.uncounted)}))
    else:
        for name, limit in limits.items():
            word = "over" if name in over else "not known, layers are not counted" if name in unknown else "within"
            print(f"{METRICS[name].label} {format_exact(name, costs[name])}, limit {format_exact(name, limit)}: {word}")
        if not limits:
            print(cost)
            known = ", ".join(f"{name} ({format_exact(name, costs[name])})" for name in limit_metrics())
            print(f"What --at-most may limit: {known}")
    return OVER if over or unknown else WITHIN


def run_report(options: argparse.Namespace) -> int:
    """0 when the page is written, 2 when it cannot be."""
    try:
        if not options.study.is_file():
            raise ValueError(f"Expected the file of a study, got {options.study}, which is not there.")
        from .report import write_report
        from .study import Study

        page = options.page or options.study.with_suffix(".html")
        write_report(Study(options.study, options.name), page, options.trial)
    except (OSError, ValueError, TypeError) as error:
        print(f"structopt-widgets: {error}", file=sys.stderr)
        return WRONG
    print(page)
    return WITHIN


def run_again(options: argparse.Namespace) -> int:
    """0 when all match, to the bit or within a tolerance, 1 when one does not or is not run, 2 when it is none."""
    try:
        with libraries_quiet():
            from .keras_bridge import measure  # noqa: F401 - for what it loads
        from .report import reproduce

        found = reproduce(options.page, trials="all" if options.all else "stated")
    except (OSError, ValueError, TypeError) as error:
        print(f"structopt-widgets: {error}", file=sys.stderr)
        return WRONG
    print(found)
    return WITHIN if found.holds else OVER


@contextlib.contextmanager
def libraries_quiet() -> Iterator[None]:
    """What compiled libraries write of their start into standard error is kept back in this block.

    TensorFlow's do so before it can be told not to, and a build server's log would be made of their lines. Where
    loading them fails it is all written.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    before = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
            import keras

            keras.ops.zeros(())  # what looks for devices
        except BaseException:
            sys.stderr.flush()
            kept.seek(0)
            os.write(before, kept.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(before, 2)
            os.close(before)


def parsed_limit(text: str) -> tuple[str, float]:
    """``"n_params=50000"`` as a name and a number; raises ``ValueError`` for anything else."""
    name, _, number = text.partition("=")
    if name not in limit_metrics():
        raise ValueError(f"Expected --at-most COST=NUMBER with a cost of {', '.join(limit_metrics())}; got {text!r}.")
    try:
        limit = float(number.replace("_", ""))
    except ValueError:
        limit = -1.0
    if not limit >= 0:
        raise ValueError(f"Expected --at-most {name}=NUMBER, such as {name}=50000; got {text!r}.")
    return name, int(limit) if limit.is_integer() else limit
