"""The explorer in other languages: nothing is missing from a catalogue, nothing is left over, and it is shown."""

from __future__ import annotations

import copy
import html
import json
import pickle
import re
from pathlib import Path

import keras
import pytest
from asked import ask
from said_texts import CATALOGUES, Text, collected, in_javascript, in_python, read

import structopt_widgets as sw
from structopt_widgets.graph.language import Language, languages
from structopt_widgets.graph.wording import Said, listed, say, say_n, sentences, told
from structopt_widgets.widgets.page_model import page_model
from structopt_widgets.widgets.static_twin import twin_html, twin_words

TO_DO = "Run `uv run python tests/said_texts.py`, then translate what has no msgstr in"


@pytest.fixture(scope="module")
def texts() -> dict[Text, set[str]]:
    return collected()


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_a_catalogue_has_all_that_is_said_and_nothing_else(path: Path, texts: dict[Text, set[str]]) -> None:
    catalogue = {message.id: message for message in read(path) if message.id}
    assert set(texts) - set(catalogue) == set(), f"{TO_DO} {path}"
    assert set(catalogue) - set(texts) == set(), f"{TO_DO} {path}"
    for text, message in catalogue.items():
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(forms), f"{TO_DO} {path}: {text!r}"
        for form in forms:
            assert names(form) <= names(*([text] if isinstance(text, str) else text)), f"{text!r}: {form!r}"
            # What is left out was meant to be left out: of plural forms only.
            assert isinstance(text, tuple) or names(form) == names(text), f"{text!r}: {form!r}"
        in_page = any(file.endswith(".js") for file in texts[text])
        assert any(file.endswith(".js") for file, _ in message.locations) == in_page, f"{TO_DO} {path}: {text!r}"


def names(*forms: str) -> set[str]:
    return {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}


def test_what_is_said_is_english_and_can_be_said_otherwise() -> None:
    words = {
        "{n} of {what}": "{what}:{n}",
        "cuts": "C",
        ", ": "/",
        "one": "1",
        "{n} many": "n{n}",
        "{kind}: {error}": "!{error}",
    }

    def find(one: str, many: str | None, n: int) -> str:
        return words.get(one if many is None or n == 1 else many, one)

    text = say("{n} of {what}", n=3, what=say("cuts"))
    assert (text, text.in_words(find)) == ("3 of cuts", "C:3")
    assert listed(say(", "), [text, "own", say("cuts")]).in_words(find) == "C:3/own/C"
    assert [say_n(n, "one", "{n} many").in_words(find) for n in (1, 2)] == ["1", "n2"]
    assert say_n(2, "one", "{n} many") == "2 many"
    assert say("a brace } stays") == "a brace } stays"
    assert [sentences(), sentences("", "A."), sentences("A.", "", "B.")] == ["", "A.", "A. B."]
    assert told(ValueError(text)).in_words(find) == "!C:3"
    assert told(ValueError("own")) == "ValueError: own"
    for same in (pickle.loads(pickle.dumps(text)), copy.deepcopy(text)):  # noqa: S301 # our own
        assert (same, same.in_words(find)) == (text, "C:3")
    assert not isinstance(f"{text}", Said)


def test_texts_are_found_in_code() -> None:
    python = 'say("a {x}", x=say("b" "c")); say_n(n, "one", "more"); site.tie(a, b, "adds them"); Metric("L", "u", "m")'
    assert set(in_python(python)) - {""} == {"a {x}", "bc", ("one", "more"), "adds them", "adds {them}", "L", "m"}
    script = 'const a = say("one {n}", { n }) + `${say("in a row")}`; sayMany(n, "{n} row", "{n} rows"); say(other);'
    assert set(in_javascript(script)) == {"one {n}", "in a row", ("{n} row", "{n} rows")}


def small() -> sw.StructureSpace:
    inputs = keras.Input((14, 14))
    x = keras.layers.Dense(8, activation="relu", name="first")(keras.layers.Flatten(name="flat")(inputs))
    return sw.StructureSpace.from_keras(keras.Model(inputs, keras.layers.Dense(2, name="out")(x), name="small"))


def english(text: str) -> list[str]:
    """Two words of English in a row, which no identifier, unit or source of a formula is."""
    return re.findall(r"\b[A-Za-z]+ [a-z]{2,}\b", html.unescape(re.sub(r"<[^>]*>", " | ", text)))


def test_a_language_that_is_not_there_is_refused() -> None:
    assert languages() == ["en", "zh"]
    with pytest.raises(ValueError, match=r"Expected a language, one of: en, zh; got 'fr'\."):
        sw.explore(small(), language="fr")


def test_two_explorers_speak_two_languages() -> None:
    space = small()
    chinese, other = (sw.explore(space, language=code) for code in ("zh", "en"))
    for explorer in (chinese, other):
        explorer.structure = space.baseline.with_width("first", 4).with_bias("first", False)
        ask(explorer, "run")  # without data
    assert english(twin_html(other.exploration))
    assert english(twin_html(chinese.exploration)) == []
    assert twin_words(chinese.exploration) == "small：first 8→4，无偏置；0 个试验"
    assert twin_words(other.exploration) == "small: first 8→4, no bias; 0 trials"
    said = [each.instrument.work["alert"] for each in (chinese, other)]
    assert said[1].startswith("ValueError: Expected data to validate on. Open the explorer with")
    assert said[0].startswith("ValueError：需要用来验证的数据。请用 sw.explore(model, data=sw.load_data('fashion'))")
    models = [page_model(space, Language(code)) for code in ("zh", "en")]
    assert [each["metrics"][0]["label"] for each in models] == ["参数量", "Parameters"]
    assert [each.get("language") for each in models] == ["zh", None]  # no weight on an English page
    assert "words" not in models[1]
    # What programs go by is the same.
    for same in ("baseline", "keys", "rows", "program"):
        assert json.loads(json.dumps(models[0][same])) == json.loads(json.dumps(models[1][same]))


def test_a_saved_page_is_in_the_language_of_its_explorer(tmp_path: Path) -> None:
    said = sw.explore(small(), language="zh").save_page(tmp_path / "page.html")
    assert said.startswith("已保存“探索器网页，没有 Python 也能用”：page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '<html lang="zh">' in text
    assert english(text[text.index("<main") : text.index("</main>")]) == []
