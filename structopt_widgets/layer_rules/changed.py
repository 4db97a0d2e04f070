"""Layers that were quantized, or given a low-rank adapter, after they were made: their sizes stay as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..graph import Layer
from .kept import fix_inputs
from .registry import find_layer_rule
from .rule import Connection, Cost, LayerRule, Setting, Site, WeightAxes

_PACKED = ("int4", "int8", "uint8")


def rule_of(layer: Layer) -> LayerRule | None:
    """The rule of a layer; of a changed one, its kind's with every size kept."""
    rule = find_layer_rule(layer.kinds)
    if rule is None:
        return None
    if not layer.weights:
        return rule
    if any(weight.name.startswith("lora_") for weight in layer.weights):
        return Changed(rule, "has a low-rank adapter (LoRA), made for its size")
    is_float8 = any(weight.name.endswith("_amax_history") for weight in layer.weights)
    if is_float8 or any(weight.dtype in _PACKED for weight in layer.weights):
        return Changed(rule, "is quantized, with scales for the values it has", quantizes=True)
    return rule


@dataclass(frozen=True)
class Changed(LayerRule):
    """A layer of a known kind whose weights are as they are stored. Its products are its kind's.

    An adapter's two matrices are multiplied once a call, which is counted for each sample. Quantization scales each
    value read (its size, the largest, a factor, rounded, clipped) and each value made (two factors).
    """

    rule: LayerRule
    because: str
    quantizes: bool = False

    def connect(self, site: Site) -> Connection:
        outputs = self.rule.connect(site).outputs
        fix_inputs(site, self.because)
        for shape in (*outputs, tuple(site.produced)):
            site.fix(shape, self.because)
        return Connection(outputs, tuple(WeightAxes(each.name, each.shape) for each in site.layer.weights))

    def cost(self, site: Site, at: Setting) -> Cost:
        plain = self.rule.cost(site, at)
        scaled = int(self.quantizes) * (5 * at.elements(site.inputs[0]) + 2 * at.elements(site.outputs[0]))
        shapes = {each.name: each.shape for each in site.layer.weights if each.name.startswith("lora_")}
        adapter = sum(
            math.prod(shape) * math.prod(shapes[f"{name[:-2]}_b"][1:])
            for name, shape in shapes.items()
            if name.endswith("_a")
        )
        return Cost(
            plain.macs + adapter,
            plain.other + scaled,
            plain.span + 7 * int(self.quantizes),
            plain.kept,
            plain.uncounted,
            plain.cached,
        )
