"""What several tests of the laws share: outputs, costs side by side, and masking."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

import structopt_widgets as sw
from structopt_widgets.graph.selection import origins
from structopt_widgets.keras_bridge.inheriting.inherit import choose_units
from structopt_widgets.metrics import layer_metrics, limit_metrics

COSTS = limit_metrics()


def same_costs(one: sw.CostReport, other: sw.CostReport) -> bool:
    """Whether every number is the same, in total and by layer; names of classes and reasons may differ."""
    totals, rows = [*COSTS, "parallelism"], layer_metrics()
    assert {metric: getattr(one, metric) for metric in totals} == {metric: getattr(other, metric) for metric in totals}
    assert one.by_layer[rows].values.tolist() == other.by_layer[rows].values.tolist()
    assert set(one.uncounted) == set(other.uncounted)
    return True


def outputs_of(model: keras.Model, batch: Any) -> list[np.ndarray]:
    return [np.asarray(output, "float64") for output in keras.tree.flatten(model(batch, training=False))]


def masked(full: keras.Model, structure: sw.Structure, importance: str) -> list[np.ndarray]:
    """The weights of ``full``, the rebuilt baseline, with those into and out of the dropped units set to zero."""
    space = structure.space
    chosen = choose_units(structure, space.source, lambda other: other.build(), importance)
    weights = {id(weight): np.asarray(weight) for weight in full.weights}
    by_name = {layer.name: layer for layer in full.layers}
    for name, axes in space.connected.weights.items():
        declared = [each for each in axes if not each.is_bias or space.baseline.biases[name]]
        for each, variable in zip(declared, by_name[name].weights if axes and name in by_name else [], strict=True):
            mask = np.zeros(variable.shape)
            if variable.shape:
                mask[np.ix_(*(origins(dim, chosen) for dim in each.axes))] = 1
                weights[id(variable)] = weights[id(variable)] * mask
    return list(weights.values())
