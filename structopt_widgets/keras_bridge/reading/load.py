"""Opening what a user hands over: a model, or a ``.keras`` file."""

from __future__ import annotations

import inspect
import os
import zipfile
from pathlib import Path
from typing import Any

import keras


def load_model(model: Any) -> keras.Model:
    """``model`` itself, or the model in a ``.keras`` file, read in Keras's safe mode.

    Raises ``TypeError`` for anything else, ``FileNotFoundError`` for a missing file and
    ``ValueError`` for a file Keras cannot read.
    """
    if isinstance(model, keras.Model):
        return model
    if not isinstance(model, (str, os.PathLike)):
        is_model_class = isinstance(model, type) and issubclass(model, keras.Model)
        advice = "A PyTorch or scikit-learn model has to be written in Keras first."
        if is_model_class or inspect.isfunction(model):
            advice = f"Call it first, where it makes one: {model.__name__}()."
        raise TypeError(
            f"Expected a keras.Model or the path of a .keras file, "
            f"got {type(model).__module__}.{type(model).__name__}. {advice}"
        )
    path = Path(model)
    if "\0" not in str(path) and path.is_dir():
        raise IsADirectoryError(
            f"Expected the path of a .keras file, got the folder {os.fspath(model)!r}. Add the name of the file to it."
        )
    if not path.is_file():
        raise FileNotFoundError(f"Expected the path of a .keras file, got {os.fspath(model)!r}: there is no such file.")
    if path.suffix != ".keras":
        raise ValueError(
            f"Expected a .keras file, got {path.name!r}. Save the model again with model.save('name.keras')."
        )
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"Expected a .keras file that Keras can read in safe mode, got {path.name!r}, which is no zip archive: "
            "it is damaged, or cut off on its way. Copy it again, or save the model again with model.save(...)."
        )
    try:
        return keras.saving.load_model(path, safe_mode=True)
    # A damaged archive shows in many ways (zipfile, json, h5py, a missing key): all mean the same to a user.
    except Exception as error:
        raise ValueError(
            f"Expected a .keras file that Keras can read in safe mode, got {path.name!r}: "
            f"{type(error).__name__}: {error}. "
            "Save it again with model.save(...); custom classes must be imported first."
        ) from error
