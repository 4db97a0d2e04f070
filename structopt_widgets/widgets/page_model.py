"""What a page must know of a model that is explored: all that never changes while its sliders move."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from ..graph import Program
from ..graph.language import Language
from ..graph.wording import say
from ..layer_rules import layer_activation
from ..layer_rules.activation_costs import ActivationCost
from ..metrics import METRICS, layer_metrics
from ..metrics.catalogue import UNCOUNTED, UNITS, shown_metrics
from ..metrics.parameters import BITS_OF
from ..metrics.roofline import MACHINES
from ..structure import StructureSpace
from ..structure.choices import CHOICES
from .control_names import control_names
from .packed import columns

FLOPS_EACH = "flops_per_token"
# What is shown by layer where the whole model's has no share by layer.
SHARES = {"peak_activation_bytes": "live_bytes", FLOPS_EACH: "flops"}
BATCH = 32  # for what depends on it before there is a budget


def page_model(space: StructureSpace, words: Language | None = None) -> dict[str, Any]:
    """Plain data for ``state.js``: names, bounds, ties, and the recorded cost program, in a language."""
    words = words or Language()
    return {**words.all(_plain(space)), **words.for_page()}


def _plain(space: StructureSpace) -> dict[str, Any]:
    program, base = space.program.layers, space.baseline
    costs = program(space.program.inputs(base.widths, base.biases, base.activations, base.blocks, BATCH, space.slots))
    shown = shown_metrics(costs)
    if space.tokens:
        program = _divided(program, "flops", space.tokens, FLOPS_EACH)
        shown.append(FLOPS_EACH)
    layers = list(space.graph.layers)
    places = {"groups": _places(space.width_groups), "layers": _places(layers), "blocks": _places(space.blocks)}
    tables, activations = _activations(space)
    made_from = _inputs(space, places["layers"])
    return {
        "name": space.graph.name,
        "optimizer": space.optimizer,
        "growth": space.growth,
        "program": {
            **columns(program),
            "inputs": [_input(name, space, places) for name in program.inputs],
            "totals": {name: slot for name, slot in program.outputs.items() if ":" not in name},
            "layers": {
                metric: [program.outputs[f"{metric}:{layer}"] for layer in layers]
                for metric in (*layer_metrics(), UNCOUNTED)
            },
        },
        "units": {name: dataclasses.asdict(each) for name, each in UNITS.items()},
        "metrics": [_metric(name, name in shown) for name, each in METRICS.items() if _is_known(name, shown)],
        "baseline": {choice: list(getattr(base, choice).values()) for choice in CHOICES},
        "keys": {choice: list(getattr(base, choice)) for choice in CHOICES},
        "groups": [_group(group, places["layers"]) for group in space.width_groups.values()],
        "layers": [
            {
                "name": name,
                "kind": layer.kind,
                "path": list(layer.path),
                "group": _group_place(space, name, places["groups"]),
                "shape": _shape(space, name),
                "inputs": made_from[name],
            }
            for name, layer in space.graph.layers.items()
        ],
        "sections": [
            {
                "title": section.title,
                "stage": _stage(section.title),
                "number": _number(section.title),
                "layers": [places["layers"][name] for name in section.layers],
            }
            for section in space.sections
        ],
        "blocks": [
            {"title": block.title, "why": block.why, "layers": [places["layers"][name] for name in block.layers]}
            for block in space.blocks.values()
        ],
        "rows": [_row(name, space, places) for name in control_names(space)],
        "tables": tables,
        "activations": activations,
        "initializers": [list(space.switches[layer].initializer_options) for layer in base.initializers],
        "slots": space.slots,
        "bits": dict(BITS_OF),
        "machines": [[each.name, each.flops_per_second, each.bytes_per_second] for each in MACHINES.values()],
        "uncounted": dict(space.connected.uncounted),
    }


def _stage(title: str) -> list[str | None]:
    """The stage of a block's title, and the block in it: "stage 2" and "1" of "stage 2 block 1"."""
    found = re.fullmatch(r"(.+) block (\S+)", title) or re.fullmatch(r"(.*\d)([a-z])", title)
    # What comes after the last block of a stage is no block.
    if found is None or title.startswith("after "):
        return [title, None]
    word, _, number = found[1].rpartition(" ")
    known = {"stage": say("stage {n}", n=number), "block": say("block {n}", n=number)}
    return [known.get(word, found[1]), found[2]]


