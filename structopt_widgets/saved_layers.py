"""Keras loads the file of a copy wherever this package is imported, before or after Keras.

A copy of an opened layer has layers of ours in it, which Keras finds by their registered names. Importing this package
must not import Keras, which takes seconds and may not be there; so they are registered as soon as it comes.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_KERAS = "keras"
_HOMES = ("drawing", "losses", "masks", "modes", "replayed", "saved_functions", "tables")  # in keras_bridge


def register_with_keras() -> None:
    """Make the layers of copies known to Keras: now, or when it is imported."""
    if _KERAS in sys.modules and hasattr(sys.modules[_KERAS], "saving"):
        _register()
    else:
        sys.meta_path.insert(0, _WhenItComes())


def _register() -> None:
    for home in _HOMES:
        importlib.import_module(f"{__package__}.keras_bridge.{home}")


class _WhenItComes:
    """Finds Keras as Python does, and has ours registered after it is imported."""

    def __init__(self) -> None:
        self._is_looking = False

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        """Keras's, however often it is asked for: that alone imports nothing."""
        if name != _KERAS or self._is_looking:
            return None
        self._is_looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._is_looking = False
        return spec if spec is None or spec.loader is None else self._followed(spec)

    def _followed(self, spec: ModuleSpec) -> ModuleSpec:
        loader: Any = spec.loader
        run = loader.exec_module

        def run_and_register(module: ModuleType) -> None:
            run(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
                _register()

        loader.exec_module = run_and_register
        return spec
