"""The costs of one model as a program of its knobs, recorded once and run at every slider move."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from ..graph import Program, Recorder, Symbol
from ..layer_rules import ActivationCost, ConnectedGraph, Setting
from .totals import Costs, costs

TOTALS = (
    "n_params",
    "n_trainable",
    "macs",
    "flops",
    "weight_bytes",
    "peak_activation_bytes",
    "training_bytes",
    "span",
    "parallelism",
    "uncounted",
)
LAYER_COLUMNS = (
    "n_params",
    "n_trainable",
    "macs",
    "flops",
    "weight_bytes",
    "activation_bytes",
    "live_bytes",
    "training_bytes",
    "span",
)


class CostProgram:
    """Costs of ``connected`` as a function of its knobs.

    Inputs are named ``width:GROUP``, ``bias:LAYER``, ``FIELD:LAYER`` for each field of an
    :class:`ActivationCost`, ``batch_size`` and ``slots``.
    """

    def __init__(
        self,
        connected: ConnectedGraph,
        widths: Mapping[str, Symbol],
        bias_layers: tuple[str, ...],
        activation_layers: tuple[str, ...],
    ) -> None:
        self._connected = connected
        self._widths = widths
        self._bias_layers = bias_layers
        self._activation_layers = activation_layers

    @functools.cached_property
    def totals(self) -> Program:
        """Every metric of :data:`TOTALS`."""
        recorder, result = self._record()
        return recorder.program({metric: result.totals[metric] for metric in TOTALS})

    @functools.cached_property
    def layers(self) -> Program:
        """Every metric of :data:`TOTALS`, and of :data:`LAYER_COLUMNS` as ``METRIC:LAYER``."""
        recorder, result = self._record()
        outputs = {metric: result.totals[metric] for metric in TOTALS}
        for layer, row in result.layers.items():
            outputs |= {f"{metric}:{layer}": row[metric] for metric in LAYER_COLUMNS}
        return recorder.program(outputs)

    def _record(self) -> tuple[Recorder, Costs]:
        recorder = Recorder()
        at = Setting(
            {symbol: recorder.input(f"width:{name}") for name, symbol in self._widths.items()},
            {layer: recorder.input(f"bias:{layer}") for layer in self._bias_layers},
            {
                layer: ActivationCost(*(recorder.input(f"{field}:{layer}") for field in ActivationCost._fields))
                for layer in self._activation_layers
            },
        )
        return recorder, costs(self._connected, at, recorder.input("batch_size"), recorder.input("slots"))


def program_inputs(
    widths: Mapping[str, Any],
    biases: Mapping[str, Any],
    activations: Mapping[str, ActivationCost],
    batch_size: Any,
    slots: Any,
) -> dict[str, Any]:
    """Values for a :class:`CostProgram`'s inputs."""
    values = {f"width:{name}": width for name, width in widths.items()}
    values |= {f"bias:{layer}": int(used) for layer, used in biases.items()}
    for layer, cost in activations.items():
        values |= {f"{field}:{layer}": value for field, value in cost._asdict().items()}
    return values | {"batch_size": batch_size, "slots": slots}
