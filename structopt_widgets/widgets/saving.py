"""The structure at hand as a file: the model, its code, its numbers, and what devices run."""

from __future__ import annotations

import importlib.util
import io
import itertools
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..graph.checks import file_path, opened, short
from ..graph.wording import listed, say, sentences
from ..metrics import format_bytes
from ..structure import Structure
from ..training import Data
from .background import Background, Outcome, Task
from .exploration import Exploration

if TYPE_CHECKING:
    import keras

# What each suffix is, in words.
KINDS = {
    ".keras": say("the Keras model, with inherited weights"),
    ".py": say("stand-alone Keras code, without weights"),
    ".json": say("the structure, without weights"),
    ".csv": say("the costs by layer, for the batch of the settings"),
    ".tflite": say("LiteRT, with inherited weights, for phones and small devices"),
    ".onnx": say("ONNX, with inherited weights, for other runtimes"),
    ".html": say("the explorer as a page, alive without Python"),
    ".svg": say("the picture of the network, as the page draws it"),
}
PAGE, PICTURE = ".html", ".svg"
MODELS = {".keras": None, ".tflite": "litert", ".onnx": "onnx"}  # the formats of Keras's export
LARGER = 1.2  # times the weights: from here on a file says what else it holds
NEEDED = {"onnx": "onnx tf2onnx", "tf2onnx": "onnx tf2onnx"}


