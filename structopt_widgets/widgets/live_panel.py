"""The live panel: costs that move in the frame of the slider, computed in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..layer_rules import layer_activation
from ..layer_rules.activation_costs import ActivationCost
from ..metrics import METRICS
from ..metrics.catalogue import shown_metrics
from ..structure import StructureSpace, WidthGroup
from .controls import Controls
from .modules import joined

FLOPS_EACH = "flops_per_token"


class LivePanel(anywidget.AnyWidget):
    """Shows the costs of the structure the controls stand at.

    It holds the recorded cost program and the ids of the controls; ``live_panel.js`` reads the
    controls and evaluates the program, without the kernel.
    """

    _esm = joined("live_panel")
    _css = Path(__file__).with_suffix(".css")

    # The recorded program: {"inputs", "operations", "outputs"}.
    program = traitlets.Dict().tag(sync=True)
    # An entry for each program input: {"control": id}, with a "table" of a number for each choice,
    # with the bounds and the divisor of a width; or {"constant": number}.
    inputs = traitlets.List().tag(sync=True)
    # Every output of the program for the model as it came.
    baseline = traitlets.Dict().tag(sync=True)
    # Name, label, unit and meaning of each metric, and whether it is exact where a layer is not counted; "total" for
    # those in the upper table, "byLayer" for those that can be the bars.
    metrics = traitlets.List().tag(sync=True)
    # Names of the layers, in execution order.
    layers = traitlets.List().tag(sync=True)
    # The ids of the multiplier and of the choice of steps, with the number each choice stands for, and for
    # each free width its slider's id and bounds.
    multiplier = traitlets.Dict().tag(sync=True)
    # Layer to the reason its operations are not counted, for layers without a rule.
    uncounted = traitlets.Dict().tag(sync=True)
    # What the numbers stand on, in a sentence.
    conventions = traitlets.Unicode().tag(sync=True)

    def __init__(self, space: StructureSpace, controls: Controls, batch_size: Any) -> None:
        program = space.program.layers
        slots, base = space.slots, space.baseline
        costs = program(
            space.program.inputs(base.widths, base.biases, base.activations, base.blocks, batch_size.value, slots)
        )
        shown = shown_metrics(costs)
        recorded = program.to_json()
        if space.tokens:
            _divide(recorded, "flops", space.tokens, FLOPS_EACH)
            costs[FLOPS_EACH] = costs["flops"] / space.tokens
            shown.append(FLOPS_EACH)
        super().__init__(
            program=recorded,
            inputs=[_input(name, space, controls, batch_size, slots) for name in program.inputs],
            baseline=costs,
            metrics=[
                {
                    "name": name,
                    "label": each.label,
                    "unit": each.unit,
                    "meaning": each.meaning,
                    "exact": each.is_exact,
                    "perBatch": each.scope == "batch",
                    "total": name in shown,
                    "byLayer": each.by_layer,
                }
                for name, each in METRICS.items()
                if each.is_total or each.by_layer or name in shown
            ],
            layers=list(space.graph.layers),
            multiplier={
                "control": controls.multiplier.model_id,
                "snap": {
                    "control": controls.snap.model_id,
                    "table": [multiple for _, multiple in controls.snap.options],
                },
                "groups": [
                    {
                        "control": controls.sliders[name].model_id,
                        "width": group.width,
                        **_bounds(group),
                    }
                    for name, group in space.width_groups.items()
                    if not group.fixed
                ],
            },
            uncounted=dict(space.connected.uncounted),
            conventions=(
                "Parameters, FLOPs, MACs and parallelism are for one sample; memory is for the batch size below, "
                f"training with {space.optimizer}. The mark on a bar is the model as it came, "
                f"in batches of {batch_size.value}."
            ),
        )


def _divide(program: dict[str, Any], output: str, divisor: int, name: str) -> None:
    """Give a recorded program one more output: ``output`` divided by a constant."""
    operations = program["operations"]
    operations += [["constant", divisor], ["/", program["outputs"][output], len(operations)]]
    program["outputs"][name] = len(operations) - 1


def _bounds(group: WidthGroup) -> dict[str, int]:
    """What the browser needs to find the nearest allowed width."""
    return {"lower": group.lower, "upper": group.upper, "divisor": group.divisor}


def _input(name: str, space: StructureSpace, controls: Controls, batch_size: Any, slots: int) -> dict[str, Any]:
    """Where the browser finds one input of the program."""
    kind, _, key = name.partition(":")
    if kind == "width":
        return {"control": controls.sliders[key].model_id, **_bounds(space.width_groups[key])}
    if kind == "bias":
        return {"control": controls.biases[key].model_id}
    if kind == "batch_size":
        return {"control": batch_size.model_id}
    if kind == "block":
        return {"control": controls.blocks[key].model_id}
    if kind == "slots":
        return {"constant": slots}
    layer, options = space.graph.layers[key], space.switches[key].activation_options
    table = [getattr(layer_activation(layer, name=option), kind) for option in options]
    assert kind in ActivationCost._fields  # noqa: S101 - the program has no other inputs
    return {"control": controls.activations[key].model_id, "table": table}
