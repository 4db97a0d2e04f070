"""The explorer as it stands, as text of HTML: what a saved notebook shows where no kernel and no script runs."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from ..figures.embedded import as_image
from ..figures.style import column_title, format_value
from ..figures.svg import draw_tradeoff_svg
from ..figures.tradeoff import tradeoff_info
from ..figures.width_bars import WidthBar, draw_width_bars
from ..metrics import METRICS, format_exact
from ..metrics.catalogue import shown_metrics
from ..structure import Structure
from ..study import Trial
from ..training.description import describe
from ..training.trial import measured_costs
from .exploration import Exploration

MOST_POINTS, MOST_ROWS, MOST_CHANGES = 200, 10, 30  # of the plot, of the trials' table, of what differs
LONGEST = 120  # characters of a structure in words
SIZE = "n_params"  # what the plot has across

_CHOICES = {
    "widths": "width",
    "activations": "activation",
    "biases": "bias",
    "initializers": "initializer",
    "blocks": "kept",
}
_YES_NO = {True: "yes", False: "no"}
_MINUS = "\N{MINUS SIGN}"  # as wide as the plus
_HINT = "As it stood when the notebook was saved. Run the cell to move the sliders."


def twin_words(exploration: Exploration) -> str:
    """What is explored and where it stands, in a line of plain text."""
    name = exploration.space.graph.name
    trials = len(exploration.study)
    return f"{name}: {_described(exploration.structure)}; {trials} trial{'' if trials == 1 else 's'}"


def twin_html(exploration: Exploration, hint: str = _HINT) -> str:
    """What the explorer of ``exploration`` shows: costs, what differs from the model, its shape, plot and trials.

    ``hint`` says what it is, and how to come to what moves. Names are escaped; nothing is fetched. Without its styles
    it is plain tables and images: code hosts drop styles.
    """
    structure = exploration.structure
    parts = [
        f'<p style="margin:4px 0"><b>{html.escape(exploration.space.graph.name)}</b>: '
        f"{html.escape(_described(structure))}</p>",
        f'<p style="margin:4px 0;font-size:90%">{hint}</p>',
        costs_table(exploration),
        changes_table(structure),
        caption("Widths by layer"),
        as_image(draw_width_bars(_bars(structure))),
    ]
    if len(exploration.study):
        parts += _trials(exploration)
    return "".join(parts)


def _described(structure: Structure) -> str:
    text = describe(structure)
    text = "the model as it came" if text == "baseline" else text
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def costs_table(exploration: Exploration) -> str:
    """The costs of the structure at hand beside those of the model as it came."""
    batch_size = exploration.budget.batch_size
    now = exploration.structure.measure(batch_size=batch_size)
    base = exploration.space.baseline.measure(batch_size=batch_size)
    rows = []
    for name in shown_metrics(base.values):
        value, was = now.values[name], base.values[name]
        bound = "≥ " if now.is_lower_bound and not METRICS[name].is_exact else ""
        rows.append(
            (METRICS[name].label, bound + format_exact(name, value), format_exact(name, was), _change(value, was))
        )
    title = f"Costs; memory for a batch of {batch_size}, training with {exploration.space.optimizer}"
    return html_table(title, ("cost", "now", "the model as it came", "change"), rows)


def _change(now: float, was: float) -> str:
    if now == was:
        return "as the model"
    if was == 0:
        return "from 0"
    percent = 100 * (now - was) / was
    return f"{_MINUS if percent < 0 else '+'}{abs(percent):.{1 if abs(percent) < 10 else 0}f} %"


def changes_table(structure: Structure) -> str:
    """What differs from the model as it came; empty where nothing does."""
    differs = structure.space.baseline.diff(structure)
    if not differs:
        return ""
    rows = []
    for key, (was, now) in list(differs.items())[:MOST_CHANGES]:
        choice, _, name = key.partition(".")
        # A width of 1 equals True.
        words = [_YES_NO[each] if isinstance(each, bool) else str(each) for each in (was, now)]
        rows.append((name, _CHOICES[choice], *words))
    rest = f"; the first {len(rows)} of {len(differs)}" if len(differs) > len(rows) else ""
    return html_table(f"What differs from the model as it came{rest}", ("of", "what", "as it came", "now"), rows)


def _bars(structure: Structure) -> list[WidthBar]:
    order = {layer: place for place, layer in enumerate(structure.space.graph.layers)}
    present = set(structure.layers)
    bars = [
        (order[layer], WidthBar(_title(layer, group.label), structure.widths[name], group.width, layer not in present))
        for name, group in structure.space.width_groups.items()
        for layer in group.layers
        if layer in order
    ]
    return [bar for _, bar in sorted(bars, key=lambda each: each[0])]


def _title(layer: str, label: str | None) -> str:
    return f"{layer} {label}" if label else layer


def _trials(exploration: Exploration) -> list[str]:
    trials = list(exploration.study)
    try:
        compared = exploration.study.compare()
    except ValueError:  # no trial has a score
        compared = None
    table = exploration.trials if compared is None else exploration.trials.join(compared[["standard_error", "verdict"]])
    info = tradeoff_info(
        table,
        x=SIZE,
        baseline=exploration.baseline,
        cursor=measured_costs(exploration.structure, exploration.budget)[SIZE],
        references=exploration.references,
        most=MOST_POINTS,
    )
    verdicts = {} if compared is None else compared["verdict"].to_dict()
    return [as_image(draw_tradeoff_svg(info)), _trials_table(trials, verdicts, info.y)]


def _trials_table(trials: Sequence[Trial], verdicts: dict[int, str], score: str) -> str:
    finished = sorted((each for each in trials if each.state == "complete"), key=lambda each: -each.score)
    best = [*finished, *(each for each in trials if each.state != "complete")][:MOST_ROWS]
    rows = [
        (
            str(trial.number),
            _score(trial),
            format_exact(SIZE, trial.costs[SIZE]),
            verdicts.get(trial.number or 0, trial.state),
            _described(trial.structure),
        )
        for trial in best
    ]
    title = f"Trials, the best first{f'; {len(rows)} of {len(trials):,}' if len(trials) > len(rows) else ''}"
    return html_table(title, ("trial", column_title(score), METRICS[SIZE].label, "against best", "structure"), rows)


def _score(trial: Trial) -> str:
    if trial.state != "complete":
        return ""
    value, low, high = (format_value(trial.metric, each) for each in (trial.score, trial.low, trial.high))
    return f"{value} ({low} to {high})"


def html_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of text under a caption."""
    cell = ' style="text-align:left;padding:2px 12px 2px 0"'
    head = "".join(f"<th{cell}>{html.escape(each)}</th>" for each in heads)
    body = "".join(f"<tr>{''.join(f'<td{cell}>{html.escape(each)}</td>' for each in row)}</tr>" for row in rows)
    return (
        f"{caption(title)}"
        f'<table style="margin:0;border-collapse:collapse;color:inherit"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def caption(text: str) -> str:
    """A line of text above a table or a picture."""
    # Above a table and not in it: pages that clean what they show drop captions and keep paragraphs.
    return f'<p style="margin:12px 0 2px 0"><b>{html.escape(text)}</b></p>'