class Saving:
    """Writes the structure at hand into a file, at once or in the background.

    Args:
        exploration, background: what is saved, and where it goes on.
        page: gives the explorer as a page.
        ask_for_picture: asks the pages that show the explorer for its picture.
    """

    def __init__(
        self,
        exploration: Exploration,
        background: Background,
        page: Callable[[], str],
        ask_for_picture: Callable[[], None],
    ) -> None:
        self._exploration, self._background, self._page = exploration, background, page
        self._ask_for_picture = ask_for_picture
        self._pictures: list[str] = []  # paths that wait for the page's answer

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write what the suffix says, one of :data:`KINDS`, over what was there; returns what was written, in words.

        Raises ``ValueError`` for another suffix and for a model that cannot be exported so, and
        ``ModuleNotFoundError``, with what to install, where a package is missing.
        """
        here = self._exploration
        if Path(path).suffix == PICTURE:
            return here.language(self._save_picture(file_path(path, "the picture")))
        return here.language(save(here.structure, path, here.data, here.budget.batch_size, self._page))

    def save_page(self, path: str | os.PathLike[str]) -> str:
        """Write the page, whatever the suffix."""
        return self._exploration.language(_saved_text(file_path(path, "the page"), self._page, PAGE))

    def _save_picture(self, path: str) -> str:
        self._pictures.append(path)
        self._ask_for_picture()
        return say(
            "{file} is written by the page that shows the explorer, once this cell has ended.", file=Path(path).name
        )

    def take_picture(self, svg: str) -> None:
        """Write what a page has drawn to where it was asked for; what nobody asked for is not written."""
        paths, self._pictures = self._pictures, []
        for path in paths:
            self._background.message.info(_saved_text(path, lambda: svg, PICTURE))

    def start(self, suffix: str, folder: str | os.PathLike[str] = ".") -> None:
        """The same in the background, under the model's name, with a number where that file is there already.

        Raises ``RuntimeError`` while something else is going on there.
        """
        self._background.message.clear()
        structure, data = self._exploration.structure, self._exploration.data
        batch_size = self._exploration.budget.batch_size
        page = self._page
        path = free_path(Path(folder), structure.space.graph.name, suffix)
        what = say("saving {kind}", kind=KINDS.get(suffix, suffix))

        def work(task: Task) -> Outcome:
            # What is cancelled leaves no file.
            beside = path.with_name(f".{path.name}{suffix}")
            try:
                words = save(structure, beside, data, batch_size, page, shown=str(path))
                if task.should_stop():
                    return Outcome("")
                beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)
            return Outcome(words)

        self._background.start(work, what, say("Nothing was saved."))


def missing_packages() -> dict[str, str]:
    """For each suffix that cannot be written here what to install."""
    absent = any(importlib.util.find_spec(name) is None for name in NEEDED)
    return {".onnx": f"pip install {NEEDED['onnx']}"} if absent else {}


def save(
    structure: Structure,
    path: str | os.PathLike[str],
    data: Data | None,
    batch_size: int,
    page: Callable[[], str],
    shown: str = "",
) -> str:
    """See :meth:`Saving.save`; ``shown`` is what the file is called in words, by default its name."""
    path = file_path(path, "what is saved")
    suffix = Path(path).suffix
    if suffix not in KINDS or suffix == PICTURE:
        names = ", ".join(f"{each} ({what.split(',')[0]})" for each, what in KINDS.items())
        raise ValueError(f"Expected a path that ends in one of {names}; got {short(path)}.")
    if suffix not in MODELS:
        texts: dict[str, Callable[[], str]] = {
            ".py": structure.code,
            ".json": structure.to_json,
            ".csv": lambda: structure.measure(batch_size=batch_size).by_layer.assign(batch_size=batch_size).to_csv(),
            PAGE: page,
        }
        return _saved_text(path, texts[suffix], suffix, shown)
    with opened(path, "what is saved"):
        _write_model(structure.build(data=data), path, MODELS[suffix])
    size, weights = os.path.getsize(path), structure.measure().weight_bytes
    saved = say(
        "Saved {kind}: {file}, {size}; the weights are counted as {weights}.",
        kind=KINDS[suffix],
        file=shown or Path(path).name,
        size=format_bytes(size),
        weights=format_bytes(weights),
    )
    return sentences(saved, why_larger(path, size, weights))


def why_larger(path: str | os.PathLike[str], size: float, weights: float) -> str:
    """What a file of a model holds beside its weights, in a sentence; empty where that is little."""
    if weights <= 0 or size < LARGER * weights:
        return ""
    times = f"{size / weights:.3g}"
    if not zipfile.is_zipfile(path):
        return say("The file is {times} times that: it holds the graph of operations too.", times=times)
    import h5py  # type: ignore[import-untyped]  # comes with Keras

    with zipfile.ZipFile(path) as file:
        sizes = {each.filename: each.file_size for each in file.infolist()}
        with h5py.File(io.BytesIO(file.read("model.weights.h5"))) as stored:
            optimizer = _bytes_of(stored.get("optimizer"))
            all_of_it = _bytes_of(stored)
    configuration = sum(sizes.values()) - sizes["model.weights.h5"]
    parts = [
        (say("the optimizer's state"), optimizer),
        (say("weights as they are stored"), all_of_it - optimizer - weights),
        (say("the layers' configuration"), configuration),
        (say("tables and padding of HDF5"), sizes["model.weights.h5"] - all_of_it),
    ]
    named = [say("{what} {size}", what=what, size=format_bytes(size)) for what, size in parts if size > 0.1 * weights]
    return say(
        "The file is {times} times that; beside them it holds {parts}.", times=times, parts=listed(say(", "), named)
    )


def _bytes_of(group: Any) -> int:
    """Of all arrays in a group of HDF5."""
    if group is None:
        return 0
    return int(group.nbytes) if hasattr(group, "nbytes") else sum(_bytes_of(each) for each in group.values())


def _saved_text(path: str, text: Callable[[], str], suffix: str, shown: str = "") -> str:
    with opened(path, "what is saved"):
        Path(path).write_text(text(), encoding="utf-8")
    size = format_bytes(os.path.getsize(path))
    return say("Saved {kind}: {file}, {size}.", kind=KINDS[suffix], file=shown or Path(path).name, size=size)


def free_path(folder: Path, name: str, suffix: str) -> Path:
    """A path in ``folder`` at which there is nothing yet."""
    stem = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(path for each in names if not (path := folder / f"{each}{suffix}").exists())


def _write_model(model: keras.Model, path: str, format: str | None) -> None:
    if format is None:
        model.save(path)
        return
    model(model.input)  # Keras exports what was called
    try:
        model.export(path, format=format, verbose=False)
    except ModuleNotFoundError as error:
        name = (error.name or str(error)).split(".")[0]
        raise ModuleNotFoundError(
            say(
                "Expected the package {package}, with which Keras exports to {format}: pip install {needed}.",
                package=repr(name),
                format=format,
                needed=NEEDED.get(name, name),
            )
        ) from error
    # Converters raise what they like.
    except Exception as error:
        raise ValueError(
            say(
                "Expected a model that Keras can export to {format}; got {kind}: {error}. Save it as .keras, and "
                "convert that with tools of your own.",
                format=format,
                kind=type(error).__name__,
                error=short(str(error)),
            )
        ) from error
