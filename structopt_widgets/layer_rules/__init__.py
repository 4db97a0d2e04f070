"""Floor 1: one rule per layer kind: output shape, how channels pass, weight axes, costs."""

from . import (
    activations,
    applications,
    attention,
    bare_axes,
    bare_operations,
    bare_products,
    convolutional,
    core,
    merging,
    normalization,
    pooling,
    regularization,
    reshaping,
    resizing,
    rnn,
    weights,
)
from .activation_costs import ACTIVATION_COSTS, ActivationCost, activation_cost
from .blocks import Block
from .connect import connect
from .connected import ConnectedCall, ConnectedGraph
from .registry import find_layer_rule, register_layer_rule
from .rule import Connection, Cost, Elementwise, LayerRule, Mixing, Setting, Site, WeightAxes

__all__ = [
    "ACTIVATION_COSTS",
    "ActivationCost",
    "Block",
    "ConnectedCall",
    "ConnectedGraph",
    "Connection",
    "Cost",
    "Elementwise",
    "LayerRule",
    "Mixing",
    "Setting",
    "Site",
    "WeightAxes",
    "activation_cost",
    "activations",
    "applications",
    "attention",
    "bare_axes",
    "bare_operations",
    "bare_products",
    "connect",
    "convolutional",
    "core",
    "find_layer_rule",
    "merging",
    "normalization",
    "pooling",
    "register_layer_rule",
    "regularization",
    "reshaping",
    "resizing",
    "rnn",
    "weights",
]
