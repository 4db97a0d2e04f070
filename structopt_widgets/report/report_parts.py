"""The parts of a report, as text of HTML: every number and verdict is computed from the study."""

from __future__ import annotations

import html
import itertools
import math
from collections import Counter
from typing import Any

from ..figures.embedded import as_image
from ..figures.plotly_svg import draw_figure
from ..figures.style import COLOURS, column_title, format_value
from ..figures.svg import draw_tradeoff_svg
from ..figures.tradeoff import tradeoff_info
from ..metrics import METRICS, format_exact
from ..study import Study, Trial, pareto_front
from ..study.beside_references import Gain, beside_references
from ..study.final_score import asked_so_far
from ..study.verdicts import tally
from ..training import Budget
from ..training.description import describe
from ..training.references import CHANCE
from ..widgets.exploration import Exploration
from ..widgets.learning_curve import curve_title, learning_curve
from ..widgets.receipt_text import receipt_text
from ..widgets.static_twin import changes_table, costs_table, html_table
from .chosen import smallest_as_good

SIZE = "n_params"
MARKED = 40  # epochs, of which each is a point
FORMULAS = (SIZE, "flops", "span")  # told with the numbers put in


def summary(study: Study, chosen: Trial, exploration: Exploration) -> str:
    """What was looked at, what is chosen, what it saves and what that costs."""
    complete = [trial for trial in study if trial.state == "complete"]
    base = exploration.space.baseline.measure().n_params
    left = f"{chosen.n_params / base:.1%}" if base else "none"
    compared = study.compare()
    verdict, best = compared["verdict"].get(chosen.number), compared["difference"].idxmax()
    unshown, of_chosen = against_references(study, chosen)
    settled = "; normalization settled on training samples" if chosen.settled else ""
    sentences = [
        f"{len(study):,} structures of {exploration.space.graph.name} were run on {chosen.data}, "
        f"{len(complete):,} to the end: {tally(compared)}.",
        unshown,
        _not_complete(study),
        f"Trial {chosen.number}, {describe(chosen.structure)}, has {chosen.n_params:,} of {base:,} parameters "
        f"({left}): {chosen.scored()}{settled}.",
        _rule(study, chosen),
        f"Against the best, trial {best}: {verdict}." if verdict and best != chosen.number else "",
        of_chosen,
        _test_score(study, chosen),
    ]
    return "".join(f"<p>{html.escape(each)}</p>" for each in sentences if each)


def _rule(study: Study, chosen: Trial) -> str:
    """By what it was chosen."""
    rule = "the smallest that scores at most one standard error below the highest, of those not told apart as worse"
    try:
        by_rule = smallest_as_good(study).number
    except ValueError:
        return ""
    if by_rule == chosen.number:
        return f"It is {rule} (Breiman et al., 1984)."
    return f"It was named by whoever wrote this page; trial {by_rule} is {rule} (Breiman et al., 1984)."


def front(study: Study, exploration: Exploration, chosen: Trial) -> str:
    """The trade-off plot, and the Pareto front as a table."""
    compared = study.compare()
    table = exploration.trials.join(compared[["standard_error", "verdict"]])
    score = chosen.metric
    picture = tradeoff_info(
        table, SIZE, score, exploration.baseline, chosen.n_params, references=exploration.references, most=500
    )
    rows = []
    for number in pareto_front(exploration.trials, maximize=score, minimize=SIZE).index:
        trial = study.trial(int(number))
        low, high = (format_value(score, each) for each in (trial.low, trial.high))
        rows.append(
            (
                str(number),
                f"{trial.n_params:,}",
                format_exact("flops", trial.flops),
                format_value(score, trial.score),
                f"{low} to {high}",
                str(len(trial.by_seed)),
                str(compared["verdict"].get(number, "")),
                describe(trial.structure),
            )
        )
    heads = ("trial", "parameters", "FLOPs", column_title(score), "95 % interval", "seeds", "against best", "structure")
    return as_image(draw_tradeoff_svg(picture)) + html_table("The Pareto front", heads, rows)


def beside_the_model(exploration: Exploration) -> str:
    """Costs of the chosen structure beside the model's, and what differs."""
    return costs_table(exploration) + changes_table(exploration.structure)


def formulas(exploration: Exploration) -> str:
    """Parameters, FLOPs and critical path as formulas, by layer, with the numbers put in."""
    parts = []
    for metric in FORMULAS:
        told = receipt_text(exploration.structure, metric, None, exploration.budget.batch_size)
        rows = [
            (line["name"], line["formula"] or "too long to read", line["numbers"], format_exact(metric, line["value"]))
            for line in told["lines"]
        ]
        more = f"; {told['more']} smaller layers are left out" if told["more"] else ""
        title = f"{METRICS[metric].label}: {METRICS[metric].meaning}{more}"
        parts.append(html_table(title, ("of", "formula", "with the numbers", "value"), rows))
    return "".join(parts)


