"""``sw.write_report``: one file, without a network and without a kernel, whose sliders are alive."""

from __future__ import annotations

import html
import os
from collections.abc import Iterable
from pathlib import Path

from ..figures.style import column_title
from ..graph.checks import file_path, instance, items, opened, text
from ..study import Study
from ..training import Data
from ..widgets import Explorer
from ..widgets.saved_page import KEPT, saved_page
from .chosen import chosen_trial
from .data_at_hand import shipped
from .manifest import as_element, manifest, page_sum
from .report_parts import beside_the_model, formulas, front, learning, provenance, summary, titled

RUN_AGAIN = (
    '<p>This page holds what it takes to run its trials again: in Python <code>sw.reproduce("report.html")</code>, by '
    "the name of the file, and with <code>data=</code> where the data did not come with the kit; in a shell "
    "<code>structopt-widgets reproduce report.html</code>.</p>"
)
_BLANK = as_element({})  # the manifest holds a checksum of the page around it
_STYLE = (
    "<style>.sw-report { max-width: 72em; margin: 0 auto; padding: 8px 16px 24px; line-height: 1.45; }"
    " .sw-report h1 { font-size: 24px; } .sw-report h2 { font-size: 18px; margin: 28px 0 4px; break-after: avoid; }"
    " .sw-report table { display: block; max-width: 100%; overflow-x: auto; font-variant-numeric: tabular-nums; }"
    " @media not print { [data-jp-theme-light='false'] .sw-report { color: #ddd; } }"
    " @media print { .sw-report { padding: 0; } .sw-report table { display: table; font-size: 80%; }"
    " .sw-report :is(tr, img, svg) { break-inside: avoid; } .sw-report thead { display: table-header-group; }"
    " .sw-report td { overflow-wrap: break-word; } .sw-report { line-height: 1.3; }"
    " .sw-report table { break-inside: avoid; } .sw-report p:has(+ table) { break-after: avoid; }"
    " .sw-report > h2 { break-before: page; } }</style>"
)


def write_report(
    study: Study,
    path: str | os.PathLike[str],
    number: int | None = None,
    title: str = "",
    data: Data | Iterable[Data] | None = None,
) -> None:
    """Write what a study found into one HTML file: summary, front, the chosen structure, formulas, where it is from.

    The file needs no network, no Python and no Jupyter. At its end stands the explorer with all trials: its sliders
    move costs and picture. Without scripts, and on paper, it is text, tables and pictures. A manifest goes along,
    by which :func:`~.reproduce.reproduce` runs it again.

    Args:
        study: with at least one complete trial.
        path: of the file, in place of what was there.
        number: of the trial whose structure is chosen; by default see
            :func:`~.chosen.smallest_as_good`.
        title: of the report; by default the model's name says it.
        data: what the trials were trained on, so that the page can tell later which sample was changed. Those of
            sweeps and of explorers in this process are known, and shipped ones are found.

    Raises ``ValueError`` for a study without a complete trial, and for data on which none was trained.

    >>> sw.write_report(study, folder / "report.html")
    """
    instance(study, Study, "a Study")
    title = text(title, "the title of a report")
    path = file_path(path, "the report")
    _remember(study, data)
    chosen = chosen_trial(study, number)
    explorer = Explorer(chosen.structure.space, study.known_data.get(chosen.fingerprint), study)
    try:
        explorer.structure = chosen.structure
        here = explorer.exploration
        title = title or f"How small can {here.space.graph.name} be?"
        above = (
            f'{_STYLE}<article class="sw-report"><h1>{html.escape(title)}</h1>{summary(study, chosen, here)}'
            + titled(f"{column_title(chosen.metric)} against size", front(study, here, chosen))
            + titled("The chosen structure", beside_the_model(here))
            + (titled("Learning curve", curve) if (curve := learning(chosen)) else "")
            + titled("Formulas", formulas(here))
            + titled("Provenance", provenance(study) + RUN_AGAIN)
            + "<h2>Try it</h2></article>"
        )
        kept = {name: getattr(explorer.instrument, name) for name in KEPT}
        page = saved_page(here, kept, above + _BLANK, title)
        page = page.replace(_BLANK, as_element(manifest(study, chosen) | {"page_sum": page_sum(page)}), 1)
    finally:
        explorer.close()
    with opened(path, "the report"):
        Path(path).write_text(page, encoding="utf-8")


def _remember(study: Study, given: Data | Iterable[Data] | None) -> None:
    """Data that are given, and shipped ones by their names, are the study's to know."""
    names = {trial.fingerprint: trial.data for trial in study}
    for each in [] if given is None else [given] if isinstance(given, Data) else items(given, "data"):
        instance(each, Data, "a Data, or several,")
        if each.fingerprint not in names:
            raise ValueError(
                f"Expected data that a trial of the study was trained on ({', '.join(sorted(set(names.values())))}), "
                f"got others: {each.name!r}. Pass those that quick_run() was given."
            )
        study.known_data[each.fingerprint] = each
    for fingerprint, name in names.items():
        if fingerprint not in study.known_data:
            found = next((each for each in shipped(name) if each.fingerprint == fingerprint), None)
            if found is not None:
                study.known_data[fingerprint] = found
