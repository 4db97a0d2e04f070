"""Change the structure of a Keras model with sliders, and see at once what it costs.

This page is the table of contents. Names are imported when they are first used, so that importing
the package, or measuring a saved structure, needs no TensorFlow.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from .saved_layers import register_with_keras

if TYPE_CHECKING:
    from .advice.finding_rule import Finding, FindingRule, register_finding_rule
    from .advice.findings import findings
    from .figures import keep_pictures, plot_layer_costs, plot_sensitivity, plot_tradeoff, plot_tradeoff_svg
    from .graph import Product, ceil_log2
    from .keras_bridge import measure, optimize_model
    from .keras_bridge.without_weights import without_weights
    from .layer_rules import (
        Connection,
        Cost,
        Elementwise,
        LayerRule,
        Mixing,
        Operations,
        Setting,
        Site,
        WeightAxes,
        register_layer_rule,
    )
    from .metrics import CostReport, format_metric
    from .metrics.roofline import Machine, roofline
    from .report import reproduce, write_report
    from .structure import History, Structure, StructureSpace, WidthGroup
    from .study import Study, Trial, beside_references, compare, compare_networks, pareto_front
    from .training import Budget, Data, load_data, reference_scores, train_together
    from .training.latency import measure_latency
    from .training.latency_fit import fit_latency
    from .training.quick_run import quick_run
    from .training.sensitivity import inherited_score, sensitivity
    from .widgets import Explorer, check_prediction, explore

_HOME = {
    "Budget": "training",
    "Connection": "layer_rules",
    "Cost": "layer_rules",
    "CostReport": "metrics",
    "Data": "training",
    "Elementwise": "layer_rules",
    "Explorer": "widgets",
    "Finding": "advice",
    "FindingRule": "advice",
    "History": "structure",
    "LayerRule": "layer_rules",
    "Machine": "metrics.roofline",
    "Mixing": "layer_rules",
    "Operations": "layer_rules",
    "Product": "graph",
    "Setting": "layer_rules",
    "Site": "layer_rules",
    "Structure": "structure",
    "StructureSpace": "structure",
    "Study": "study",
    "Trial": "study",
    "WeightAxes": "layer_rules",
    "WidthGroup": "structure",
    "beside_references": "study",
    "ceil_log2": "graph",
    "check_prediction": "widgets",
    "compare": "study",
    "compare_networks": "study",
    "explore": "widgets",
    "findings": "advice",
    "fit_latency": "training.latency_fit",
    "format_metric": "metrics",
    "in_language": "graph.language",
    "inherited_score": "training",
    "keep_pictures": "figures",
    "load_data": "training",
    "measure": "keras_bridge",
    "measure_latency": "training.latency",
    "optimize_model": "keras_bridge",
    "pareto_front": "study",
    "plot_layer_costs": "figures",
    "plot_sensitivity": "figures",
    "plot_tradeoff": "figures",
    "plot_tradeoff_svg": "figures",
    "quick_run": "training",
    "reference_scores": "training",
    "register_finding_rule": "advice",
    "register_layer_rule": "layer_rules",
    "reproduce": "report",
    "roofline": "metrics.roofline",
    "sensitivity": "training",
    "train_together": "training",
    "without_weights": "keras_bridge",
    "write_report": "report",
}

__all__ = [
    "Budget",
    "Connection",
    "Cost",
    "CostReport",
    "Data",
    "Elementwise",
    "Explorer",
    "Finding",
    "FindingRule",
    "History",
    "LayerRule",
    "Machine",
    "Mixing",
    "Operations",
    "Product",
    "Setting",
    "Site",
    "Structure",
    "StructureSpace",
    "Study",
    "Trial",
    "WeightAxes",
    "WidthGroup",
    "beside_references",
    "ceil_log2",
    "check_prediction",
    "compare",
    "compare_networks",
    "explore",
    "findings",
    "fit_latency",
    "format_metric",
    "in_language",
    "inherited_score",
    "keep_pictures",
    "load_data",
    "measure",
    "measure_latency",
    "optimize_model",
    "pareto_front",
    "plot_layer_costs",
    "plot_sensitivity",
    "plot_tradeoff",
    "plot_tradeoff_svg",
    "quick_run",
    "reference_scores",
    "register_finding_rule",
    "register_layer_rule",
    "reproduce",
    "roofline",
    "sensitivity",
    "train_together",
    "without_weights",
    "write_report",
]

__version__ = version("structopt-widgets")
register_with_keras()


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