def _number(title: str) -> int | None:
    """The number of a block that is called by nothing else."""
    found = re.fullmatch(r"block (\d+)", title)
    return None if found is None else int(found[1])


def _inputs(space: StructureSpace, places: dict[str, int]) -> dict[str, list[int]]:
    """The layers whose outputs each layer takes, by place; of one that is called again, the first time."""
    makers: dict[int, int] = {}
    found: dict[str, list[int]] = {}
    for call in space.graph.calls:
        found.setdefault(call.layer, sorted({makers[index] for index in call.inputs if index in makers}))
        makers.update(dict.fromkeys(call.outputs, places[call.layer]))
    return {name: found.get(name, []) for name in places}


def _shape(space: StructureSpace, layer: str) -> list[int]:
    """The shape of what a layer makes in the model as it came, without the batch axis."""
    return [int(length) for length in space.connected.lengths(space.connected.first_call(layer).call.outputs[0])]


def _is_known(name: str, shown: list[str]) -> bool:
    each = METRICS[name]
    return each.is_total or each.by_layer or name in shown


def _metric(name: str, is_shown: bool) -> dict[str, Any]:
    each = METRICS[name]
    return {
        "name": name,
        "label": each.label,
        "trialLabel": each.trial_label if each.is_total else each.label,
        "unit": each.unit,
        "meaning": each.meaning,
        "convention": each.convention,
        "exact": each.is_exact,
        "scope": each.scope,
        "shown": is_shown,
        "byLayer": each.by_layer,
        "additive": each.is_additive,
        "more": each.larger_is_better,
        "inTrials": each.is_total and each.in_trials,
        "bars": name if each.by_layer else SHARES.get(name),
    }


def _group(group: Any, places: dict[str, int]) -> dict[str, Any]:
    found = {each.name: getattr(group, each.name) for each in dataclasses.fields(group) if each.name != "layers"}
    return {**found, "layers": [places[name] for name in group.layers]}


def _group_place(space: StructureSpace, layer: str, places: dict[str, int]) -> int | None:
    group = space.group_at(layer)
    return None if group is None else places[group.name]


def _row(name: str, space: StructureSpace, places: dict[str, dict[str, int]]) -> dict[str, Any]:
    """A row of controls: the layer, its group and its switches, as places in the lists; ``None`` where it has none."""
    layer, base = space.home_of(name) or name, space.baseline

    def place(choice: str) -> int | None:
        keys = list(getattr(base, choice))
        return keys.index(name) if name in keys else None

    return {
        "name": name,
        "layer": places["layers"][layer],
        "group": _group_place(space, name, places["groups"]),
        "derived": space.derived.get(name, ""),
        "activation": place("activations"),
        "bias": place("biases"),
        "initializer": place("initializers"),
    }


def _activations(space: StructureSpace) -> tuple[list[dict[str, Any]], list[int]]:
    """The different tables of choices with their costs, and the one of each layer that has an activation."""
    tables: list[dict[str, Any]] = []
    chosen = []
    for name in space.baseline.activations:
        layer, options = space.graph.layers[name], space.switches[name].activation_options
        costs = [layer_activation(layer, name=option) for option in options]
        table = {
            "options": list(options),
            "costs": {field: [getattr(each, field) for each in costs] for field in ActivationCost._fields},
        }
        if table not in tables:
            tables.append(table)
        chosen.append(tables.index(table))
    return tables, chosen


def _input(name: str, space: StructureSpace, places: dict[str, dict[str, int]]) -> list[Any]:
    """Where the page finds one input of the program: the kind of choice, and its place in the baseline's order."""
    kind, _, key = name.partition(":")
    if kind == "width":
        return ["widths", places["groups"][key]]
    if kind == "bias":
        return ["biases", list(space.baseline.biases).index(key)]
    if kind == "block":
        return ["blocks", places["blocks"][key]]
    if kind in ("batch_size", "slots"):
        return [kind]
    return [kind, list(space.baseline.activations).index(key)]


def _divided(program: Program, output: str, divisor: int, name: str) -> Program:
    """The program with one more output: ``output`` divided by a constant."""
    n = len(program.operations)
    more = (("constant", divisor), ("/", program.outputs[output], n))
    return Program(program.inputs, (*program.operations, *more), {**program.outputs, name: n + 1})


def _places(names: Any) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}
