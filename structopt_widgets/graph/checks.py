"""Is a value what was expected? If not, an error says what was expected, what came and what to do."""

from __future__ import annotations

import contextlib
import difflib
import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

LONGEST = 80  # characters of a value in an error


def short(value: Any) -> str:
    """A value in a few words, whatever it is."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"{type(value).__name__} of shape {shape}"
    try:
        text = repr(value)
    except Exception:  # a repr of somebody else's may do anything, and the error at hand matters more
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def typed(value: Any) -> str:
    """The same, and its type."""
    return f"{short(value)} ({type(value).__name__})"


def instance(value: Any, kinds: type | tuple[type, ...], what: str, hint: str = "") -> Any:
    """``value``, if it is one of ``kinds``; else a ``TypeError``."""
    if not isinstance(value, kinds):
        raise TypeError(f"Expected {what.removesuffix(',')}, got {typed(value)}.{f' {hint}' if hint else ''}")
    return value


def text(value: Any, what: str) -> str:
    """``value``, if it is text."""
    return instance(value, str, f"{what} as text")


def flag(value: Any, what: str) -> bool:
    """``value`` as a bool: 0 and 1 are numbers."""
    return bool(instance(value, (bool, np.bool_), f"True or False as {what}"))


def whole(value: Any, what: str, least: int | None = None, most: int | None = None) -> int:
    """``value`` as an int from ``least`` to ``most``."""
    span = "" if least is None else f" of at least {least}" if most is None else f" from {least} to {most}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"Expected a whole number{span} as {what}, got {typed(value)}.")
    if (least is not None and value < least) or (most is not None and value > most):
        raise ValueError(f"Expected a whole number{span} as {what}, got {short(value)}.")
    return int(value)


def number(value: Any, what: str, above: float = -math.inf, below: float = math.inf) -> float:
    """``value`` as a Python number strictly between ``above`` and ``below``, and finite."""
    least = "" if math.isinf(above) else f" above {above:g}"
    most = " and finite" if math.isinf(below) else f"{' and' if least else ''} below {below:g}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"Expected {what} as a number, got {typed(value)}. It must be{least}{most}.")
    # NaN is between no two numbers.
    if not above < value < below or (isinstance(value, (int, np.integer)) and abs(int(value)) > sys.float_info.max):
        raise ValueError(f"Expected {what}{least}{most}, got {short(value)}.")
    return value.item() if isinstance(value, np.generic) else value


def items(value: Any, what: str) -> list[Any]:
    """What a list, tuple, set or other collection holds; text and numbers are no collections."""
    if isinstance(value, (str, bytes, bytearray, Mapping)) or not isinstance(value, Iterable):
        raise TypeError(f"Expected {what} as a list, got {typed(value)}. Put it into brackets: [...].")
    return list(value)


def mapping(value: Any, what: str, example: str) -> dict[Any, Any]:
    """``value`` as a dict; a DataFrame is a mapping of its columns."""
    if hasattr(type(value), "keys"):  # what dict() itself goes by
        return dict(value)
    return instance(value, Mapping, f"{what} as a mapping, such as {example}")


def known(name: Any, names: Iterable[str], what: str) -> str:
    """``name`` when it is one of ``names``; else a ``ValueError`` that suggests the nearest."""
    options = list(names)
    if isinstance(name, str) and name in options:
        return name
    near = difflib.get_close_matches(str(name), options, n=1) if isinstance(name, str) else []
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"Expected {what}, one of: {', '.join(options) or 'none here'}; got {short(name)}.{hint}")


def file_path(value: Any, what: str) -> str:
    """``value`` as the path of a file in a folder that is there; whether the file is, is left open."""
    path = instance(value, (str, os.PathLike), f"{what} as a path")
    path = os.fspath(path)
    instance(path, str, f"{what} as a path in text")
    if not path or "\0" in path:
        raise ValueError(f"Expected {what} as a path, got {short(path)}.")
    if os.path.isdir(path):
        raise IsADirectoryError(f"Expected {what} as a file, got the folder {short(path)}. Add a file name to it.")
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueError(f"Expected {what} as a file, got {short(path)}, a device or a pipe. Pass another path.")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"Expected {what} in a folder that is there, got {short(path)}. Make the folder first.")
    return path


@contextlib.contextmanager
def opened(path: str, what: str) -> Iterator[None]:
    """The operating system's refusal to open a file there, said in a sentence."""
    try:
        yield
    except OSError as error:
        raise type(error)(
            f"Expected {what} as a file that can be read and written, got {short(path)}: {error.strerror}. "
            "Pass a path in a folder of yours."
        ) from error


def callback(value: Any, what: str) -> Any:
    """``value``, if it is a function or ``None``."""
    if value is not None and not callable(value):
        raise TypeError(f"Expected {what} as a function, or None, got {typed(value)}.")
    return value


def table(value: Any, what: str) -> Any:
    """``value``, if it is a DataFrame."""
    if not (hasattr(value, "columns") and hasattr(value, "dropna")):
        raise TypeError(f"Expected {what} as a DataFrame, such as study.trials, got {typed(value)}.")
    return value


def names(value: Any, what: str) -> list[str]:
    """A list of names, of one name too."""
    return [text(each, what) for each in ([value] if isinstance(value, str) else items(value, what))]
