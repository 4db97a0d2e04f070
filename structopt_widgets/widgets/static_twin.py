"""The explorer as it stands, as text of HTML: what a saved notebook shows where no kernel and no script runs."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from ..figures.embedded import as_image
from ..figures.style import column_title, format_value
from ..figures.svg import draw_tradeoff_svg
from ..figures.svg_parts import Svg
from ..figures.tradeoff import tradeoff_info
from ..figures.width_bars import WidthBar, draw_width_bars
from ..graph.language import Words
from ..graph.wording import say, say_n
from ..metrics import METRICS, format_exact
from ..metrics.catalogue import shown_metrics
from ..structure import Structure
from ..study import Trial
from ..training.description import describe
from ..training.trial import measured_costs
from .exploration import Exploration
from .lesson import PARTS

MOST_POINTS, MOST_ROWS, MOST_CHANGES = 200, 10, 30  # of the plot, of the trials' table, of what differs
LARGEST_PICTURE = 300_000  # letters of SVG
LONGEST = 120  # characters of a structure in words
SIZE = "n_params"  # what the plot has across

_CHOICES = {
    "widths": say("width"),
    "activations": say("activation"),
    "biases": say("bias"),
    "initializers": say("initializer"),
    "blocks": say("kept"),
}
_YES_NO = {True: say("yes"), False: say("no")}

_NAME = "\0"  # a place in a sentence for what is HTML
_MINUS = "\N{MINUS SIGN}"  # as wide as the plus
_WAITS = say("predict it")
_HINT = say("As it stood when the notebook was saved. Run the cell to move the sliders.")


def twin_words(exploration: Exploration) -> str:
    """What is explored and where it stands, in a line of plain text."""
    words = exploration.language
    trials = say_n(len(exploration.study), "{n} trial", "{n} trials")
    stands = _described(exploration.structure, words)
    return words(
        say("{name}: {structure}; {trials}", name=exploration.space.graph.name, structure=stands, trials=trials)
    )


def twin_html(exploration: Exploration, hint: str = _HINT) -> str:
    """What the explorer of ``exploration`` shows: costs, what differs from the model, its shape, plot and trials.

    ``hint`` says what it is, and how to come to what moves. Names are escaped; nothing is fetched. Without its styles
    it is plain tables and images: code hosts drop styles. Of a lesson it shows what that shows, and no number that
    waits for a prediction.
    """
    structure, words = exploration.structure, exploration.language
    stands = say("{name}: {structure}", name=_NAME, structure=html.escape(_described(structure, words)))
    name = f"<b>{html.escape(exploration.space.graph.name)}</b>"
    parts = [
        f'<p style="margin:4px 0">{words(stands).replace(_NAME, name)}</p>',
        f'<p style="margin:4px 0;font-size:90%">{html.escape(words(hint))}</p>',
        costs_table(exploration),
        changes_table(structure, words),
    ]
    shown = exploration.lesson.get("parts", PARTS)
    if "picture" in shown or "levers" in shown:
        parts.append(_shape(exploration))
    if len(exploration.study) and "tradeoff" in shown:
        parts += _trials(exploration)
    return "".join(parts)


def _shape(exploration: Exploration) -> str:
    """The network as a page has drawn it, where that is of the structure at hand; else its widths as bars."""
    structure, words = exploration.structure, exploration.language
    bars = draw_width_bars(_bars(structure, words), words)
    drawn, svg = exploration.picture or (None, "")
    if drawn != structure or len(svg) > LARGEST_PICTURE:
        return caption(words(say("Widths by layer"))) + as_image(bars)
    # Whatever a page sends is an image's: nothing of it can run.
    return caption(words(say("Network"))) + as_image(Svg(svg, bars.words))


def _described(structure: Structure, words: Words) -> str:
    is_other = structure != structure.space.baseline
    text = words(describe(structure) if is_other else say("the model as it came"))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def costs_table(exploration: Exploration) -> str:
    """The costs of the structure at hand beside those of the model as it came."""
    batch_size = exploration.budget.batch_size
    now = exploration.structure.measure(batch_size=batch_size)
    base = exploration.space.baseline.measure(batch_size=batch_size)
    rows = []
    taught = exploration.lesson.get("costs")  # with those that are made of others, of which there is no row
    for name in (each for each in shown_metrics(base.values) if taught is None or each in taught):
        value, was = now.values[name], base.values[name]
        bound = "≥ " if now.is_lower_bound and not METRICS[name].is_exact else ""
        told = (_WAITS, "") if _is_asked(exploration) else (bound + format_exact(name, value), _change(value, was))
        rows.append((METRICS[name].label, told[0], format_exact(name, was), told[1]))
    title = say(
        "Costs; memory for a batch of {n}, training with {optimizer}",
        n=batch_size,
        optimizer=exploration.space.optimizer,
    )
    heads = (say("cost"), say("now"), say("the model as it came"), say("change"))
    return html_table(title, heads, rows, exploration.language)


def _is_asked(exploration: Exploration) -> bool:
    """Whether the numbers of the structure at hand wait for a prediction."""
    return bool(exploration.lesson.get("predict")) and exploration.structure != exploration.space.baseline


def _change(now: float, was: float) -> str:
    if now == was:
        return say("as the model")
    if was == 0:
        return say("from 0")
    percent = 100 * (now - was) / was
    return f"{_MINUS if percent < 0 else '+'}{abs(percent):.{1 if abs(percent) < 10 else 0}f} %"


def changes_table(structure: Structure, words: Words = str) -> str:
    """What differs from the model as it came; empty where nothing does."""
    differs = structure.space.baseline.diff(structure)
    if not differs:
        return ""
    rows = []
    for key, (was, now) in list(differs.items())[:MOST_CHANGES]:
        choice, _, name = key.partition(".")
        # A width of 1 equals True.
        both = [_YES_NO[each] if isinstance(each, bool) else str(each) for each in (was, now)]
        rows.append((name, _CHOICES[choice], *both))
    title = say("What differs from the model as it came")
    if len(differs) > len(rows):
        title = say("{title}; the first {n} of {all}", title=title, n=len(rows), all=len(differs))
    return html_table(title, (say("of"), say("what"), say("as it came"), say("now")), rows, words)


def _bars(structure: Structure, words: Words) -> list[WidthBar]:
    order = {layer: place for place, layer in enumerate(structure.space.graph.layers)}
    present = set(structure.layers)
    bars = [
        (
            order[layer],
            WidthBar(
                _title(layer, group.label and words(say(group.label))),
                structure.widths[name],
                group.width,
                layer not in present,
            ),
        )
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
        cursor=None if _is_asked(exploration) else measured_costs(exploration.structure, exploration.budget)[SIZE],
        references=exploration.references,
        most=MOST_POINTS,
    )
    words = exploration.language
    verdicts = {} if compared is None else compared["verdict"].to_dict()
    return [as_image(draw_tradeoff_svg(info, words=words)), _trials_table(trials, verdicts, info.y, words)]


def _trials_table(trials: Sequence[Trial], verdicts: dict[int, str], score: str, words: Words) -> str:
    finished = sorted((each for each in trials if each.state == "complete"), key=lambda each: -each.score)
    best = [*finished, *(each for each in trials if each.state != "complete")][:MOST_ROWS]
    rows = [
        (
            str(trial.number),
            _score(trial),
            format_exact(SIZE, trial.costs[SIZE]),
            say(verdicts.get(trial.number or 0, trial.state)),
            _described(trial.structure, words),
        )
        for trial in best
    ]
    title = say("Trials, the best first")
    if len(trials) > len(rows):
        title = say("{title}; {n} of {all}", title=title, n=len(rows), all=f"{len(trials):,}")
    heads = (say("trial"), column_title(score), METRICS[SIZE].label, say("against best"), say("structure"))
    return html_table(title, heads, rows, words)


def _score(trial: Trial) -> str:
    if trial.state != "complete":
        return ""
    value, low, high = (format_value(trial.metric, each) for each in (trial.score, trial.low, trial.high))
    return say("{value} ({low} to {high})", value=value, low=low, high=high)


def html_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], words: Words = str) -> str:
    """A table of text under a caption, in the language of ``words``."""
    cell = ' style="text-align:left;padding:2px 12px 2px 0"'
    head = "".join(f"<th{cell}>{html.escape(words(each))}</th>" for each in heads)
    body = "".join(f"<tr>{''.join(f'<td{cell}>{html.escape(words(each))}</td>' for each in row)}</tr>" for row in rows)
    return (
        f"{caption(words(title))}"
        f'<table style="margin:0;border-collapse:collapse;color:inherit"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def caption(text: str) -> str:
    """A line of text above a table or a picture."""
    # Above a table and not in it: pages that clean what they show drop captions and keep paragraphs.
    return f'<p style="margin:12px 0 2px 0"><b>{html.escape(text)}</b></p>'
