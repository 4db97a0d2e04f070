"""``sw.reproduce``: what a report states, run again, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..graph import ModelGraph
from ..graph.checks import instance, items, whole
from ..structure import StructureSpace
from ..study.order import Order, absent_modules
from ..training import Budget, Data, train_together
from ..widgets.changes import changed
from .data_at_hand import data_at_hand
from .manifest import read_manifest
from .reproduction import NOT_RUN, Outcome, Reproduction, excuses, weighed

if TYPE_CHECKING:
    from ..structure import Structure

Entry = Mapping[str, Any]


def reproduce(
    report: str | os.PathLike[str],
    data: Data | Iterable[Data] | None = None,
    space: StructureSpace | None = None,
    trials: str | Iterable[int] = "stated",
) -> Reproduction:
    """Run again what a report states, and say what matches to the bit, what within tolerance and what does not.

    Equal arguments give equal bits on one machine. Structures that were trained in one call are trained in
    one call again, since a sum goes by its company in the last bits. What differs from then, versions say, is named.

    Args:
        report: a page of :func:`write_report`.
        data: what the trials were trained on; shipped data are found by themselves. Others than the report's are
            named, down to the sample where the report knows each, and nothing is run on them.
        space: of the model, ``sw.StructureSpace.from_keras(model)``; only where the report does not hold what it
            was compiled with, or for runs that inherited its weights.
        trials: ``"stated"``, those that the report tells of one by one (the front, the chosen one and the
            best); ``"all"``; or their numbers. Whatever was trained in one call with them is run and told too.

    Compared are the numbers of the page's manifest. Its own text is not read: a checksum tells whether it was changed
    after it was written, though not by somebody who writes the checksum anew.

    A report is data: it is read as JSON, its layers are made in Keras's safe mode, and no module is imported for it.

    Raises ``ValueError`` for a page that is no report, and for numbers that it does not have.

    >>> mine = sw.Study()
    >>> trial = mine.add(sw.quick_run(space.baseline, data, sw.Budget(epochs=1, seeds=1)))
    >>> sw.write_report(mine, folder / "report.html")
    >>> print(sw.reproduce(folder / "report.html", data))
    Of 1 trials, run again: 1 to the bit.
    Compared: the numbers of the page's manifest. Its own text was not; its checksum is as written.
    """
    told = read_manifest(report)
    given = [] if data is None else [data] if isinstance(data, Data) else items(data, "data")
    for each in given:
        instance(each, Data, "a Data, or several,")
    if space is not None:
        instance(space, StructureSpace, "a StructureSpace, or None,")
    try:
        entries = [{**told["trainings"][_place(each["training"])], **each} for each in told["trials"]]
        calls = _calls(entries, _wanted(told, trials))
        found = data_at_hand(told["data"], {call[0]["fingerprint"] for call, _ in calls}, given)
        outcomes: list[Outcome] = []
        for call, company in calls:
            outcomes += _run(told, call, company, found, space)
    except (LookupError, TypeError, AttributeError, _DamagedError) as error:
        raise ValueError(
            f"Expected a page that sw.write_report() wrote; its manifest is damaged: {type(error).__name__} {error}."
        ) from error
    return Reproduction(tuple(sorted(outcomes, key=lambda each: each.number)), told["is_as_written"])


class _DamagedError(Exception):
    """What a manifest holds is not what write_report writes."""


def _place(value: Any) -> int:
    """A whole number of 0 or more, as numbers and places are."""
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, str) and value.isdecimal())):
        raise _DamagedError(f"{value!r} where a number stands")
    if int(value) < 0:
        raise _DamagedError(f"{value!r} where a number of 0 or more stands")
    return int(value)


def _wanted(told: Entry, trials: str | Iterable[int]) -> set[int]:
    numbers = {_place(each["number"]) for each in told["trials"]}
    stated = {_place(each) for each in told["stated"]}
    if not stated or stated - numbers:
        raise _DamagedError(f"it states trials {sorted(stated)} and has {sorted(numbers)}")
    if isinstance(trials, str):
        if trials not in ("stated", "all"):
            raise ValueError(f"Expected trials to be 'stated', 'all' or numbers, got {trials!r}.")
        return numbers if trials == "all" else stated
    wanted = {whole(each, "the number of a trial") for each in items(trials, "numbers of trials")}
    if unknown := sorted(wanted - numbers):
        raise ValueError(f"Expected numbers of trials in the report, got {unknown}, which it does not have.")
    return wanted


def _calls(trials: Iterable[Entry], wanted: set[int]) -> list[tuple[list[Entry], str]]:
    """What to train in one call, and why that is not the company it was trained in; empty where it is."""
    by_company: dict[Any, dict[int, Entry]] = {}
    alone, calls = [], []
    for entry in trials:
        digest, _, place = entry["company"].partition(" ")
        if digest:
            own, _, size = place.partition("/")
            key = (digest, entry["space"], entry["training"], _place(size))
            by_company.setdefault(key, {})[_place(own)] = entry
        elif entry["number"] in wanted:
            alone.append(entry)
    for (*_, size), members in by_company.items():
        mine = [each for each in members.values() if each["number"] in wanted]
        if mine and len(members) == size == max(members) + 1:
            calls.append(([members[place] for place in sorted(members)], ""))
        else:
            why = f"it was trained in one call with {size - 1} others, not all of which the report has"
            calls += [([each], why) for each in mine]
    return [([each], "") for each in alone] + calls


def _run(
    told: Entry, call: list[Entry], company: str, found: Mapping[str, Data | str], given: StructureSpace | None
) -> list[Outcome]:
    """The outcomes of the trials of one call."""
    first = call[0]
    data = found[first["fingerprint"]]
    space = _space(told["spaces"][first["space"]], given, first["weights"])
    lacking = next((each for each in (data, space) if isinstance(each, str)), "")
    if isinstance(data, str) or isinstance(space, str):
        return [Outcome(int(each["number"]), NOT_RUN, why=lacking) for each in call]
    try:
        structures: list[Structure] = [changed(space, each["changes"]) for each in call]
        trained = train_together(structures, data, Budget(**first["budget"]), first["weights"])
    # Whatever a model that is not one's own raises, the other trials may well run.
    except Exception as error:
        return [Outcome(int(each["number"]), NOT_RUN, why=f"{type(error).__name__}: {error}") for each in call]
    return [weighed(each, trial, excuses(each, trial, company)) for each, trial in zip(call, trained, strict=True)]


def _space(stored: Entry, given: StructureSpace | None, weights: str) -> StructureSpace | str:
    """The space to choose structures from, or why there is none."""
    asked = "Pass the model's: space=sw.StructureSpace.from_keras(model)."
    graph = ModelGraph.from_json(stored["graph"])
    if given is not None:
        if given.fingerprint != StructureSpace(graph, growth=stored["growth"]).fingerprint:
            return f"the space that was given is of another model, {given.graph.name!r}"
        return given
    if stored["why"]:
        return f"{stored['why']}. {asked}"
    if weights == "inherit":
        return f"it started from the weights of a model, which no report holds. {asked}"
    if absent := absent_modules([[layer.serialized for layer in graph.layers.values()], stored["compiled"]]):
        return f"the model has classes of {', '.join(absent)}: import what they are in first"
    return Order("", stored["graph"], stored["growth"], stored["compiled"], {}, {}, None).space()
