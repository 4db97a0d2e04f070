"""What every test shares: a quiet TensorFlow, fixed seeds, reproducible random examples."""

from __future__ import annotations

import gc
import importlib.util
import os
import random
import shutil
import sys
from pathlib import Path

# Before anything imports TensorFlow, which reads them once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import hypothesis
import numpy as np
import pytest

hypothesis.settings.register_profile(
    "reproducible",
    derandomize=True,
    deadline=None,  # two shared cores: a slow moment is not a failure
    database=None,
)
hypothesis.settings.load_profile("reproducible")


@pytest.fixture(autouse=True)
def fixed_seeds() -> None:
    """The same random numbers in every run; Keras is seeded only where a test has imported it."""
    random.seed(0)
    np.random.seed(0)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture(scope="session")
def uv() -> list[str]:
    """How to call uv: as whoever runs the tests did, from the path, or as a module."""
    found = os.environ.get("UV") or shutil.which("uv")
    if found:
        return [found]
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    message = "uv is not installed (pip install uv)"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


# What every test of a folder is marked as.
FOLDERS = {"browser": ("browser",), "benchmarks": ("benchmark", "slow")}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A folder of which the filter leaves nothing is not imported (but its conftest.py is)."""
    markers = FOLDERS.get(collection_path.name, ())
    return True if any(f"not {marker}" in config.getoption("markexpr") for marker in markers) else None


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collector would look through its 800,000 objects every few seconds."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is benchmark or exhaustive is slow too: ``-m "not slow"`` replaces the default filter."""
    for item in items:
        if item.get_closest_marker("benchmark") or item.get_closest_marker("exhaustive"):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def one_by_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    """A single run is trained by Keras's own ``fit``, whatever its layers: to hold others against it."""
    from structopt_widgets.training.together.side_by_side.dense_training import SideBySide

    monkeypatch.setattr(SideBySide, "takes_one", False)
