"""The notebooks' prose says of results only what the code beside it states or computes."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from notebook_prose import Cell, cells_of, prose, unfounded

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

SPEAKING = {"sw.explore", "sw.check_prediction", "sw.plot_layer_costs", "sw.plot_tradeoff"}  # what takes a language
CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
# Phrases that claim nothing of a result.
DEFINITIONS = {
    "In the next 40 minutes": "how long reading takes",
    "**four levers**": "of the table below it",
    "**four quantities**": "of the table below it",
    "**four steps**": "of the list below it",
    "until the goal is met": "the loop's last step",
    "If it is still missed": "a condition",
    "hold the middle half of the calls": "what the quartiles of a measured time are",
    "is half a number, and two intervals": "a figure of speech, and how many a comparison has",
    "Not told apart is not the same as equal": "what a verdict does not say",
    "at least as accurate as": "what is counted, with the number before it",
    "Llama 3 8B": "a name",
    "A window of 3 x 3": "of the model's code, a section above",
    "takes 4 bytes, a 2, an 1, an half of one": "how broad each dtype is",
    "(95 %)": "the level of the kit's intervals",
    "in 95 of 100 such experiments": "what that level means",
    "that no other beats in accuracy and size at once": "what the Pareto front is",
    "1,024 bytes": "what a KiB is",
    # The same of the Chinese walkthrough.
    "在接下来的 40 分钟里": "how long reading takes",
    "直到目标达成": "the loop's last step",
    "如果目标仍未达成": "a condition",
    "在 100 次这样的实验里有 95 次": "what the level of an interval means",
    "1,024 字节": "what a KiB is",
    "\uff0895 %\uff09": "the level of the kit's intervals",
    "没有别的结构在准确率和大小上同时胜过的结构": "what the Pareto front is",
}


def cell(kind: str, source: str, *tags: str) -> Cell:
    return {"cell_type": kind, "id": kind, "source": source, "metadata": {"tags": tags}}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_nothing_is_said_of_a_result_that_was_not_computed(path: Path) -> None:
    assert unfounded(cells_of(path), DEFINITIONS) == []


def test_every_definition_is_of_use() -> None:
    texts = [text for path in NOTEBOOKS for _, text in prose(cells_of(path))]
    for phrase, reason in DEFINITIONS.items():
        assert reason
        assert any(phrase in text for text in texts), phrase


@pytest.mark.parametrize(
    ("prose", "code", "expected"),
    [
        ("It has 34,122 parameters.", "model", ["number '34,122'"]),
        ("It has 34,122 parameters.", "assert model.count_params() == 34_122", []),
        ("Ten epochs for both, at 0.5.", "sw.Budget(epochs=10)\nspace.scaled(0.5)", []),
        ("Ten epochs for both.", "sw.Budget(epochs=3)", ["number 'Ten'"]),
        ("The small one is worse.", "trial", ["verdict 'worse'"]),
        ("They cannot be told apart.", "trial", ["verdict 'told apart'"]),
        ("The small one is worse.", "assert sw.compare(a, b).verdict == 'worse'", []),
        ("`fit(epochs=7)` in [a file](notebook_7.ipynb) of Llama3.", "fit()", []),
    ],
)
def test_prose_stands_on_the_code_of_its_section(prose: str, code: str, expected: list[str]) -> None:
    cells = [cell("markdown", f"# Title\n\n{prose}"), cell("code", code)]
    assert [each.split(": ", 1)[1] for each in unfounded(cells)] == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('Markdown(f"It is {word}, {number:.1%}.")', []),
        ('Markdown(f"It is worse, {number:.1%}.")', ["verdict 'worse'"]),
        ('Markdown("It is " + ("worse" if below else "better"))', []),
        ('Markdown(f"{number} of 17")', ["number '17'"]),
        ('words = "It is faster."\nMarkdown(words)', ["verdict 'faster'"]),
    ],
)
def test_fixed_parts_of_computed_texts_are_prose(code: str, expected: list[str]) -> None:
    found = unfounded([cell("code", code, "computed-text")])
    assert [each.split(": ", 1)[1] for each in found] == expected


def test_another_section_founds_nothing() -> None:
    cells = [cell("markdown", "# A"), cell("code", "epochs = 17"), cell("markdown", "# B\n\nAfter 17 epochs.")]
    assert len(unfounded(cells)) == 1


def test_definitions_are_left_out() -> None:
    assert unfounded([cell("markdown", "# A\n\nIn the next 40\nminutes.")], ["40 minutes"]) == []


def test_the_chinese_walkthrough_runs_the_same_code() -> None:
    english, chinese = (cells_of(NOTEBOOKS[0].with_name(f"01_walkthrough{end}.ipynb")) for end in ("", ".zh"))
    outlines = ([(cell["id"], cell["cell_type"], cell["metadata"]) for cell in cells] for cells in (english, chinese))
    assert next(outlines) == next(outlines)
    for one, other in zip(english, chinese, strict=True):
        if one["cell_type"] == "code":
            assert is_translation(ast.parse(one["source"]), ast.parse(other["source"])), one["id"]
        else:
            assert CHINESE.search(other["source"]), one["id"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("cost.n_params  # the size", "cost.n_params  # 大小", True),
        ("cost.n_params", "cost.flops", False),
        ('show("n_params")', 'show("参数")', True),
        ('show("n_params")', 'show("flops")', False),
        ('f"{a} of {b}"', 'f"{b} 里的 {a}"', True),
        ('f"{a} of {b}"', 'f"{b} 里的 {c}"', False),
        ("epochs = 3", "epochs = 10", False),
        ("sw.explore(space, data=data)", 'sw.explore(space, data=data, language="zh")', True),
        ("sw.explore(space)", 'sw.explore(space, language="zh")', True),
        ("sw.explore(space)", 'sw.explore(space, language="en")', False),
        ("sw.explore(space)", 'sw.explore(space, predict=True, language="zh")', False),
        ("sw.measure(space)", 'sw.measure(space, language="zh")', False),
        ("sw.check_prediction(1, 2)", 'sw.check_prediction(1, 2, language="zh")', True),
        ("print(trial.summary())", 'print(sw.in_language(trial.summary(), "zh"))', True),
        ("print(trial.summary())", 'print(sw.in_language(other.summary(), "zh"))', False),
        ("print(trial.summary())", 'print(sw.in_language(trial.summary(), "en"))', False),
    ],
)
def test_a_translation_changes_words_only(one: str, other: str, expected: bool) -> None:
    assert is_translation(ast.parse(one), ast.parse(other)) == expected


def is_translation(one: Any, other: Any) -> bool:
    """Whether code differs in nothing but texts that are Chinese in the other; their values may be in another order.

    What the other's kit says may be in Chinese: ``sw.explore(..., language="zh")``, ``sw.in_language(..., "zh")``.
    """
    if isinstance(other, ast.Call) and ast.unparse(other.func) == "sw.in_language":
        return len(other.args) == 2 and ast.unparse(other.args[1]) == "'zh'" and is_translation(one, other.args[0])
    if type(one) is not type(other):
        return False
    if isinstance(one, ast.Call) and ast.unparse(other.func) in SPEAKING and other.keywords[-1:]:
        *keywords, last = other.keywords
        is_chinese = ast.unparse(last) == "language='zh'"
        other = ast.Call(other.func, other.args, keywords if is_chinese else other.keywords)
    if isinstance(one, ast.JoinedStr):
        left = [value for value in other.values if isinstance(value, ast.FormattedValue)]
        for value in one.values:
            if isinstance(value, ast.FormattedValue):
                match = next((each for each in left if is_translation(value, each)), None)
                if match is None:
                    return False
                left.remove(match)
        return not left
    if isinstance(one, ast.AST):
        return all(is_translation(getattr(one, name), getattr(other, name)) for name in one._fields)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_translation, one, other))
    return one == other or (isinstance(other, str) and CHINESE.search(other) is not None)
