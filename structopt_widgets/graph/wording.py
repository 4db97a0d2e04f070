"""Sentences for people that can be said in other languages: English now, another language where they are shown.

Who makes a sentence does not know who will read it: a thread, a study or a layer rule has no language. So a sentence
is English text, as ever, and remembers what it was made of; who shows it says it in a language
(``language.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

# The words of a language for an English template, one of two where a number decides between them.
Find = Callable[[str, "str | None", int], str]


class Said(str):
    """English text, made of a template with ``{names}`` and values; equal to that text, and used as it.

    What is done to it as to any other text, such as putting it into an f-string, gives text that is English for good.
    """

    def __new__(cls, one: str, many: str | None = None, n: int = 1, values: dict[str, Any] | None = None) -> Said:
        """``one``, or ``many`` where ``n`` is not 1, with ``values`` put in."""
        found = super().__new__(cls, _filled(one if many is None or n == 1 else many, values or {}))
        found._made_of = (one, many, n, values or {})
        return found

    _made_of: tuple[str, str | None, int, dict[str, Any]]

    def in_words(self, find: Find) -> str:
        """The same in the words that ``find`` gives, the values too."""
        one, many, n, values = self._made_of
        return _filled(find(one, many, n), {name: in_words(value, find) for name, value in values.items()})

    def __reduce__(self) -> tuple[Any, ...]:
        return Said, self._made_of


class Listed(Said):
    """Several texts in a row, with a separator between them."""

    def __new__(cls, separator: str, parts: Iterable[str]) -> Listed:
        kept = list(parts)
        found = str.__new__(cls, separator.join(kept))
        found._parts = (separator, kept)
        return found

    _parts: tuple[str, list[str]]

    def in_words(self, find: Find) -> str:
        separator, parts = self._parts
        return in_words(separator, find).join(in_words(part, find) for part in parts)

    def __reduce__(self) -> tuple[Any, ...]:
        return Listed, self._parts


def say(text: str, /, **values: Any) -> Said:
    """``text`` for people, each ``{name}`` in it replaced by the value of that name.

    Values are text or whole numbers, written as they are to be read: a format would be another language's too.
    ``text`` is what catalogues know it by, so it stands in the call as it is and is a whole sentence, or a label.
    """
    return Said(text, values=values)


def say_n(n: int, one: str, many: str, /, **values: Any) -> Said:
    """``one`` where ``n`` is 1, else ``many``; other languages have their own rules. ``{n}`` is the number."""
    return Said(one, many, n, {"n": n, **values})


def listed(separator: str, parts: Iterable[str]) -> Said:
    """``parts`` with ``separator`` between them, such as ``say(", ")``."""
    return Listed(separator, parts)


def sentences(*parts: str) -> str:
    """Sentences one after another, those that are empty left out."""
    found = ""
    for part in parts:
        found = say("{sentence} {next}", sentence=found, next=part) if found and part else found or part
    return found


def in_words(value: Any, find: Find) -> Any:
    """``value``, and where it is :class:`Said`, in the words that ``find`` gives."""
    return value.in_words(find) if isinstance(value, Said) else value


def told(error: BaseException) -> Said:
    """An error in a line, with its kind unless that is of this package: where it was raised with a Said, that."""
    own = error.args[0] if len(error.args) == 1 and isinstance(error.args[0], Said) else str(error)
    if type(error).__module__.startswith(__name__.partition(".")[0]):
        return say("{error}", error=own)
    return say("{kind}: {error}", kind=type(error).__name__, error=own)


def _filled(template: str, values: dict[str, Any]) -> str:
    return template.format(**values) if values else template
