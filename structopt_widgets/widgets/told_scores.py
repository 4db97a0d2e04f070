"""How the scores that are no trial's came about, and the hypervolume: as the page tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..graph.wording import listed, say, say_n
from ..graph.wording import told as told_error
from ..metrics import METRICS
from ..structure import Structure
from ..study.hypervolume import hypervolume_parts
from ..training import Data
from ..training.references import CHANCE, reference_answers
from .changes import changes
from .formula_tree import Tree, formula_text

PREVIEW, REFERENCE, HYPERVOLUME = "preview", "reference", "hypervolume"  # what the page calls these numbers
MOST_TERMS = 12


def told_number(
    structure: Structure,
    metric: str,
    of: Mapping[str, Any],
    data: Data | None,
    shown: Mapping[str, Any],
    minimize: Sequence[str],
) -> dict[str, Any]:
    """What the page shows of one of these numbers, or why there is nothing: a thread has nobody to raise to.

    Args:
        structure: whose the preview is; of the others nobody's.
        metric: :data:`PREVIEW`, :data:`REFERENCE` or :data:`HYPERVOLUME`.
        of: what the page asked with: the number is its ``"value"``, the reference its ``"name"``.
        data: what is validated on.
        shown: the study as the page has it.
        minimize: the costs that the hypervolume is of.
    """
    about: dict[str, Any] = {"metric": metric, "layer": None, "structure": changes(structure), "batch_size": 1}
    about |= {"lines": [], "more": 0, "of": dict(of)}
    try:
        if metric == HYPERVOLUME:
            return {**about, **_hypervolume(shown, minimize)}
        if data is None:
            raise ValueError(say("Expected data to validate on."))
        told = _preview(data, of["value"]) if metric == PREVIEW else _reference(data, of["key"], of["value"])
    except Exception as error:
        return {**about, "error": told_error(error)}
    return {**about, **told}


def _preview(data: Data, value: float) -> dict[str, Any]:
    notes = [
        _what(data),
        say(
            "The network is this structure with the model's own weights: of each width those units are kept that count "
            "most. Nothing was trained: training wins much of what is lost back."
        ),
        say("It is one network, and has no interval."),
    ]
    return {"lines": _share(say("preview"), value, len(data.y_val), data), "notes": notes}


def _reference(data: Data, name: str, value: float) -> dict[str, Any]:
    answers = reference_answers(data).get(name)
    if name == CHANCE:
        how = (
            say("Chance answers each with the most frequent class of the training samples.")
            if data.n_classes
            else say("Chance answers each with the mean of the training samples.")
        )
    else:
        how = say(
            "The linear model is ridge regression on the standardized inputs, to the classes as 0 and 1 or to the "
            "quantities; its penalty is the one with the least squared error over training samples left out one at a "
            "time: {call}.",
            call="sw.reference_scores(data)",
        )
    n = len(data.y_val) if answers is None else len(answers)
    return {"lines": _share(say(name), value, n, data), "notes": [_what(data), how]}


def _what(data: Data) -> str:
    n = f"{len(data.y_val):,}"
    text: str = (
        say("It is the share of right classes among {n} validation samples.", n=n)
        if data.n_classes
        else say("It is the share of variance explained (R2) among {n} validation samples.", n=n)
    )
    return text


def _share(name: str, value: float, n: int, data: Data) -> list[dict[str, Any]]:
    """A score of classes as right ones of all; of quantities the number alone."""
    right = round(value * n)
    if not data.n_classes or abs(right / n - value) > 1e-6:
        return []
    return [_line(name, ["/", ["n", f"{right:,}"], ["n", f"{n:,}"]], value)]


def _hypervolume(shown: Mapping[str, Any], minimize: Sequence[str]) -> dict[str, Any]:
    """Of the trials that the page draws its history of: what each of the front adds to those of better score."""
    complete = [row for row in shown["trials"] if row["score"] is not None]
    alike = [row for row in complete if row["training"] == complete[-1]["training"]]
    costs = [name for name in minimize if all(row["costs"].get(name) is not None for row in alike)]
    table = pd.DataFrame(
        {"score": [row["score"] for row in alike], **{c: [row["costs"][c] for row in alike] for c in costs}}
    )
    table.index = pd.Index([row["number"] for row in alike])
    parts = hypervolume_parts(table, "score", costs)
    shares = [f"{part:.4f}" for part in parts]
    terms: list[Tree] = [["n", each] for each in shares[:MOST_TERMS]]
    if len(shares) > MOST_TERMS:
        terms.append(["n", f"{parts.iloc[MOST_TERMS:].sum():.4f}"])
    lines = [_line(say("hypervolume"), terms[0] if len(terms) == 1 else ["+", *terms], float(parts.sum()))]
    named = [say("trial {number}", number=number) for number in parts.index[:MOST_TERMS]]
    axes = [say("score {low} to {high}", low=f"{table['score'].min():.4g}", high=f"{table['score'].max():.4g}")]
    axes += [
        say(
            "{quantity} {low} to {high}",
            quantity=METRICS[c].trial_label,
            low=f"{table[c].min():,.0f}",
            high=f"{table[c].max():,.0f}",
        )
        for c in costs
    ]
    rest = len(shares) - MOST_TERMS
    notes = [
        say("The box: {axes}; costs on a logarithmic scale.", axes=listed(say(", "), axes)),
        say(
            "The terms are the trials of the front from the best score on ({trials}): what each covers of the box that "
            "none before it does.",
            trials=listed(say(", "), named),
        ),
        *([say_n(rest, "The last term is one more trial.", "The last term is {n} more trials.")] if rest > 0 else []),
    ]
    return {"lines": lines, "notes": notes}


def _line(name: str, tree: Tree, value: float) -> dict[str, Any]:
    return {"name": name, "tree": tree, "formula": formula_text(tree), "numbers": "", "value": value}