def learning(chosen: Trial) -> str:
    """The losses of the chosen trial by epoch, one seed after the other; empty where none were recorded."""
    curve = learning_curve(curve_title(chosen), chosen.history)
    if not curve["training"]:
        return ""
    lines: list[dict[str, Any]] = []
    for name, losses, color in (
        ("training loss", curve["training"], COLOURS["orange"]),
        ("validation loss", curve["validation"], COLOURS["blue"]),
    ):
        # A gap where the next seed begins.
        by_seed = [losses[start:stop] for start, stop in itertools.pairwise([*curve["starts"], len(losses)])]
        places = itertools.chain.from_iterable(
            [*range(start + 1, start + 1 + len(each)), None]
            for start, each in zip(curve["starts"], by_seed, strict=True)
        )
        values = itertools.chain.from_iterable([*each, None] for each in by_seed)
        mode = "lines+markers" if len(losses) < MARKED else "lines"
        lines.append({"type": "scatter", "mode": mode, "name": name, "x": [*places], "y": [*values]})
        lines[-1] |= {"line": {"color": color}, "marker": {"color": color}}
    axes: dict[str, Any] = {
        "xaxis": {"title": {"text": "epoch, one seed after the other"}},
        "yaxis": {"title": {"text": "loss"}},
    }
    picture = draw_figure({"data": lines, "layout": {"width": 640, "height": 280, **axes}})
    rows = [
        (str(seed), str(len(epochs)), *(f"{epochs[-1][each]:.3g}" for each in ("loss", "val_loss")))
        for seed, epochs in zip(chosen.budget.seed_list, chosen.history, strict=False)
        if epochs
    ]
    heads = ("seed", "epochs", "training loss", "validation loss")
    return as_image(picture) + html_table(f"The end of each seed's training, trial {chosen.number}", heads, rows)


def provenance(study: Study) -> str:
    """Data, budgets and versions that the numbers belong to, with how many trials."""
    facts: dict[str, Counter[str]] = {}
    for trial in study:
        told: dict[str, Any] = {
            "data": f"{trial.data}, SHA-256 {trial.fingerprint[:16]}",
            "budget": _budget(trial.budget),
            "optimizer": trial.compiled or trial.budget.optimizer or trial.structure.space.optimizer,
            "trained": trial.engine,
            **trial.versions,
        }
        for name, value in told.items():
            facts.setdefault(name, Counter())[str(value)] += 1
    rows = [(name, value, f"{times:,}") for name, values in facts.items() for value, times in values.most_common()]
    return html_table("What the numbers belong to", ("what", "value", "trials"), rows)


def _budget(budget: Budget) -> str:
    """A budget in words: of what may be left to itself, what was not."""
    usual = Budget()
    others = ("learning_rate", "steps", "seconds", "patience", "subset", "settle_normalization")
    told = [f"{name} {value}" for name in others if (value := getattr(budget, name)) != getattr(usual, name)]
    seeds = f"seeds {', '.join(map(str, budget.seed_list))}"
    return ", ".join((f"{budget.epochs} epochs, batches of {budget.batch_size}, {seeds}", *told))


def titled(title: str, body: str) -> str:
    """A part under its heading."""
    return f"<section><h2>{html.escape(title)}</h2>{body}</section>"


def against_references(study: Study, chosen: Trial) -> tuple[str, str]:
    """What needs no network and nothing in the study is shown to do better than, and what the chosen one is not."""
    data = study.known_data.get(chosen.fingerprint)
    if data is None:
        unknown = "Whether any does better than chance or a linear model is not known: the data were not at hand"
        return f"{unknown} (write_report(..., data=data) takes them).", ""
    own = (chosen.fingerprint, chosen.metric)
    alike = [each for each in study if each.state == "complete" and (each.fingerprint, each.metric) == own]
    found = beside_references([each for each in alike if math.isfinite(each.score)], data)
    beaten = {each.name for each in found if each.is_shown}
    of_chosen = [each for each in found if each.trial.number == chosen.number and not each.is_shown]
    by_none = _unshown("None of the structures is", [each for each in of_chosen if each.name not in beaten])
    return by_none, _unshown("It is not", [each for each in of_chosen if each.name in beaten])


def _unshown(who: str, found: list[Gain]) -> str:
    """That a gain is not shown, and what it is, with its interval."""
    if not found:
        return ""
    trial = found[0].trial
    unit, times = ("{:+.1f}", 100) if trial.metric == "accuracy" else ("{:+.3f}", 1)
    what = "points" if trial.metric == "accuracy" else trial.metric
    names, differences = [], []
    for each in found:
        name = each.name if each.name == CHANCE else f"the {each.name}"
        names.append(f"{name} ({format_value(trial.metric, each.score)})")
        difference, low, high = (unit.format(times * value) for value in (each.difference, each.low, each.high))
        differences.append(f"{difference} {what} ({low} to {high}) against {name}")
    needs = "neither of which needs a network" if len(found) > 1 else "which needs no network"
    return (
        f"{who} shown to do better than {' or '.join(names)}, {needs}: "
        f"trial {trial.number} has {' and '.join(differences)}."
    )


def _not_complete(study: Study) -> str:
    """How many trials ended otherwise, and why those that failed did."""
    said = Counter(
        f"{trial.state} ({trial.reason})" if trial.reason else trial.state
        for trial in study
        if trial.state != "complete"
    )
    return f"Not complete: {', '.join(f'{times:,} {what}' for what, times in said.most_common())}." if said else ""


def _test_score(study: Study, chosen: Trial) -> str:
    found = asked_so_far(study, chosen.number) if chosen.number is not None else None
    if found is not None:
        return f"{found.summary()[0].upper()}{found.summary()[1:]}"
    return (
        "Its score is of the samples that it was chosen by, and so optimistic: no test part was asked about it "
        f"(study.test({chosen.number}) does)."
    )
