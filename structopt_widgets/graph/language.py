"""The languages of explorers and figures, each a gettext catalogue in ``locale/``; see ``locale/README.md``."""

from __future__ import annotations

import functools
import gettext
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .checks import known, text
from .wording import Said

ENGLISH = "en"  # what the code says
Words = Callable[[str], str]  # a language, or str, which is English
FOLDER = Path(__file__).parent.parent / "locale"
_CATALOGUE = "*/LC_MESSAGES/structopt_widgets.po"


def languages() -> list[str]:
    """The codes of the languages that there are."""
    return sorted([ENGLISH, *(path.parent.parent.name for path in FOLDER.glob(_CATALOGUE))])


class Language:
    """One language: called with a text it says it; what is no :class:`~structopt_widgets.graph.wording.Said` stays.

    Args:
        code: ``"en"``, ``"zh"``; raises ``ValueError`` for one that there is no catalogue of.
    """

    def __init__(self, code: str = ENGLISH) -> None:
        self.code = known(code, languages(), "a language")
        self._words, self._page = (gettext.NullTranslations(), {}) if code == ENGLISH else _catalogue(code)

    def __call__(self, text: str) -> str:
        """``text`` in this language."""
        return text.in_words(self._find) if isinstance(text, Said) else text

    def all(self, data: Any) -> Any:
        """Plain data with every text in it in this language; what holds it may be new."""
        if self.code == ENGLISH:
            return data
        if isinstance(data, dict):
            return {key: self.all(value) for key, value in data.items()}
        if isinstance(data, (list, tuple)):
            return [self.all(value) for value in data]
        return self(data) if isinstance(data, str) else data

    def for_page(self) -> dict[str, Any]:
        """What the page's own modules say, for ``words.js``; nothing in English."""
        return {} if self.code == ENGLISH else {"language": self.code, "words": self._page}

    def _find(self, one: str, many: str | None, n: int) -> str:
        if not one:  # gettext has the catalogue's head there
            return one
        return self._words.gettext(one) if many is None else self._words.ngettext(one, many, n)


def in_language(said: str | BaseException, language: str) -> str:
    """What the kit said, in a language: a trial's summary, the reason of a width, an error.

    Args:
        said: a text of the kit, as it came from it, or an error that it raised. What has become part of another text,
            and what the kit did not say, stays as it is.
        language: ``"en"``, or ``"zh"`` for Chinese; raises ``ValueError`` for one that there is no catalogue of.

    >>> sw.in_language(study.trial(0).summary(), "zh")
    '准确率 27.8%（95 % 置信区间 17.1% 到 41.7%，2 个随机种子的平均），67 个参数'
    """  # noqa: RUF002 - the signs of Chinese are those of Chinese
    words = Language(language)
    if isinstance(said, BaseException):
        return words(said.args[0] if len(said.args) == 1 and isinstance(said.args[0], str) else str(said))
    return words(text(said, "said, a text of the kit or an error,"))


@functools.cache
def _catalogue(code: str) -> tuple[gettext.NullTranslations, dict[str, Any]]:
    """The words of a language, and those of them that JavaScript says: text to text, or to a list of plural forms."""
    # Text in the repository and no compiled twin of it that may be of yesterday: it takes 0.1 s, once.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (FOLDER / code / "LC_MESSAGES" / "structopt_widgets.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    page: dict[str, Any] = {}
    for message in catalogue:
        if message.id and any(path.endswith(".js") for path, _ in message.locations):
            key: Any = message.id if isinstance(message.id, str) else message.id[0]
            page[key] = message.string  # of one with plural forms, all of them
    return gettext.GNUTranslations(compiled), page
