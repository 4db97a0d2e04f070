"""The real data sets that come with the package, each small enough for a quick run."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..graph.checks import flag, known
from .data import Data
from .splitting import split

SURNAME_LENGTH = 14
PADDING, FIRST_LETTER, OTHER_MARK = 0, 1, 27
VOWEL_TRAINING_SPEAKERS = 8


def load_data(name: str, test: bool = False) -> Data:
    """A real data set by name: ``"fashion"``, ``"surnames"``, ``"vowels"`` or ``"voices"``.

    - ``fashion``: 10,000 pictures of clothing, 14 x 14, 10 classes (Zalando's Fashion-MNIST, MIT).
    - ``surnames``: 4,688 surnames in letters, 12 languages (the Faker project's name lists, MIT).
    - ``vowels``: 990 spoken vowels as 9 numbers, 11 classes (D. Deterding, from R's mlbench, GPL-2).
    - ``voices``: 5,000 half seconds of recorded speech, 5 speakers (the Asterisk project's prompts, CC BY-SA 3.0).

    With ``test``, half of what is the validation part otherwise becomes a test part: halves of each class
    of Fashion-MNIST's official test pictures and of the surnames, whole recordings of the voices, and of the
    vowels whole speakers. The training part stays the same.

    What each can and cannot show is said at its function in ``training/datasets.py``. Raises ``ValueError`` for
    another name.

    >>> vowels = sw.load_data("vowels")
    >>> vowels.task
    'classification'
    """
    known(name, DATASETS, "the name of a data set (for data of your own there is Data(x, y))")
    test = flag(test, "test")
    data = DATASETS[name]()
    return _with_test_part(data, _TEST_GROUPS.get(name)) if test else data


def data_folder() -> Path:
    """The folder of the data files: inside the installed package, or beside it in a clone.

    Raises ``FileNotFoundError`` when it is in neither place.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "data", package.parent / "data"):
        if (folder / "SHA256SUMS").is_file():
            return folder
    raise FileNotFoundError(
        f"Expected the data files in {package / 'data'} or {package.parent / 'data'}, found neither. "
        "Install the package again: its wheel brings them."
    )


def changed_files() -> list[str]:
    """Data files that are not, or no longer, those that came with the package."""
    folder, changed = data_folder(), []
    for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            changed.append(name)
    return changed


def fashion() -> Data:
    """Pictures of clothing: ``(n, 14, 14)`` float32 in 0..1, 10 classes, 8,000 + 2,000.

    Origin: a stratified part of Zalando's Fashion-MNIST, official training and test parts, each
    picture halved by averaging 2 x 2 pixels. Licence: MIT. At this size shirts, coats and pullovers
    are hard to tell apart for anyone; untuned small networks end between 80 and 84 %.
    """
    with _arrays("fashion_mnist_14x14.npz") as file:
        return Data(
            file["x_train"].astype(np.float32) / 255,
            file["y_train"],
            file["x_test"].astype(np.float32) / 255,
            file["y_test"],
            class_names=tuple(str(each).replace("_", " ") for each in file["class_names"]),
            name="fashion",
        )


def surnames() -> Data:
    """Surnames, 12 languages: ``(n, 14)`` int32, a character a position.

    0 pads to the right, 1 to 26 are a to z after case and accents are folded away, 27 is any other
    mark; a model reads them with ``Embedding(28, ...)`` or ``CategoryEncoding``. Origin: the name
    lists of the Faker project, gathered by contributors, so some labels are certainly wrong.
    Licence: MIT. There is no official split; ours takes a fifth of every language by a fixed seed,
    and no surname is in both parts.
    """
    text = gzip.decompress((data_folder() / "surnames_12lang.csv.gz").read_bytes()).decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    x = np.array([encode_name(row["name"]) for row in rows], dtype=np.int32)
    return Data(x, np.array([row["language"] for row in rows]), name="surnames")


def vowels() -> Data:
    """Spoken British vowels: ``(n, 9)`` float32, 11 classes, 528 + 462.

    Nine spectral numbers an utterance, standardised by the training part's mean and standard
    deviation. Origin: D. Deterding's recordings, UCI's Connectionist Bench, as in R's mlbench.
    Licence: GPL-2. Speakers 0 to 7 train and 8 to 14 validate: a random split would let a model
    recognise voices it has heard and score some 40 points higher.
    """
    with _arrays("vowel_deterding.npz") as file:
        x, y, speaker, names = file["x"], file["y"], file["speaker"], file["class_names"]
    train = speaker < VOWEL_TRAINING_SPEAKERS
    x = ((x - x[train].mean(axis=0)) / x[train].std(axis=0)).astype(np.float32)
    return Data(x[train], y[train], x[~train], y[~train], class_names=tuple(str(each) for each in names), name="vowels")


def voices() -> Data:
    """Half seconds of recorded prompts: ``(n, 24, 16)`` float32 in 0..1, 5 voices, 4,000 + 1,000.

    24 frames of 16 log-mel bands for each window of 0.49 s. Origin: the Asterisk project's core
    sounds in English, Spanish, French, Italian and Russian, split by recording. Licence: CC BY-SA
    3.0, credits beside the data. One person speaks each language, so a model learns five voices and
    microphones; it does not identify languages.
    """
    with _arrays("asterisk_voices_logmel.npz") as file:
        return Data(
            file["x_train"].astype(np.float32) / 255,
            file["y_train"],
            file["x_test"].astype(np.float32) / 255,
            file["y_test"],
            class_names=tuple(str(each) for each in file["class_names"]),
            name="voices",
        )


DATASETS: Mapping[str, Callable[[], Data]] = {
    "fashion": fashion,
    "surnames": surnames,
    "vowels": vowels,
    "voices": voices,
}


# By what the validation part is halved: samples of one speaker or recording stay together.
_TEST_GROUPS: Mapping[str, tuple[str, Callable[[np.lib.npyio.NpzFile], np.ndarray]]] = {
    "vowels": ("vowel_deterding.npz", lambda file: file["speaker"][file["speaker"] >= VOWEL_TRAINING_SPEAKERS]),
    "voices": ("asterisk_voices_logmel.npz", lambda file: file["file_test"].astype(int) * 100 + file["y_test"]),
}


def _with_test_part(data: Data, groups: tuple[str, Callable[[np.lib.npyio.NpzFile], np.ndarray]] | None) -> Data:
    if groups is None:
        rows, chosen = split(data.y_val, 0.5, 0, data.task, "test")
    else:
        with _arrays(groups[0]) as file:
            group = groups[1](file)
        # Every second group: each class has its own, in the order of its files, so that classes are halved too.
        second = np.unique(group)[1::2]
        is_chosen = np.isin(group, second)
        rows, chosen = np.flatnonzero(~is_chosen), np.flatnonzero(is_chosen)
    return Data(
        data.x,
        data.y,
        data.x_val[rows],
        data.y_val[rows],
        x_test=data.x_val[chosen],
        y_test=data.y_val[chosen],
        class_names=data.class_names,
        name=data.name,
    )


def encode_name(name: str) -> list[int]:
    """The character numbers of a name, cut or padded to 14, as :func:`surnames` describes them."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    letters = [each for each in folded if not unicodedata.combining(each)][:SURNAME_LENGTH]
    numbers = [FIRST_LETTER + ord(each) - ord("a") if "a" <= each <= "z" else OTHER_MARK for each in letters]
    return numbers + [PADDING] * (SURNAME_LENGTH - len(numbers))


def _arrays(file_name: str) -> np.lib.npyio.NpzFile:
    return np.load(data_folder() / file_name, allow_pickle=False)
