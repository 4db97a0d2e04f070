"""What a report's numbers came from, as JSON that travels in its page: all that it takes to run them again."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..graph.checks import file_path, instance
from ..metrics import trial_metrics
from ..structure.serialization import read_json
from ..study import Study, Trial, pareto_front
from ..study.order import compiled_config
from ..training import Data
from ..training.inputs import inputs_of
from ..widgets.changes import changes

FORMAT = "structopt_widgets.Manifest"
VERSION = 1
MOST_SAMPLES = 50_000  # of which each has a checksum in the page: 270 kB
PARTS = {"training": ("x", "y"), "validation": ("x_val", "y_val")}
_OPEN, _CLOSE = '<script type="application/json" id="sw-manifest">', "</script>"
_EXPECTED = "Expected a page that sw.write_report() wrote, with its manifest"
RESULTS = ("state", "metric", "score", "low", "high", "by_seed", "loss")
_TRAINING = ("budget", "fingerprint", "versions", "engine", "weights")


def manifest(study: Study, chosen: Trial) -> dict[str, Any]:
    """Structures, data, seeds, budgets, versions and hardware of all trials, and what came of them.

    ``stated`` are the trials that the report tells of one by one: the front, the chosen one and the best.
    """
    compared = study.compare()
    front = pareto_front(study.trials, maximize=chosen.metric, minimize="n_params").index
    spaces: dict[str, Any] = {}
    data: dict[str, Any] = {}
    trainings: list[dict[str, Any]] = []  # of hundreds of trials most were trained alike
    trials = []
    for trial in study:
        space = trial.structure.space
        key = f"{space.fingerprint[:16]} x{space.growth:g}"
        if key not in spaces:
            spaces[key] = _space(trial)
        if trial.fingerprint not in data:
            data[trial.fingerprint] = {"name": trial.data} | sample_sums(study.known_data.get(trial.fingerprint))
        record = trial.to_record()
        training = {name: record[name] for name in _TRAINING}
        if training not in trainings:
            trainings.append(training)
        trials.append(
            {
                "number": trial.number,
                "space": key,
                "training": trainings.index(training),
                "company": trial.company,
                "changes": changes(trial.structure),
                **{name: record[name] for name in RESULTS},
                "costs": {name: record[name] for name in trial_metrics() if name in record},
                "bits": bits(trial),
            }
        )
    stated = sorted({int(each) for each in (*front, chosen.number, compared["difference"].idxmax())})
    return {
        "format": FORMAT,
        "version": VERSION,
        "study": study.name,
        "chosen": chosen.number,
        "stated": stated,
        "spaces": spaces,
        "data": data,
        "trainings": trainings,
        "trials": trials,
    }


def as_element(told: Mapping[str, Any]) -> str:
    """A manifest as an element of a page, which shows and runs nothing of it."""
    text = json.dumps(told, separators=(",", ":"), allow_nan=False)
    return f"{_OPEN}{text.replace('<', chr(92) + 'u003c')}{_CLOSE}"


def read_manifest(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The manifest of a report: JSON, of which nothing is run; raises ``ValueError`` for another file.

    ``is_as_written`` is whether the rest of the page has the checksum it was written with; ``None`` without one.
    """
    file = Path(file_path(path, "the report"))
    if not file.is_file():
        raise FileNotFoundError(f"Expected the file of a report, got {str(file)!r}, which is not there.")
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{_EXPECTED}, got {file.name!r}, which is no text: {error}.") from None
    if _OPEN not in text:
        raise ValueError(f"{_EXPECTED}, got {file.name!r}, which has none.")
    inside, closed, _ = text.partition(_OPEN)[2].partition(_CLOSE)
    if not closed or not text.rstrip().endswith("</html>"):
        raise ValueError(f"{_EXPECTED}, got {file.name!r}, whose end is missing. Write or copy it again.")
    told = read_json(inside, FORMAT, f"{_EXPECTED} ({file.name})")
    told["is_as_written"] = told["page_sum"] == page_sum(text) if "page_sum" in told else None
    if told.get("version") != VERSION:
        raise ValueError(f"{_EXPECTED} in version {VERSION}, got version {told.get('version')!r} ({file.name}).")
    return told


def page_sum(page: str) -> str:
    """SHA-256 of all of a page but its manifest; all white space is alike."""
    before, _, after = page.partition(_OPEN)
    around = before + after.partition(_CLOSE)[2]
    return hashlib.sha256("\n".join(around.split()).encode()).hexdigest()


def bits(trial: Trial) -> list[str]:
    """A digest of what each seed's training was, epoch by epoch, and one of the samples that were answered rightly."""
    runs = [json.dumps([dict(epoch) for epoch in run], sort_keys=True) for run in trial.history]
    return [hashlib.sha256(each.encode()).hexdigest()[:16] for each in (*runs, trial.right)]


def sample_sums(data: Data | None, dtype: str | None = None) -> dict[str, str]:
    """CRC-32 of each sample with its label, by part, in letters; empty where the data are not at hand, or large.

    ``dtype``: of the samples' numbers, other than they are.
    """
    if data is None or len(data.y) + len(data.y_val) > MOST_SAMPLES:
        return {}
    instance(data, Data, "a Data")
    return {part: _letters(*(getattr(data, name) for name in names), dtype=dtype) for part, names in PARTS.items()}


def sums_of(letters: str) -> np.ndarray:
    """The checksums of :func:`sample_sums`, a number a sample; raises ``TypeError`` for other letters."""
    try:
        return np.frombuffer(base64.b64decode(letters), dtype="<u4")
    except ValueError as error:
        raise TypeError(f"checksums that are none: {error}") from None


def _letters(x: Any, y: np.ndarray, *, dtype: str | None) -> str:
    inputs = dict(sorted(inputs_of(x).items())).values()
    arrays = [np.ascontiguousarray(each) for each in (*(each.astype(dtype or each.dtype) for each in inputs), y)]
    sums = np.zeros(len(y), dtype="<u4")
    for row in range(len(y)):
        for array in arrays:
            sums[row] = zlib.crc32(array[row].tobytes(), int(sums[row]))
    return base64.b64encode(sums.tobytes()).decode()


def _space(trial: Trial) -> dict[str, Any]:
    """The space of a trial as plain data; where its loss and optimizer are not known, ``why`` says so."""
    space, why, compiled = trial.structure.space, "", None
    graph = {"graph": space.known_graph.to_json(), "growth": space.growth}
    if space.source is None and space.optimizer is not None:
        why = "the loss and the optimizer that the model was compiled with are not in its study"
    else:
        try:
            compiled = compiled_config(space)
        except ValueError as error:
            why = str(error)
    return graph | {"compiled": compiled, "why": why}
